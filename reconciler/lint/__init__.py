"""Rules over resources, one module each, found by scanning: what is allowed and still probably not meant. Pure.

A rule is a module with `check(resources) -> Iterable[Diagnostic]`; with `ALONE = True` it looks at each resource by
itself, so that one which had no finding needs no second look while it stays what it was. Packages bring more by entry
points `ggrec.rules`, each naming such a function. Nothing else has a list of rules.
"""

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable, Sequence

from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Resource
from reconciler.plugins import entry_points

ENTRY_POINTS = "ggrec.rules"
Rule = Callable[[Sequence[Resource]], Iterable[Diagnostic]]


def rules() -> tuple[tuple[Rule, bool], ...]:
    """All rules, and whether each looks at a resource by itself: ours in order of their names, then those of installed
    packages.
    """
    found = _ours()
    found += [(point.load(), False) for point in entry_points(group=ENTRY_POINTS)]
    return tuple(found)


def _ours() -> list[tuple[Rule, bool]]:
    found: list[tuple[Rule, bool]] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        if not module.name.startswith("_"):
            rule = importlib.import_module(f"{__name__}.{module.name}")
            found.append((rule.check, getattr(rule, "ALONE", False)))
    return found


def alone() -> tuple[Rule, ...]:
    """The rules that look at each resource by itself; packages bring none of these."""
    return tuple(rule for rule, by_itself in _ours() if by_itself)


def check(resources: Sequence[Resource], fine: Collection[Address] = ()) -> tuple[Diagnostic, ...]:
    """All findings of all rules, in order of places. `fine`: objects that are as they were when nothing was found."""
    others = [resource for resource in resources if resource.address not in fine]
    found = [item for rule, alone in rules() for item in rule(others if alone else resources)]
    return tuple(sorted(found, key=Diagnostic.sort_key))
