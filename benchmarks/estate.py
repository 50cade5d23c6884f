"""An estate to measure with: many dashboards of 30 to 60 kB with the folders, data sources, teams and annotations
around them, as files. The same seed writes the same bytes. Knows nothing of ggrec but the form of its files.

Half of the dashboards are JSON as Grafana exports it, half compact YAML over templates that comes to the same size.
Everything is named with PREFIX, by which it is found again in a Grafana that holds other things too.
"""

import json
import random
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PREFIX = "bench-"
FOLDERS = 50
ANNOTATIONS = 50
TEAMS = 5
SOURCES = (
    ("metrics", "prometheus", "http://prometheus:9090"),
    ("longterm", "prometheus", "http://thanos:9090"),
    ("logs", "loki", "http://loki:3100"),
    ("orders", "elasticsearch", "http://search:9200"),
)
_TYPES = ("timeseries", "timeseries", "timeseries", "stat", "gauge", "bargauge", "table", "heatmap", "piechart", "logs")
_WORDS = (
    "order",
    "payment",
    "shipment",
    "partner",
    "checkout",
    "invoice",
    "refund",
    "session",
    "search",
    "cart",
    "stock",
)
_UNITS = ("short", "s", "ms", "reqps", "percentunit", "bytes", "currencyEUR", "ops")
_JOB = 'job=~"$job", region=~"$region"'


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is. `form` of the dashboards: compact (YAML over templates), exported (JSON), or mixed."""

    dashboards: int = 1000
    folders: int = FOLDERS
    annotations: int = ANNOTATIONS
    teams: int = TEAMS
    form: str = "mixed"
    seed: int = 1


def write(folder: Path, size: Size) -> None:
    """Write the desired files of an estate into `folder`/desired."""
    desired = folder / "desired"
    (desired / "dashboards").mkdir(parents=True)
    (desired / "folders.yaml").write_text(_documents(_folders(size.folders)))
    (desired / "datasources.yaml").write_text(_documents(_datasources()))
    (desired / "teams.yaml").write_text(_documents(_teams(size.teams)))
    (desired / "annotations.yaml").write_text(_documents(_annotations(size.annotations)))
    (desired / "templates.yaml").write_text(_documents(_templates()))
    add(folder, size, range(size.dashboards))


def add(folder: Path, size: Size, numbers: Iterable[int]) -> None:
    """Write these dashboards into an estate's files."""
    for number in numbers:
        _write_dashboard(folder / "desired" / "dashboards", number, size)


def name_of(number: int) -> str:
    """A dashboard's name and uid."""
    return f"{PREFIX}{number:05}"


def folder_of(number: int, folders: int = FOLDERS) -> str:
    """The name and uid of the folder that a dashboard is in."""
    return f"{PREFIX}f{number % folders:02}"


def edit(folder: Path, numbers: Iterable[int], word: str) -> None:
    """Change the first query of these dashboards in their files; another word is another change."""
    for number in numbers:
        path = folder / "desired" / "dashboards" / f"{name_of(number)}.json"
        path = path if path.exists() else path.with_suffix(".yaml")
        text = path.read_text()
        changed = re.sub(r"\[5m\]( offset \d+s)?", f"[5m] offset {_seconds(word)}s", text, count=1)
        assert changed != text, f"{path}: no query to change, or the same word"
        path.write_text(changed)


def _seconds(word: str) -> int:
    return 1 + int.from_bytes(word.encode()[:6], "big") % 100_003


def _documents(items: Iterable[dict[str, Any]]) -> str:
    """Documents as YAML: JSON is YAML."""
    return "---\n".join(json.dumps(item, indent=1) + "\n" for item in items)


def _document(kind: str, name: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": "ggrec/v1", "kind": kind, "metadata": {"name": f"{PREFIX}{name}"}, "spec": spec}


def _folders(count: int) -> Iterable[dict[str, Any]]:
    """Ten on top, the others below those, below one another."""
    for number in range(count):
        spec = {"title": f"Bench {number:02}", "description": f"Area {number % 7}"}
        if number >= 10:
            spec["parent"] = f"{PREFIX}f{number % 10 if number < 30 else number - 20:02}"
        yield _document("Folder", f"f{number:02}", spec)


def _datasources() -> Iterable[dict[str, Any]]:
    for name, sort, url in SOURCES:
        options = {"timeInterval": "30s"} if sort == "prometheus" else {"maxLines": 1000}
        yield _document("Datasource", name, {"type": sort, "url": url, "jsonData": options})


def _teams(count: int) -> Iterable[dict[str, Any]]:
    for number in range(count):
        mail = f"bench-{number}@example.org"
        yield _document("Team", f"t{number}", {"name": f"Bench team {number}", "email": mail, "members": ["admin"]})


def _annotations(count: int) -> Iterable[dict[str, Any]]:
    for number in range(count):
        spec = {"text": f"Release {number}", "time": 1_770_000_000_000 + number * 3_600_000, "tags": ["bench-release"]}
        yield _document("Annotation", f"a{number:02}", spec)


def _write_dashboard(folder: Path, number: int, size: Size) -> None:
    chance = random.Random(f"{size.seed}/{number}")
    name, place = name_of(number), folder_of(number, size.folders)
    head = f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: {name}}}\n"
    panels = chance.randint(16, 29)
    if size.form == "compact" or (size.form == "mixed" and number % 2):
        (folder / f"{name}.yaml").write_text(f"{head}spec:\n{_compact(chance, number, place, panels)}")
    else:
        (folder / f"{name}.json").write_text(json.dumps(exported(chance, number, panels), indent=2))
        (folder / f"{name}.yaml").write_text(f"{head}spec: {{folder: {place}, from: {name}.json}}\n")


def _title(chance: random.Random, number: int) -> str:
    return f"Bench {number:05} {chance.choice(_WORDS).title()} and {chance.choice(_WORDS)}"


def _query(chance: random.Random) -> str:
    noun = chance.choice(_WORDS)
    by = chance.choice(("region", "partner", "status", "instance"))
    return chance.choice(
        (
            f"sum by ({by}) (rate({noun}_total{{{_JOB}}}[5m]))",
            f"histogram_quantile(0.95, sum by (le, {by}) (rate({noun}_duration_seconds_bucket{{{_JOB}}}[5m])))",
            f'sum(rate({noun}_failures_total{{{_JOB}, code=~"5.."}}[5m])) / sum(rate({noun}_total{{{_JOB}}}[5m]))',
        )
    )


def field_config(unit: str, sort: str) -> dict[str, Any]:
    """A panel's fieldConfig, as full as Grafana's editor leaves it."""
    return {
        "defaults": {
            "unit": unit,
            "color": {"mode": "palette-classic"},
            "custom": {
                "axisBorderShow": False, "axisCenteredZero": False, "axisColorMode": "text", "axisLabel": "",
                "axisPlacement": "auto", "barAlignment": 0, "barWidthFactor": 0.6, "drawStyle": "line",
                "fillOpacity": 10, "gradientMode": "none",
                "hideFrom": {"legend": False, "tooltip": False, "viz": False},
                "insertNulls": False, "lineInterpolation": "linear", "lineWidth": 1, "pointSize": 5,
                "scaleDistribution": {"type": "linear"}, "showPoints": "auto", "spanNulls": False,
                "stacking": {"group": "A", "mode": "none"}, "thresholdsStyle": {"mode": "off"},
            } if sort in {"timeseries", "heatmap", "table"} else {},
            "mappings": [{"type": "value", "options": {"0": {"text": "none", "color": "red", "index": 0}}}],
            "thresholds": {"mode": "absolute", "steps": [
                {"color": "green", "value": None}, {"color": "orange", "value": 0.3}, {"color": "red", "value": 0.5}]},
        },
        "overrides": [{"matcher": {"id": "byRegexp", "options": "/error|5../"}, "properties": [
            {"id": "color", "value": {"fixedColor": "red", "mode": "fixed"}}, {"id": "custom.lineWidth", "value": 2}]}],
    }  # fmt: skip


def _options(sort: str) -> dict[str, Any]:
    calculated = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    if sort in {"stat", "gauge", "bargauge", "piechart"}:
        return {"reduceOptions": calculated, "orientation": "auto", "textMode": "auto", "showUnfilled": True}
    legend = {"calcs": ["mean", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True}
    return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc", "maxHeight": 600}}


def exported(chance: random.Random, number: int, panels: int) -> dict[str, Any]:
    """A dashboard as Grafana exports it."""
    found: list[dict[str, Any]] = []
    for n in range(panels):
        sort = chance.choice(_TYPES)
        if n % 9 == 0:
            found.append({"id": 1000 + n, "type": "row", "title": f"Part {n // 9}", "collapsed": False, "panels": [],
                          "gridPos": {"x": 0, "y": n // 2 * 9, "w": 24, "h": 1}})  # fmt: skip
        source = {"type": "prometheus", "uid": f"{PREFIX}{chance.choice(('metrics', 'longterm'))}"}
        found.append({
            "id": n + 1, "type": sort, "title": f"{chance.choice(_WORDS).title()} {n}", "datasource": source,
            "description": "What customers feel first. Above the line somebody is called; the runbook is linked.",
            "gridPos": {"x": n % 2 * 12, "y": n // 2 * 9 + 1, "w": 12, "h": 8},
            "fieldConfig": field_config(chance.choice(_UNITS), sort), "options": _options(sort),
            "pluginVersion": "12.3.0",
            "targets": [{"refId": ref, "datasource": source, "editorMode": "code", "expr": _query(chance),
                         "legendFormat": "{{region}}", "range": True, "instant": False, "interval": ""}
                        for ref in "ABC"[: chance.randint(1, 3)]],
        })  # fmt: skip
    return {
        "title": _title(chance, number), "tags": ["bench", chance.choice(_WORDS)], "schemaVersion": 42,
        "editable": True, "graphTooltip": 1, "refresh": "1m", "timezone": "browser",
        "time": {"from": "now-6h", "to": "now"}, "annotations": {"list": []}, "links": [],
        "templating": {"list": [_variable("job"), _variable("region")]}, "panels": found,
    }  # fmt: skip


def _variable(name: str) -> dict[str, Any]:
    query = f"label_values(up, {name})"
    return {
        "name": name, "type": "query", "label": name.title(), "hide": 0, "multi": True, "includeAll": True,
        "datasource": {"type": "prometheus", "uid": f"{PREFIX}metrics"}, "definition": query, "refresh": 2, "sort": 1,
        "query": {"query": query, "refId": "Variable"}, "regex": "", "skipUrlSync": False, "current": {}, "options": [],
    }  # fmt: skip


def _templates() -> Iterable[dict[str, Any]]:
    for sort in sorted(set(_TYPES)):
        panel = {"type": sort, "options": _options(sort), "fieldConfig": field_config("short", sort)}
        more = {"pluginVersion": "12.3.0", "description": "What customers feel first; the runbook is linked."}
        yield _document("Template", sort, {"panel": {**panel, **more}})


def _compact(chance: random.Random, number: int, place: str, panels: int) -> str:
    lines = [
        f"  title: {_title(chance, number)}",
        f"  folder: {place}",
        f"  tags: [bench, {chance.choice(_WORDS)}]",
        "  refresh: 1m",
        "  time: {from: now-6h, to: now}",
        "  variables:",
    ]
    for name in ("job", "region"):
        source = f"{PREFIX}metrics"
        query = f"label_values(up, {name})"
        lines.append(f"    - {{name: {name}, datasource: {source}, query: '{query}', multi: true, includeAll: true}}")
    lines.append("  panels:")
    for n in range(panels):
        if n % 9 == 0:
            lines.append(f"    - row: Part {n // 9}")
        lines += [
            f"    - title: {chance.choice(_WORDS).title()} {n}",
            f"      use: {PREFIX}{chance.choice(_TYPES)}",
            f"      datasource: {PREFIX}{chance.choice(('metrics', 'longterm'))}",
            f"      unit: {chance.choice(_UNITS)}",
            "      targets:",
        ]
        for _ in range(chance.randint(1, 3)):
            lines += [f"        - expr: {_query(chance)}", "          legendFormat: '{{region}}'"]
    return "\n".join(lines) + "\n"


def big(folder: Path, kilobytes: int, seed: int = 1) -> int:
    """One dashboard of about so many kilobytes, as JSON with its envelope; the result is its size in bytes."""
    desired = folder / "desired" / "dashboards"
    desired.mkdir(parents=True)
    name, chance = name_of(0), random.Random(seed)
    each = len(json.dumps(exported(random.Random(seed), 0, 100))) / 100
    model = exported(chance, 0, round(kilobytes * 1000 / each))
    text = json.dumps(model)
    (desired / f"{name}.json").write_text(text)
    head = f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: {name}}}\n"
    (desired / f"{name}.yaml").write_text(f"{head}spec: {{folder: {PREFIX}f00, from: {name}.json}}\n")
    (desired.parent / "folders.yaml").write_text(_documents(_folders(1)))
    (desired.parent / "datasources.yaml").write_text(_documents(_datasources()))
    return len(text)
