"""The rungs by which Grafana is read: which requests each takes, when it falls through, and that a wrong hint costs
nobody's work.
"""

import json
import zlib
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.core.errors import GgrecError
from reconciler.engine.planner import Options
from reconciler.store.hints import KEY, StoredHints
from tests.engine.test_table import basic, saved_by_hand
from tests.lab import Lab, document

LIST = "/apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards"
BOARDS = 60


def declared(changed: int = 0) -> list[dict[str, Any]]:
    return [document("Dashboard", f"b{n}", title=f"B {n}", tags=["new"] if n < changed else []) for n in range(BOARDS)]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Sixty dashboards that were applied and verified."""
    lab = Lab(tmp_path)
    lab.applied(declared())
    lab.clock.tick(), lab.clock.tick(), lab.clock.tick()
    for _ in range(2):
        assert lab.plan(declared()).changes == ()
    return lab


def asked(lab: Lab, documents: list[dict[str, Any]], options: Options | None = None) -> tuple[Any, list[str]]:
    """The plan, and what it asked about dashboards."""
    before = len(lab.dispatcher.requests)
    plan = lab.plan(documents, options)
    seen = lab.dispatcher.requests[before:]
    about = [r for r in seen if r.path.startswith((LIST, "/api/search", "/api/dashboards", "/api/org/users"))]
    return plan, [
        r.path.removeprefix(LIST) + ("?limit=1" if list(r.query.get("limit", ())) == ["1"] else "") for r in about
    ]


def test_what_was_verified_is_proved_by_two_requests(lab: Lab) -> None:
    plan, paths = asked(lab, declared())
    assert (plan.changes, plan.drift, plan.unchanged) == ((), (), BOARDS)
    assert paths == ["?limit=1", "/api/search"]


def test_after_an_apply_the_revisions_prove_it_once_and_then_the_beacon_does(lab: Lab) -> None:
    lab.applied(declared(3))
    plan, paths = asked(lab, declared(3))
    assert plan.changes == () and paths == ["?limit=1", "/api/search", ""]
    for _ in range(3):
        lab.clock.tick()
    asked(lab, declared(3))
    assert asked(lab, declared(3))[1] == ["?limit=1", "/api/search"]


def test_one_edit_by_hand_takes_one_body_and_its_history(lab: Lab) -> None:
    saved_by_hand(lab, "b7", title="Hers")
    plan, paths = asked(lab, declared())
    assert [str(drift.address) for drift in plan.drift] == ["dashboard.b7"]
    assert plan.drift[0].attribution.who == "admin" and plan.drift[0].attribution.messages == ("by hand",)
    assert paths == ["?limit=1", "/api/search", "", "/b7", "/api/dashboards/uid/b7/versions?limit=1"]


def test_ten_edits_by_hand_and_ten_in_files_take_twelve_requests_at_most(lab: Lab) -> None:
    for number in range(20, 30):
        saved_by_hand(lab, f"b{number}", title=f"Hers {number}")
    plan, paths = asked(lab, declared(10))
    assert len(plan.drift) == 10 and len(plan.writes) == 20
    assert {drift.attribution.who for drift in plan.drift} == {"admin"}
    assert all(drift.attribution.when for drift in plan.drift)
    assert paths[:3] == ["?limit=1", "/api/search", ""]
    assert len(paths) - 3 <= 12


def test_many_edits_are_read_in_one_list(lab: Lab) -> None:
    for number in range(40):
        saved_by_hand(lab, f"b{number}", title=f"Hers {number}")
    plan, paths = asked(lab, declared())
    assert len(plan.drift) == 40
    assert paths == ["?limit=1", "/api/search", "", "", "/api/org/users"]


def test_deleted_created_and_moved_are_seen(lab: Lab) -> None:
    lab.org.dashboards.pop("b3")  # whatever the beacon says: search tells
    plan, _ = asked(lab, declared())
    assert [(str(d.address), d.gone) for d in plan.drift] == [("dashboard.b3", True)]


def test_full_reads_every_body(lab: Lab) -> None:
    assert asked(lab, declared(), Options(full=True))[1] == ["?limit=1", ""]  # who lists them needs no search
    reads = [r for r in lab.dispatcher.requests if r.path == LIST]
    assert list(reads[-1].query["limit"]) == ["500"]


@pytest.mark.parametrize("damage", ["gone", "noise", "other format", "other server", "empty"])
def test_a_hint_that_cannot_be_used_costs_one_slower_plan(lab: Lab, damage: str) -> None:
    file = lab.folder / "state" / KEY
    data = orjson.loads(zlib.decompress(file.read_bytes()))
    if damage == "gone":
        file.unlink()
    elif damage == "noise":
        file.write_bytes(b"\x00" * 40)
    else:
        data |= {"other format": {"format": 99}, "other server": {"url": "http://else.test"}, "empty": {"kinds": {}}}[
            damage
        ]
        file.write_bytes(zlib.compress(orjson.dumps(data)))
    saved_by_hand(lab, "b7", title="Hers")
    plan, paths = asked(lab, declared())
    assert len(plan.drift) == 1 and paths[:2] == ["?limit=1", ""]
    asked(lab, declared())
    assert StoredHints(lab.store.blobs).observation() is not None


def test_a_wrong_hint_overwrites_nobodys_work(lab: Lab) -> None:
    """Somebody saves, and the hint says of that very beacon that all is as it was."""
    saved_by_hand(lab, "b7", title="Hers")
    newest = lab.org.dashboards["b7"]["updated"]
    file = lab.folder / "state" / KEY
    data = orjson.loads(zlib.decompress(file.read_bytes()))
    for _ in range(5):
        lab.clock.tick()
    lab.plan(declared())
    fresh = orjson.loads(zlib.decompress(file.read_bytes()))
    data["kinds"]["dashboard"]["beacon"] = fresh["kinds"]["dashboard"]["beacon"]
    file.write_bytes(zlib.compress(orjson.dumps(data)))
    changed = declared(10)
    assert lab.plan(changed).drift == ()  # deceived
    file.write_bytes(zlib.compress(orjson.dumps(data)))
    result = lab.apply(changed)
    (hers,) = [outcome for outcome in result.outcomes if str(outcome.address) == "dashboard.b7"]
    assert hers.result == "conflict"
    assert lab.org.dashboards["b7"]["body"]["title"] == "Hers" and lab.org.dashboards["b7"]["updated"] == newest


def test_a_plan_is_made_where_nothing_can_be_kept(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Any, key: str, data: bytes) -> None:
        raise GgrecError.one("disk-full", "no space left")

    monkeypatch.setattr("reconciler.store.blobs.LocalBlobs.put", full)
    saved_by_hand(lab, "b7", title="Hers")
    assert len(lab.plan(declared()).drift) == 1


def test_a_stranger_s_title_is_known_from_the_list_without_bodies(lab: Lab) -> None:
    """A look-alike is warned of although nobody read its body."""
    body = json.dumps({"dashboard": {"uid": "stranger", "title": "Twin"}}).encode()
    lab.dispatcher.answer("POST", "/api/dashboards/db", {}, basic(), body)
    plan = lab.plan([*declared(), document("Dashboard", "mine", title="Twin")])
    assert [item.code for item in plan.warnings] and plan.unmanaged == {"dashboard": 1}
