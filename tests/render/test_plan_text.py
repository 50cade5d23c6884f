"""How each action, drift and refusal reads: one golden file a case. `GGREC_GOLDEN=write pytest …` writes them anew;
read the difference.
"""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.diff import Edit, Key, Op, diff
from reconciler.core.errors import Diagnostic
from reconciler.core.json import Json
from reconciler.core.plan import Action, Change, Drift, Plan, Target
from reconciler.core.resource import Attribution
from reconciler.core.source import Mark
from reconciler.core.state import Outcome
from reconciler.kinds import discover
from reconciler.render.json_view import plan_json
from reconciler.render.lines import plain, rich_text
from reconciler.render.plan_view import PlanView, plan_lines
from reconciler.render.run_view import account_lines, outcome_lines

GOLDEN = Path(__file__).parent / "golden"
BASE = Plan(Target("http://grafana", 1, "GigGatek", "12.3.0"), "lineage", 7, "digest", compared=42, unchanged=41)
KINDS = discover()
VIEW = PlanView("2026-11-23T19:00:01Z", "3f2a9c1", KINDS)
IDENTITIES = {"panels": "id", "targets": "refId", "list": "name"}


def board(*panels: dict[str, Json], **more: Json) -> Json:
    return {"folderUid": "ops", "dashboard": {"title": "Board", "panels": list(panels), **more}}


def panel(number: int, title: str, expr: str = "up", y: int = 0, **more: Json) -> dict[str, Json]:
    return {"id": number, "type": "timeseries", "title": title, "gridPos": {"x": 0, "y": y, "w": 12, "h": 8},
            "targets": [{"refId": "A", "expr": expr}], **more}  # fmt: skip


def edits(before: Json, after: Json) -> tuple[Edit, ...]:
    return diff(before, after, identities=IDENTITIES)


def change(action: Action, address: str = "dashboard.orders", **more: object) -> Change:
    made = Change(Address.parse(address), action, "", "orders", "Orders")
    return replace(made, **more)  # type: ignore[arg-type]


QUERY = edits(
    board(panel(1, "Revenue", "sum(a)\n  / sum(b)\n  / 1\n  / 2\n  / 3"), tags=["a"]),
    board(panel(1, "Revenue", "100 * sum(a)\n  / sum(b)\n  / 1\n  / 2\n  / 3"), tags=["a", "quarterly"]),
)
MANY = [panel(n, f"P{n}", y=n) for n in range(2, 62)]
INSERTED = edits(
    board(*MANY), board(panel(1, "New", y=0), *[{**p, "gridPos": {"x": 0, "y": 99, "w": 12, "h": 8}} for p in MANY])
)
HAND = edits(board(panel(1, "Rate", thresholds=[30])), board(panel(1, "Rate", thresholds=[45])))
DRIFT = Drift(
    Address.parse("dashboard.orders"), "orders", "Orders", "reverted", edits=HAND, version_before=4, version_after=5,
    attribution=Attribution("alice", "2026-11-23T16:59:00Z", 5, ("less noise",)),
)  # fmt: skip
REFUSAL = Diagnostic("x", "would be deleted, but …", "do this", Mark("desired/a.yaml", 3, 1), "folder.ops")
EVIL = edits({"text": "a"}, {"text": "\x1b[31mred\x07 \u202e"})

PLANS: dict[str, Plan] = {
    "nothing": replace(BASE, unchanged=42, unmanaged={"folder": 3, "dashboard": 1000}),
    "create": replace(BASE, changes=(change(Action.CREATE), change(Action.CREATE, "folder.ops"))),
    "update": replace(BASE, changes=(change(Action.UPDATE, edits=QUERY),)),
    "update-inserted-panel": replace(BASE, changes=(change(Action.UPDATE, edits=INSERTED),)),
    "update-secret": replace(
        BASE,
        changes=(change(Action.UPDATE, "datasource.p", secrets=("secureJsonData.k",), reason="its secret changed"),),
    ),
    "replace": replace(BASE, changes=(change(Action.REPLACE, reason="its uid changes from a to b"),)),
    "delete": replace(BASE, changes=(change(Action.DELETE, reason="no longer declared"),)),
    "adopt": replace(BASE, changes=(change(Action.ADOPT, reason="exists already, as declared"),)),
    "adopt-with-edits": replace(BASE, changes=(change(Action.ADOPT, edits=HAND, reason="exists already"),)),
    "forget": replace(BASE, changes=(change(Action.FORGET, reason="was deleted outside ggrec"),)),
    "move": replace(BASE, changes=(change(Action.NO_OP, moved_from=Address.parse("dashboard.old")),)),
    "drift": replace(BASE, drift=(DRIFT,), changes=(change(Action.UPDATE, edits=HAND),)),
    "drift-gone": replace(
        BASE, drift=(replace(DRIFT, gone=True, edits=(), outcome="recreated", attribution=Attribution()),)
    ),
    "drift-kept": replace(BASE, drift=(replace(DRIFT, outcome="kept"),)),
    "drift-conflict": replace(BASE, drift=(replace(DRIFT, outcome="conflict"),)),
    "refused": replace(BASE, refusals=(REFUSAL,), warnings=(replace(REFUSAL, message="looks odd"),)),
    "unreadable": replace(
        BASE, unreadable=(Diagnostic("x", "could not be read: HTTP 403", "ask", subject="all teams"),)
    ),
    "evil-text": replace(BASE, changes=(change(Action.UPDATE, "annotation.a", edits=EVIL, title="\x1b[2J"),)),
}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_plan(name: str) -> None:
    text = plain(plan_lines(PLANS[name], VIEW))
    file = GOLDEN / f"{name}.txt"
    if os.environ.get("GGREC_GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_every_action_and_outcome_has_a_case() -> None:
    assert {c.action for plan in PLANS.values() for c in plan.changes} == set(Action)
    assert {path.stem for path in GOLDEN.glob("*.txt")} == set(PLANS)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_colour_changes_no_letter(name: str) -> None:
    lines = plan_lines(PLANS[name], VIEW)
    assert [line.rstrip() for line in rich_text(lines).plain.split("\n")] == plain(lines).rstrip("\n").split("\n")


@pytest.mark.parametrize("name", sorted(PLANS))
def test_json_tells_the_same(name: str) -> None:
    plan = PLANS[name]
    document = plan_json(plan, now=VIEW.now, commit="c")
    assert document["format"] == "ggrec/plan/v1"
    assert [item["address"] for item in document["changes"]] == [str(item.address) for item in plan.visible]
    assert document["differs"] == plan.differs


def test_a_move_in_a_list_is_one_line() -> None:
    moved = edits(board(panel(1, "A"), panel(2, "B")), board(panel(2, "B"), panel(1, "A")))
    assert [(edit.op, edit.path[-1]) for edit in moved] == [(Op.MOVE, "panels")]
    assert Key("id", 1) == Key("id", 1, "A")


def test_outcomes() -> None:
    address = Address.parse("dashboard.orders")
    done = Outcome(address, "update", "done", 4, 5, not_converged=("dashboard.refresh",))
    failed = Outcome(
        Address.parse("folder.ops"), "create", "failed", error="POST: HTTP 500: locked\n  hint: see the log"
    )
    skipped = Outcome(Address.parse("team.t"), "create", "skipped", error="needs folder.ops")
    lines = [line for outcome in (done, failed, skipped) for line in outcome_lines(outcome, width=16)]
    account = account_lines((done, failed, skipped), "r1", command="ggrec apply")
    assert plain([*lines, *account]) == (
        "✓ dashboard.orders  updated, version 4 → 5\n"
        "    Grafana keeps another value at dashboard.refresh\n"
        "✗ folder.ops        failed: POST: HTTP 500: locked\n"
        "    hint: see the log\n"
        "↷ team.t            skipped: needs folder.ops\n"
        "Not everything was applied: 1 done, 1 failed, 1 skipped. Run r1.\n"
        "1 object came back different from what was sent: declare what Grafana keeps.\n"
        "What was done is recorded. To go on: ggrec apply\n"
    )
