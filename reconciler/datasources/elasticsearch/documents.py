"""Documents that a search found → the columns of a table, or log lines."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec import Struct

from reconciler.datasources.elasticsearch.model import Query, whole
from reconciler.datasources.elasticsearch.search import BEFORE, BEHIND

_DEEPEST = 10
_MARKED = re.compile(f"{re.escape(BEFORE)}(.*?){re.escape(BEHIND)}")
_TYPES = {
    str: ("string", "string"),
    bool: ("boolean", "bool"),
    int: ("number", "float64"),
    float: ("number", "float64"),
}
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


class Columns(Struct, frozen=True):
    """Which fields the data source says are the time, a log line's message and its level."""

    time: str
    message: str = ""
    level: str = ""


def raw_data(query: Query, hits: Mapping[str, Any], columns: Columns) -> list[dict[str, Any]]:
    """One frame, a column for each field of any document: the time first, the others by name."""
    rows = [_row(hit, flattened(hit.get("_source") or {})) for hit in hits.get("hits") or ()]
    return [_frame(query, rows, _ordered(rows, columns.time), columns)]


def documents(query: Query, hits: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One frame of one column: the documents as they are."""
    rows = [_row(hit, hit.get("_source") or {}) for hit in hits.get("hits") or ()]
    field = _field(query.letter, "other", "json.RawMessage")
    schema = {"name": query.letter, "refId": query.letter, "fields": [field]}
    return [{"schema": schema, "data": {"values": [rows]}}]


def log_lines(query: Query, hits: Mapping[str, Any], columns: Columns) -> list[dict[str, Any]]:
    """One frame of log lines, the message behind the time; which words were searched for stands beside."""
    rows = []
    words: set[str] = set()
    for hit in hits.get("hits") or ():
        flat = flattened(hit["_source"]) if hit.get("_source") is not None else {}
        fields = {"_source": _json(flat) if hit.get("_source") is not None else ""}
        fields |= {"level" if columns.level and key == columns.level else key: value for key, value in flat.items()}
        row = _row(hit, fields)
        row.setdefault("id", f"{row['_index']}#{row['_id']}")
        rows.append(row)
        marked = row["highlight"].values() if isinstance(row["highlight"], dict) else ()
        words |= {word for texts in marked for text in texts for word in _MARKED.findall(str(text))}
    frame = _frame(query, rows, _ordered(rows, columns.time, columns.message), columns)
    total = hits.get("total")
    told = {
        "limit": whole(query.metrics[0].settings.get("limit")),
        "searchWords": sorted(words),
        "total": total.get("value", 0) if isinstance(total, dict) else 0,
    }
    frame["schema"]["meta"] = {"typeVersion": [0, 0], "custom": told, "preferredVisualisationType": "logs"}
    return [frame]


def _row(hit: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    """A document with what the server tells of it."""
    own = {key: hit.get(key) for key in ("_id", "_type", "_index", "sort", "highlight")}
    return {**own, **fields, **(hit.get("fields") or {})}


def flattened(value: Mapping[str, Any], before: str = "", depth: int = 0) -> dict[str, Any]:
    """Objects inside objects as one, with dots in the names."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        name = f"{before}.{key}".strip(".")
        if isinstance(item, dict) and item and depth < _DEEPEST:
            found |= flattened(item, name, depth + 1)
        else:
            found[name] = item
    return found


def _ordered(rows: Sequence[Mapping[str, Any]], *first: str) -> list[str]:
    names = {name for row in rows for name in row}
    return [name for name in first if name and name in names] + sorted(names - set(first))


def _frame(query: Query, rows: Sequence[Mapping[str, Any]], names: Sequence[str], columns: Columns) -> dict[str, Any]:
    fields, values = [], []
    for name in names:
        column = [row.get(name) for row in rows]
        if name == columns.time:
            fields.append(_field(name, "time", "time.Time"))
            values.append([_moment(value) for value in column])
            continue
        first = next((value for value in column if value is not None), None)
        sort, told = _TYPES.get(type(first), ("other", "json.RawMessage"))
        fields.append(_field(name, sort, told))
        values.append(column if sort == "other" else [value if _is(value, first) else None for value in column])
    return {"schema": {"refId": query.letter, "fields": fields}, "data": {"values": values}}


def _field(name: str, sort: str, told: str) -> dict[str, Any]:
    return {"name": name, "type": sort, "typeInfo": {"frame": told, "nullable": True}, "config": {"filterable": True}}


def _is(value: object, like: object) -> bool:
    """Whether both are texts, or both truths, or both numbers."""
    return _TYPES.get(type(value)) == _TYPES[type(like)]


def _moment(value: Any) -> int | None:
    """A time in milliseconds since 1970; None for what is none."""
    text = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(text, str):
        return None
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except ValueError:
        return None


def _json(value: Mapping[str, Any]) -> str:
    """As Grafana writes JSON: keys in order, no spaces, HTML's letters escaped."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return re.sub("[<>&]", lambda letter: _ESCAPED[letter[0]], text)
