"""PromQL as a tree that rules can walk: which series it selects, below which functions. Parsing is the promql-parser
library's.
"""

import re
from collections.abc import Iterator
from functools import lru_cache

import promql_parser as parser
from msgspec import Struct

from reconciler.checking.stand_ins import MARK

_ALIASES = {"holt_winters": "double_exponential_smoothing"}
"""Functions of Prometheus 2 that 3 calls otherwise, and that are still spoken where a 2 answers."""


class NotPromql(ValueError):
    """A text that does not parse; `offset` is where, as far as that can be told."""

    def __init__(self, reason: str, offset: int) -> None:
        super().__init__(reason)
        self.offset = offset


class Selected(Struct, frozen=True):
    """One selection of series: `name` ("" where the matchers choose it), its matchers (label, operator, value),
    whether it is a range, and the functions around it from the inside out, aggregations among them.
    """

    name: str
    matchers: tuple[tuple[str, str, str], ...]
    ranged: bool
    around: tuple[str, ...]

    @property
    def is_known(self) -> bool:
        """Whether its name says which metric it is, and is not made of a variable."""
        return bool(self.name) and MARK not in self.name


@lru_cache(maxsize=4096)
def parse(text: str) -> parser.Expr:
    """The tree. Raises NotPromql."""
    spoken = text
    for old, new in _ALIASES.items():
        spoken = re.sub(rf"\b{old}\s*\(", f"{new}(", spoken)
    try:
        return parser.parse(spoken)
    except ValueError as error:
        raise NotPromql(str(error), _place(text, str(error))) from None


def _place(text: str, reason: str) -> int:
    """Where a parse error is: at the name that it quotes, at a bracket or quote that is not closed, else at the
    beginning.
    """
    quoted = re.search(r"'([^']+)'", reason)
    if quoted and (found := re.search(rf"\b{re.escape(quoted[1])}\b", text)):
        return found.start()
    stack: list[int] = []
    quote, opened = "", 0
    for index, letter in enumerate(text):
        if quote:
            quote = "" if letter == quote and text[index - 1] != "\\" else quote
        elif letter in "\"'`":
            quote, opened = letter, index
        elif letter in "([{":
            stack.append(index)
        elif letter in ")]}":
            if not stack:
                return index
            stack.pop()
    return opened if quote else stack[-1] if stack else 0


def selections(node: parser.Expr, around: tuple[str, ...] = ()) -> Iterator[Selected]:
    """Every selection of series in a tree, from left to right."""
    match node:
        case parser.VectorSelector():
            yield selected(node, around)
        case parser.MatrixSelector():
            yield selected(node.vector_selector, around, ranged=True)
        case parser.AggregateExpr():
            if node.param is not None:
                yield from selections(node.param, around)
            yield from selections(node.expr, (str(node.op), *around))
        case parser.BinaryExpr():
            yield from selections(node.lhs, around)
            yield from selections(node.rhs, around)
        case parser.Call():
            for argument in node.args:
                yield from selections(argument, (node.func.name, *around))
        case parser.ParenExpr() | parser.UnaryExpr():
            yield from selections(node.expr, around)
        case parser.SubqueryExpr():
            yield from selections(node.expr, ("[:]", *around))


def inner_nodes(node: parser.Expr) -> tuple[parser.Expr, ...]:
    """The expressions right below one."""
    match node:
        case parser.AggregateExpr():
            return (node.expr,) if node.param is None else (node.param, node.expr)
        case parser.BinaryExpr():
            return (node.lhs, node.rhs)
        case parser.Call():
            return tuple(node.args)
        case parser.ParenExpr() | parser.UnaryExpr() | parser.SubqueryExpr():
            return (node.expr,)
    return ()


def all_nodes(node: parser.Expr) -> Iterator[parser.Expr]:
    """A tree's expressions, the outer ones first."""
    yield node
    for inner in inner_nodes(node):
        yield from all_nodes(inner)


_OPERATORS = (
    (parser.MatchOp.Equal, "="),
    (parser.MatchOp.NotEqual, "!="),
    (parser.MatchOp.Re, "=~"),
    (parser.MatchOp.NotRe, "!~"),
)


def selected(node: parser.VectorSelector, around: tuple[str, ...] = (), *, ranged: bool = False) -> Selected:
    """What one selector selects."""
    signs = [(m, next(sign for op, sign in _OPERATORS if op == m.op)) for m in node.matchers.matchers]
    matchers = tuple((m.name, sign, m.value) for m, sign in signs)
    named = next((value for label, sign, value in matchers if label == "__name__" and sign == "="), "")
    others = tuple(matcher for matcher in matchers if matcher[0] != "__name__")
    return Selected(node.name or named, others, ranged, around)
