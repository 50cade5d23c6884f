"""ggrec: a declarative reconciler for Grafana. The command is `ggrec`; the rooms are described in docs/architecture.md."""

__version__ = "0.1.0"
