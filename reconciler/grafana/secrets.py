"""References to secrets, resolved: the only place (with the client, which asks here) where a secret's text exists.

Must not keep, print or return it anywhere else; what leaves for the state is a salted slow digest.
"""

import hmac
import os
import re
from collections.abc import Mapping
from hashlib import scrypt
from pathlib import Path

from reconciler.core.errors import GgrecError
from reconciler.core.resource import SecretRef

REFERENCE = re.compile(r"\$\{(env|file):([^}:]+?)(?::-([^}]*))?\}\Z")
_COST = {"n": 2**14, "r": 8, "p": 1}


class SecretResolver:
    """Implements core.ports.Secrets over the environment and files (relative to `root`)."""

    def __init__(self, environment: Mapping[str, str], root: Path) -> None:
        self._environment = environment
        self._root = root
        self._derived: dict[tuple[str, bytes], bytes] = {}
        self._salts: dict[str, bytes] = {}

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
        """`scrypt$<salt>$<key>`, with one random salt a secret and run."""
        text = self.resolve(reference)
        salt = self._salts.setdefault(str(reference), os.urandom(16))
        return f"scrypt${salt.hex()}${self._derive(text, salt).hex()}"

    def matches(self, reference: SecretRef, digest: str) -> bool:
        """Whether the secret's present value is the digested one; a digest of an unknown form matches nothing."""
        method, _, rest = digest.partition("$")
        salt, _, key = rest.partition("$")
        if method != "scrypt" or not key:
            return False
        # Digests made in this run reuse the salt found, so that one secret is derived once.
        found = bytes.fromhex(salt)
        self._salts.setdefault(str(reference), found)
        return hmac.compare_digest(self._derive(self.resolve(reference), found).hex(), key)

    def _derive(self, text: str, salt: bytes) -> bytes:
        known = (text, salt)
        if known not in self._derived:
            self._derived[known] = scrypt(text.encode("utf-8", "surrogateescape"), salt=salt, dklen=32, **_COST)
        return self._derived[known]

    def _look(self, reference: SecretRef) -> tuple[str | None, str | None]:
        match = REFERENCE.match(str(reference))
        if match is None:
            return None, f"{reference} is not a reference: write ${{env:NAME}} or ${{file:path}}"
        source, name, default = match.groups()
        if source == "env":
            value = self._environment.get(name)
            if value:
                return value, None
            if default is not None:
                return default, None
            return None, f"the environment variable {name} is not set"
        try:
            return (self._root / name).read_text(encoding="utf-8").rstrip("\r\n"), None
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            return (default, None) if default is not None else (None, f"the file {name} cannot be read: {reason}")
