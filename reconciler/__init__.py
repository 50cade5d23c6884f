"""ggrec: a declarative reconciler for Grafana. The command is `ggrec`; docs/architecture.md describes the rooms."""

__version__ = "0.7.0"
