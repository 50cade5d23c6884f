"""`ggrec drift` as people meet it: who changed what, its life, acknowledgements."""

import re
from typing import Any

import httpx
import pytest

from tests.cli.command import DESIRED, Ended, Folder
from tests.cli.people import edit, live


def ack(project: Folder, *more: str, until: str = "2099-12-31") -> Ended:
    ended = project.ggrec("drift", "ack", "dashboard.orders", "--reason", "for now", "--until", until, *more)
    assert ended.code == 0, ended.err
    return ended


def save(sandbox: Any, who: str, uid: str, **keys: Any) -> None:
    """Somebody saves a dashboard with other keys."""
    found = httpx.get(f"{sandbox.url}/api/dashboards/uid/{uid}", auth=(who, "pw")).json()
    body = {"dashboard": {**found["dashboard"], **keys}, "folderUid": "ops"}
    assert httpx.post(f"{sandbox.url}/api/dashboards/db", auth=(who, "pw"), json=body).status_code == 200


def above(sandbox: Any, red: int) -> None:
    """bob sets another threshold."""
    (panel,) = live(sandbox)["panels"]
    panel["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = red
    edit(sandbox, "bob", panels=[panel])


def ended_long_ago(project: Folder) -> None:
    """Its day has passed."""
    path = project.path / "acknowledged.yaml"
    path.write_text(path.read_text("utf-8").replace("2099-12-31", "2020-01-31"), "utf-8")


def test_each_save_has_its_editor_its_message_and_its_own_edits(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", "shout", title="ORDERS")
    edit(sandbox, "carol", "again", tags=["x"])
    edit(sandbox, "bob", "nobody's", refresh="5s")
    before = len(sandbox.requests)
    ended = applied.ggrec("drift", "--json")
    assert {seen.method for seen in sandbox.requests[before:]} == {"GET"}
    (found,) = ended.json["drift"]
    saves = [(s["who"], s["message"], [e["path"] for e in s["edits"]]) for s in found["saves"]]
    assert saves[0] == ("bob", "shout", ["dashboard.title"])
    assert saves[1][:2] == ("carol", "again")
    assert all(path.startswith("dashboard.tags") for path in saves[1][2])
    assert saves[2] == ("bob", "nobody's", [])  # an interval of a viewer: nothing that counts
    assert found["notAttributable"] == []
    assert (found["versionBefore"], found["versionAfter"]) == (1, 4)


def test_the_page_of_versions_is_followed(applied: Folder, sandbox: Any) -> None:
    for number in range(8):
        edit(sandbox, "bob", title=f"Orders {number}")
    (found,) = applied.ggrec("drift", "--json").json["drift"]
    assert [save["versionAfter"] for save in found["saves"]] == list(range(2, 10))


def test_what_the_server_does_not_tell_is_not_attributable(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    sandbox.faults.add("status", 403, method="GET", path="/api/dashboards/uid/orders/versions", count=None)
    ended = applied.ggrec("drift")
    assert ended.code == 2
    assert "not attributable" in ended.out
    assert 'title  "Orders" → "ORDERS"' in ended.out
    applied.ggrec("apply", "--auto-approve")
    above(sandbox, 45)
    assert "threshold red from 30 to 45" in applied.ggrec("drift").out
    ack(applied, "--path", "panels[title='Rate']")
    applied.write("desired/all.yaml", DESIRED.replace("[shop]", "[shop, new]"))
    assert applied.ggrec("apply", "--auto-approve").code == 0
    ended_long_ago(applied)
    again = applied.ggrec("drift").out  # what was held was observed with it
    assert "30 → 45" in again and "  [" not in again


def test_the_head_names_everybody_and_a_plan_of_many_says_whose_save_was_the_last(
    applied: Folder, sandbox: Any
) -> None:
    more = "".join(
        f"---\napiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: d{n}}}\nspec: {{title: D{n}, folder: ops}}\n"
        for n in range(2)
    )
    applied.write("desired/all.yaml", DESIRED + more)
    assert applied.ggrec("apply", "--auto-approve").code == 0
    for who, uid, title in (("bob", "orders", "A"), ("carol", "orders", "B"), ("carol", "d0", "C"), ("bob", "d1", "D")):
        save(sandbox, who, uid, title=title)
    shown = applied.ggrec("drift").out
    assert 'dashboard.orders "Orders": version 1 → 3 by carol, bob\n' in shown
    assert {item["who"] for item in applied.ggrec("drift", "--json").json["drift"]} == {"carol, bob", "carol", "bob"}
    plan = " ".join(applied.ggrec("plan", "--markdown", "p.md", "--html", "p.html").out.split())
    assert "dashboard.orders version 1 → 3 last by carol," in plan  # of many the histories are not read
    assert "dashboard.d0 version 1 → 2 by carol," in plan
    assert "\nversion 1 → 3 last by `carol` at " in (applied.path / "p.md").read_text("utf-8")
    assert ">version 1 → 3 last by carol at " in (applied.path / "p.html").read_text("utf-8")


def test_what_was_deleted_and_made_again_is_called_so(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "carol", title="Second")
    model = httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=("bob", "pw")).json()["dashboard"]
    httpx.delete(f"{sandbox.url}/api/dashboards/uid/orders", auth=("bob", "pw"))
    gone = applied.ggrec("drift").out
    assert "deleted outside; not attributable" in gone
    body = {"dashboard": {**model, "id": None, "version": 0}, "folderUid": "ops"}
    assert httpx.post(f"{sandbox.url}/api/dashboards/db", auth=("bob", "pw"), json=body).status_code == 200
    shown = applied.ggrec("drift")
    assert shown.code == 2 and "version 1, deleted and made again, now version 1, by bob" in shown.out
    applied.ggrec("apply", "--auto-approve")
    edit(sandbox, "carol", title="Third")
    httpx.delete(f"{sandbox.url}/api/dashboards/uid/orders", auth=("bob", "pw"))
    assert httpx.post(f"{sandbox.url}/api/dashboards/db", auth=("bob", "pw"), json=body).status_code == 200
    for command in ("drift", "plan"):
        shown = " ".join(applied.ggrec(command).out.split())
        assert "version 2, deleted and made again, now version 1" in shown
        assert ("not attributable: its versions began anew" in shown) is (command == "drift")


def test_the_second_check_says_what_is_the_same_and_the_third_what_went(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    assert "new: first seen now" in applied.ggrec("drift").out
    assert re.search(r"The same 1 as .*, 0 new\.", applied.ggrec("drift").out)
    edit(sandbox, "carol", title="Orders!")
    assert "changed again since the last check" in applied.ggrec("drift").out
    edit(sandbox, "bob", title="Orders")
    ended = applied.ggrec("drift")
    assert ended.code == 0
    assert "✓ dashboard.orders" in ended.out
    assert "No longer different" not in applied.ggrec("drift").out


def test_nothing_is_called_recovered_while_it_cannot_be_read(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    applied.ggrec("drift")
    fault = {"method": "GET", "path": "/apis/dashboard.grafana.app/*", "count": None}
    sandbox.faults.add("status", 403, **fault)
    sandbox.faults.add("status", 403, method="GET", path="/api/dashboards/*", count=None)
    sandbox.faults.add("status", 403, method="GET", path="/api/search*", count=None)
    ended = applied.ggrec("drift", "--json")
    assert (ended.code, ended.json["verdict"], ended.json["recovered"]) == (6, "could-not-tell", [])


def test_a_life_that_is_lost_or_damaged_costs_nothing_else(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    applied.ggrec("drift")
    applied.write("state/drift.json", '{"format": 1, "seen": 7}')
    assert "the first check that is remembered" in applied.ggrec("drift").out


def test_an_acknowledged_edit_is_left_by_apply_and_shown_by_plan_until_its_day(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    ack(applied)
    ended = applied.ggrec("drift")
    assert ended.code == 0
    assert "Nothing to alarm about" in ended.out
    shown = applied.ggrec("plan", "--detailed-exitcode")
    assert shown.code == 0
    assert "left as it is, acknowledged by" in shown.out
    applied.ggrec("plan", "--markdown", "p.md", "--html", "p.html")
    assert all("until 2099-12-31: for now" in (applied.path / name).read_text("utf-8") for name in ("p.md", "p.html"))
    applied.ggrec("apply", "--auto-approve")
    assert live(sandbox)["title"] == "ORDERS"
    ended_long_ago(applied)
    ended = applied.ggrec("drift")
    assert ended.code == 2
    assert "Acknowledged, and the day has passed (1)" in ended.out
    assert "acknowledged.yaml:5:5" in ended.out
    applied.ggrec("apply", "--auto-approve")
    assert live(sandbox)["title"] == "Orders"


@pytest.mark.parametrize("way", ["ended", "unack"])
def test_a_part_is_held_beside_what_is_put_back_and_comes_back_after(applied: Folder, sandbox: Any, way: str) -> None:
    edit(sandbox, "bob", title="ORDERS", tags=["x"])
    ack(applied, "--path", "tags")
    assert applied.ggrec("drift").code == 2
    assert applied.ggrec("apply", "--auto-approve").code == 0
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("Orders", ["x"])
    shown = applied.ggrec("plan")
    assert "Held in Grafana" in shown.out
    assert "acknowledged until 2099-12-31" in shown.out
    if way == "ended":
        ended_long_ago(applied)
    else:
        assert applied.ggrec("drift", "unack", "dashboard.orders").code == 0
    assert applied.ggrec("drift").code == 2
    assert "puts back what is acknowledged no longer" in applied.ggrec("apply", "--auto-approve").out
    assert live(sandbox)["tags"] == ["shop"]
    assert applied.ggrec("drift").code == 0
    assert applied.ggrec("plan", "--detailed-exitcode").code == 0


def test_each_part_has_its_own_acknowledgement_and_its_own_day(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS", tags=["x"])
    for path, reason, until in (("tags", "for the tags", "2099-12-31"), ("title", "for the title", "2099-12-30")):
        arguments = ("--path", path, "--reason", reason, "--until", until)
        assert applied.ggrec("drift", "ack", "dashboard.orders", *arguments).code == 0
    shown = applied.ggrec("drift")
    assert "tags stays, acknowledged by" in shown.out
    assert "until 2099-12-30: for the title" in shown.out
    applied.write("desired/all.yaml", DESIRED.replace("  tags:", "  refresh: 5m\n  tags:"))
    assert applied.ggrec("apply", "--auto-approve").code == 0
    (held,) = applied.ggrec("drift", "--json").json["held"].values()
    assert {(item["place"].partition("[")[0], item["until"], item["why"].rpartition(": ")[2]) for item in held} == {
        ("tags", "2099-12-31", "for the tags"), ("title", "2099-12-30", "for the title")
    }  # fmt: skip
    ended_long_ago(applied)
    ended = applied.ggrec("drift")
    assert ended.code == 2
    assert "Acknowledged, and the day has passed (1)" in ended.out
    assert ended.out.count("for the tags") == 1
    applied.ggrec("apply", "--auto-approve")
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("ORDERS", ["shop"])
    assert "title" in applied.ggrec("plan").out


def test_what_an_apply_left_is_not_called_no_longer_different(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS", tags=["x"])
    ack(applied, "--path", "tags")
    applied.ggrec("drift")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    shown = applied.ggrec("drift")
    assert "No longer different" not in shown.out
    assert "Held in Grafana" in shown.out
    assert applied.ggrec("state", "release", "dashboard.orders").code == 0
    assert applied.ggrec("drift", "unack", "dashboard.orders").code == 0
    applied.ggrec("apply", "--auto-approve")
    assert "No longer different (1)" in applied.ggrec("drift").out
    assert "No longer different" not in applied.ggrec("drift").out


def test_what_the_author_changes_is_nobodys_edit_where_an_acknowledgement_has_ended(
    applied: Folder, sandbox: Any
) -> None:
    edit(sandbox, "bob", title="ORDERS", tags=["x"])
    ack(applied, "--path", "tags")
    applied.ggrec("apply", "--auto-approve")
    ended_long_ago(applied)
    applied.write("desired/all.yaml", DESIRED.replace("title: Orders", "title: Third"))
    (found,) = applied.ggrec("drift", "--json").json["drift"]
    assert {edit["path"].partition("[")[0] for edit in found["edits"]} == {"dashboard.tags"}


@pytest.mark.parametrize(("on_drift", "code", "tags"), [("fail", 3, ["x"]), ("revert", 0, ["shop"])])
def test_after_the_day_the_lifecycle_decides(
    applied: Folder, sandbox: Any, on_drift: str, code: int, tags: list[str]
) -> None:
    edit(sandbox, "bob", title="ORDERS", tags=["x"])
    ack(applied, "--path", "tags")
    applied.ggrec("apply", "--auto-approve")
    ended_long_ago(applied)
    lifecycle = f"metadata: {{name: orders, lifecycle: {{on_drift: {on_drift}}}}}"
    applied.write("desired/all.yaml", DESIRED.replace("metadata: {name: orders}", lifecycle))
    assert applied.ggrec("apply", "--auto-approve").code == code
    assert live(sandbox)["tags"] == tags


def test_what_the_author_changes_elsewhere_goes_beside_an_acknowledged_edit(applied: Folder, sandbox: Any) -> None:
    edit(sandbox, "bob", title="ORDERS")
    ack(applied)
    applied.write("desired/all.yaml", DESIRED.replace("[shop]", "[shop, new]"))
    assert applied.ggrec("apply", "--auto-approve").code == 0
    assert (live(sandbox)["title"], live(sandbox)["tags"]) == ("ORDERS", ["shop", "new"])
    assert "Held in Grafana" in applied.ggrec("plan").out


def test_a_deletion_can_be_acknowledged(applied: Folder, sandbox: Any) -> None:
    httpx.delete(f"{sandbox.url}/api/dashboards/uid/orders", auth=("bob", "pw"))
    assert applied.ggrec("drift").code == 2
    ack(applied)
    assert applied.ggrec("drift").code == 0
    applied.ggrec("apply", "--auto-approve")
    assert httpx.get(f"{sandbox.url}/api/dashboards/uid/orders", auth=("bob", "pw")).status_code == 404


def test_comments_stay_when_an_entry_comes_and_goes(applied: Folder) -> None:
    ack(applied)
    path = applied.path / "acknowledged.yaml"
    path.write_text(path.read_text("utf-8") + "  # asked for by finance\n", "utf-8")
    ack(applied, "--path", "title")
    assert "# asked for by finance" in path.read_text("utf-8")
    assert "dashboard.orders title" in applied.ggrec("drift", "acks").out
    assert applied.ggrec("drift", "unack", "dashboard.orders", "--path", "title").code == 0
    assert len(applied.ggrec("drift", "acks", "--json").json["acknowledged"]) == 1


def test_an_entry_for_an_instance_that_is_not_there_is_said(applied: Folder) -> None:
    assert applied.ggrec("drift", "acks").out == "Nothing is acknowledged for sandbox.\n"
    ack(applied)
    text = (applied.path / "acknowledged.yaml").read_text("utf-8")
    applied.write("acknowledged.yaml", text.replace("instance: sandbox", "instance: sanbox"))
    for command in (("drift",), ("drift", "acks"), ("plan",)):
        ended = applied.ggrec(*command)
        assert ended.code == 1 and "acknowledged.yaml:5:5: no instance 'sanbox' in ggrec.yaml" in ended.err


def test_all_that_is_wrong_in_the_file_is_said_with_its_place(applied: Folder) -> None:
    entries = (
        "  - {address: orders, reason: x, until: 2027-01-31}\n"
        "  - {address: dashboard.orders, reason: x, until: 2027-02-30}\n"
        "  - {address: dashboard.orders, reson: x, until: 2027-01-31}\n"
        "  - {address: dashboard.orders, reason: '', until: 2027-01-31}\n"
    )
    head = "apiVersion: ggrec/v1\nkind: Acknowledgements\nacknowledged:\n"
    applied.write("acknowledged.yaml", head + entries)
    for command in (["drift"], ["plan"]):
        ended = applied.ggrec(*command)
        assert ended.code == 1
        places = (
            "acknowledged.yaml:4:",
            "acknowledged.yaml:5:",
            "acknowledged.yaml:6:",
            "no day 2027-02-30",
            "reason is empty",
        )
        assert all(text in ended.err for text in places), ended.err


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ack", "dashboard.none", "--reason", "x", "--until", "2099-01-01"], 1, "not in the state"),
        (["ack", "dashboard.orders", "--reason", "x", "--until", "2020-01-01"], 64, "has passed"),
        (["ack", "dashboard.orders", "--reason", "x", "--until", "soon"], 64, "YYYY-MM-DD"),
        (["ack", "dashboard.orders", "--reason", " ", "--until", "2099-01-01"], 64, "say why"),
        (["unack", "dashboard.orders"], 1, "drift acks"),
        (["--report", "x.pdf"], 64, "--format"),
        (["--listen", "127.0.0.1:0"], 64, "--watch"),
        (["--webhook-always"], 64, "--webhook"),
        (["--webhook", "ftp://secret.example"], 64, "no http(s) address"),
    ],
)
def test_wrong_input_is_told_why(applied: Folder, arguments: list[str], code: int, says: str) -> None:
    ended = applied.ggrec("drift", *arguments)
    assert ended.code == code
    assert says in ended.err
    assert "secret.example" not in ended.err
