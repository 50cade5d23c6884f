"""diff: any two sides, object by object."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox import start
from tests.cli.command import TWO, Folder
from tests.cli.people import edit, live


@pytest.fixture
def edited(applied: Folder, sandbox: Any) -> Folder:
    """A dashboard that bob renamed by hand."""
    edit(sandbox, "bob", title="By hand")
    return applied


def test_the_files_and_what_grafana_holds(edited: Folder, sandbox: Any) -> None:
    before = len(sandbox.requests)
    ended = edited.ggrec("diff", "desired", "live")
    assert ended.code == 2, ended.err
    assert {seen.method for seen in sandbox.requests[before:]} == {"GET"}
    assert "~ dashboard.orders" in ended.out
    assert '"Orders" → "By hand"' in ended.out
    assert "1 different." in ended.out
    back = edited.ggrec("diff", "live", "desired")
    assert '"By hand" → "Orders"' in back.out


def test_nothing_different_is_said_and_is_code_0(applied: Folder) -> None:
    ended = applied.ggrec("diff", "desired", "live")
    assert (ended.code, "No differences." in ended.out) == (0, True), ended.out + ended.err


def test_what_is_only_on_one_side(applied: Folder, sandbox: Any) -> None:
    httpx.delete(f"{sandbox.url}/api/dashboards/uid/orders", auth=("admin", "admin"))
    ended = applied.ggrec("diff", "desired", "live")
    assert ended.code == 2
    assert "- dashboard.orders  only in desired  desired/all.yaml:" in ended.out


def test_by_lists_it_is_the_same_as_one_by_one(edited: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one = edited.ggrec("diff", "desired", "live").out
    monkeypatch.setattr("reconciler.cli.sides._FEW", 0)
    assert edited.ggrec("diff", "desired", "live").out == one_by_one


def test_versions_tell_nothing_of_the_folder(edited: Folder) -> None:
    ended = edited.ggrec("diff", "dashboard.orders@1", "dashboard.orders@2", "--json")
    assert ended.code == 2, ended.err
    (found,) = ended.json["differences"]
    assert (found["address"], found["where"]) == ("dashboard.orders", "both")
    assert [edit["path"] for edit in found["edits"]] == ["dashboard.title"]
    assert [row["class"] for row in found["rows"]] == ["cosmetic"]
    ended = edited.ggrec("diff", "dashboard.orders@1", "live")
    assert "1 object compared: 1 different." in ended.out
    assert edited.ggrec("diff", "dashboard.orders@2", "live").code == 0
    text = (edited.path / "desired/all.yaml").read_text(
        "utf-8"
    ) + "---\napiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: more}\nspec: {title: More}\n"
    edited.write("desired/all.yaml", text)
    assert edited.ggrec("apply", "--auto-approve", "--target", "dashboard.more").code == 0
    nothing = edited.ggrec("diff", "dashboard.orders@2", "dashboard.more@1")
    assert nothing.code == 64 and "no object of which both" in nothing.err


def test_a_run_and_what_was_before_it(applied: Folder, sandbox: Any) -> None:
    path = applied.path / "desired" / "all.yaml"
    path.write_text(path.read_text("utf-8").replace("title: Orders", "title: Second", 1), "utf-8")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    run = applied.ggrec("history", "--json").json["runs"][-1]["id"]
    ended = applied.ggrec("diff", f"{run}^", run)
    assert ended.code == 2, ended.err
    assert '"Orders" → "Second"' in ended.out
    assert "1 object compared" in ended.out
    assert applied.ggrec("diff", run, "desired").code == 0
    edit(sandbox, "bob", title="By hand")
    assert '"Second" → "By hand"' in applied.ggrec("diff", run, "live").out


def test_a_desired_file_and_an_exported_one(applied: Folder, sandbox: Any) -> None:
    text = (applied.path / "desired" / "all.yaml").read_text("utf-8")
    other = applied.write("other.yaml", text.replace("title: Orders", "title: Other", 1))
    ended = applied.ggrec("diff", "desired", str(other))
    assert ended.code == 2, ended.err
    assert '"Orders" → "Other"' in ended.out
    model = live(sandbox) | {"title": "Exported"}
    exported = applied.write("exported.json", json.dumps({"meta": {}, "dashboard": model}))
    ended = applied.ggrec("diff", "live", str(exported))
    assert ended.code == 2, ended.err
    assert '"Orders" → "Exported"' in ended.out
    assert "1 object compared" in ended.out


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: [", "2:1: not valid YAML"), ("kind: Nothing\n", "1:1: neither"), ("apiVersion: ggrec/v1\nkind: Nope\n", "1")],
)
def test_a_bad_file_is_told_with_its_place(applied: Folder, text: str, place: str) -> None:
    path = applied.write("bad.yaml", text)
    ended = applied.ggrec("diff", "desired", str(path))
    assert ended.code == 1, ended.out
    assert f"{path}:{place}" in ended.err


def test_words_that_name_nothing(applied: Folder) -> None:
    ended = applied.ggrec("diff", "desired", "nonsense")
    assert ended.code == 64
    assert "'nonsense' names nothing that can be compared" in ended.err
    assert "ADDRESS@NUMBER" in ended.err
    ended = applied.ggrec("diff", "desired", "live", "-t", "dashboard.nope")
    assert "matches no declared and no owned object" in ended.err


@pytest.fixture
def two(tmp_path: Path, sandbox: Any) -> Iterator[tuple[Folder, Any]]:
    """Two instances, of which only the first has everything."""
    other = start()
    folder = Folder(tmp_path, {"GRAFANA_PASSWORD": "admin"})
    folder.write("ggrec.yaml", TWO.format(staging=sandbox.url, production=other.url))
    folder.write("desired/all.yaml", DESIRED_TWO)
    for name in ("staging", "production"):
        assert folder.ggrec("apply", "--auto-approve", "-i", name).code == 0
    yield folder, other
    other.stop()


DESIRED_TWO = """\
apiVersion: ggrec/v1
kind: Folder
metadata: {name: ops}
spec: {title: Operations}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: orders}
spec: {title: Orders, folder: ops, panels: []}
"""


def test_two_instances(two: tuple[Folder, Any]) -> None:
    folder, other = two
    assert folder.ggrec("diff", "staging", "production").code == 0
    other.world.add_user("bob", "bob@example.org", password="pw", role="Admin")
    edit(other, "bob", title="In production")
    ended = folder.ggrec("diff", "staging:live", "production")
    assert ended.code == 2, ended.err
    assert "staging:live → production:live" in ended.out
    assert '"Orders" → "In production"' in ended.out
    assert folder.ggrec("diff", "production:desired", "staging:desired").code == 0
    ended = folder.ggrec("diff", "production:dashboard.orders@1", "production:dashboard.orders@2")
    assert '"Orders" → "In production"' in ended.out


def test_every_target_that_names_nothing_is_told(applied: Folder) -> None:
    ended = applied.ggrec("diff", "desired", "live", "-t", "dashboard.nope", "-t", "dashboard.orders", "-t", "team.*")
    assert ended.code == 1
    assert "--target dashboard.nope matches" in ended.err and "--target team.* matches" in ended.err


def test_what_a_run_made_and_is_gone_by_now(applied: Folder) -> None:
    path = applied.path / "desired" / "all.yaml"
    path.write_text(path.read_text("utf-8").partition("---")[0], "utf-8")
    assert applied.ggrec("apply", "--auto-approve", "--confirm-deletes", "1").code == 0
    first = applied.ggrec("history", "--json").json["runs"][0]["id"]
    ended = applied.ggrec("diff", first, "live")
    assert ended.code in (0, 2), ended.err
    assert "folder.ops" not in ended.out.partition("compared")[0]
