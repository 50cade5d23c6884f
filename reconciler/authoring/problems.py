"""Collecting what is wrong with one document, each thing at the author's line. Decides nothing about documents."""

from collections.abc import Iterable
from typing import Any

from reconciler.core.closest import closest
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, Path, mark_at

_MOST_SHOWN = 40
_MOST_LISTED = 12


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` where something is close, else what there is to choose from."""
    names = sorted(known)
    close = closest(word, names)
    if close:
        return f"did you mean '{close}'?"
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return f"there is {', '.join(names[:_MOST_LISTED])}{more}" if names else "there is none"


def shown(value: Any) -> str:
    """A wrong value as people wrote it, short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = f"'{value}'" if isinstance(value, str) else repr(value)
    return text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"


class Problems:
    """The diagnostics of one document. `subject` is its address (kinds that make no resource: kind and name)."""

    def __init__(self, document: Document, subject: str = "") -> None:
        self.document = document
        self.subject = subject or f"{document.kind} {document.name}"
        self.found: list[Diagnostic] = []

    def at(self, where: Mark | None, code: str, message: str, hint: str = "") -> None:
        """An error at a place (None: the document's beginning)."""
        self.found.append(Diagnostic(code, message, hint, where or self.document.mark, self.subject))

    def in_value(self, root: object, path: Path, code: str, message: str, hint: str = "", *, key: bool = False) -> None:
        """An error at a path inside a marked value (with `key`, at the key)."""
        self.at(mark_at(root, path, key=key), code, message, hint)

    def warn(self, where: Mark | None, code: str, message: str, hint: str = "") -> None:
        """A warning: it does not stop anything."""
        found = Diagnostic(code, message, hint, where or self.document.mark, self.subject, Severity.WARNING)
        self.found.append(found)

    @property
    def stop(self) -> bool:
        """Whether there is an error."""
        return any(item.severity is Severity.ERROR for item in self.found)


def unknown_keys(mapping: MarkedDict, known: tuple[str, ...], problems: Problems) -> None:
    """An error for each key that is none of the known ones."""
    for key in mapping:
        if key not in known:
            problems.in_value(mapping, (key,), "unknown-key", f"unknown key '{key}'", suggestion(key, known), key=True)
