"""Rules over resources, one module each, found by scanning: what is allowed and still probably not meant. Pure.

A rule is a module with `check(resources) -> Iterable[Diagnostic]`. Packages bring more by entry points `ggrec.rules`,
each naming such a function. Nothing else has a list of rules.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from importlib.metadata import entry_points

from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Resource

ENTRY_POINTS = "ggrec.rules"
Rule = Callable[[Sequence[Resource]], Iterable[Diagnostic]]


def rules() -> tuple[Rule, ...]:
    """All rules: ours in order of their names, then those of installed packages."""
    found: list[Rule] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        if not module.name.startswith("_"):
            found.append(importlib.import_module(f"{__name__}.{module.name}").check)
    found += [point.load() for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda item: item.name)]
    return tuple(found)


def check(resources: Sequence[Resource]) -> tuple[Diagnostic, ...]:
    """All findings of all rules, in order of places."""
    found = [item for rule in rules() for item in rule(resources)]
    return tuple(sorted(found, key=Diagnostic.sort_key))
