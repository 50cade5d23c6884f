"""Secrets: where references lead, what is remembered of them (a digest), and how they are kept out of texts."""

from reconciler.grafana.secrets.resolver import SecretResolver

__all__ = ["SecretResolver"]
