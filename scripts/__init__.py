"""What `make` runs beside the program: demos, pages, pictures. And starting the servers that demos, tests and
benchmarks need.
"""
