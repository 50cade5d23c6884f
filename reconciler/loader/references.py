"""`${env:NAME}`, `${env:NAME:-default}` and `${file:path}` in ggrec.yaml: told apart from text, and resolved where
they are no secrets. Never resolves a secret.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.core.resource import SecretRef

REFERENCE = re.compile(r"\$\{(env|file):([^}:]+?)(?::-([^}]*))?\}")
_BEGINNING = re.compile(r"\$\{(?:env|file):")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True, slots=True)
class Reference:
    """One reference in its parts: `source` is `env` or `file`, `name` the variable or the path."""

    source: str
    name: str
    default: str | None = None

    @property
    def secret(self) -> SecretRef:
        """The reference as the one to a secret."""
        default = "" if self.default is None else f":-{self.default}"
        return SecretRef(f"${{{self.source}:{self.name}{default}}}")


def parse_reference(text: str) -> Reference | None:
    """The reference that the whole text is, else None."""
    match = REFERENCE.fullmatch(text)
    if match is None or (match[1] == "env" and not _VARIABLE.match(match[2])):
        return None
    return Reference(match[1], match[2], match[3])


def is_reference(text: str) -> bool:
    """Whether the whole text is one reference: what a secret must be."""
    return parse_reference(text) is not None


def has_reference(text: str) -> bool:
    """Whether a reference, or what was meant for one, begins anywhere in the text."""
    return _BEGINNING.search(text) is not None


def misused(text: str) -> str:
    """Why the references in a text that is no secret cannot stand there; "" where they can."""
    if "${file:" in text:
        return "${file:…} is for secrets only"
    rest = REFERENCE.sub(lambda match: "" if is_reference(match.group()) else match.group(), text)
    return "it has a reference of another form than ${env:NAME} or ${env:NAME:-default}" if has_reference(rest) else ""


def interpolated(text: str, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with `${env:…}` filled in, and the names of variables that are not set (or empty) and have no default.

    For texts that are no secrets; `${file:…}` is left as it is.
    """
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        reference = parse_reference(match.group())
        if reference is None or reference.source == "file":
            return match.group()
        value = environment.get(reference.name) or reference.default
        if value is None:
            missing.append(reference.name)
        return value or ""

    return REFERENCE.sub(fill, text), missing
