"""Where each value of an expanded object was written: file and line, and what brought it there (a template, a role, a
value of the instance). Follows the marks that expansion keeps; decides nothing about values.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from reconciler.authoring.declaration import Declaration
from reconciler.authoring.places import MISSING
from reconciler.authoring.resolve import Resolved, Resolving
from reconciler.core.address import Address
from reconciler.core.desired import Remembered
from reconciler.core.errors import UsageError
from reconciler.core.json import Json
from reconciler.core.registry import Registry
from reconciler.core.resource import Document, Resource
from reconciler.core.selectors import BadSelector, parse_selector
from reconciler.core.source import Mark, MarkedDict, MarkedList, Path

_VALUE = re.compile(r"\$\{values\.([A-Za-z0-9_.-]+)")
_DERIVED = {"gridPos": "layout", "id": "id", "refId": "refId", "datasource": "datasource"}
_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "folderUid": ("folder",),
    "parentUid": ("parent",),
    "dashboardUID": ("dashboard",),
    "panelId": ("panel",),
    "homeDashboardUID": ("home",),
    "of": ("team", "organisation"),
    "weekStart": ("week_start",),
    "secureJsonFields": ("secureJsonData",),
    "secureFields": ("secureSettings",),
}
"""Grafana's names of fields that authors write by another one."""
_NAMES = ("title", "refId", "name", "id")


class Leaf(Struct, frozen=True):
    """One value: its `path` in the object as authors know it, where it was written (None: nowhere), and what `origin`
    it has beyond the object's own document.
    """

    path: Path
    label: str
    value: Json
    where: Mark | None
    origin: tuple[str, ...]


class _Tracing(Resolving):
    """Resolving that keeps the marked form of dashboards, which resources no longer have."""

    def __init__(
        self,
        documents: Sequence[Document],
        registry: Registry,
        values: Mapping[str, Json],
        remembered: Sequence[Remembered],
    ) -> None:
        self.whole: dict[Address, MarkedDict] = {}
        super().__init__(documents, registry, values, remembered)

    def whole_spec(self, address: Address, item: Declaration, expanded: Any) -> MarkedDict:
        self.whole[address] = super().whole_spec(address, item, expanded)
        return self.whole[address]

    def marked(self, address: Address) -> MarkedDict:
        """The expanded spec of an address, marked."""
        return self.whole.get(address) or self.specs[address]


class Provenance:
    """The origins of the values in what some documents declare. `resolved` is what `resolve` gives for them. Of what is
    `remembered` nothing can be asked.
    """

    def __init__(
        self,
        documents: Sequence[Document],
        registry: Registry,
        *,
        values: Mapping[str, Json],
        instance: str,
        remembered: Sequence[Remembered] = (),
    ) -> None:
        self._registry = registry
        self._instance = instance
        self._tracing = _Tracing(documents, registry, values, remembered)
        self.resolved: Resolved = self._tracing.run()
        self._files: dict[str, list[tuple[int, Document]]] = {}
        self._texts: dict[Mark, str] = {}
        for document in documents:
            self._files.setdefault(document.mark.file, []).append((document.mark.line, document))
            self._index(document.spec)
        for found in self._files.values():
            found.sort(key=lambda item: item[0])

    def spec(self, address: Address) -> MarkedDict:
        """The spec of an address as it is written, its values filled in, marked."""
        return self._tracing.specs[address]

    def model(self, address: Address) -> MarkedDict:
        """Grafana's own model of a declared dashboard, marked."""
        found: MarkedDict = self._tracing.marked(address)["model"]
        return found

    @property
    def colors(self) -> frozenset[str]:
        """The palette's names."""
        return frozenset(self._tracing.library.palette.colors)

    def is_foreign(self, resource: Resource, where: Mark) -> bool:
        """Whether a place is in another document than the one that declares a resource."""
        document = self._document(where)
        return document is None or document.mark != resource.source

    def values_in(self, text: str) -> tuple[str, ...]:
        """The instance's values that a text as it is written names."""
        of = f" (instance {self._instance})" if self._instance else ""
        return tuple(f"values.{name}{of}" for name in _VALUE.findall(text))

    def leaves(self, resource: Resource) -> Iterator[Leaf]:
        """Every value of a resource, in the order in which it is sent."""
        for path, value, node, where in self._tops(resource):
            yield from self._walk(resource, path, ".".join(map(str, path)), value, node, where)

    def place(self, resource: Resource, path: Path) -> Mark | None:
        """Where the first value at or below a path was written; None: nowhere."""
        for top, value, node, where in self._tops(resource):
            if top != path[: len(top)]:
                continue
            there: Json = value
            for step in path[len(top) :]:
                there = _part(there, step)
                node, where = _below(node, step, where)
            if there is not MISSING:
                leaves = self._walk(resource, path, "", there, node, where)
                return next((leaf.where for leaf in leaves if leaf.where is not None), None)
        return None

    def _tops(self, resource: Resource) -> Iterator[tuple[Path, Json, Any, Mark | None]]:
        """The parts of a resource with the paths that authors know them by, their marked forms and their places."""
        body = self._registry[resource.address.kind].body_key
        tree = self._tracing.marked(resource.address)
        for key, value in resource.attributes.items():
            if key == body:
                yield (), value, tree.get("model"), None
            else:
                written = next((name for name in (key, *_WRITTEN.get(key, ())) if name in tree), key)
                yield (key,), value, tree.get(written, MISSING), tree.values_at.get(written)

    def _walk(
        self, resource: Resource, path: Path, label: str, value: Json, node: Any, where: Mark | None = None
    ) -> Iterator[Leaf]:
        """`node` is the marked form of `value`, `where` its place."""
        parts: list[tuple[str | int, str, Json]] = []
        if isinstance(value, Mapping):
            parts = [(key, f"{label}.{key}" if label else key, item) for key, item in value.items()]
        elif isinstance(value, list | tuple):
            parts = [(index, f"{label}[{named(index, item, value)}]", item) for index, item in enumerate(value)]
        if not parts:
            origin = (*self.origin(resource, path, where, node), *self._color(value, where))
            yield Leaf(path, label, value, where, origin)
        for step, name, item in parts:
            below, at = _below(node, step, where)
            yield from self._walk(resource, (*path, step), name, item, below, at)

    def origin(self, resource: Resource, path: Path, where: Mark | None, node: Any) -> tuple[str, ...]:
        """What brought a value there beyond the object's own document: its path, its place and its marked form."""
        if where is None:
            if node is MISSING or path == ("schemaVersion",):
                return ("default",)
            names = [_DERIVED[step] for step in path if isinstance(step, str) and step in _DERIVED]
            return (f"derived: {names[0]}" if names else "derived",)
        found = []
        document = self._document(where)
        if document is None:
            found.append(f"file {where.file}")
        elif document.mark != resource.source:
            kind = self._registry.by_yaml(document.kind)
            found.append(f"{kind.name}.{document.name}" if kind else f"{document.kind.lower()} {document.name}")
        return (*found, *self.values_in(self._texts.get(where, "")))

    def _color(self, value: Json, where: Mark | None) -> tuple[str, ...]:
        """The palette's name for a colour, where that is what was written."""
        colors = self._tracing.library.palette.colors
        name = self._texts.get(where, "") if where is not None else ""
        return (f"palette colour {name}",) if name in colors and colors[name] == value else ()

    def _document(self, where: Mark) -> Document | None:
        """The document that a place is in."""
        inside = self._files.get(where.file)
        if not inside:
            return None
        return inside[max(bisect_right([line for line, _ in inside], where.line) - 1, 0)][1]

    def _index(self, value: Any) -> None:
        """Know the texts as they were written, by their places."""
        marks: Sequence[Mark | None] = ()
        if isinstance(value, MarkedDict):
            marks = [value.values_at.get(key) for key in value]
        elif isinstance(value, MarkedList):
            marks = value.items_at
        items = list(value.values()) if isinstance(value, MarkedDict) else value
        if isinstance(value, MarkedDict):
            for key, at in value.keys_at.items():
                self._texts.setdefault(at, key)
        for mark, item in zip(marks, items if marks else (), strict=False):
            if isinstance(item, str) and mark is not None:
                self._texts[mark] = item
            self._index(item)


def _part(value: Any, step: str | int) -> Any:
    """What a value has at a step; MISSING: nothing."""
    if isinstance(value, Mapping):
        return value.get(step, MISSING) if isinstance(step, str) else MISSING
    inside = isinstance(value, list | tuple) and isinstance(step, int) and 0 <= step < len(value)
    return value[step] if inside else MISSING


def _below(node: Any, step: str | int, where: Mark | None) -> tuple[Any, Mark | None]:
    """What stands at a step below a marked value, and where. A part of what was written as one text is at its place."""
    if isinstance(node, MarkedDict):
        at = node.values_at.get(str(step))
        return node.get(str(step), MISSING), at
    if isinstance(node, MarkedList) and isinstance(step, int):
        at = node.items_at[step] if step < len(node.items_at) else None
        return (node[step], at or where) if step < len(node) else (MISSING, where)
    return (MISSING if node is MISSING else None), where


def named(index: int, item: Json, items: Sequence[Json]) -> str:
    """How an item of a list is called in paths: by its title or name where no other has it."""
    for key in _NAMES:
        name = item.get(key) if isinstance(item, Mapping) else None
        same = [other for other in items if isinstance(other, Mapping) and other.get(key) == name]
        if name not in (None, "") and len(same) == 1:
            return f"{key}={name}" if isinstance(name, int) else f"{key}='{name}'"
    return str(index)


def below_path(leaves: Sequence[Leaf], wanted: str, root: Json) -> list[Leaf]:
    """The leaves at and below a path such as `panels[title='Revenue'].targets[0]`; `root` is the whole object.

    Raises UsageError for a text that is no path.
    """
    try:
        paths = list(parse_selector(wanted).paths(root))
    except BadSelector as error:
        text = f"--path {wanted}: not a path from column {error.column}"
        raise UsageError.one("bad-path", text, hint="as in panels[title='Revenue'].targets[0].expr") from None
    return [leaf for leaf in leaves if any(leaf.path[: len(path)] == path for path in paths)]
