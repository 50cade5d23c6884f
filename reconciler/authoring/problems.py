"""Collecting what is wrong with one document, each thing at the author's line."""

from difflib import get_close_matches

from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.resource import Document
from reconciler.core.source import Mark, Path, mark_at


def suggestion(word: str, known: list[str] | tuple[str, ...]) -> str:
    """`did you mean 'x'?` where something is close, else what there is."""
    close = get_close_matches(word, known, 1, 0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there is {', '.join(sorted(known)[:12])}" if known else "there is none"


class Problems:
    """Diagnostics of one document."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.subject = f"{document.kind} {document.name}"
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
