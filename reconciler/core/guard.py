"""Limits on what one plan may destroy. Pure: counts in, refusals out; every refusal says counts, limits and the exact
flag.
"""

from collections import Counter
from dataclasses import dataclass

from reconciler.core.errors import Diagnostic
from reconciler.core.plan import Action, Change


@dataclass(frozen=True, slots=True)
class Guard:
    """The most deletes of one kind that a plan may hold: as a number, and as a share of the kind's objects in the
    state.

    The share counts only from `floor` deletes on, so that small sets can be worked with.
    """

    max_deletes: int = 10
    max_delete_share: float = 0.5
    floor: int = 3


def too_many_deletes(
    changes: tuple[Change, ...], owned: Counter[str], guard: Guard, *, confirmed: int | None
) -> tuple[Diagnostic, ...]:
    """Refusals for the kinds with too many deletes. `owned` counts the state's objects by kind; `confirmed` is
    `--confirm-deletes`.
    """
    deletes = Counter(change.address.kind for change in changes if change.action in {Action.DELETE, Action.REPLACE})
    total = sum(deletes.values())
    if confirmed is not None and confirmed != total:
        return (
            Diagnostic(
                "confirm-deletes",
                f"--confirm-deletes {confirmed} was given, but the plan deletes {total}",
                f"look at the plan again; --confirm-deletes {total} would accept it",
            ),
        )
    if confirmed is not None:
        return ()
    found: list[Diagnostic] = []
    for kind, count in sorted(deletes.items()):
        share = count / max(owned[kind], 1)
        limits = []
        if count > guard.max_deletes:
            limits.append(f"guard.max_deletes is {guard.max_deletes}")
        if count >= guard.floor and share > guard.max_delete_share:
            limits.append(f"guard.max_delete_share is {guard.max_delete_share:g}")
        if limits:
            found.append(
                Diagnostic(
                    "too-many-deletes",
                    f"the plan deletes {count} of {owned[kind]} {kinds(kind)} ({share:.0%}); {' and '.join(limits)}",
                    f"if that is meant: --confirm-deletes {total}",
                    subject=kind,
                )
            )
    return tuple(found)


def kinds(kind: str) -> str:
    """A kind's name for several of its objects; some are plurals already."""
    return kind if kind.endswith("s") else f"{kind}s"
