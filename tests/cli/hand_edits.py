"""What people do by hand in Grafana to the objects of an estate, chosen by numbers."""

import copy
from collections.abc import Callable
from typing import Any

import httpx

Model = dict[str, Any]


def panels(model: Model) -> list[Model]:
    """All panels that are no rows, those in folded rows too."""
    found = []
    for panel in model.get("panels", []):
        found += panel.get("panels", []) if panel["type"] == "row" else [panel]
    return found


def _panel(model: Model, number: int) -> Model:
    found = panels(model)
    return found[number % len(found)]


def _defaults(model: Model, number: int) -> Model:
    config = _panel(model, number).setdefault("fieldConfig", {"defaults": {}, "overrides": []})
    defaults: Model = config.setdefault("defaults", {})
    return defaults


def _title(model: Model, number: int) -> None:
    _panel(model, number)["title"] += f" ({number})"


def _query(model: Model, number: int) -> None:
    with_queries = [panel for panel in panels(model) if panel.get("targets")]
    if not with_queries:
        return
    target = with_queries[number % len(with_queries)]["targets"][0]
    key = "expr" if "expr" in target else "query" if "query" in target else "legendFormat"
    target[key] = f"vector({number})\n+ 0" if number % 3 == 0 else f'sum(up{{job="{number}"}}) # ok'


def _threshold(model: Model, number: int) -> None:
    with_steps = [
        p for p in panels(model) if p.get("fieldConfig", {}).get("defaults", {}).get("thresholds", {}).get("steps")
    ]
    if with_steps:
        steps = with_steps[number % len(with_steps)]["fieldConfig"]["defaults"]["thresholds"]["steps"]
        if number % 2 and len(steps) > 1:
            steps[-1]["value"] = (steps[-1]["value"] or 0) + number + 1
        else:
            steps[-1]["color"] = "semi-dark-orange"


def _new_step(model: Model, number: int) -> None:
    steps = [{"color": "green", "value": None}, {"color": "yellow", "value": number}, {"color": "red", "value": 500}]
    _defaults(model, number)["thresholds"] = {"mode": "absolute", "steps": steps}


def _unit(model: Model, number: int) -> None:
    _defaults(model, number)["unit"] = ["percent", "s", "short"][number % 3]


def _no_value(model: Model, number: int) -> None:
    _defaults(model, number)["noValue"] = "none: yet"


def _decimals(model: Model, number: int) -> None:
    _defaults(model, number)["decimals"] = number % 4


def _describe(model: Model, number: int) -> None:
    _panel(model, number)["description"] = f"Asked for by the night shift: #{number}.\n\nSee [the page](https://x)."


def _tags(model: Model, number: int) -> None:
    tags = model.setdefault("tags", [])
    if number % 2 and tags:
        tags.pop(number % len(tags))
    else:
        tags.insert(0 if number % 3 else len(tags), f"by-hand-{number}")


def _dashboard_text(model: Model, number: int) -> None:
    model["description"] = f"Changed by hand, {number}"


def _fresh(model: Model, number: int) -> Model:
    source = copy.deepcopy(_panel(model, number).get("datasource"))
    panel = {
        "id": 7000 + number,
        "type": "timeseries",
        "title": f"By hand {number}",
        "targets": [{"refId": "A", "expr": "up"} | ({"datasource": source} if source else {})],
        "fieldConfig": {"defaults": {"unit": "s"}, "overrides": []},
        "options": {"legend": {"showLegend": True}},
    }
    return panel | ({"datasource": source} if source else {})


def _append(model: Model, number: int) -> None:
    bottom = max((p["gridPos"]["y"] + p["gridPos"]["h"] for p in model["panels"]), default=0)
    model["panels"].append(_fresh(model, number) | {"gridPos": {"x": 0, "y": bottom, "w": 12, "h": 8}})


def _prepend(model: Model, number: int) -> None:
    for panel in model["panels"]:
        panel["gridPos"]["y"] += 8
    model["panels"].insert(0, _fresh(model, number) | {"gridPos": {"x": 0, "y": 0, "w": 24, "h": 8}})


def _remove(model: Model, number: int) -> None:
    loose = [panel for panel in model["panels"] if panel["type"] != "row"]
    if loose:
        model["panels"].remove(loose[number % len(loose)])


def _resize(model: Model, number: int) -> None:
    panel = _panel(model, number)
    panel["gridPos"]["w"] = max(panel["gridPos"]["w"] // 2, 1)


def _swap(model: Model, number: int) -> None:
    loose = [index for index, panel in enumerate(model["panels"]) if panel["type"] != "row"]
    if len(loose) > 1:
        left, right = loose[number % (len(loose) - 1)], loose[number % (len(loose) - 1) + 1]
        one, other = model["panels"][left], model["panels"][right]
        one["gridPos"], other["gridPos"] = other["gridPos"], one["gridPos"]
        model["panels"][left], model["panels"][right] = other, one


def _add_query(model: Model, number: int) -> None:
    panel = _panel(model, number)
    source = {"datasource": panel["datasource"]} if "datasource" in panel else {}
    panel.setdefault("targets", []).append({"refId": f"X{number}", "expr": "up"} | source)


def _remove_query(model: Model, number: int) -> None:
    several = [panel for panel in panels(model) if len(panel.get("targets", [])) > 1]
    if several:
        several[number % len(several)]["targets"].pop()


def _override(model: Model, number: int) -> None:
    config = _panel(model, number).setdefault("fieldConfig", {"defaults": {}, "overrides": []})
    config.setdefault("overrides", []).append(
        {"matcher": {"id": "byName", "options": f"s{number}"}, "properties": [{"id": "unit", "value": "s"}]}
    )


def _variable(model: Model, number: int) -> None:
    listed = model.setdefault("templating", {}).setdefault("list", [])
    if number % 2 and listed:
        listed[number % len(listed)]["label"] = f"Label {number}"
    else:
        listed.append({"name": f"v{number}", "type": "custom", "query": "a,b", "multi": False})


def _option(model: Model, number: int) -> None:
    _panel(model, number).setdefault("options", {})["byHand"] = {"mode": "multi", "sort": [number, None, True]}


def _row(model: Model, number: int) -> None:
    rows = [panel for panel in model["panels"] if panel["type"] == "row"]
    if rows:
        rows[number % len(rows)]["title"] = f"Row: {number}"


def _setting(model: Model, number: int) -> None:
    model["graphTooltip"] = number % 3
    model["weekStart"] = "monday"


def _transform(model: Model, number: int) -> None:
    _panel(model, number).setdefault("transformations", []).append({"id": "reduce", "options": {"reducers": ["max"]}})


def rename(model: Model, number: int) -> None:
    """The dashboard's own title: shorter, longer, one that has the old one in it, one that a URL must encode."""
    title = model["title"]
    model["title"] = [
        f"{title} ({number})",
        f"By hand {number}",
        f"{title}{title}",
        title[:-1] or "x",
        f"A/B & {title}?",
    ][number % 5]


DASHBOARD: tuple[Callable[[Model, int], None], ...] = (
    _title, _query, _threshold, _new_step, _unit, _no_value, _decimals, _describe, _tags, _dashboard_text, _append,
    _prepend, _remove, _resize, _swap, _add_query, _remove_query, _override, _variable, _option, _row, _setting,
    _transform, rename,
)  # fmt: skip


def edit_dashboard(http: httpx.Client, uid: str, what: list[tuple[int, int]]) -> None:
    """Alice makes these edits (by number, each with a number that says where and how) and saves."""
    found = http.get(f"/api/dashboards/uid/{uid}").json()
    model = found["dashboard"]
    for which, number in what:
        if not panels(model):
            break  # she took the last one away
        DASHBOARD[which % len(DASHBOARD)](model, number)
    body = {"dashboard": model, "folderUid": found["meta"].get("folderUid", ""), "message": "by hand"}
    answer = http.post("/api/dashboards/db", json=body)
    assert answer.status_code == 200, answer.text


def edit_other(http: httpx.Client, what: int, number: int) -> None:
    """Alice changes a folder's title, a datasource, an annotation, a team's address or its name."""

    def ask(method: str, path: str, body: Any = None) -> Any:
        answer = http.request(method, path, json=body)
        assert answer.status_code < 300, answer.text
        return answer.json()

    if what % 5 == 0:
        found = ask("GET", "/api/folders")
        folder = ask("GET", f"/api/folders/{found[number % len(found)]['uid']}")
        ask("PUT", f"/api/folders/{folder['uid']}", {"title": f"Folder {number}", "overwrite": True})
    elif what % 5 == 1:
        found = ask("GET", "/api/datasources")
        source = ask("GET", f"/api/datasources/uid/{found[number % len(found)]['uid']}")
        if number % 2:
            source["url"] = f"http://elsewhere:{9000 + number}"
        else:
            source["jsonData"] = {**source.get("jsonData", {}), "byHand": number, "timeInterval": "45s"}
        ask("PUT", f"/api/datasources/uid/{source['uid']}", source)
    elif what % 5 == 2:
        found = ask("GET", "/api/annotations?limit=100&type=annotation")
        item = found[number % len(found)]
        ask("PATCH", f"/api/annotations/{item['id']}", {"text": f"By hand: {number}", "tags": [*item["tags"], "more"]})
    else:
        found = ask("GET", "/api/teams/search")["teams"]
        team = found[number % len(found)]
        renamed = {"name": f"{team['name']} ({number})", "email": team.get("email", "")}
        mailed = {"name": team["name"], "email": f"hand{number}@example.org"}
        ask("PUT", f"/api/teams/{team['uid']}", renamed if what % 5 == 3 else mailed)
