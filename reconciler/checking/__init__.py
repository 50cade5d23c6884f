"""Whether what dashboards ask can be answered: queries against their language and against the catalogue of metrics.
Pure; asks no server.
"""
