"""The kinds, found by scanning this package and the entry points `ggrec.kinds`: nothing else has a list of them."""

import importlib
import inspect
import pkgutil
from importlib.metadata import entry_points

from reconciler.core.kind import Kind, Registry

ENTRY_POINTS = "ggrec.kinds"


def discover() -> Registry:
    """Every kind of this package and of installed ones. Raises InvalidInput where two have one name."""
    found: list[Kind] = []
    for module in pkgutil.iter_modules(__path__):
        if not module.name.startswith("_"):
            found += _kinds_of(f"{__name__}.{module.name}")
    for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda item: item.name):
        found.append(point.load()())
    return Registry.of(*found)


def _kinds_of(module_name: str) -> list[Kind]:
    module = importlib.import_module(module_name)
    classes = (value for _, value in sorted(vars(module).items()) if inspect.isclass(value))
    return [c() for c in classes if issubclass(c, Kind) and c.__module__ == module_name and not inspect.isabstract(c)]
