"""Protected objects: what no plan deletes or replaces, whatever else it may do. Pure.

The rules come from ggrec.yaml; what an object is (its folders, its tags, whose home it is) is told by whoever read the
live object, so that a rule also holds for what is no longer declared.
"""

from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct, field

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic
from reconciler.core.source import Mark

Sort = Literal["addresses", "folders", "tags"]


class Rule(Struct, frozen=True):
    """One item of `protect`: a glob of addresses, a folder (uid or address), a tag. `where` it is written."""

    sort: Sort
    text: str
    where: Mark | None = None


class Protection(Struct, frozen=True):
    """All rules, and whether home dashboards are protected."""

    rules: tuple[Rule, ...] = ()
    homes: bool = True
    homes_at: Mark | None = None


class Standing(Struct, frozen=True):
    """What of a live object rules may speak about: the folders it lies in (nearest first) as uids and addresses (a
    folder lies in itself too), its tags, and whose home dashboard it is.
    """

    address: Address
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    homes: tuple[str, ...] = field(default=())


def protected(standing: Standing, done: str, protection: Protection) -> tuple[Diagnostic, ...]:
    """The refusals for an object that would be `done` ("deleted", "replaced"): one for each rule that holds it."""
    found = []
    for rule in protection.rules:
        why = _holds(rule, standing)
        if why:
            text = f"would be {done}, and is protected: {why}"
            hint = f"keep it declared; or take '{rule.text}' out of protect.{rule.sort} first"
            if done == "deleted":
                hint += f"; or forget it without deleting: `ggrec state rm {standing.address}`"
            found.append(Diagnostic("protected", text, hint, rule.where, str(standing.address)))
    if protection.homes and standing.homes:
        text = f"would be {done}, and is protected: it is the home dashboard of {', '.join(standing.homes)}"
        hint = "give them another home dashboard first, or unprotect all of them with `protect: {homes: false}`"
        found.append(Diagnostic("protected", text, hint, protection.homes_at, str(standing.address)))
    return tuple(found)


def _holds(rule: Rule, standing: Standing) -> str:
    if rule.sort == "addresses":
        return f"its address matches '{rule.text}'" if fnmatchcase(str(standing.address), rule.text) else ""
    if rule.sort == "tags":
        return f"it has the tag '{rule.text}'" if rule.text in standing.tags else ""
    return f"it is in the folder '{rule.text}'" if rule.text in standing.folders else ""
