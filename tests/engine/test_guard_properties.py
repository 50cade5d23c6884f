"""Whatever is desired: a plan without refusals deletes nothing protected, exceeds no limit, leaves nobody referring to
nothing, and no exchange of any kind ever forces alert rules away.
"""

import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.guard import Guard
from reconciler.core.protect import Protection, Rule
from reconciler.engine.planner import Options
from tests.engine.estates import ask, estate, people
from tests.lab import Lab, document

_GUARD = Guard(max_deletes=2, max_delete_share=0.6, floor=2, max_updates=2)
_PROTECTION = Protection((Rule("addresses", "team.*"), Rule("folders", "f1"), Rule("tags", "b")))
_TEXTS = ("metrics", "logs", "d0", "d1", "d2")


def _below(lab: Lab, uid: str) -> set[str]:
    found = [uid]
    for here in found:
        found += [f["uid"] for f in lab.org.folders.values() if f["parentUid"] == here]
    return set(found)


def _protected(lab: Lab) -> set[tuple[str, str]]:
    """What the rules hold, looked up in the sandbox and not in the program."""
    inside = _below(lab, "f1") if "f1" in lab.org.folders else set()
    boards = lab.org.dashboards.values()
    found = {("dashboard", d["uid"]) for d in boards if d["folderUid"] in inside or "b" in d["body"].get("tags", [])}
    found |= {("annotation", str(a["id"])) for a in lab.org.annotations.values() if "b" in a["tags"]}
    return found | {("folder", uid) for uid in inside} | {("team", team["uid"]) for team in lab.org.teams.values()}


def _stranger(draw_number: int) -> dict[str, Any]:
    target = _TEXTS[draw_number % len(_TEXTS)]
    links = [{"title": "L", "url": f"/d/{target}"}]
    return {"uid": "theirs", "title": "T", "links": links, "panels": [{"title": "P", "datasource": {"uid": target}}]}


@settings(max_examples=15, deadline=None)
@given(estate(), estate(), st.integers(0, 4))
def test_a_plan_without_refusals_takes_nothing_it_must_not(
    before: list[dict[str, Any]], after: list[dict[str, Any]], number: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lab = people(Lab(Path(folder)))
        lab.applied(before)
        ask(lab, "POST", "/api/dashboards/db", {"dashboard": _stranger(number)})
        plan = lab.plan(after, Options(guard=_GUARD, protection=_PROTECTION))
        codes = {refusal.code for refusal in plan.refusals}
        deletes = {(c.address.kind, str(c.uid)) for c in plan.changes if c.action in {"delete", "replace"}}
        assert bool(deletes & _protected(lab)) == ("protected" in codes)
        counts = Counter(kind for kind, _ in deletes)
        owned = Counter(address.kind for address in lab.state.resources)
        updates = Counter(change.address.kind for change in plan.changes if change.action == "update")
        if not codes & {"too-many-deletes", "too-many-updates"}:
            assert all(count <= 2 and (count < 2 or count / owned[kind] <= 0.6) for kind, count in counts.items())
            assert all(count <= 2 for count in updates.values())
        named = {("datasource", _TEXTS[number]), ("dashboard", _TEXTS[number])}
        if named & deletes:
            assert "still-referred" in codes


@pytest.mark.parametrize("sort", ["dashboard", "alert rule", "folder"])
def test_what_comes_into_a_folder_after_the_plan_stops_its_delete(sort: str, tmp_path: Path) -> None:
    """Two levels down, between plan and apply."""
    lab = Lab(tmp_path)
    folders = [document("Folder", "top", title="Top"), document("Folder", "mid", title="Mid", parent="top")]
    lab.applied([*folders, document("Folder", "x", title="X")])
    requests = {
        "dashboard": ("/api/dashboards/db", {"dashboard": {"uid": "new", "title": "New"}, "folderUid": "mid"}),
        "alert rule": ("/api/v1/provisioning/alert-rules", {"uid": "new", "title": "New", "folderUID": "mid"}),
        "folder": ("/api/folders", {"uid": "new", "title": "New", "parentUid": "mid"}),
    }
    path, body = requests[sort]
    result = lab.apply([document("Folder", "x", title="X")], between=lambda: ask(lab, "POST", path, body))
    outcomes = {str(outcome.address): (outcome.result, outcome.error) for outcome in result.outcomes}
    assert outcomes["folder.mid"][0] == "conflict"
    assert f"{sort} 'New' (new)" in outcomes["folder.mid"][1]
    assert outcomes["folder.top"][0] in {"conflict", "skipped"}
    assert {"top", "mid"} <= set(lab.org.folders)
    assert not [line for line in lab.writes() if line.startswith("DELETE")]


def test_a_rule_that_comes_between_the_last_look_and_the_delete_is_named(tmp_path: Path) -> None:
    """Grafana's own refusal says neither how many nor which."""
    lab = Lab(tmp_path)
    lab.applied([document("Folder", "top", title="Top"), document("Folder", "x", title="X")])

    def come(world: Any) -> None:
        world.orgs[1].rules["r"] = {"uid": "r", "title": "High", "folderUID": "top"}

    lab.dispatcher.faults.add("edit", come, method="DELETE", path="/api/folders/*")
    result = lab.apply([document("Folder", "x", title="X")])
    (outcome,) = [item for item in result.outcomes if str(item.address) == "folder.top"]
    assert outcome.result == "failed"
    assert "folder is not empty. In it: alert rule 'High' (r)" in outcome.error
    assert "never deletes them by force" in outcome.error
    assert "r" in lab.org.rules and "top" in lab.org.folders


def test_alert_rules_are_never_deleted_by_force(tmp_path: Path) -> None:
    """Over everything that a life of all kinds sends."""
    from tests.lab import examples

    lab = people(Lab(tmp_path))
    lab.applied(examples())
    lab.applied([document("Folder", "last", title="Last")])
    lab.applied([], Options(destroy=True))
    deletes = [seen for seen in lab.dispatcher.requests if seen.method == "DELETE"]
    assert len(deletes) > 5
    forced = [seen.query["forceDeleteRules"] for seen in lab.dispatcher.requests if "forceDeleteRules" in seen.query]
    assert forced and all(list(values) == ["false"] for values in forced)
    rules = [
        seen.path
        for seen in deletes
        if "alert-rules" in seen.path or "rule-groups" in seen.path or "ruler" in seen.path
    ]
    assert rules == ["/api/v1/provisioning/folder/operations/rule-groups/api"], "the declared group, by itself"


def test_a_plan_that_takes_nothing_away_asks_nothing_more(tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    lab.applied([document("Dashboard", "d", title="D"), document("Datasource", "m", type="prometheus")])
    before = len(lab.dispatcher.requests)
    changed = [document("Dashboard", "d", title="E"), document("Datasource", "m", type="prometheus", url="http://m:1")]
    assert len(lab.plan(changed).writes) == 2
    paths = [seen.path for seen in lab.dispatcher.requests[before:]]
    assert not [path for path in paths if "alert" in path or "playlists" in path or "library" in path]
    assert sum(path.endswith("/dashboards") for path in paths) == 2  # the beacon and the list
