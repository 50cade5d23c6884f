"""PromQL as Grafana holds it: one form for all ways to write the same query.

Grafana's variables and macros (`$__rate_interval`, `${partner:regex}`, `[[job]]`) are no PromQL: stand-ins take
their place. Must not be sent anywhere: the form is for comparing.
"""

import re
from functools import lru_cache

from reconciler.core.hashing import blake2b

_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`[^`]*`')
_VARIABLE = re.compile(r"\$\{[^}]*\}|\[\[\w+(?::\w+)?\]\]|\$\w+")
_IN_TIME = re.compile(r"(?:[\[:]|\boffset\s+-?)\s*$")
_GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([\w\s,]*)\)")
_LONGEST = 20_000
_EDGE = re.compile(r"\s*([(){}\[\],])\s*")


@lru_cache(maxsize=4096)
def canonical(expr: str) -> str | None:
    """The one form of a query: blanks, comments, and the order of labels make no difference to it. Two queries with the
    same form ask the same. None where it is no PromQL that can be read.
    """
    if len(expr) > _LONGEST:
        return None
    for number in (False, True):
        form = _parsed(_with_stand_ins(expr, number=number))
        if form is not None:
            return _ordered(form)
    return None


def _parsed(text: str) -> str | None:
    from promql_parser import parse  # native code: only where a query really changed

    try:
        return str(parse(text).prettify())
    except (ValueError, RecursionError):
        return None


def _with_stand_ins(expr: str, *, number: bool) -> str:
    """Variables in durations become durations, others names (or numbers); those in texts stay."""
    result: list[str] = []
    for text, outside in _split(expr):
        if not outside:
            result.append(text)
            continue
        at = 0
        for found in _VARIABLE.finditer(text):
            result.append(text[at : found.start()])
            result.append(_stand_in(found.group(), _IN_TIME.search(text[: found.start()]) is not None, number))
            at = found.end()
        result.append(text[at:])
    return "".join(result)


def _stand_in(variable: str, in_time: bool, number: bool) -> str:
    value = blake2b(variable.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    if in_time:
        return f"{10**7 + int(value, 16) % 10**7}s"
    return f"{10**9 + int(value, 16)}" if number else f"ggrec_{value}"


def _split(text: str) -> list[tuple[str, bool]]:
    """The text in pieces, each with whether it is outside of quotes."""
    pieces: list[tuple[str, bool]] = []
    at = 0
    for found in _TEXT.finditer(text):
        pieces += [(text[at : found.start()], True), (found.group(), False)]
        at = found.end()
    return [*pieces, (text[at:], True)]


def _ordered(form: str) -> str:
    """Grouping labels in order, every blank one blank: outside of quotes."""
    pieces = []
    for text, outside in _split(form):
        if outside:
            text = _GROUPING.sub(_sorted_labels, text)
            text = _EDGE.sub(r"\1", re.sub(r"\s+", " ", text))
        pieces.append(text)
    return "".join(pieces).strip()


def _sorted_labels(found: re.Match[str]) -> str:
    return f"{found[1]}({','.join(sorted(label.strip() for label in found[2].split(',')))})"
