"""References between declared objects: by name, resolved lazily, recorded as dependencies, with suggestions where
they fail. Must not know any kind's attributes.
"""

from collections.abc import Callable, Mapping

from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.address import Address
from reconciler.core.json import JsonObject, text_of
from reconciler.core.resource import Resource
from reconciler.core.source import Mark, MarkedDict, Path, mark_at

Build = Callable[[Address], Resource | None]


class Declared:
    """Implements core.kind.Names for one document, over all declared ones. `needs` collects what was asked for, with
    the place of the first question.
    """

    def __init__(
        self,
        declared: Mapping[Address, MarkedDict],
        uids: Mapping[Address, str | None],
        build: Build,
        problems: Problems,
    ) -> None:
        self._declared = declared
        self._uids = uids
        self._build = build
        self._problems = problems
        self.root: object = problems.document.spec
        self.needs: dict[Address, Mark] = {}

    def asked_by(self, problems: Problems) -> "Declared":
        """The same for other questions, whose needs and errors are counted by themselves."""
        return Declared(self._declared, self._uids, self._build, problems)

    def of_type(self, kind: str, type_name: str) -> list[str]:
        """The names of declared objects whose spec has this `type`."""
        return [
            a.name for a, spec in sorted(self._declared.items()) if a.kind == kind and spec.get("type") == type_name
        ]

    def declares(self, kind: str, name: str) -> bool:
        """Whether there is such an object."""
        return Address(kind, name) in self._declared

    def uid(self, kind: str, name: str, path: Path) -> str:
        """The uid of a declared object ("" with an error noted where there is none)."""
        return self.uid_at(kind, name, mark_at(self.root, path)) or ""

    def uid_at(self, kind: str, name: str, where: Mark | None) -> str | None:
        """The same for callers that know the place; None where it is not declared."""
        address = Address(kind, name)
        if address not in self._declared:
            names = [other.name for other in self._declared if other.kind == kind]
            called = "".join(part.capitalize() for part in kind.split("-"))
            text = f"no {called} {shown(name)} is declared"
            self._problems.at(where, f"unknown-{kind}", text, suggestion(name, names))
            return None
        self.needs.setdefault(address, where or self._problems.document.mark)
        return self._uids[address] or name

    def attributes(self, kind: str, name: str, path: Path) -> JsonObject:
        """The attributes of a declared object ({} with an error noted where there is none, or where it is broken or
        asks for this one itself).
        """
        if self.uid_at(kind, name, mark_at(self.root, path)) is None:
            return {}
        resource = self._build(Address(kind, name))
        return resource.attributes if resource is not None else {}

    def name_of(self, kind: str, name: str) -> str:
        """What Grafana calls a declared object that has a name there, from its spec."""
        spec = self._declared.get(Address(kind, name))
        return (text_of(spec.get("name")) if spec is not None else "") or name

    def type_of(self, name: str) -> str:
        """The plugin type of a declared datasource, from its spec: known even where the rest of it is broken."""
        spec = self._declared.get(Address("datasource", name))
        return text_of(spec.get("type")) if spec is not None else ""

    def fail(self, path: Path, code: str, message: str, hint: str = "") -> None:
        """Note an error at a path of the spec."""
        self._problems.at(mark_at(self.root, path), code, message, hint)
