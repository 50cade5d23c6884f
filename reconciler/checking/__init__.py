"""Whether what dashboards ask can be answered: queries against their language and against the catalogue of metrics.
Pure; asks no server.
"""

from reconciler.checking.check import check_queries, count_queries

__all__ = ["check_queries", "count_queries"]
