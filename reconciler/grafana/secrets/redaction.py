"""Keeping secrets out of texts, in every form in which one may come back."""

import base64
import json
from urllib.parse import quote, quote_plus

SHORTEST = 4
HIDDEN = "[secret]"


class Redaction:
    """The secrets of a run, and texts without them."""

    def __init__(self) -> None:
        self._forms: set[str] = set()

    def __repr__(self) -> str:
        return "Redaction(…)"

    def add(self, secret: str) -> None:
        """A secret from now on. One of under four characters stays visible: messages would lose their sense."""
        if len(secret) >= SHORTEST:
            self._forms |= _forms(secret)

    def without(self, text: str) -> str:
        """The text with every secret replaced, the longest first."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, HIDDEN)
        return text


def _forms(secret: str) -> set[str]:
    """As it is, as JSON, Python and URLs write it, in base64 (alone, and within a longer text), and each line of one
    of several lines.
    """
    found = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    found |= {quote(secret), quote(secret, safe=""), quote_plus(secret)}
    data = secret.encode("utf-8", "surrogatepass")
    found |= {repr(secret)[1:-1], repr(data)[2:-1]}
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found.add(encode(data).decode())
        for before in range(3):
            # What stands before and after it changes only the characters at the two ends.
            text = encode(b"\0" * before + data).decode().rstrip("=")
            inside = text[(0, 2, 3)[before] : len(text) - (1 if (before + len(data)) % 3 else 0)]
            if len(inside) >= 2 * SHORTEST:
                found.add(inside)
    lines = secret.splitlines()
    if len(lines) > 1:
        found |= {line for line in lines if len(line) >= 2 * SHORTEST and not line.startswith("-----")}
    return found
