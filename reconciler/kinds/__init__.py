"""The kinds, found by scanning this package and the entry points `ggrec.kinds`: nothing else has a list of them. A
module defines one kind, which has its name; it is imported when somebody asks for it.

Must not: know any kind by name.
"""

import importlib
import inspect
import pkgutil
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, TypeGuard

from reconciler.core.errors import InvalidInput
from reconciler.core.kind import Kind
from reconciler.core.registry import Registry
from reconciler.plugins import entry_points

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "ggrec.kinds"


def discover() -> Registry:
    """Every kind of this package and of installed ones. Where packages bring some, all are looked at.

    Raises InvalidInput where two have one name (naming both), and where an installed package's entry point brings no
    kind.
    """
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    ours = {module.replace("_", "-"): partial(_of_module, module) for module in modules}
    others = [_plugged_in(point) for point in entry_points(group=ENTRY_POINTS)]
    return Registry.of(*(make() for make in ours.values()), *others) if others else Registry(ours)


def _of_module(name: str) -> Kind:
    (kind,) = kinds_of(importlib.import_module(f"{__name__}.{name}"))
    return kind


def kinds_of(module: ModuleType) -> list[Kind]:
    """The kinds that a module defines itself, by class name: what it only imports is somebody else's."""
    classes = (value for _, value in sorted(vars(module).items()) if inspect.isclass(value))
    return [found() for found in classes if _is_kind(found) and found.__module__ == module.__name__]


def _is_kind(found: object) -> TypeGuard[type[Kind]]:
    return inspect.isclass(found) and issubclass(found, Kind) and not inspect.isabstract(found)


def _plugged_in(point: "EntryPoint") -> Kind:
    package = point.dist.name if point.dist is not None else "an installed package"
    try:
        found = point.load()
    except (ImportError, AttributeError) as error:
        why = f"cannot be loaded: {error}"
    else:
        if _is_kind(found):
            return found()
        why = "is not a class derived from reconciler.core.kind.Kind"
    raise InvalidInput.one(
        "bad-kind-plugin",
        f"the kind '{point.name}' of {package} ({point.value}) {why}",
        hint=f"remove or upgrade {package}",
    )
