"""Addresses: `kind.name`, the only key used anywhere."""

import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct

NAME = re.compile(r"[A-Za-z0-9_-]{1,40}\Z")
_KIND = re.compile(r"[a-z][a-z0-9-]*\Z")


class Address(Struct, frozen=True, order=True):
    """A kind and the name that the author chose. `Address.parse(str(a)) == a`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}.{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read `kind.name`. Raises ValueError saying what is wrong with the text."""
        kind, dot, name = text.partition(".")
        if not dot or not _KIND.match(kind) or not NAME.match(name):
            raise ValueError(
                f"'{text}' is not an address: write kind.name, as in dashboard.executive-overview "
                "(name: 1 to 40 of A-Z a-z 0-9 _ -)"
            )
        return cls(kind, name)


def targeted(addresses: Iterable[Address], targets: Sequence[str]) -> tuple[frozenset[Address], tuple[str, ...]]:
    """The addresses that the targets (addresses or globs) name, and those of the targets that name none."""
    known = frozenset(addresses)
    named = {target: {a for a in known if fnmatchcase(str(a), target)} for target in targets}
    return frozenset().union(*named.values()), tuple(target for target, found in named.items() if not found)
