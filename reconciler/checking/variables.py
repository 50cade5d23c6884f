"""What a dashboard's variables stand for when it is opened: their values, and how each sort of datasource wants them.

Grafana does this in the browser; what a query is sent with has no variables any more. Values come from the declaration
(the present value, a list), or from the datasource, which is asked (see live).
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from reconciler.checking.stand_ins import VARIABLE, samples_of
from reconciler.core.json import JsonObject, as_list, as_object, text_of

ALL = "$__all"
BUILT_IN = re.compile(
    r"__(interval|rate_interval|range|from|to|interval_ms|range_s|range_ms|rate_interval_ms|timeFilter|dashboard|user|org)\b"
)
"""What Grafana's back end, or nobody, replaces: left as it is."""


class Value(Struct, frozen=True):
    """The values of a variable: more than one where it may. `whole` is written as it is (an own value for "all")."""

    values: tuple[str, ...]
    multi: bool = False
    whole: str | None = None


def in_order(listed: Sequence[JsonObject]) -> list[JsonObject]:
    """Variables after those that their queries use; circles stay in the author's order."""
    names = [text_of(item.get("name")) for item in listed]
    by_name = dict(zip(names, listed, strict=True))
    done: dict[str, JsonObject] = {}
    under_way: set[str] = set()

    def visit(name: str) -> None:
        if name in done or name in under_way:
            return
        under_way.add(name)
        for other in used_in(by_name[name]):
            if other in by_name:
                visit(other)
        done[name] = by_name[name]

    for name in names:
        visit(name)
    return list(done.values())


def used_in(value: object) -> list[str]:
    """The names of all variables in the texts of a value, in order."""
    if isinstance(value, str):
        found = (match["braced"] or match["plain"] or match["old"] for match in VARIABLE.finditer(value))
        return [name.partition(".")[0] for name in found if not name.isdigit()]
    if isinstance(value, Mapping):
        return [name for item in value.values() for name in used_in(item)]
    return [name for item in value for name in used_in(item)] if isinstance(value, list | tuple) else []


def chosen(variable: JsonObject, options: Sequence[str]) -> Value:
    """What a variable is when the dashboard is opened: its present value, else all of them or the first."""
    multi = bool(variable.get("multi")) or bool(variable.get("includeAll"))
    present = as_object(variable.get("current")).get("value")
    values = [text_of(item) for item in (as_list(present) or [present])]
    if ALL in values or (not any(values) and variable.get("includeAll")):
        whole = text_of(variable.get("allValue"))
        return Value(tuple(options), True, whole or None)
    kept = tuple(value for value in values if value)
    if not kept and options:
        kept = (options[0],)
    return Value(kept, multi)


def declared_options(variable: JsonObject) -> list[str] | None:
    """The values that the declaration itself tells; None where a datasource must be asked."""
    sort = text_of(variable.get("type"))
    if sort == "query":
        return None
    if sort == "datasource":
        present = as_object(variable.get("current")).get("value")
        return [text_of(item) for item in (as_list(present) or [present]) if item]
    return [text for text in dict.fromkeys(samples_of(variable))]


def filled_in(value: object, values: Mapping[str, Value], language: str) -> object:
    """A query's model with its variables replaced, as datasources of a type (`language`) want them."""
    if isinstance(value, str):
        return _text(value, values, language)
    if isinstance(value, Mapping):
        return {key: filled_in(item, values, language) for key, item in value.items()}
    return [filled_in(item, values, language) for item in value] if isinstance(value, list | tuple) else value


def _text(text: str, values: Mapping[str, Value], language: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        name = (found["braced"] or found["plain"] or found["old"]).partition(".")[0]
        value = values.get(name)
        if value is None or BUILT_IN.match(name):
            return found[0]
        return _written(value, found["format"] or "", language)

    return VARIABLE.sub(replaced, text)


def _written(value: Value, form: str, language: str) -> str:
    if value.whole is not None and form in {"", "regex", "lucene", "raw"}:
        return value.whole
    values = value.values
    if form in {"csv", "raw"}:
        return ",".join(values)
    if form == "pipe":
        return "|".join(values)
    if form in {"glob", ""} and language not in {"prometheus", "elasticsearch"}:
        return values[0] if len(values) == 1 else "{" + ",".join(values) + "}"
    if form in {"doublequote", "singlequote", "sqlstring"}:
        quote = '"' if form == "doublequote" else "'"
        return ",".join(f"{quote}{item}{quote}" for item in values)
    if form == "lucene" or (not form and language == "elasticsearch"):
        return _lucene(values, multi=value.multi)
    if form == "text":
        return " + ".join(values)
    return _regex(values, multi=value.multi)


def _regex(values: Iterable[str], *, multi: bool) -> str:
    """As Prometheus' matchers want it: several as alternatives. The one value of a simple variable is a plain text."""
    found = list(values)
    if not multi:
        return found[0].replace("\\", "\\\\").replace('"', '\\"') if found else ""
    escaped = [re.sub(r"[\\^$.|?*+()\[\]{}/]", lambda letter: "\\\\" + letter[0], item) for item in found]
    return escaped[0] if len(escaped) == 1 else "(" + "|".join(escaped) + ")"


def _lucene(values: Sequence[str], *, multi: bool) -> str:
    if not values:
        return "__empty__"
    quoted = ['"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"' for item in values]
    return quoted[0] if len(quoted) == 1 and not multi else "(" + " OR ".join(quoted) + ")"
