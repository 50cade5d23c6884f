"""References to secrets as texts: `${env:NAME}`, `${env:NAME:-default}`, `${file:path}`, `${command:…}`, `${sops:…}`
and those of sources that packages bring. Only their form: what a source makes of it is the source's.
"""

import re

from msgspec import Struct

from reconciler.core.resource import SecretRef

WITH_DEFAULT = r"\$\{(env|file):([^}:]+?)(?::-([^}]*))?\}"
"""The pattern of a reference that may stand within a text, and may have a default."""
_WITH_DEFAULT = re.compile(WITH_DEFAULT)
_ANY = r"(?s)\$\{([a-z][a-z0-9_-]{0,30}):(.*\S.*)\}"
PATTERN = rf"^({WITH_DEFAULT}|\$\{{(?!env:|file:)[a-z][a-z0-9_-]*:.+\}})$"
"""The pattern of a whole reference, for JSON Schemas."""


class Reference(Struct, frozen=True):
    """One reference in its parts: `source` (`env`, `file`, …), what the source is asked for, and the default (`env`
    and `file` only).
    """

    source: str
    name: str
    default: str | None = None

    @property
    def secret(self) -> SecretRef:
        """The reference as the one to a secret."""
        default = "" if self.default is None else f":-{self.default}"
        return SecretRef(f"${{{self.source}:{self.name}{default}}}")


def read_reference(text: str) -> Reference | None:
    """The reference that the whole text is, else None. What stands between the colon and the last `}` belongs to the
    source: it may hold blanks, quotes and braces, except with `env` and `file`.
    """
    match = _WITH_DEFAULT.fullmatch(text)
    if match is not None:
        return Reference(match[1], match[2], match[3])
    match = re.fullmatch(_ANY, text)
    return None if match is None or match[1] in {"env", "file"} else Reference(match[1], match[2])
