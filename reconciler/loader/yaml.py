"""Strict YAML: JSON's scalars and nothing more, no duplicate keys, bounded aliases, every value with its place.

What YAML would guess (on, yes, 0123, 12:30, dates) stays the text that the author typed. Reads the parser's events and
not its nodes: composing nodes recurses in C, and a file of nothing but brackets would end the process.
"""

import json
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from reconciler.core.errors import Diagnostic
from reconciler.core.source import Mark, MarkedDict, MarkedList
from reconciler.loader.json import parse_json
from reconciler.loader.scalars import FORBIDDEN, NUMBER, WORDS
from reconciler.loader.text import MOST_DEPTH, MOST_VALUES, InputProblem, Places, decode, number, too_deep

_PLAIN = (None, "")
"""How the Python and the C parser call a scalar without quotes."""
_CORE = "tag:yaml.org,2002:"
_BEING_READ = object()

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def parse_yaml(data: bytes, file: str) -> tuple[list[Any], list[Diagnostic]]:
    """The documents of a file as marked values (empty ones left out), and everything wrong with it.

    A syntax error ends the file; other errors are collected, and the document they are in is left out.
    """
    try:
        text = decode(data, file)
        if text.lstrip()[:1] in {"{", "["} and _is_json(text):  # YAML's parser does not know all of JSON's escapes
            value, problems = parse_json(data, file, positions=True)
            return ([] if problems else [value]), problems
        places = Places(text, file)
        _refuse_characters(text, places)
    except InputProblem as problem:
        return [], [problem.diagnostic]
    reader = _Reader(text, file)
    try:
        reader.run()
    except yaml.MarkedYAMLError as error:
        reader.problems.append(_syntax(error, text, places, file))
    except InputProblem as problem:
        reader.problems.append(problem.diagnostic)
    finally:
        reader.close()
    return reader.documents, reader.problems


def _is_json(text: str) -> bool:
    try:
        json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return False
    return True


def _no_constant(text: str) -> Any:
    raise ValueError(text)


def _refuse_characters(text: str, places: Places) -> None:
    bad = FORBIDDEN.search(text)
    if bad is None:
        return
    code = ord(bad.group())
    if code in {0x85, 0x2028, 0x2029}:
        message = f"the character U+{code:04X}, which YAML takes for the end of a line"
    else:
        message = f"the control character U+{code:04X}"
    hint = f'remove it, or write it as an escape in a text in double quotes: "\\u{code:04x}"'
    raise InputProblem("control-character", message, hint, places.mark(bad.start()))


_HINTS = (
    (
        "invalid Unicode character escape",
        'YAML has no surrogate pairs: write the character itself, or as in "\\U0001F600"',
    ),
    ("unknown escape character", r"double the backslash, or use 'single quotes', which know no escapes"),
    ("mapping values are not allowed", "a text with ': ' in it needs quotes; keys of one mapping stand in one column"),
    ("found unexpected end of stream", "the quote that begins here is not closed"),
    ("did not find expected ',' or", "the bracket that begins here is not closed, or a comma is missing in it"),
    ("did not find expected '-' indicator", "the items of one list stand in one column"),
    ("did not find expected key", "the keys of one mapping stand in one column; a quote in a quoted text is doubled"),
    ("could not find expected ':'", "a key needs its ': '; a text of several lines needs `|` or quotes"),
    (
        "block sequence entries are not allowed",
        "a list begins on a line of its own; quote a text that begins with '- '",
    ),
    ("alphabetic or numeric character", "a text that begins with * or & needs quotes"),
    ("incompatible YAML document", "remove the %YAML line"),
    ("undefined tag handle", "a text that begins with ! needs quotes"),
    ("found character that cannot start any token", "a text that begins with this character needs quotes"),
)


def _syntax(error: yaml.MarkedYAMLError, text: str, places: Places, file: str) -> Diagnostic:
    problem = (error.problem or "not YAML").replace("'\\t' ", "")
    opening = "end of stream" in problem or "expected ',' or" in problem  # noticed far from what is to be mended
    mark = (error.context_mark if opening else None) or error.problem_mark or error.context_mark
    where = Mark(file, mark.line + 1, mark.column + 1) if mark else Mark(file, 1, 1)
    at = places.index(where.line, where.column)
    if "tab character" in problem or ("cannot start any token" in problem and text[at : at + 1] == "\t"):
        return Diagnostic("yaml-syntax", "not valid YAML: a tab in the indentation", "indent with blanks", where)
    hint = next((hint for known, hint in _HINTS if known in problem), "check the indentation and the quotes above here")
    return Diagnostic("yaml-syntax", f"not valid YAML: {problem}", hint, where)


class _Reader:
    """Turns events into marked values; collects what is wrong."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.documents: list[Any] = []
        self.problems: list[Diagnostic] = []
        self.count = 0
        self.anchors: dict[str, Any] = {}
        self.source: Any = _Loader(text)

    def run(self) -> None:
        """Read all documents. Raises InputProblem and YAML's errors where reading on is not possible."""
        while not isinstance(event := self.next(), StreamEndEvent):
            if not isinstance(event, DocumentStartEvent):
                continue
            self.count, self.anchors = 0, {}
            before = len(self.problems)
            value = self.value(self.next(), 0)
            while not isinstance(self.next(), DocumentEndEvent):
                pass
            if len(self.problems) == before and value is not None:
                self.documents.append(value)

    def close(self) -> None:
        """Give back what the parser holds."""
        self.source.dispose()

    def next(self) -> Event:
        event: Event = self.source.get_event()
        return event

    def at(self, event: Event) -> Mark:
        mark: Any = event.start_mark  # the parsers always set it
        return Mark(self.file, mark.line + 1, mark.column + 1)

    def fail(self, where: Mark, code: str, message: str, hint: str) -> None:
        self.problems.append(Diagnostic(code, message, hint, where))

    def counted(self, where: Mark, depth: int) -> None:
        """One more value. Raises InputProblem where there are too many, or too deep ones."""
        self.count += 1
        if depth > MOST_DEPTH:
            raise too_deep(where)
        if self.count > MOST_VALUES:
            text = f"more than {MOST_VALUES} values in one document"
            raise InputProblem("too-large", text, "aliases multiply what they stand for: write less", where)

    def value(self, event: Event, depth: int) -> Any:
        where = self.at(event)
        if isinstance(event, AliasEvent):
            return self.alias(str(event.anchor), where, depth)
        assert isinstance(event, NodeEvent)
        self.counted(where, depth)
        anchor = event.anchor
        if anchor is not None:
            if anchor in self.anchors:
                self.fail(where, "duplicate-anchor", f"the anchor &{anchor} stands twice", "give one another name")
            self.anchors[anchor] = _BEING_READ
        value = self.content(event, where, depth)
        if anchor is not None:
            self.anchors[anchor] = value
        return value

    def content(self, event: NodeEvent, where: Mark, depth: int) -> Any:
        if isinstance(event, ScalarEvent):
            return self.scalar(event, where)
        if isinstance(event, SequenceStartEvent):
            self.tagged(event.tag, "seq", where)
            return self.sequence(where, depth)
        assert isinstance(event, MappingStartEvent)
        self.tagged(event.tag, "map", where)
        return self.mapping(where, depth)

    def alias(self, name: str, where: Mark, depth: int) -> Any:
        if name not in self.anchors:
            hint = "an alias (*name) needs its anchor (&name) before it; quote a text that begins with *"
            self.fail(where, "unknown-alias", f"there is no anchor &{name}", hint)
            return None
        value = self.anchors[name]
        if value is _BEING_READ:
            self.fail(where, "recursive-alias", f"the alias *{name} inside what it stands for", "write the value out")
            return None
        return self.copied(value, where, depth)

    def copied(self, value: Any, where: Mark, depth: int) -> Any:
        """What an alias stands for, as values of its own with the places of the anchored ones."""
        self.counted(where, depth)
        if isinstance(value, MarkedDict):
            mapping = MarkedDict(mark=value.mark)
            for key, item in value.items():
                mapping.take(key, value, self.copied(item, where, depth + 1))
            return mapping
        if isinstance(value, MarkedList):
            items = MarkedList(mark=value.mark)
            for item, at in zip(value, value.items_at, strict=True):
                items.add(self.copied(item, where, depth + 1), at)
            return items
        return value

    def tagged(self, tag: str | None, allowed: str, where: Mark) -> bool:
        """Whether there is a tag, `!!str` and the like; noted where it is another than the allowed one."""
        if tag is None or tag == "!":
            return False
        if tag != _CORE + allowed:
            name = f"!!{tag.removeprefix(_CORE)}" if tag.startswith(_CORE) else tag
            self.fail(
                where, "tag", f"the tag {name} is not used here", "remove it; a text that begins with ! needs quotes"
            )
        return True

    def scalar(self, event: ScalarEvent, where: Mark) -> Any:
        text = str(event.value)
        if self.tagged(event.tag, "str", where) or event.style not in _PLAIN:
            return text
        if text in WORDS:
            return WORDS[text]
        if not NUMBER.match(text):
            return text
        try:
            return number(text, where)
        except InputProblem as problem:
            self.problems.append(problem.diagnostic)
            return None

    def sequence(self, where: Mark, depth: int) -> MarkedList:
        result = MarkedList(mark=where)
        while not isinstance(event := self.next(), SequenceEndEvent):
            value = self.value(event, depth + 1)
            result.add(value, self.at(event))
        return result

    def mapping(self, where: Mark, depth: int) -> MarkedDict:
        result = MarkedDict(mark=where)
        while not isinstance(event := self.next(), MappingEndEvent):
            key_at = self.at(event)
            key = self.key(event, result, depth)
            event = self.next()
            value_at = self.at(event)
            value = self.value(event, depth + 1)
            if key is not None:
                result.put(key, value, key_at=key_at, value_at=value_at)
        return result

    def key(self, event: Event, into: MarkedDict, depth: int) -> str | None:
        """The text of a key; None (and noted) where it cannot be one."""
        where = self.at(event)
        before = len(self.problems)
        value = self.value(event, depth + 1)
        plain = isinstance(event, ScalarEvent) and event.style in _PLAIN
        if len(self.problems) > before:
            return None
        if plain and value == "<<":
            self.fail(
                where, "merge-key", "the merge key << is not used here", "declare a Template, and name it in `use:`"
            )
        elif isinstance(value, (dict, list)):
            hint = 'a text with {{ x }} or [x] at its beginning needs quotes: "{{ x }}"'
            self.fail(where, "key-not-text", "a key must be a text, and this is a value with parts", hint)
        elif not isinstance(value, str):
            written = event.value if isinstance(event, ScalarEvent) else ""
            hint = f'quote it: "{written}"' if written else 'a key stands before the colon; the empty text is ""'
            what = {bool: "true or false", type(None): "null" if written else "nothing"}.get(type(value), "a number")
            self.fail(where, "key-not-text", f"a key must be a text, and this is {what}", hint)
        elif value in into:
            hint = f"the first is in line {into.keys_at[value].line}: keep one"
            self.fail(where, "duplicate-key", f"'{value}' stands twice in this mapping", hint)
        else:
            return value
        return None
