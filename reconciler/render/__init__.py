"""Plans, outcomes, history and state → text, JSON, documentation. Computes nothing about Grafana; same input, same
bytes.
"""
