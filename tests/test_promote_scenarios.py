"""A dashboard is promoted from one Grafana to another whose datasources are called otherwise: between two organisations
of any Grafana (see test_scenarios), and between two servers: the sandbox twice, or with GGREC_TEST_GRAFANA_OTHER_URL
(the same user and password) two real ones.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import start
from tests.cli.command import Ended, Folder
from tests.test_rollback_scenarios import another
from tests.test_scenarios import Grafana, grafana, mark

pytestmark = pytest.mark.grafana
FIXTURES = (grafana, mark)
PROJECT = """\
apiVersion: ggrec/v1
kind: Project
metadata: {{name: test}}
spec:
  desired: desired/
  default: a
  instances:
    a:
      url: {0.url}
      org: {0.org}
      auth: {{user: "{0.user}", password: "${{env:GRAFANA_TEST_PASSWORD}}"}}
      state: state/a
      values: {{metrics: {mark}-ma, events: {mark}-ea, traces: {mark}-t, env: staging}}
    b:
      url: {1.url}
      org: {1.org}
      auth: {{user: "{1.user}", password: "${{env:GRAFANA_TEST_PASSWORD}}"}}
      state: state/b
      values: {{metrics: {mark}-mb, events: {mark}-eb, traces: {mark}-t, env: production}}
"""
DESIRED = """\
apiVersion: ggrec/v1
kind: Folder
metadata: {{name: {mark}-f}}
spec: {{title: "{mark} folder"}}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {mark}-b}}
spec:
  title: "{mark} board"
  folder: {mark}-f
  tags: [{mark}]
  links: [{{title: Feedback, type: link, url: "https://forms?v=${{dashboard.version}}"}}]
  variables:
    - name: source
      type: datasource
      query: prometheus
      current: {{text: "{mark} Metrics", value: "${{values.metrics}}"}}
    - name: site
      type: query
      query: label_values(up, site)
      datasource: {{type: prometheus, uid: "${{values.metrics}}"}}
  panels:
    - id: 1
      title: Rate
      type: timeseries
      datasource: {{type: prometheus, uid: "${{values.metrics}}"}}
      targets: [{{expr: up, refId: A}}]
    - id: 2
      title: Lines
      type: logs
      datasource: {{type: loki, uid: "${{values.events}}"}}
      targets: [{{expr: '{{app="shop"}}', refId: A}}]
    - {{id: 3, title: Chosen, type: stat, datasource: {{uid: "$source"}}, targets: [{{expr: up, refId: A}}]}}
"""


@dataclass
class Two:
    """Two places, and a project that is applied in both."""

    folder: Folder
    mark: str
    a: Grafana
    b: Grafana

    @property
    def uid(self) -> str:
        return f"{self.mark}-b"

    @property
    def address(self) -> str:
        return f"dashboard.{self.uid}"

    def model(self, place: Grafana) -> dict[str, Any]:
        return place.ask("GET", f"/api/dashboards/uid/{self.uid}")["dashboard"]  # type: ignore[no-any-return]

    def edit(self, place: Grafana, message: str = "tried out", **panel: Any) -> None:
        """Somebody changes the first panel by hand."""
        model = self.model(place)
        model["panels"][0] |= panel
        body = {"dashboard": model, "folderUid": f"{self.mark}-f", "message": message}
        place.ask("POST", "/api/dashboards/db", body)

    def promote(self, *arguments: str, number: str = "@2") -> Ended:
        where = ("--from", "a", "--to", "b", "--auto-approve")
        return self.folder.ggrec("promote", f"{self.address}{number}", *where, *arguments)

    def has(self, sources: list[tuple[str, str, str]], place: Grafana) -> None:
        """Datasources that nobody declares: uid, name, type."""
        for uid, name, sort in sources:
            body = {
                "uid": uid,
                "name": f"{self.mark} {name}",
                "type": sort,
                "url": "http://127.0.0.1:9",
                "access": "proxy",
            }
            place.ask("POST", "/api/datasources", body)


@pytest.fixture(params=["organisations", "servers"])
def two(request: pytest.FixtureRequest, tmp_path: Path, grafana: Grafana, mark: str) -> Iterator[Two]:
    a, handle, made = replace(grafana, org=1), None, 0
    if request.param == "organisations":
        made = int(grafana.ask("POST", "/api/orgs", {"name": f"{mark} production"})["orgId"])
        b = replace(a, org=made)
    elif other := os.environ.get("GGREC_TEST_GRAFANA_OTHER_URL"):
        b = replace(a, url=other.rstrip("/"))
    elif os.environ.get("GGREC_TEST_GRAFANA_URL"):
        pytest.skip("GGREC_TEST_GRAFANA_OTHER_URL names no second Grafana")
    else:
        handle = start()
        b = replace(a, url=handle.url)
    folder = Folder(tmp_path, {"GRAFANA_TEST_PASSWORD": a.password})
    folder.write("ggrec.yaml", PROJECT.format(a, b, mark=mark))
    folder.write("desired/all.yaml", DESIRED.format(mark=mark))
    found = Two(folder, mark, a, b)
    found.has(
        [(f"{mark}-ma", "Metrics", "prometheus"), (f"{mark}-ea", "Events", "loki"), (f"{mark}-t", "Traces", "tempo")], a
    )
    found.has(
        [
            (f"{mark}-mb", "Metrics", "prometheus"),
            (f"{mark}-eb", "Log lines", "loki"),
            (f"{mark}-e", "Events", "tempo"),
        ],
        b,
    )
    try:
        for name in ("a", "b"):
            ended = folder.ggrec("apply", "--auto-approve", "-i", name)
            assert ended.code == 0, ended.out + ended.err
        yield found
        for name in ("a", "b"):
            ended = folder.ggrec("destroy", "--auto-approve", "-i", name)
            assert ended.code == 0, ended.out + ended.err
    finally:
        for place in (a, b):
            for source in place.ask("GET", "/api/datasources"):
                if source["uid"].startswith(mark):
                    place.ask("DELETE", f"/api/datasources/uid/{source['uid']}")
        if made:
            grafana.ask("DELETE", f"/api/orgs/{made}")
        if handle is not None:
            handle.stop()


def named(model: dict[str, Any]) -> list[Any]:
    """The datasources that a dashboard names, in order: of panels, their queries, variables."""
    panels = [panel["datasource"]["uid"] for panel in model["panels"]]
    targets = [target.get("datasource", {}).get("uid") for panel in model["panels"] for target in panel["targets"]]
    chosen, query = model["templating"]["list"]
    return [*panels, *targets, chosen["current"]["value"], query["datasource"]["uid"]]


def test_a_version_arrives_with_the_datasources_of_there(two: Two) -> None:
    mark = two.mark
    with another(two.a, f"{mark}-carol") as carol:
        theirs = replace(two.a, user=carol.user, password=carol.password)
        two.edit(theirs, title="Rate, tried out", targets=[
            {"expr": "sum(up)", "refId": "A", "datasource": {"type": "prometheus", "uid": f"{mark}-ma"}}])  # fmt: skip
    refused = two.promote()
    assert refused.code == 1, refused.out + refused.err
    assert f"names the datasource '{mark} Events' (loki)" in refused.err and f"{mark} Log lines" in refused.err
    assert two.model(two.b)["panels"][0]["title"] == "Rate"  # an "Events" of another type stands for nothing
    ended = two.promote("--datasource", f"{mark} Events={mark} Log lines")
    assert ended.code == 0, ended.out + ended.err
    model = two.model(two.b)
    assert model["panels"][0]["title"] == "Rate, tried out"
    metrics, events = f"{mark}-mb", f"{mark}-eb"
    assert named(model) == [metrics, events, "$source", metrics, events, "$source", metrics, metrics]
    found = two.b.ask("GET", f"/api/dashboards/uid/{two.uid}/versions?limit=1")["versions"]
    assert found[0]["message"].startswith("promoted from version 2 of a (ggrec run ")
    assert two.b.ask("GET", f"/api/dashboards/uid/{two.uid}")["meta"]["folderUid"] == f"{mark}-f"
    assert "promoted from version 2 of a" in two.folder.ggrec("history", two.address, "-i", "b").out
    again = two.promote("--datasource", f"{mark}-ea={mark}-eb", number="")
    assert again.code == 0 and "No changes." in again.out, again.out + again.err
    drift = two.folder.ggrec("drift", "-i", "b")
    assert drift.code == 7 and "Drift: " not in drift.out, drift.out


def test_the_same_uid_and_type_stand_for_each_other(two: Two) -> None:
    mark = two.mark
    two.has([(f"{mark}-t", "Tempo", "tempo")], two.b)
    source = {"type": "tempo", "uid": f"{mark}-t"}
    two.edit(two.a, datasource=source, targets=[{"refId": "A", "query": "{}", "datasource": source}])
    ended = two.promote("--datasource", f"{mark}-ea={mark}-eb")
    assert ended.code == 0, ended.out + ended.err
    assert two.model(two.b)["panels"][0]["datasource"] == source


def test_it_is_written_into_the_files_and_the_plan_there_is_empty(two: Two) -> None:
    two.edit(two.a, title="Rate, tried out", description="Asked for by the night shift.")
    ended = two.promote("--write", "--datasource", f"{two.mark}-ea={two.mark}-eb")
    assert ended.code == 0, ended.out + ended.err
    text = (two.folder.path / "desired" / "all.yaml").read_text("utf-8")
    assert "Rate, tried out" in text and text.count('"${values.metrics}"') == 3, text
    for name in ("b", "a"):
        plan = two.folder.ggrec("plan", "--detailed-exitcode", "-i", name)
        assert plan.code == 0, plan.out
    assert two.folder.ggrec("drift", "-i", "a").code == 0


def test_what_somebody_edited_there_is_not_gone_over_and_can_be_merged(two: Two) -> None:
    two.edit(two.a, title="Rate, tried out")
    with another(two.b, f"{two.mark}-dave") as dave:
        two.edit(replace(two.b, user=dave.user, password=dave.password), "for the night", description="his")
        given = ("--datasource", f"{two.mark}-ea={two.mark}-eb")
        refused = two.promote(*given)
        assert refused.code == 4, refused.out + refused.err
        assert f"by {dave.user}" in refused.out + refused.err
        assert two.model(two.b)["panels"][0]["title"] == "Rate"
        merged = two.promote(*given, "--on-conflict", "merge")
        assert merged.code == 0, merged.out + merged.err
    panel = two.model(two.b)["panels"][0]
    assert (panel["title"], panel["description"]) == ("Rate, tried out", "his")


def test_a_library_panel_that_is_not_there_is_named_and_nothing_is_sent(two: Two) -> None:
    uid = f"{two.mark}-l"
    element = {"uid": uid, "name": f"{two.mark} lines", "kind": 1, "folderUid": "", "model": {"type": "stat"}}
    two.a.ask("POST", "/api/library-elements", element)
    try:
        two.edit(two.a, title="Rate, tried out", libraryPanel={"uid": uid, "name": element["name"]})
        given = ("--datasource", f"{two.mark}-ea={two.mark}-eb")
        refused = two.promote(*given)
        assert refused.code == 1, refused.out + refused.err
        assert f"shows the library panel '{uid}', which b does not have" in refused.err
        assert two.b.ask("GET", f"/api/dashboards/uid/{two.uid}/versions?limit=1")["versions"][0]["version"] == 1
        two.b.ask("POST", "/api/library-elements", element)
        ended = two.promote(*given)
        assert ended.code == 0, ended.out + ended.err
        assert two.model(two.b)["panels"][0]["libraryPanel"]["uid"] == uid
    finally:
        for name in ("a", "b"):
            assert two.folder.ggrec("destroy", "--auto-approve", "-i", name).code == 0
        for place in (two.a, two.b):
            place.ask("DELETE", f"/api/library-elements/{uid}")
