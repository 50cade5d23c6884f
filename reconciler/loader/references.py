"""References in ggrec.yaml: told apart from text, and `${env:NAME}` resolved where it is no secret. Never resolves a
secret.
"""

import re
from collections.abc import Mapping

from reconciler.core.secret_reference import WITH_DEFAULT, Reference, read_reference

_BEGINNING = r"\$\{(?:env|file|command|sops):"
_FOR_SECRETS = r"\$\{(?:file|command|sops):"
_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*\Z"


def parse_reference(text: str) -> Reference | None:
    """The reference that the whole text is, else None."""
    found = read_reference(text)
    return None if found is None or (found.source == "env" and not re.match(_VARIABLE, found.name)) else found


def is_reference(text: str) -> bool:
    """Whether the whole text is one reference: what a secret must be."""
    return parse_reference(text) is not None


def has_reference(text: str) -> bool:
    """Whether a reference, or what was meant for one, begins anywhere in the text."""
    return re.search(_BEGINNING, text) is not None


def misused(text: str) -> str:
    """Why the references in a text that is no secret cannot stand there; "" where they can."""
    secret = re.search(_FOR_SECRETS, text)
    if secret:
        return f"{secret.group()}…}} is for secrets only"
    rest = re.sub(WITH_DEFAULT, lambda match: "" if is_reference(match.group()) else match.group(), text)
    return "it has a reference of another form than ${env:NAME} or ${env:NAME:-default}" if has_reference(rest) else ""


def interpolated(text: str, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with `${env:…}` filled in, and the names of variables that are not set (or empty) and have no default.

    For texts that are no secrets; every other reference is left as it is.
    """
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        reference = parse_reference(match.group())
        if reference is None or reference.source != "env":
            return match.group()
        value = environment.get(reference.name) or reference.default
        if value is None:
            missing.append(reference.name)
        return value or ""

    return re.sub(WITH_DEFAULT, fill, text), missing
