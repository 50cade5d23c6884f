"""A YAML or JSON text as a tree of places: where each value begins and ends. Knows nothing of what the values mean."""

import json
import re
from collections.abc import Iterator
from json import decoder
from typing import Any

import yaml
from msgspec import Struct

from reconciler.core.source import Path

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_scanstring = decoder.scanstring  # type: ignore[attr-defined]  # public by name, absent from the stubs
_BLANK = re.compile(r"[ \t\r\n]*")
_SCALAR = re.compile(r"[^\s,\]}]+")


class Node(Struct, eq=False):
    """A value: `start` and `end` are indices into the text (without comments that follow), `column` is the first
    character's. `style` of a text: its quote, `|`, `>` or "" for none. `flow`: written in brackets. `keys` and `items`
    are those of a mapping; `items` those of a list.
    """

    start: int
    end: int
    column: int
    sort: str
    flow: bool = False
    style: str = ""
    text: str = ""
    keys: tuple["Node", ...] = ()
    items: tuple["Node", ...] = ()

    def child(self, step: str | int) -> tuple["Node | None", "Node"]:
        """The key's node (None in a list) and the value's. Raises KeyError."""
        if self.sort == "map":
            for key, item in zip(self.keys, self.items, strict=True):
                if key.text == step:
                    return key, item
        elif self.sort == "list" and isinstance(step, int) and 0 <= step < len(self.items):
            return None, self.items[step]
        raise KeyError(step)

    def below(self, path: Path) -> "Node":
        """The node at a path. Raises KeyError."""
        here = self
        for step in path:
            here = here.child(step)[1]
        return here

    def entries(self) -> list[tuple[int, "Node"]]:
        """Where each entry begins, and its value."""
        firsts = self.keys if self.sort == "map" else self.items
        return [(first.start, item) for first, item in zip(firsts, self.items, strict=True)]


def documents(text: str) -> list[Node]:
    """The documents of a text, empty ones left out. Raises ValueError where the places cannot be told."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(text)
            return [_Json(text).run()]
        except (ValueError, RecursionError):
            pass  # YAML in brackets
    try:
        found = [node for node in yaml.compose_all(text, Loader=_Loader) if node is not None]
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
    known: dict[int, Node] = {}
    return [_converted(text, node, known) for node in found if not _is_nothing(node)]


def shared(root: Node, path: Path) -> list[Path]:
    """The other paths at which what stands at a path (or something above it) stands as well: an anchor's aliases."""
    ways = _ways(root)
    found: dict[Path, None] = {}
    for depth in range(len(path) + 1):
        for way in ways[id(root.below(path[:depth]))]:
            other = (*way, *path[depth:])
            if other != path:
                found[other] = None
    return list(found)


def shared_inside(root: Node, path: Path) -> list[Path]:
    """The paths outside of what stands at a path at which a part of it stands as well."""
    ways = _ways(root)
    found = [way for _, node in _all(root.below(path), ()) for way in ways[id(node)]]
    return list(dict.fromkeys(way for way in found if way[: len(path)] != path))


def _ways(root: Node) -> dict[int, list[Path]]:
    """By what a node is: all paths that lead to it."""
    ways: dict[int, list[Path]] = {}
    for way, node in _all(root, ()):
        ways.setdefault(id(node), []).append(way)
    return ways


def _all(node: Node, path: Path) -> Iterator[tuple[Path, Node]]:
    yield path, node
    for index, item in enumerate(node.items):
        step: str | int = node.keys[index].text if node.sort == "map" else index
        yield from _all(item, (*path, step))


def _is_nothing(node: Any) -> bool:
    """A document that holds nothing, or null: the loader leaves it out."""
    return isinstance(node, yaml.ScalarNode) and node.value in ("", "~", "null") and not node.style


def _converted(text: str, node: Any, known: dict[int, Node]) -> Node:
    """`known`: an alias is the same node as its anchor, and stays so."""
    if id(node) in known:
        return known[id(node)]
    made = Node(node.start_mark.index, node.end_mark.index, node.start_mark.column, "text")
    known[id(node)] = made
    if isinstance(node, yaml.ScalarNode):
        made.style, made.text = node.style or "", node.value
        if made.style in ("|", ">"):
            made.end = made.start + len(text[made.start : made.end].rstrip())
        return made
    made.flow = bool(node.flow_style)
    if isinstance(node, yaml.MappingNode):
        made.sort = "map"
        pairs = [(_converted(text, key, known), _converted(text, item, known)) for key, item in node.value]
        made.keys, made.items = tuple(key for key, _ in pairs), tuple(item for _, item in pairs)
    else:
        made.sort = "list"
        made.items = tuple(_converted(text, item, known) for item in node.value)
    if not made.flow and made.items:
        made.end = max(made.items[-1].end, made.keys[-1].end + 1 if made.keys else 0)
        aliased = made.items[-1].start < made.start
        if aliased:  # an alias ends where its own text does, not where its anchor's does
            made.end = node.end_mark.index
            made.end = made.start + len(text[made.start : made.end].rstrip())
    return made


class _Json:
    """Places in a text that is known to be JSON: YAML's parser does not know all of its escapes and blanks."""

    def __init__(self, text: str) -> None:
        self.text = text

    def run(self) -> Node:
        return self.value(self.blank(0))

    def blank(self, at: int) -> int:
        found = _BLANK.match(self.text, at)
        return found.end() if found else at

    def node(self, start: int, end: int, sort: str, **more: Any) -> Node:
        return Node(start, end, start - self.text.rfind("\n", 0, start) - 1, sort, **more)

    def value(self, at: int) -> Node:
        char = self.text[at]
        if char in "{[":
            return self.container(at, "map" if char == "{" else "list")
        if char == '"':
            value, end = _scanstring(self.text, at + 1)
            return self.node(at, end, "text", style='"', text=value)
        found = _SCALAR.match(self.text, at)
        end = found.end() if found else at
        return self.node(at, end, "text", text=self.text[at:end])

    def container(self, start: int, sort: str) -> Node:
        keys: list[Node] = []
        items: list[Node] = []
        at = self.blank(start + 1)
        while self.text[at] not in "}]":
            if sort == "map":
                keys.append(self.value(at))
                at = self.blank(self.blank(keys[-1].end) + 1)
            items.append(self.value(at))
            at = self.blank(items[-1].end)
            if self.text[at] == ",":
                at = self.blank(at + 1)
        return self.node(start, at + 1, sort, flow=True, keys=tuple(keys), items=tuple(items))
