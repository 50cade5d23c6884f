"""Secrets that somebody wrote into a file all the same, taken out of the lines that are shown of it."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from reconciler.core.literals import without_literals
from reconciler.core.secret_reference import read_reference
from reconciler.grafana.secrets.redaction import Redaction

_SECRET = re.compile(r"(password|passwd|passphrase|secret|token|key|http_?header_?value\d*)\Z", re.IGNORECASE)
_SECURE = ("secureJsonData", "secureSettings")
_LONG_WORD = 8


class WrittenSecrets:
    """What of some documents is a secret by the key it stands under, and texts without it."""

    def __init__(self, documents: Iterable[Any]) -> None:
        self._redaction = Redaction()
        for document in documents:
            for text in _secrets(document, inside=False):
                self._redaction.add(text)
                self._redaction.add(text.replace("'", "''"))  # as YAML writes it in single quotes
                for word in text.split():  # of a text that goes over several lines
                    if len(word) >= _LONG_WORD:
                        self._redaction.add(word)

    def hidden(self, text: str) -> str:
        """The text without them, and without what is a credential by its look."""
        return without_literals(self._redaction.without(text))


def _secrets(value: Any, *, inside: bool) -> Iterator[str]:
    """Every text that is no reference below secureJsonData (or secureSettings) or below a key that names a secret."""
    if isinstance(value, str):
        if inside and read_reference(value) is None:
            yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            named = isinstance(key, str) and (key in _SECURE or _SECRET.search(key) is not None)
            yield from _secrets(item, inside=inside or named)
    elif isinstance(value, list):
        for item in value:
            yield from _secrets(item, inside=inside)
