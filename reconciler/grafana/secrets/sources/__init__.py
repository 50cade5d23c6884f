"""The sources of secrets, found by scanning this package and the entry points `ggrec.secrets`: nothing else has a list
of them.

Must not: know any source by name.
"""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeGuard

from reconciler.core.errors import InvalidInput
from reconciler.core.secret_source import SecretSource
from reconciler.plugins import entry_points

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ENTRY_POINTS = "ggrec.secrets"


def discover() -> dict[str, type[SecretSource]]:
    """Every source by its name, in their order.

    Raises InvalidInput where two have one name (naming both), and where an entry point brings no source.
    """
    found: dict[str, type[SecretSource]] = {}
    for source in (*_ours(), *map(_plugged_in, entry_points(group=ENTRY_POINTS))):
        other = found.setdefault(source.name, source)
        if other is not source:
            text = f"two sources of secrets are called '{source.name}': {_origin(other)} and {_origin(source)}"
            raise InvalidInput.one("secret-source-collision", text, hint="remove one of the packages that bring them")
    return dict(sorted(found.items()))


def _ours() -> Iterator[type[SecretSource]]:
    for module in pkgutil.iter_modules(__path__):
        name = f"{__name__}.{module.name}"
        classes = (value for _, value in sorted(vars(importlib.import_module(name)).items()))
        yield from (value for value in classes if _is_source(value) and value.__module__ == name)


def _is_source(found: object) -> TypeGuard[type[SecretSource]]:
    return inspect.isclass(found) and issubclass(found, SecretSource) and not inspect.isabstract(found)


def _plugged_in(point: "EntryPoint") -> type[SecretSource]:
    package = point.dist.name if point.dist is not None else "an installed package"
    try:
        found = point.load()
    except (ImportError, AttributeError) as error:
        why = f"cannot be loaded: {error}"
    else:
        if _is_source(found):
            return found
        why = "is not a class derived from reconciler.core.secret_source.SecretSource"
    text = f"the source of secrets '{point.name}' of {package} ({point.value}) {why}"
    raise InvalidInput.one("bad-secret-source", text, hint=f"remove or upgrade {package}")


def _origin(source: type[SecretSource]) -> str:
    return f"{source.__module__}.{source.__qualname__}"
