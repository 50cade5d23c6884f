"""What is held, and what two changed, is told in words in every form; the path stays where a command needs it."""

from typing import Any

import pytest

from tests.cli.command import DESIRED, Folder
from tests.cli.people import live

PATH = "dashboard.panels[id={0}].targets[refId=A].expr"
QUERIED = DESIRED.replace(
    "{title: Rate, type: stat,", "{id: 3, title: Rate, type: stat, targets: [{refId: A, expr: up}],"
)
MERGING = QUERIED.replace("{name: orders}", "{name: orders, lifecycle: {on_drift: merge}}")


@pytest.fixture
def sandbox(anew: Any) -> Any:
    """One server for all tests here."""
    return anew


def asks(sandbox: Any, expr: str) -> None:
    """Bob gives the panel another query."""
    from tests.cli.people import edit

    (panel,) = live(sandbox)["panels"]
    edit(sandbox, "bob", "mine", panels=[{**panel, "targets": [{**panel["targets"][0], "expr": expr}]}])


def test_what_is_held(applied: Folder, sandbox: Any) -> None:
    applied.write("desired/all.yaml", MERGING)
    assert applied.ggrec("apply", "--auto-approve").code == 0
    asks(sandbox, "rate(up[5m])")
    assert applied.ggrec("apply", "--auto-approve").code == 0
    words, path = 'panel 3 "Rate": query A', PATH.format(3)
    shown = applied.ggrec("plan", "--markdown", "p.md", "--html", "p.html")
    (line,) = [line for line in shown.out.splitlines() if line.lstrip().startswith("= ")]
    assert words in line and path not in line and "by bob" in line
    assert f"{words} ({path})" in applied.ggrec("plan", "-v").out
    for name in ("p.md", "p.html"):
        text = (applied.path / name).read_text("utf-8").replace("&quot;", '"')
        assert words in text and path not in text and "by bob" in text, text
    (held,) = applied.ggrec("plan", "--json").json["held"]["dashboard.orders"]
    assert (held["path"], held["place"]) == (path, words)
    drift = applied.ggrec("drift", "--report", "d.md", "--report", "d.html")
    assert f"{words} ({path})" in drift.out
    for name in ("d.md", "d.html"):
        assert words in (applied.path / name).read_text("utf-8").replace("&quot;", '"')
    (held,) = applied.ggrec("drift", "--json").json["held"]["dashboard.orders"]
    assert (held["path"], held["place"]) == (path, words)
    assert applied.ggrec("drift", "accept", "dashboard.orders", "--path", path).code == 0
    assert "rate(up[5m])" in (applied.path / "desired/all.yaml").read_text("utf-8")


def test_what_two_changed(applied: Folder, sandbox: Any) -> None:
    applied.write("desired/all.yaml", MERGING)
    assert applied.ggrec("apply", "--auto-approve").code == 0
    applied.write("desired/all.yaml", MERGING.replace("expr: up", "expr: down"))
    assert applied.ggrec("plan", "-o", "p.ggrec").code == 0
    asks(sandbox, "rate(up[5m])")
    words = 'panel 3 "Rate": query A'
    refused = applied.ggrec("plan")
    assert f"{words} was changed in the file and outside" in refused.out, refused.out
    at_apply = applied.ggrec("apply", "p.ggrec", "--on-conflict", "merge")
    assert at_apply.code == 4 and f"both changed {words}: was" in at_apply.out, at_apply.out
    accepted = applied.ggrec("drift", "accept", "dashboard.orders")
    assert f"{words} was changed in the files and outside" in accepted.out + accepted.err
    for text in (refused.out, at_apply.out, accepted.out + accepted.err):
        assert "panels[id=" not in text, text


def test_what_a_merge_keeps_at_apply(applied: Folder, sandbox: Any) -> None:
    applied.write("desired/all.yaml", QUERIED)
    assert applied.ggrec("apply", "--auto-approve").code == 0
    applied.write("desired/all.yaml", QUERIED.replace("title: Orders", "title: Second"))
    assert applied.ggrec("plan", "-o", "p.ggrec").code == 0
    asks(sandbox, "rate(up[5m])")
    merged = applied.ggrec("apply", "p.ggrec", "--on-conflict", "merge")
    assert merged.code == 0 and 'merged: keeps panel 3 "Rate": query A' in merged.out, merged.out


def test_what_is_acknowledged(applied: Folder) -> None:
    part = ("--path", "panels[title='Rate'].thresholds", "--reason", "a test", "--until", "2999-01-01")
    assert applied.ggrec("drift", "ack", "dashboard.orders", *part).code == 0
    assert "dashboard.orders panel \"Rate\": thresholds (panels[title='Rate'].thresholds)" in (
        applied.ggrec("drift", "acks").out
    )
