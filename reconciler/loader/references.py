"""`${env:NAME}`, `${env:NAME:-default}` and `${file:path}` in ggrec.yaml: told apart from text, and resolved where
they are no secrets.
"""

import re
from collections.abc import Mapping

REFERENCE = re.compile(r"\$\{(env|file):([^}:]+?)(?::-([^}]*))?\}")


def is_reference(text: str) -> bool:
    """Whether the whole text is one reference: what a secret must be."""
    return REFERENCE.fullmatch(text) is not None


def interpolated(text: str, environment: Mapping[str, str]) -> tuple[str, list[str]]:
    """The text with `${env:…}` filled in, and the names of variables that are not set and have no default.

    For texts that are no secrets; `${file:…}` is left as it is.
    """
    missing: list[str] = []

    def fill(match: re.Match[str]) -> str:
        source, name, default = match.groups()
        if source == "file":
            return match.group()
        value = environment.get(name) or default
        if value is None:
            missing.append(name)
        return value or ""

    return REFERENCE.sub(fill, text), missing
