"""The kinds of a program, by name."""

import re
from collections.abc import Callable, Iterator, Mapping

from reconciler.core.errors import Diagnostic, InvalidInput
from reconciler.core.kind import Kind


class Registry(Mapping[str, Kind]):
    """The kinds by name. Built once by whoever assembles the program; two kinds of one name are an error. A kind may be
    given as what makes it: then it is made when it is first asked for.
    """

    def __init__(self, kinds: Mapping[str, Kind | Callable[[], Kind]] | None = None) -> None:
        self._kinds: dict[str, Kind | Callable[[], Kind]] = dict(kinds or {})

    @classmethod
    def of(cls, *kinds: Kind) -> "Registry":
        """A registry of these kinds. Raises InvalidInput naming both where two have one name."""
        found: dict[str, Kind] = {}
        for kind in kinds:
            other = found.get(kind.name) or next((k for k in found.values() if k.yaml_kind == kind.yaml_kind), None)
            if other is not None:
                raise InvalidInput(
                    (
                        Diagnostic(
                            "kind-collision",
                            f"two kinds are called '{kind.name}' ({kind.yaml_kind}): "
                            f"{_origin(other)} and {_origin(kind)}",
                            "remove one of the packages that bring them",
                        ),
                    )
                )
            found[kind.name] = kind
        return cls({name: found[name] for name in sorted(found)})

    def by_yaml(self, yaml_kind: str) -> Kind | None:
        """The kind that files call by this name."""
        likely = re.sub(r"(?<!^)(?=[A-Z])", "-", yaml_kind).lower()
        names = [likely, *self] if likely in self else [*self]  # no other need be made, mostly
        return next((kind for kind in map(self.__getitem__, names) if kind.yaml_kind == yaml_kind), None)

    def __getitem__(self, name: str) -> Kind:
        kind = self._kinds[name]
        if not isinstance(kind, Kind):
            made = kind()
            kind = self._kinds[name]  # another thread may have been first
            if not isinstance(kind, Kind):
                kind = self._kinds[name] = made
        return kind

    def __contains__(self, name: object) -> bool:
        return name in self._kinds

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)


def _origin(kind: Kind) -> str:
    return f"{type(kind).__module__}.{type(kind).__qualname__}"
