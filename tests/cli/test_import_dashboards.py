"""`ggrec import-dashboards`: the guide's import procedure, and what it leaves behind."""

import json
import re
from typing import Any

import httpx
import pytest

from tests.cli.command import Folder
from tests.conftest import shared

SOURCES = """\
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: prom}
spec: {name: Prometheus, type: prometheus, url: "http://p"}
---
apiVersion: ggrec/v1
kind: Datasource
metadata: {name: search}
spec: {name: Elasticsearch, type: elasticsearch, url: "http://e"}
"""


@pytest.fixture
def shop(project: Folder) -> Folder:
    """The project with datasources, everything applied."""
    project.write("desired/sources.yaml", SOURCES)
    assert project.ggrec("apply", "--auto-approve").code == 0
    return project


def board(uid: str, title: str = "Imported", **more: Any) -> str:
    return json.dumps({"uid": uid, "title": title, "panels": [{"title": "P", "type": "text"}], **more})


def ask(sandbox: Any, method: str, path: str, body: Any = None) -> Any:
    answer = httpx.request(method, sandbox.url + path, json=body, auth=("admin", "admin"))
    assert answer.is_success, answer.text
    return answer.json()


def nothing_to_do(project: Folder) -> bool:
    return project.ggrec("plan", "--detailed-exitcode").code == 0


def test_the_guides_five_panels_as_they_stand(shop: Folder) -> None:
    text = (shared("guide") / "dashboard-refinement-guide.md").read_text("utf-8")
    panels = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", text, re.DOTALL) if '"targets"' in block]
    assert len(panels) == 5
    shop.write("in/five.json", json.dumps({"title": "The guide's five", "panels": panels}))
    ended = shop.ggrec("import-dashboards", "in/five.json", "--folder", "ops")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.endswith(
        "Imported 1 of 1 into " + str(shop.path / "desired") + "; `ggrec plan` manages them now.\n"
    )
    assert nothing_to_do(shop)
    made = json.loads(shop.ggrec("render", "dashboard.the-guide-s-five").out)
    assert [panel["datasource"]["uid"] for panel in made["panels"]] == ["prom", "search", "prom", "prom", "search"]
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in made["panels"]]
    assert len(set(places)) == 5 and len({panel["id"] for panel in made["panels"]}) == 5


def test_one_broken_file_keeps_nobody_else_out_and_leaves_nothing(shop: Folder) -> None:
    shop.write("in/a.json", board("a"))
    shop.write("in/b.json", '{"title": "B",\n "panels": [}')
    shop.write("in/deeper/c.json", json.dumps({"dashboard": json.loads(board("c")), "meta": {}}))
    shop.write("in/d.json", board("a", "Another"))
    shop.write("in/e.json", board("e", panels=[{"title": "L", "type": "logs", "datasource": "Loki"}]))
    shop.write("in/f.json", "[1]")
    shop.write("in/g.json", json.dumps({"elements": {}, "layout": {}, "title": "New"}))
    ended = shop.ggrec("import-dashboards", "in", "--folder", "ops")
    assert ended.code == 6
    assert "Imported 2 of 7" in ended.out
    for told in (
        "in/b.json:2:13: not valid JSON",
        "in/d.json:1:1: has the uid 'a' of in/a.json",
        "no Datasource 'Loki' is declared",
        "in/f.json:1:1: is not a dashboard",
        "in/g.json:1:1: is a dashboard of schema v2",
    ):
        assert told in ended.out
    made = sorted(path.name for path in (shop.path / "desired" / "dashboards").iterdir())
    assert made == ["a.json", "a.yaml", "c.json", "c.yaml"]
    assert nothing_to_do(shop)


def test_what_exists_is_taken_over_only_when_told(shop: Folder, sandbox: Any) -> None:
    ask(sandbox, "POST", "/api/dashboards/db", {"dashboard": {"uid": "theirs", "title": "Theirs", "panels": []}})
    shop.write("in/theirs.json", board("theirs"))
    ended = shop.ggrec("import-dashboards", "in/theirs.json")
    assert ended.code == 1 and "exists in Grafana" in ended.out and "Imported 0 of 1." in ended.out
    assert not list((shop.path / "desired").rglob("theirs.*"))
    assert shop.ggrec("import-dashboards", "in/theirs.json", "--overwrite").code == 0
    assert nothing_to_do(shop)
    shop.write("in/theirs.json", board("theirs", "Imported again"))
    ended = shop.ggrec("import-dashboards", "in/theirs.json")
    assert ended.code == 1 and "is declared already, at desired/dashboards/theirs.yaml:1:1" in ended.out
    assert shop.ggrec("import-dashboards", "in/theirs.json", "--overwrite", "--message", "from the workshop").code == 0
    assert nothing_to_do(shop)
    versions = ask(sandbox, "GET", "/api/dashboards/uid/theirs/versions")["versions"]
    assert [version["message"].partition(" (ggrec run")[0] for version in versions][:2] == [
        "from the workshop",
        "Imported from theirs.json",
    ]


def test_without_uids_each_gets_a_name_of_its_own(shop: Folder) -> None:
    for name in ("a", "b", "c"):
        shop.write(f"in/{name}.json", json.dumps({"title": "Same", "panels": [{"type": "text", "datasource": ""}]}))
    assert shop.ggrec("import-dashboards", "in").code == 0
    assert {"same.json", "same-2.json", "same-3.json"} <= {p.name for p in (shop.path / "desired/dashboards").iterdir()}
    assert nothing_to_do(shop)


def test_once_only_sends(shop: Folder, sandbox: Any) -> None:
    shop.write("in/loose.json", board("loose"))
    ended = shop.ggrec("import-dashboards", "in/loose.json", "--once", "--json")
    assert ended.code == 0 and ended.json["imported"] == [{"file": "in/loose.json", "address": "dashboard.loose"}]
    assert ask(sandbox, "GET", "/api/dashboards/uid/loose")["dashboard"]["title"] == "Imported"
    assert not list((shop.path / "desired").rglob("loose.*"))
    assert nothing_to_do(shop)
    ended = shop.ggrec("import-dashboards", "in/loose.json", "--once")
    assert ended.code == 1 and "--overwrite replaces it" in ended.out
    assert shop.ggrec("import-dashboards", "in/loose.json", "--once", "--overwrite").code == 0


def test_a_dashboard_written_by_hand_is_not_replaced(shop: Folder) -> None:
    shop.write("in/orders.json", board("orders"))
    ended = shop.ggrec("import-dashboards", "in/orders.json", "--overwrite")
    assert ended.code == 1 and "dashboard.orders is declared already" in ended.out
    assert nothing_to_do(shop)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nowhere"], "nowhere does not exist"),
        (["desired"], "there is no *.json in desired"),
        (["in/a.json", "--folder", "op"], "no Folder 'op' is declared"),
    ],
)
def test_wrong_use(shop: Folder, arguments: list[str], told: str) -> None:
    shop.write("in/a.json", board("a"))
    ended = shop.ggrec("import-dashboards", *arguments)
    assert ended.code == 64 and told in ended.err


def test_the_corpus(shop: Folder) -> None:
    """Real dashboards: whatever does not come through says why; what does is managed."""
    corpus = shared("corpus")
    shop.write("desired/sources.yaml", SOURCES)
    ended = shop.ggrec("import-dashboards", str(corpus), "--json")
    assert ended.code in (0, 6)
    report = ended.json
    assert len(report["imported"]) > 60
    assert all(item["problems"] for item in report["failed"])
    assert nothing_to_do(shop)
