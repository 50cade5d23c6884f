"""`for_each`: what would be written again and again is written once, for each entry of some data.

On an item of a list it gives as many items, on a document's metadata as many documents. `${each}` is the entry,
`${each.x}` a field of it; of a mapping's entries `${each.key}` and `${each.value}`. There are no conditions and no
arithmetic: whoever wants those gives JSON made by a program.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.authoring.problems import Problems, shown, suggestion
from reconciler.core.address import NAME
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at

LOOP = "for_each"
_NAME = "as"
_SEVERAL = "items"
_DEFAULT = "each"
_WORD = re.compile(r"[a-z][a-z0-9_]*\Z")
_TAKEN = frozenset({"values", "env", "file", "dashboard"})
_HINT = "as in `for_each: [DHL, UPS]`, a mapping, a list of mappings, or ${values.partners}"


def unrolled_documents(document: Document, metadata: MarkedDict, problems: Problems) -> Iterator[Document]:
    """The documents that a document stands for: itself, or one for each entry of `metadata.for_each`. `metadata` is
    the document's with the instance's values filled in.
    """
    if LOOP not in metadata:
        yield document
        return
    loop = _Loop.of(metadata, problems)
    for entry in loop.entries if loop else ():
        own = loop.filled(metadata.copied(without=(LOOP, _NAME)), entry) if loop else metadata
        name = own.get("name")
        if not (isinstance(name, str) and NAME.match(name)):
            text = f"metadata.name {shown(name)} is not a name"
            hint = "1 to 40 of A-Z a-z 0-9 _ - : it is the uid in Grafana"
            problems.in_value(metadata, ("name",), "bad-name", text, hint)
        elif loop:
            yield replace(document, name=name, metadata=own, spec=loop.filled(document.spec, entry))


def unrolled(value: Any, problems: Problems) -> Any:
    """A marked value in which every item with `for_each` has become its items; parts without any are shared."""
    if isinstance(value, MarkedDict):
        made = {key: unrolled(item, problems) for key, item in value.items()}
        if all(made[key] is item for key, item in value.items()):
            return value
        return value.replaced(made)
    if isinstance(value, MarkedList):
        return _unrolled_list(value, problems)
    return value


def _unrolled_list(value: MarkedList, problems: Problems) -> MarkedList:
    result = MarkedList(mark=value.mark)
    changed = False
    for index, item in enumerate(value):
        if isinstance(item, MarkedDict) and LOOP in item:
            changed = True
            for one in _items(item, problems):
                result.add(one, value.items_at[index])
        else:
            made = unrolled(item, problems)
            changed = changed or made is not item
            result.add(made, value.items_at[index])
    return result if changed else value


def _items(item: MarkedDict, problems: Problems) -> Iterator[Any]:
    loop = _Loop.of(item, problems)
    if loop is None:
        return
    body: Any = item.copied(without=(LOOP, _NAME))
    several = body.get(_SEVERAL)
    if _SEVERAL in body and (len(body) > 1 or not isinstance(several, MarkedList)):
        text = "beside `for_each`, `items` is the list of all that an entry gives, and stands alone"
        problems.in_value(item, (_SEVERAL,), "bad-items", text, "move the other keys into the items")
        return
    for entry in loop.entries:
        made = loop.filled(several if several is not None else body, entry)
        yield from unrolled(made, problems) if several is not None else (unrolled(made, problems),)


class _Loop(Struct, frozen=True):
    """What a `for_each` runs over, and how its entries are called in texts."""

    name: str
    entries: tuple[Any, ...]
    problems: Problems

    @classmethod
    def of(cls, item: MarkedDict, problems: Problems) -> "_Loop | None":
        """The loop of an item; None, with an error noted, where it is none."""
        data, name = item[LOOP], item.get(_NAME, _DEFAULT)
        if not (isinstance(name, str) and _WORD.match(name)) or name in _TAKEN:
            text = f"`as` is {shown(name)}, and must be a word of its own for the entry"
            problems.in_value(item, (_NAME,), "bad-loop-name", text, "as in `as: partner`, for ${partner}")
            return None
        if isinstance(data, str) and "${values." in data:
            return None  # no such value: that is told already
        if not isinstance(data, Mapping | list):
            text = f"for_each runs over a list or a mapping, not {shown(data)}"
            problems.in_value(item, (LOOP,), "bad-loop", text, _HINT)
            return None
        if not data:
            text = "for_each runs over nothing, so nothing would be declared"
            problems.in_value(item, (LOOP,), "empty-loop", text, "give it an entry, or remove the item")
            return None
        entries = [{"key": k, "value": v} for k, v in data.items()] if isinstance(data, Mapping) else list(data)
        return cls(name, tuple(entries), problems)

    def filled(self, value: Any, entry: Any) -> Any:
        """A value with this loop's names replaced by an entry's."""
        pattern = re.compile(rf"\$\{{{self.name}((?:\.[^}}.:\s]+)*)\}}")
        return _Filling(self, pattern, entry, value).walk(value, ())


class _Filling(Struct, frozen=True):
    loop: _Loop
    pattern: re.Pattern[str]
    entry: Any
    root: Any

    def walk(self, value: Any, path: tuple[str | int, ...]) -> Any:
        if isinstance(value, str):
            return self.text(value, path) if "${" in value else value
        if isinstance(value, MarkedDict):
            mapping = MarkedDict(mark=value.mark)
            for key, item in value.items():
                new = self.text(key, (*path, key)) if "${" in key else key
                mapping.take(key, value, self.walk(item, (*path, key)), as_key=str(new))
            return mapping
        if isinstance(value, MarkedList):
            items = MarkedList(mark=value.mark)
            for index, item in enumerate(value):
                items.add(self.walk(item, (*path, index)), value.items_at[index])
            return items
        return value

    def text(self, text: str, path: tuple[str | int, ...]) -> Any:
        whole = self.pattern.fullmatch(text)
        if whole:
            return self.look(whole, mark_at(self.root, path))
        return self.pattern.sub(lambda match: self.inside(match, mark_at(self.root, path)), text)

    def inside(self, match: re.Match[str], where: Mark | None) -> str:
        value = self.look(match, where)
        if value is None or isinstance(value, Mapping | list):
            text = f"{match.group()} is {shown(value)} and cannot stand inside a longer text"
            self.loop.problems.at(where, "loop-value-not-text", text, "name a field of it, or let it be the whole text")
            return match.group()
        return str(value).lower() if isinstance(value, bool) else str(value)

    def look(self, match: re.Match[str], where: Mark | None) -> Any:
        here = self.entry
        steps = match.group(1).split(".")[1:]
        for step in steps:
            if not isinstance(here, Mapping) or step not in here:
                known = [f"{self.loop.name}.{key}" for key in here] if isinstance(here, Mapping) else [self.loop.name]
                text = f"the entries of this for_each have no '{'.'.join(steps)}': {match.group()}"
                self.loop.problems.at(where, "unknown-loop-value", text, suggestion(match.group()[2:-1], known))
                return match.group()
            here = here[step]
        return here
