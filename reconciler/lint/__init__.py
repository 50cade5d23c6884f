"""Rules over resources, one module each, found by scanning: what is allowed and still probably not meant. Pure."""

import importlib
import pkgutil
from collections.abc import Sequence

from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Resource


def check(resources: Sequence[Resource]) -> tuple[Diagnostic, ...]:
    """All findings of all rules: each module has `check(resources) -> Iterable[Diagnostic]`."""
    found: list[Diagnostic] = []
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda item: item.name):
        found += importlib.import_module(f"{__name__}.{module.name}").check(resources)
    return tuple(found)
