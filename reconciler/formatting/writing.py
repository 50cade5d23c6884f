"""Nodes → YAML text in one style. Changes no value and drops no comment; where a comment has no room in a line that is
joined, it moves to a line of its own before it.
"""

from collections.abc import Sequence

from msgspec import Struct, field

from reconciler.formatting.nodes import Alias, Collection, Comment, Document, Entry, Node, Scalar
from reconciler.formatting.order import inside, kind_of, ordered
from reconciler.formatting.scalars import one_line, several_lines

WIDTH = 120
_LONGEST_KEY = 1000
"""YAML looks for the colon of a key in 1024 characters; longer ones need a question mark."""


class _Line(Struct):
    text: str
    comment: Comment | None = None


class _Spot(Struct, frozen=True):
    """Where an entry is written: `start` of its line up to where its key or dash begins, the column of its `comments`,
    and the column of its collection's other entries. `first`: nothing of the line's beginning has been written yet.
    """

    start: str
    comments: int
    indent: int


class _Value(Struct):
    """A value on its way out: behind `head` (a key with its colon, or a dash), inside `place`."""

    node: Node
    head: str
    place: str
    comments: list[Comment] = field(default_factory=list)
    trail: Comment | None = None


def write(documents: Sequence[Document]) -> str:
    """The text of the documents."""
    writer = _Writer()
    written = [document for document in documents if document.root is not None or document.head or document.foot]
    for index, document in enumerate(written):
        if index:
            writer.separator()
        writer.document(document)
    return writer.text()


class _Writer:
    def __init__(self) -> None:
        self.lines: list[_Line] = []
        self.fresh = True  # nothing stands in the present block yet: no empty line here
        self.kind = ""

    def text(self) -> str:
        _align(self.lines)
        return "".join(
            (f"{item.text}  {item.comment.text}" if item.comment else item.text) + "\n" for item in self.lines
        )

    def separator(self) -> None:
        self.put("---", fresh=True)

    def put(self, text: str, comment: Comment | None = None, *, fresh: bool = False) -> None:
        self.lines.append(_Line(text, comment))
        self.fresh = fresh

    def blank(self, wanted: bool) -> None:
        if wanted and not self.fresh and self.lines[-1].text:
            self.put("")

    def say(self, comments: Sequence[Comment], column: int) -> None:
        """Comments on lines of their own."""
        for comment in comments:
            self.blank(comment.blank)
            self.put(" " * column + comment.text)

    def document(self, document: Document) -> None:
        self.kind = kind_of(document)
        self.say(document.head, 0)
        root, trail = document.root, document.trail
        if isinstance(root, Collection) and root.entries:
            if root.anchor:
                self.put(f"&{root.anchor}", fresh=True)
            self.entries(root, "document" if self.kind else "", _Spot("", 0, 0))
            self.say([trail] if trail else [], 0)
        elif root is not None:
            self.say(list(root.comments()) if isinstance(root, Collection) else [], 0)
            self.value(_Value(root, "", "", trail=trail), 0)
        self.say(document.foot, 0)

    def entries(self, node: Collection, place: str, spot: _Spot, before: Sequence[Comment] = ()) -> None:
        """All entries; `before`: comments that belong before the one that the author wrote first."""
        foremost = node.entries[0]
        start, column = spot.start, spot.comments
        written = ordered(node, place)
        written[0].blank, foremost.blank = foremost.blank, written[0].blank  # the line below what stands above
        for entry in written:
            lead = [*before, *entry.lead] if entry is foremost else entry.lead
            self.entry(entry, place, _Spot(start, column, spot.indent), lead)
            start, column = " " * spot.indent, spot.indent
        self.say(node.foot, spot.indent)

    def entry(self, entry: Entry, place: str, spot: _Spot, lead: Sequence[Comment]) -> None:
        self.say(lead, spot.comments)
        below = inside(place, self.kind, entry)
        if not spot.start.strip():  # else the dash before it brings its own
            self.blank(entry.blank)
        head = spot.start + self.head(entry)
        if len(head) - len(spot.start) > _LONGEST_KEY:
            self.put(f"{spot.start}? {head[len(spot.start) : -1]}")
            head = " " * spot.indent + ":"
        value = _Value(entry.value, head, below, list(entry.gap), entry.trail)
        node = entry.value
        if isinstance(node, Collection) and self.broken(node, len(head) + 1):
            if entry.key is None and not node.anchor:
                self.compact(node, value, spot)
            else:
                self.headed(node, value, spot)
        else:
            if isinstance(node, Collection):
                value.comments += node.comments()
            if not value.trail and len(value.comments) == 1 and not value.comments[0].own_line:
                value.trail = value.comments.pop()
            self.say(value.comments, spot.comments)
            self.value(value, spot.indent + 2)
        block = isinstance(node, Scalar) and node.style in ("|", ">")  # further right it would be a line of the block
        self.say(entry.foot, spot.indent if block else spot.indent + 2)

    def head(self, entry: Entry) -> str:
        if entry.key is None:
            return "-"
        key = _inline(entry.key)
        return f"{key} :" if isinstance(entry.key, Alias) else f"{key}:"

    def compact(self, node: Collection, value: _Value, spot: _Spot) -> None:
        """A collection whose first entry stands behind its item's dash: comments have no room between them."""
        lead = [*value.comments, *node.entries[0].lead]
        foot: list[Comment] = []
        if value.trail:
            (foot if any(node.comments()) else lead).append(value.trail)
        self.say(lead, spot.comments)
        column = spot.indent + 2
        node.entries[0].lead = []
        self.entries(node, value.place, _Spot(f"{value.head} ", spot.comments, column))
        self.say(foot, column)

    def headed(self, node: Collection, value: _Value, spot: _Spot) -> None:
        """A collection below its key."""
        before = [*value.comments, *node.entries[0].lead]
        node.entries[0].lead = []
        trail, foot = None, []
        if before and not before[0].own_line:
            trail = before.pop(0)
        if value.trail and not trail and not before and not any(node.comments()):
            trail = value.trail
        elif value.trail:
            foot = [value.trail]
        column = spot.indent + 2
        self.put(value.head + (f" &{node.anchor}" if node.anchor else ""), trail, fresh=True)
        self.entries(node, value.place, _Spot(" " * column, column, column), before)
        self.say(foot, column)

    def value(self, value: _Value, indent: int) -> None:
        """A value that begins on its key's line."""
        node = value.node
        head = f"{value.head} " if value.head else ""
        if isinstance(node, Scalar):
            anchor = f"&{node.anchor} " if node.anchor else ""
            lines = several_lines(node, indent, WIDTH - len(head) - len(anchor))
            lines[0] = anchor + lines[0] if lines[0] else anchor.rstrip()
        else:
            lines = [_inline(node, place=value.place, kind=self.kind)]
        first, *rest = head + lines[0] if lines[0] else value.head, *lines[1:]
        block = isinstance(node, Scalar) and node.style in ("|", ">")
        self.put(first, value.trail if block or not rest else None)
        for line in rest[:-1]:
            self.put(line)
        if rest:
            self.put(rest[-1], None if block else value.trail, fresh=lines[0].endswith("+") and block)

    def broken(self, node: Collection, column: int) -> bool:
        """Whether a collection is written entry by entry."""
        if not node.entries:
            return False
        if not node.flow or any(True for _ in node.comments()):
            return True
        return column + len(_inline(node)) > WIDTH


def _inline(node: Node, *, flow: bool = False, place: str = "", kind: str = "") -> str:
    """A node on one line; `flow`: inside brackets."""
    if isinstance(node, Alias):
        return f"*{node.name}"
    anchor = f"&{node.anchor} " if node.anchor else ""
    if isinstance(node, Scalar):
        return anchor + one_line(node, flow=flow)
    parts = []
    for entry in ordered(node, place):
        text = _inline(entry.value, flow=True, place=inside(place, kind, entry), kind=kind)
        if entry.key is not None:
            key = _inline(entry.key, flow=True)
            text = f"{key} : {text}" if isinstance(entry.key, Alias) else f"{key}: {text}"
        parts.append(text)
    inner = ", ".join(parts)
    return anchor + (f"{{{inner}}}" if node.mapping else f"[{inner}]")


def _align(lines: list[_Line]) -> None:
    """Comments behind adjacent lines that stood in one column stand in one column again."""
    first = 0
    while first < len(lines):
        comment = lines[first].comment
        end = first + 1
        while comment and end < len(lines):
            other = lines[end].comment
            if other is None or other.column != comment.column:
                break
            end += 1
        if end - first > 1:
            width = max(len(item.text) for item in lines[first:end])
            for item in lines[first:end]:
                item.text = item.text.ljust(width)
        first = end
