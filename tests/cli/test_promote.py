"""promote: a dashboard of one instance, sent to another as a plan like any other."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox import start
from tests.cli.command import TWO, Folder
from tests.cli.people import edit, live

DESIRED = """\
apiVersion: ggrec/v1
kind: Folder
metadata: {name: ops}
spec: {title: Operations}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: orders}
spec:
  title: Orders
  folder: ops
  links: [{title: Feedback, type: link, url: "https://forms?v=${dashboard.version}"}]
  panels:
    - {id: 1, title: Rate, type: timeseries, datasource: {type: prometheus, uid: "${values.metrics}"}, targets: []}
"""
AUTH = ("admin", "admin")


def source(sandbox: Any, uid: str, name: str = "Metrics") -> None:
    body = {"uid": uid, "name": name, "type": "prometheus", "url": "http://p:9090", "access": "proxy"}
    assert httpx.post(f"{sandbox.url}/api/datasources", auth=AUTH, json=body).status_code == 200


@pytest.fixture
def two(tmp_path: Path, sandbox: Any) -> Iterator[tuple[Folder, Any]]:
    """Two instances with everything, whose datasources have one name and two uids; bob edits in both."""
    other = start()
    folder = Folder(tmp_path, {"GRAFANA_PASSWORD": "admin"})
    folder.write("ggrec.yaml", TWO.format(staging=sandbox.url, production=other.url))
    folder.write("desired/all.yaml", DESIRED)
    for name, grafana, uid in (("staging", sandbox, "prom-a"), ("production", other, "prom-b")):
        source(grafana, uid)
        grafana.world.add_user("bob", "bob@example.org", password="pw", role="Admin")
        assert folder.ggrec("apply", "--auto-approve", "-i", name).code == 0
    query = {"refId": "A", "expr": "up", "datasource": {"type": "prometheus", "uid": "prom-a"}}
    panel = live(sandbox)["panels"][0] | {"title": "Tried out", "targets": [query]}
    edit(sandbox, "bob", panels=[panel])
    yield folder, other
    other.stop()


SENT = ("promote", "dashboard.orders@2", "--from", "staging", "--to", "production", "--auto-approve")


def test_a_version_arrives_with_the_datasources_of_there(two: tuple[Folder, Any], sandbox: Any) -> None:
    folder, other = two
    before = len(sandbox.requests)
    ended = folder.ggrec(*SENT)
    assert ended.code == 0, ended.out + ended.err
    assert {seen.method for seen in sandbox.requests[before:]} == {"GET"}
    assert "as in version 2 of staging" in ended.out
    (panel,) = live(other)["panels"]
    assert (panel["title"], panel["datasource"]["uid"]) == ("Tried out", "prom-b")
    assert "so that the next apply does not undo this, change in them:" in ended.out
    versions = httpx.get(f"{other.url}/api/dashboards/uid/orders/versions/2", auth=AUTH).json()
    assert versions["message"].startswith("promoted from version 2 of staging (ggrec run ")
    assert httpx.get(f"{other.url}/api/dashboards/uid/orders", auth=AUTH).json()["meta"]["folderUid"] == "ops"
    past = folder.ggrec("history", "dashboard.orders", "-i", "production").out
    assert "promoted from version 2 of staging" in past


def test_as_it_is_now_is_the_same(two: tuple[Folder, Any]) -> None:
    folder, other = two
    ended = folder.ggrec("promote", "dashboard.orders", *SENT[2:])
    assert ended.code == 0, ended.out + ended.err
    assert live(other)["panels"][0]["title"] == "Tried out"
    again = folder.ggrec("promote", "dashboard.orders", *SENT[2:])
    assert "No changes." in again.out


def test_what_somebody_edited_there_is_not_gone_over(two: tuple[Folder, Any]) -> None:
    folder, other = two
    edit(other, "bob", "mine", title="Bobs")
    ended = folder.ggrec(*SENT)
    assert ended.code == 4, ended.out + ended.err
    assert "by bob" in ended.out + ended.err
    assert live(other)["title"] == "Bobs"


def test_a_datasource_that_is_not_there_is_named_and_can_be_given(two: tuple[Folder, Any]) -> None:
    folder, other = two
    httpx.delete(f"{other.url}/api/datasources/uid/prom-b", auth=AUTH)
    source(other, "prom-c", "Long term")
    ended = folder.ggrec(*SENT)
    assert ended.code == 1
    assert "panel 'Tried out' (and 1 more) names the datasource 'Metrics' (prometheus)" in ended.err
    assert "production has: 'Long term' (prometheus)" in ended.err
    assert live(other)["panels"][0]["title"] == "Rate"
    for pair, says in (("Metrik=Long term", "it names no datasource 'Metrik'"), ("Metrics=Other", "is called 'Other'")):
        ended = folder.ggrec(*SENT, "--datasource", pair)
        assert ended.code == 1 and says in ended.err
    ended = folder.ggrec(*SENT, "--datasource", "Metrics=Long term")
    assert ended.code == 0, ended.out + ended.err
    assert live(other)["panels"][0]["datasource"]["uid"] == "prom-c"


def test_it_can_be_saved_and_applied(two: tuple[Folder, Any]) -> None:
    folder, other = two
    assert folder.ggrec(*SENT[:-1], "-o", "p.ggrec").code == 0
    assert live(other)["panels"][0]["title"] == "Rate"
    assert folder.ggrec("apply", "p.ggrec", "-i", "production").code == 0
    assert live(other)["panels"][0]["title"] == "Tried out"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("dashboard.orders", "--from", "staging", "--to", "staging"), "are both staging"),
        (("folder.ops", "--from", "staging", "--to", "production"), "only dashboards are promoted"),
        (("dashboard.orders", "--from", "nowhere", "--to", "production"), "no instance 'nowhere'"),
        (("dashboard.nope", "--from", "staging", "--to", "production"), "not declared"),
        (("dashboard.orders", "--from", "staging", "--to", "production", "--datasource", "x"), "write FROM=TO"),
    ],
)
def test_what_cannot_be_asked(two: tuple[Folder, Any], arguments: tuple[str, ...], says: str) -> None:
    ended = two[0].ggrec("promote", *arguments, "--auto-approve")
    assert ended.code == 64
    assert says in ended.err


def test_it_can_write_the_files_too(two: tuple[Folder, Any]) -> None:
    folder, _ = two
    path = folder.path / "desired" / "all.yaml"
    ended = folder.ggrec(*SENT, "--write")
    assert ended.code == 0, ended.out + ended.err
    text = path.read_text("utf-8")
    assert "Tried out" in text, ended.out
    assert '"${values.metrics}"' in text
    assert "No changes." in folder.ggrec("plan", "-i", "production").out


def test_alert_rules_and_library_panels_are_asked_for_once(two: tuple[Folder, Any], sandbox: Any) -> None:
    """For the library panel that must be there, and for the rules on the panel that changes."""
    folder, other = two
    element = {"uid": "lines", "name": "Lines", "kind": 1, "folderUid": "", "model": {"type": "stat"}}
    assert httpx.post(f"{other.url}/api/library-elements", auth=AUTH, json=element).status_code == 200
    panel = live(sandbox)["panels"][0] | {"libraryPanel": {"uid": "lines", "name": "Lines"}}
    edit(sandbox, "bob", panels=[panel])
    before = len(other.requests)
    assert folder.ggrec("promote", "dashboard.orders", *SENT[2:-1], "-o", "it.ggrec").code == 0
    asked = [seen.path for seen in other.requests[before:]]
    assert [asked.count(path) for path in ("/api/v1/provisioning/alert-rules", "/api/library-elements")] == [1, 1]
