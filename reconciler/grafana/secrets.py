"""References to secrets, resolved: the only place (with the client, which asks here) where a secret's text exists.

Must not print it or give it to anybody else; what leaves for the state is a salted slow digest.
"""

import hmac
import json
import os
import re
from collections.abc import Mapping
from hashlib import scrypt
from pathlib import Path
from urllib.parse import quote, quote_plus

from reconciler.core.errors import GgrecError
from reconciler.core.resource import SecretRef

REFERENCE = re.compile(r"\$\{(env|file):([^}:]+?)(?::-([^}]*))?\}\Z")
_COST = {"n": 2**14, "r": 8, "p": 1}
_FORM = "scrypt$16384.8.1"
_LARGEST = 1_000_000
_SHORTEST_HIDDEN = 4


class SecretResolver:
    """Implements core.ports.Secrets over the environment and files (relative to `root`).

    A secret is read once a run, so that what was sent and what is digested are the same, and derived once a run.
    """

    def __init__(self, environment: Mapping[str, str], root: Path) -> None:
        self._environment = environment
        self._root = root
        self._values: dict[str, tuple[str | None, str | None]] = {}
        self._private: set[str] = set()
        self._derived: dict[tuple[str, bytes], bytes] = {}
        self._digests: dict[str, str] = {}

    def __repr__(self) -> str:
        return "SecretResolver(…)"

    def missing(self, reference: SecretRef) -> str | None:
        """Why a reference cannot be resolved here, or None."""
        return self._look(reference)[1]

    def resolve(self, reference: SecretRef) -> str:
        """The secret's text. Raises GgrecError (naming the reference, never a value) where it cannot be had."""
        text, why = self._look(reference)
        if text is None:
            raise GgrecError.one("secret-missing", why or "cannot be resolved", hint="set it, then run again")
        return text

    def digest(self, reference: SecretRef) -> str:
        """`scrypt$<cost>$<salt>$<key>` of the present value, with a salt of its own; the same one for the rest of the
        run, and the one that `matches` found to be right.
        """
        text = self.resolve(reference)
        known = self._digests.get(str(reference))
        if known is None:
            salt = os.urandom(16)
            known = f"{_FORM}${salt.hex()}${self._derive(text, salt).hex()}"
            self._digests[str(reference)] = known
        return known

    def matches(self, reference: SecretRef, digest: str) -> bool:
        """Whether the secret's present value is the digested one; a digest of an unknown form matches nothing."""
        form, _, rest = digest.rpartition("$")[0].rpartition("$")
        try:
            salt, key = bytes.fromhex(rest), bytes.fromhex(digest.rpartition("$")[2])
        except ValueError:
            return False
        if form != _FORM or not salt or not key:
            return False
        same = hmac.compare_digest(self._derive(self.resolve(reference), salt), key)
        if same:
            self._digests.setdefault(str(reference), digest)
        return same

    def redacted(self, text: str) -> str:
        """The text with every secret that was resolved so far replaced, also as JSON and as URLs write it. Defaults,
        which stand in the files for all to read, and texts of under four characters stay: a message would lose its
        sense.
        """
        for value in sorted(self._private, key=len, reverse=True):
            for form in (value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
                text = text.replace(form, "[secret]")
            for form in (quote(value), quote(value, safe=""), quote_plus(value)):
                text = text.replace(form, "[secret]")
        return text

    def _derive(self, text: str, salt: bytes) -> bytes:
        known = (text, salt)
        if known not in self._derived:
            self._derived[known] = scrypt(text.encode(), salt=salt, dklen=32, **_COST)
        return self._derived[known]

    def _look(self, reference: SecretRef) -> tuple[str | None, str | None]:
        """The text and, where there is none, why."""
        key = str(reference)
        if key not in self._values:
            text, default, why = self._found(key)
            if text is not None and any("\ud800" <= character <= "\udfff" for character in text):
                text, default, why = None, None, f"{reference} is not UTF-8 text"
            if text is not None and len(text) >= _SHORTEST_HIDDEN:
                self._private.add(text)
            chosen = default if text is None else text
            self._values[key] = (chosen, why if chosen is None else None)
        return self._values[key]

    def _found(self, reference: str) -> tuple[str | None, str | None, str]:
        """The text, the default written in the reference, and what to say where there is neither."""
        match = REFERENCE.match(reference)
        if match is None:
            shown = reference if reference.startswith("${") else "this text"  # it may be the secret itself
            return None, None, f"{shown} is not a reference: write ${{env:NAME}} or ${{file:path}}"
        source, name, default = match.groups()
        if source == "env":
            return self._environment.get(name) or None, default, f"the environment variable {name} is not set"
        try:
            with (self._root / name).open("rb") as file:
                content = file.read(_LARGEST + 1)
            if len(content) > _LARGEST:
                return None, default, f"the file {name} is larger than a secret can be"
            return content.decode("utf-8").removesuffix("\n").removesuffix("\r"), default, ""
        except UnicodeDecodeError:
            return None, default, f"the file {name} is not UTF-8 text"
        except (OSError, ValueError) as error:
            return None, default, f"the file {name} cannot be read: {getattr(error, 'strerror', '') or 'no such path'}"
