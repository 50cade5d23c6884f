"""One panel as a card: title, mark, unit, thresholds, queries. Everything that comes from a dashboard is escaped."""

import json
from collections.abc import Mapping
from html import escape

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.preview.marks import limits_of, mark

_UNITS = {
    "currencyUSD": "US dollars",
    "currencyEUR": "euros",
    "percent": "percent",
    "percentunit": "percent",
    "s": "seconds",
    "ms": "milliseconds",
    "bytes": "bytes",
    "reqps": "requests per second",
    "short": "",
    "none": "",
    "locale": "a count",
}
_SHARE = "percentunit"
_QUERY_KEYS = ("expr", "query", "rawSql", "expression", "target")


def card(panel: JsonObject, sources: Mapping[str, str], place: str, changed: str = "") -> str:
    """The card of a panel; `place` is its CSS position, `changed` what a plan does to it."""
    title = escape(text_of(panel.get("title")))
    number = panel.get("id")
    anchor = f' id="panel-{number}"' if isinstance(number, int) else ""
    badges = "".join(f'<span class="badge">{escape(text)}</span>' for text in _badges(panel))
    if changed:
        badges += f'<span class="badge change">{escape(changed)}</span>'
    kind = escape(text_of(panel.get("type")))
    about = _about(panel)
    small = " small" if _columns(panel) <= 4 else ""
    frame = f" {changed}" if changed in ("added", "changed", "removed") else ""
    return (
        f'<article class="card{small}{frame}"{anchor} style="{place}">'
        f'<header><h3 title="{title}">{title or "&nbsp;"}</h3>{badges}{about}</header>'
        f'<div class="inside">{mark(panel)}</div>'
        f"<footer>{_facts(panel, kind)}{_queries(panel, sources)}</footer></article>"
    )


def _columns(panel: JsonObject) -> int:
    width = as_object(panel.get("gridPos")).get("w")
    return width if isinstance(width, int) else 12


def _badges(panel: JsonObject) -> list[str]:
    found = []
    if panel.get("repeat"):
        found.append(f"repeats for ${text_of(panel.get('repeat'))}")
    if panel.get("timeFrom"):
        found.append(text_of(panel.get("timeFrom")))
    if panel.get("timeShift"):
        found.append(f"{text_of(panel.get('timeShift'))} earlier")
    return found


def _about(panel: JsonObject) -> str:
    text = text_of(panel.get("description"))
    links = [as_object(link) for link in as_list(panel.get("links"))]
    defaults = as_object(as_object(panel.get("fieldConfig")).get("defaults"))
    links += [as_object(link) for link in as_list(defaults.get("links"))]
    if not text and not links:
        return ""
    listed = "".join(
        f"<li>{escape(text_of(link.get('title')))} <code>{escape(text_of(link.get('url')))}</code></li>"
        for link in links
    )
    inside = f"<p>{escape(text)}</p>" + (f"<ul>{listed}</ul>" if listed else "")
    summary = '<summary title="description and links">i</summary>'
    return f'<details class="about">{summary}<div class="pop">{inside}</div></details>'


def _facts(panel: JsonObject, kind: str) -> str:
    defaults = as_object(as_object(panel.get("fieldConfig")).get("defaults"))
    unit = text_of(defaults.get("unit"))
    parts = [f"<span>{kind}</span>"]
    called = _UNITS.get(unit, unit)
    if called:
        parts.append(f"<span>{escape(called)}</span>")
    if text_of(panel.get("type")) != "text":
        for color, value in limits_of(panel):
            shown = "base" if value is None else _number(value, unit)
            parts.append(f'<span class="limit"><i style="background:{color}"></i>{escape(shown)}</span>')
    return f'<div class="facts">{"".join(parts)}</div>'


def _number(value: Json, unit: str) -> str:
    if unit == _SHARE and isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value * 100:g} %"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _queries(panel: JsonObject, sources: Mapping[str, str]) -> str:
    targets = [as_object(target) for target in as_list(panel.get("targets"))]
    if not targets:
        return ""
    listed = "".join(_query(target, sources) for target in targets)
    noun = "query" if len(targets) == 1 else "queries"
    return f'<details class="queries"><summary>{len(targets)} {noun}</summary><div class="pop">{listed}</div></details>'


def _query(target: JsonObject, sources: Mapping[str, str]) -> str:
    source = target.get("datasource")
    uid = text_of(as_object(source).get("uid")) or text_of(source)
    text = next((text_of(target.get(key)) for key in _QUERY_KEYS if text_of(target.get(key))), "")
    more = {key: target[key] for key in ("metrics", "bucketAggs") if target.get(key)}
    legend = text_of(target.get("legendFormat")) or text_of(target.get("alias"))
    head = f"<b>{escape(text_of(target.get('refId')))}</b> {escape(sources.get(uid, uid))}"
    head += f" <i>{escape(legend)}</i>" if legend else ""
    body = escape(text) + (f"\n{escape(json.dumps(more, ensure_ascii=False))}" if more else "")
    return f"<section><h4>{head}</h4><pre>{body}</pre></section>"
