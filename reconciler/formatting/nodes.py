"""What a YAML text consists of, comments and blank lines included. Knows neither how it is read nor how it is
written.
"""

from collections.abc import Iterator

from msgspec import Struct, field


class Comment(Struct, frozen=True):
    """A comment from its # to its end. `own_line`: nothing stands before it; `blank`: an empty line does."""

    text: str
    start: int
    column: int
    own_line: bool
    blank: bool


class Scalar(Struct):
    """A text, number, true, false, null. `style` is YAML's: "" (plain), ' " | or >; `raw` is what stands in the file.

    `text`: whether it is a text whatever it looks like (quotes, a block, the tag !!str). `end` is where it ends.
    """

    value: str
    style: str
    raw: str
    text: bool
    anchor: str | None
    end: int


class Alias(Struct):
    """A *name."""

    name: str
    end: int


class Entry(Struct):
    """A pair of a mapping, or an item of a list (`key` is None).

    Comments: `lead` stand before it, `gap` between its colon or dash and its value, `trail` behind it on its line,
    `foot` after it, further to the right than it.
    """

    key: "Scalar | Alias | None"
    value: "Node"
    lead: list[Comment]
    gap: list[Comment]
    blank: bool
    trail: Comment | None = None
    foot: list[Comment] = field(default_factory=list)


class Collection(Struct):
    """A mapping or list; `flow`: in brackets. `foot`: the comments after its last entry."""

    mapping: bool
    flow: bool
    anchor: str | None
    entries: list[Entry] = field(default_factory=list)
    foot: list[Comment] = field(default_factory=list)
    end: int = 0

    def comments(self) -> Iterator[Comment]:
        """All comments inside."""
        for entry in self.entries:
            yield from (*entry.lead, *entry.gap, *([entry.trail] if entry.trail else []), *entry.foot)
            if isinstance(entry.value, Collection):
                yield from entry.value.comments()
        yield from self.foot

    def anchors(self) -> tuple[bool, bool]:
        """Whether there are anchors inside, and aliases."""
        anchors = aliases = False
        for entry in self.entries:
            for node in (entry.key, entry.value):
                if node is None:
                    continue
                if isinstance(node, Alias):
                    aliases = True
                    continue
                anchors |= node.anchor is not None
                if isinstance(node, Collection):
                    inner = node.anchors()
                    anchors, aliases = anchors or inner[0], aliases or inner[1]
        return anchors, aliases


Node = Scalar | Alias | Collection


class Document(Struct):
    """One document: the comments before it, its value (None: nothing but comments), and the comments after it."""

    head: list[Comment]
    root: Node | None
    trail: Comment | None = None
    foot: list[Comment] = field(default_factory=list)
