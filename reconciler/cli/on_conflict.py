"""`--on-conflict`: what is done with an object that somebody else changed, before the plan or after it."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated

from reconciler.cli.options import Option
from reconciler.core.address import Address
from reconciler.core.conflicts import OnConflict, Policy
from reconciler.core.errors import UsageError

OnConflictOption = Annotated[
    list[str] | None,
    Option(
        "--on-conflict",
        metavar="[ADDRESS=]WAY",
        help="What somebody else changed: ours (overwrite), theirs (leave it), merge, or stop; for an address (globs "
        "allowed) or for all. Nothing said: its lifecycle decides, and what changed since the plan stops. Repeatable, "
        "the last that matches counts.",
    ),
]


def policy_of(given: Sequence[str] | None) -> Policy:
    """The policy that the options say. Raises UsageError naming the option that is none."""
    rules: list[tuple[str, OnConflict]] = []
    for text in given or ():
        pattern, equals, way = text.rpartition("=")
        if way not in list(OnConflict) or (equals and "." not in pattern and "*" not in pattern):
            hint = f"one of {', '.join(OnConflict)}, or ADDRESS=one of these, as in dashboard.orders=ours"
            raise UsageError.one("bad-on-conflict", f"--on-conflict {text}: not a way to settle a conflict", hint=hint)
        rules.append((pattern or "*", OnConflict(way)))

    def policy(address: Address) -> OnConflict:
        fitting = [way for pattern, way in rules if fnmatchcase(str(address), pattern)]
        return fitting[-1] if fitting else OnConflict.STOP

    return policy
