"""Strict YAML: JSON's scalars and nothing more, no duplicate keys, bounded aliases, every value with its place.

What YAML would guess (on, yes, 0123, 12:30, dates) stays the text that the author typed.
"""

import re
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from reconciler.core.errors import Diagnostic
from reconciler.core.source import Mark, MarkedDict, MarkedList

_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?\Z")
_WORDS: dict[str, Any] = {"null": None, "~": None, "": None, "true": True, "false": False}
_MOST_VALUES = 500_000
_MOST_DEPTH = 100
_PLAIN = (None, "")
"""How the Python and the C parser call a scalar without quotes."""
_CORE = "tag:yaml.org,2002:"
_KNOWN_TAGS = {
    f"{_CORE}{name}" for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
}

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlProblem(Exception):
    """One thing wrong with a file, with its place."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(str(diagnostic))
        self.diagnostic = diagnostic


def parse_yaml(data: bytes, file: str) -> tuple[list[Any], list[Diagnostic]]:
    """The documents of a file as marked values (empty ones left out), and everything wrong with it.

    A syntax error ends the file; other errors are collected, and the document they are in is left out.
    """
    try:
        text = decode(data, file)
    except YamlProblem as problem:
        return [], [problem.diagnostic]
    documents: list[Any] = []
    problems: list[Diagnostic] = []
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            builder = _Builder(file)
            value = None if node is None else builder.build(node, 0)
            if builder.problems:
                problems += builder.problems
            elif value is not None:
                documents.append(value)
    except yaml.MarkedYAMLError as error:
        problems.append(_syntax(error, file))
    except YamlProblem as problem:
        problems.append(problem.diagnostic)
    finally:
        loader.dispose()
    return documents, problems


def decode(data: bytes, file: str) -> str:
    """UTF-8 text of a file (a byte order mark is dropped). Raises YamlProblem at the first byte that is none."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        raise YamlProblem(
            Diagnostic(
                "not-utf8",
                f"byte 0x{data[error.start]:02x} is not UTF-8",
                "save the file as UTF-8",
                Mark(file, line, column),
            )
        ) from None
    bad = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", text)
    if bad:
        raise YamlProblem(
            Diagnostic(
                "control-character",
                f"control character U+{ord(bad.group()):04X}",
                'remove it, or write it as an escape in a quoted text ("\\u0007")',
                _mark_of(text, bad.start(), file),
            )
        )
    return text


def _mark_of(text: str, index: int, file: str) -> Mark:
    return Mark(file, text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1)


def _syntax(error: yaml.MarkedYAMLError, file: str) -> Diagnostic:
    mark = error.problem_mark or error.context_mark
    where = Mark(file, mark.line + 1, mark.column + 1) if mark else Mark(file, 1, 1)
    problem = error.problem or "not YAML"
    hint = "check the indentation and the quotes around here"
    if "\\t" in problem or "'\t'" in problem:
        problem, hint = "a tab where YAML allows only blanks", "indent with blanks"
    elif "undefined alias" in problem:
        hint = "an alias (*name) needs its anchor (&name) before it; quote a text that begins with *"
    elif "mapping values are not allowed" in problem:
        hint = "a text with ': ' in it needs quotes"
    elif "found character" in problem:
        hint = "a text that begins with this character needs quotes"
    return Diagnostic("yaml-syntax", f"not valid YAML: {problem}", hint, where)


class _Builder:
    """Turns nodes into marked values; collects what is wrong."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Diagnostic] = []
        self.count = 0
        self.open: set[int] = set()

    def build(self, node: Node, depth: int) -> Any:
        self.count += 1
        if self.count > _MOST_VALUES or depth > _MOST_DEPTH:
            limit = f"{_MOST_VALUES} values" if self.count > _MOST_VALUES else f"{_MOST_DEPTH} levels"
            raise YamlProblem(
                Diagnostic(
                    "too-large", f"more than {limit} in one document", "aliases multiply: write less", self.at(node)
                )
            )
        if id(node) in self.open:
            self.fail(node, "recursive-alias", "an alias inside what it refers to", "write the value out")
            return None
        if isinstance(node, ScalarNode):
            return self.scalar(node)
        self.open.add(id(node))
        try:
            if isinstance(node, SequenceNode):
                return self.sequence(node, depth)
            assert isinstance(node, MappingNode)
            return self.mapping(node, depth)
        finally:
            self.open.discard(id(node))

    def at(self, node: Node) -> Mark:
        return Mark(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

    def fail(self, node: Node, code: str, message: str, hint: str) -> None:
        self.problems.append(Diagnostic(code, message, hint, self.at(node)))

    def scalar(self, node: ScalarNode) -> Any:
        if self.foreign(node):
            return None
        text = node.value
        if node.style not in _PLAIN:
            return text
        if text in _WORDS:
            return _WORDS[text]
        number = _NUMBER.match(text)
        if number is None:
            return text
        return int(text) if number.group(2) is None and number.group(3) is None else self.real(node)

    def real(self, node: ScalarNode) -> Any:
        value = float(node.value)
        if value in (float("inf"), float("-inf")):
            self.fail(
                node, "number-too-large", f"{node.value} is beyond every number of JSON", "quote it if it is a text"
            )
            return None
        return value

    def foreign(self, node: Node) -> bool:
        if node.tag in _KNOWN_TAGS or node.tag == "!":
            return False
        tag = node.tag.removeprefix(_CORE)
        self.fail(
            node, "tag", f"the tag {tag if tag.startswith('!') else '!!' + tag} is not used here", "remove the tag"
        )
        return True

    def sequence(self, node: SequenceNode, depth: int) -> MarkedList:
        result = MarkedList(mark=self.at(node))
        if not self.foreign(node):
            for item in node.value:
                result.add(self.build(item, depth + 1), self.at(item))
        return result

    def mapping(self, node: MappingNode, depth: int) -> MarkedDict:
        result = MarkedDict(mark=self.at(node))
        if self.foreign(node):
            return result
        for key_node, value_node in node.value:
            key = self.key(key_node, result)
            value = self.build(value_node, depth + 1)
            if key is not None:
                result.put(key, value, key_at=self.at(key_node), value_at=self.at(value_node))
        return result

    def key(self, node: Node, into: MarkedDict) -> str | None:
        if not isinstance(node, ScalarNode):
            self.fail(
                node, "key-not-text", "a key must be a text", 'quote it: "{{ x }}" begins a mapping without quotes'
            )
            return None
        if node.tag == f"{_CORE}merge" and node.style in _PLAIN:
            self.fail(node, "merge-key", "the merge key << is not used here", "declare a Template, and `use:` it")
            return None
        key = str(node.value)
        if key in into:
            first = into.keys_at[key]
            self.fail(
                node,
                "duplicate-key",
                f"'{key}' stands twice in this mapping",
                f"the first is in line {first.line}: keep one",
            )
            return None
        return key
