"""YAML text → nodes with their comments. The text must be valid: whoever calls has parsed it before.

Comments are what begins with # outside of scalars; whose they are is told by lines and columns, as readers see it.
"""

import re
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    MappingStartEvent,
    ScalarEvent,
    StreamEndEvent,
)

from reconciler.formatting.nodes import Alias, Collection, Comment, Document, Entry, Node, Scalar

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TEXT = "tag:yaml.org,2002:str"
_PROPERTY = re.compile(r"[&!]\S*")


def events_of(text: str) -> list[Any]:
    """The parser's events. Raises YAMLError."""
    return list(yaml.parse(text, Loader=_Loader))


def _begin(event: Any) -> int:
    """The index of an event's first character: the parsers always set it."""
    index: int = event.start_mark.index
    return index


def _end(event: Any) -> int:
    """The index behind an event's last character."""
    index: int = event.end_mark.index
    return index


def read(text: str) -> list[Document]:
    """The documents of a valid text with \\n as its only line end."""
    return _Reader(text).documents()


def comments_of(text: str) -> list[Comment]:
    """All comments of a valid text, in their order."""
    return _Scan(text, events_of(text)).comments


class _Scan:
    """Where scalars begin behind their anchors and tags, and the comments between the scalars."""

    def __init__(self, text: str, events: list[Any]) -> None:
        self.text = text
        self.comments: list[Comment] = []
        self.content: dict[int, int] = {}  # start of a scalar's event → where its content begins
        at = 0
        for event in events:
            if isinstance(event, ScalarEvent):
                begin, end = _begin(event), _end(event)
                self._between(at, begin)
                at = self._properties(begin, end)
                self.content[begin] = at
                if event.style in ("|", ">"):
                    line_end = self._line_end(at)
                    self._between(at, line_end)
                at = max(at, end)
        self._between(at, len(text))
        self.bare = list(text)
        for comment in self.comments:
            for index in range(comment.start, comment.start + len(comment.text)):
                self.bare[index] = " "
        self.bare_text = "".join(self.bare)

    def _line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def _properties(self, at: int, end: int) -> int:
        """Where content begins behind anchor and tag, which may stand on other lines, with comments between."""
        while at < end:
            if self.text[at] == "#" and at > 0 and self.text[at - 1] in " \t\n":
                self._add(at)
                at = self._line_end(at)
            elif self.text[at] in " \t\n":
                at += 1
            elif (found := _PROPERTY.match(self.text, at)) is not None:
                at = min(found.end(), end)
            else:
                break
        return at

    def _between(self, at: int, end: int) -> None:
        while (at := self.text.find("#", at, end)) >= 0:
            line = self.text.rfind("\n", 0, at) + 1
            if self.text[line] != "%":  # a directive
                self._add(at)
            at = self._line_end(at)

    def _add(self, at: int) -> None:
        line = self.text.rfind("\n", 0, at) + 1
        own = not self.text[line:at].strip()
        text = self.text[at : self._line_end(at)].rstrip()
        self.comments.append(Comment(text, at, at - line, own, own and self.blank_above(at)))

    def blank_above(self, at: int) -> bool:
        """Whether the line above the one of `at` is empty."""
        line = self.text.rfind("\n", 0, at)
        return line > 0 and not self.text[self.text.rfind("\n", 0, line) + 1 : line].strip()


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.events = events_of(text)
        self.scan = _Scan(text, self.events)
        self.comments = self.scan.comments
        self.at = 0
        self.taken = 0

    def documents(self) -> list[Document]:
        found: list[Document] = []
        self.at = 1
        while not isinstance(self.events[self.at], StreamEndEvent):
            if isinstance(self.events[self.at], DocumentStartEvent):
                if found:
                    found[-1].foot += self.take(self.start())
                self.at += 1
                found.append(self.document())
            else:
                self.at += 1
        rest = self.take(len(self.text) + 1)
        if found:
            found[-1].foot += rest
        elif rest:
            found.append(Document(rest, None))
        return found

    def document(self) -> Document:
        head = self.take(self.start())
        root = self.node(-1)
        if isinstance(root, Scalar) and not (root.raw or root.text or root.anchor):
            return Document(head, None)
        return Document(head, root, self.trail(root))

    def start(self) -> int:
        """Where the next event begins."""
        return _begin(self.events[self.at])

    def take(self, before: int) -> list[Comment]:
        """The comments up to an index that belong to nobody yet."""
        first = self.taken
        while self.taken < len(self.comments) and self.comments[self.taken].start < before:
            self.taken += 1
        return self.comments[first : self.taken]

    def dash(self, into: Collection, at: int) -> int:
        """Where the next entry begins: its key, or the dash that stands behind `at`; else the end of the collection."""
        begin = self.start()
        if into.mapping or into.flow or isinstance(self.events[self.at], CollectionEndEvent):
            return begin
        return max(self.scan.bare_text.rfind("-", at, begin), at)

    def below(self, column: int, end: int) -> list[Comment]:
        """The next comments before `end` on lines of their own, as long as they stand at `column` or further right."""
        found: list[Comment] = []
        while self.taken < len(self.comments):
            comment = self.comments[self.taken]
            if comment.start >= end or not comment.own_line or comment.column < column:
                break
            found.append(comment)
            self.taken += 1
        return found

    def trail(self, value: Node) -> Comment | None:
        """The comment behind a value on its line."""
        if self.taken == len(self.comments) or (isinstance(value, Collection) and not value.flow):
            return None
        comment = self.comments[self.taken]
        block = isinstance(value, Scalar) and value.style in ("|", ">")
        if not block and (comment.start >= self.start() or "\n" in self.text[value.end : comment.start]):
            return None
        if comment.own_line or (block and comment.start >= value.end):
            return None
        self.taken += 1
        return comment

    def node(self, outer: int) -> Node:
        """The next value; `outer`: the column of the block it is in."""
        event = self.events[self.at]
        self.at += 1
        if isinstance(event, AliasEvent):
            return Alias(str(event.anchor), _end(event))
        if isinstance(event, ScalarEvent):
            end = _end(event)
            raw = self.text[self.scan.content[_begin(event)] : end]
            style = event.style or ""
            return Scalar(str(event.value), style, raw, bool(style) or event.tag == _TEXT, event.anchor, end)
        assert isinstance(event, CollectionStartEvent)
        flow = bool(event.flow_style)
        found = Collection(isinstance(event, MappingStartEvent), flow, event.anchor)
        column = self.entries(found, _begin(event))
        end_event = self.events[self.at]
        if flow:
            found.foot = self.take(_begin(end_event))
        else:
            found.foot = self.below(max(column, outer + 1), _begin(end_event))
        found.end = _end(end_event)
        self.at += 1
        return found

    def entries(self, into: Collection, at: int) -> int:
        """Read the entries; the result is the column in which they stand."""
        column = -1
        while not isinstance(self.events[self.at], CollectionEndEvent):
            begin = self.dash(into, at)
            if column < 0:
                column = begin - self.text.rfind("\n", 0, begin) - 1
            lead = self.take(begin)
            key = self.node(column) if into.mapping else None
            assert not isinstance(key, Collection)  # the loader has refused such keys
            entry = Entry(key, Alias("", 0), lead, self.take(self.start()), self.scan.blank_above(begin))
            entry.value = self.node(column)
            entry.trail = self.trail(entry.value)
            into.entries.append(entry)
            at = min(entry.value.end, self.start())
            if not into.flow:
                entry.foot = self.below(column + 1, self.dash(into, at))
        return column
