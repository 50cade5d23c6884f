"""Salted slow digests of secrets: what the state may keep, to know that one changed."""

import os

_COST = {"n": 2**14, "r": 8, "p": 1}
_FORM = "scrypt$16384.8.1"


class Digests:
    """Makes and compares digests; each is derived once a run."""

    def __init__(self) -> None:
        self._derived: dict[tuple[str, bytes], bytes] = {}

    def __repr__(self) -> str:
        return "Digests(…)"

    def make(self, text: str) -> str:
        """`scrypt$<cost>$<salt>$<key>` with a salt of its own."""
        salt = os.urandom(16)
        return f"{_FORM}${salt.hex()}${self._key(text, salt).hex()}"

    def match(self, text: str, digest: str) -> bool:
        """Whether the text is the digested one; a digest of an unknown form matches nothing."""
        form, _, rest = digest.rpartition("$")[0].rpartition("$")
        try:
            salt, key = bytes.fromhex(rest), bytes.fromhex(digest.rpartition("$")[2])
        except ValueError:
            return False
        if form != _FORM or not salt or not key:
            return False
        from hmac import compare_digest  # once for each secret that was applied

        return compare_digest(self._key(text, salt), key)

    def derive(self, text: str, salt: bytes) -> bytes:
        """The key: slow on purpose (about 50 ms)."""
        from hashlib import scrypt  # brings OpenSSL along, and mostly no secret is digested

        return scrypt(text.encode(), salt=salt, dklen=32, **_COST)

    def _key(self, text: str, salt: bytes) -> bytes:
        known = (text, salt)
        if known not in self._derived:
            self._derived[known] = self.derive(text, salt)
        return self._derived[known]
