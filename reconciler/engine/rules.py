"""Rules of ggrec.yaml that name a kind that does not exist: they would hold nothing, and seem to. Pure."""

from collections.abc import Iterator

from reconciler.core.errors import Diagnostic
from reconciler.core.guard import Guard
from reconciler.core.protect import Protection
from reconciler.core.registry import Registry

_GLOB = frozenset("*?[")


def misnamed(guard: Guard, protection: Protection, registry: Registry) -> Iterator[Diagnostic]:
    """A refusal for each."""
    known = f"kinds are {', '.join(registry)}"
    for kind in guard.kinds:
        if kind not in registry:
            yield Diagnostic(
                "unknown-kind", f"guard.kinds.{kind}: there is no kind '{kind}'", known, subject="ggrec.yaml"
            )
    for rule in protection.rules:
        kind = rule.text.partition(".")[0]
        if rule.sort == "addresses" and kind not in registry and not _GLOB & set(kind):
            text = f"protect.addresses: '{rule.text}' matches nothing, for there is no kind '{kind}'"
            yield Diagnostic("unknown-kind", text, known, rule.where)
