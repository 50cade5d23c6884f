"""P1 a plan after an apply is empty; P2 an empty plan sends only GET; P3 whatever breaks at whatever request, running
again converges.

More examples: `GGREC_EXAMPLES=10000 pytest tests/engine/test_properties.py`.
"""

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.core.errors import GgrecError
from tests.engine.estates import ask, estate, hand_edits, people
from tests.lab import Lab

EXAMPLES = int(os.environ.get("GGREC_EXAMPLES", "25"))
_PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""No shrinking: it would take minutes, and the drawn estates are small."""
_SETTINGS = settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=_PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
_CUTS = ("drop_request", "drop_response", "status", "status_after")


@contextlib.contextmanager
def a_lab() -> Any:
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None  # every write is flushed: not to a disk here
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        yield people(Lab(Path(folder)))


@given(estate(), estate(), hand_edits)
@_SETTINGS
def test_plan_after_apply_is_empty_and_silent(first: Any, second: Any, edits: Any) -> None:
    with a_lab() as lab:
        lab.applied(first)
        for edit, number in edits:
            edit(lab, number)
        lab.converge(second)
        before = len(lab.dispatcher.requests)
        plan = lab.plan(second)
        assert plan.changes == ()
        assert plan.drift == ()
        assert lab.writes(before) == []
        _holds_exactly(lab, second)


@given(estate(), estate(), st.integers(0, 40), st.sampled_from(_CUTS), hand_edits)
@_SETTINGS
def test_whatever_breaks_running_again_converges(first: Any, second: Any, k: int, cut: str, edits: Any) -> None:
    with a_lab() as lab:
        lab.applied(first)
        lab.dispatcher.faults.add(cut, 500, method="[PD]*", skip=k, count=1)
        with contextlib.suppress(GgrecError):
            lab.apply(second)
        lab.dispatcher.faults.clear()
        for edit, number in edits:
            edit(lab, number)
        lab.converge(second)
        _holds_exactly(lab, second)


class Killed(BaseException):
    """The process dies here."""


@given(estate(), estate(), st.lists(estate() | st.none(), max_size=2), st.data())
@_SETTINGS
def test_a_long_life(first: Any, second: Any, others: Any, data: st.DataObject) -> None:
    """Estates follow one another (None: the one before comes back), each apply is hurt by several faults at random,
    people edit and delete before and after, another tool's objects lie beside: it converges, and they are untouched.
    """
    with a_lab() as lab:
        _another_tool(lab)
        for target in (first, second, *(item or first for item in others)):
            theirs = _theirs(lab)
            for number in data.draw(st.lists(st.integers(0, 60), max_size=3)):
                cut = data.draw(st.sampled_from(_CUTS))
                lab.dispatcher.faults.add(cut, 500, method="[GPD]*", skip=number, count=1)
            with contextlib.suppress(GgrecError):
                lab.apply(target)
            lab.dispatcher.faults.clear()
            assert _theirs(lab) == theirs
            for edit, number in data.draw(hand_edits) if lab.store.load() is not None else ():
                edit(lab, number)
            before = len(lab.dispatcher.requests)
            lab.plan(target)
            assert lab.writes(before) == []
        theirs = _theirs(lab)
        lab.converge(target, adopt=True)  # what people edited that no run had come to yet is taken over only so
        assert _theirs(lab) == theirs


def _another_tool(lab: Lab) -> None:
    for tags in (["deploy"], ["tool:1"]):
        ask(lab, "POST", "/api/annotations", {"text": "theirs", "time": 1_700_000_000_000, "tags": tags}, "bob")
    ask(lab, "POST", "/api/teams", {"name": "Theirs", "email": "t@x.org"})
    ask(lab, "POST", "/api/datasources", {"uid": "theirs", "name": "theirs", "type": "loki", "access": "proxy"})


def _theirs(lab: Lab) -> Any:
    """What the other tool keeps, without what hand edits of everything change."""
    notes = sorted(
        item["id"] for item in lab.org.annotations.values() if item["user"] == 3 and item["text"] == "theirs"
    )
    teams = [team["uid"] for team in lab.org.teams.values() if team["name"] == "Theirs"]
    return notes, teams, lab.org.datasources.get("theirs", {}).get("name")


@given(estate(), estate(), st.integers(0, 60), st.booleans())
@_SETTINGS
def test_killed_after_any_request_running_again_converges(first: Any, second: Any, k: int, before: bool) -> None:
    """Dying before or after the k-th request: nothing is lost, nothing is doubled."""
    with a_lab() as lab:
        lab.applied(first)
        answer = lab.dispatcher.answer
        seen = 0

        def dying(*request: Any) -> Any:
            nonlocal seen
            seen += 1
            if seen == k + 1 and before:
                raise Killed
            reply = answer(*request)
            if seen == k + 1:
                raise Killed
            return reply

        lab.dispatcher.answer = dying
        with contextlib.suppress(Killed, GgrecError):
            lab.apply(second)
        lab.dispatcher.answer = answer
        lab.converge(second)
        _holds_exactly(lab, second)


_KINDS = {"FolderPermissions": "permissions"}


def _teams(lab: Lab) -> dict[str, int]:
    return {f"t{team['name'].removeprefix('Team ')}": number for number, team in lab.org.teams.items()}


def _lets_in(lab: Lab, spec: dict[str, Any]) -> None:
    """The folder's entries are those of the spec, or at least those."""
    numbers = {"View": 1, "Edit": 2, "Admin": 4}
    people = {user.login: user.id for user in lab.world.users.values()}
    meant = set()
    for entry in spec["entries"]:
        sort = next(sort for sort in ("team", "user", "role") if sort in entry)
        who = {"team": _teams(lab), "user": people, "role": {entry[sort]: entry[sort]}}[sort].get(entry[sort])
        if who is not None:  # who has no account is let in later
            meant.add((sort, who, numbers[entry["permission"]]))
    held = {tuple(entry) for entry in lab.org.permissions.get(f"folder:{spec['folder']}", ())}
    assert meant == held if spec["mode"] == "exact" else meant <= held


def _holds_exactly(lab: Lab, documents: list[dict[str, Any]]) -> None:
    """Grafana holds what is declared, once, and nothing more (all of it was ours)."""
    names: dict[str, list[str]] = {}
    for item in documents:
        names.setdefault(item["kind"], []).append(item["metadata"]["name"])
    assert sorted(lab.org.folders) == sorted(names.get("Folder", []))
    assert sorted(lab.org.dashboards) == sorted(names.get("Dashboard", []))
    assert sorted(lab.org.datasources) == sorted(names.get("Datasource", []))
    assert sorted(team["name"] for team in lab.org.teams.values()) == sorted(
        item["spec"]["name"] for item in documents if item["kind"] == "Team"
    )
    markers = sorted(tag for item in lab.org.annotations.values() for tag in item["tags"] if tag.startswith("ggrec:"))
    assert markers == sorted(f"ggrec:{name}" for name in names.get("Annotation", []))
    for item in documents:
        if item["kind"] == "Dashboard":
            assert lab.org.dashboards[item["metadata"]["name"]]["folderUid"] == item["spec"].get("folder", "")
    owned = {(address.kind, address.name) for address in lab.state.resources}
    assert owned == {(_KINDS.get(kind, kind.lower()), name) for kind, found in names.items() for name in found}
    for item in documents:
        if item["kind"] == "FolderPermissions":
            _lets_in(lab, item["spec"])
        if item["kind"] == "Preferences":
            held = lab.org.preferences[f"team:{_teams(lab)[item['spec']['team']]}"]
            assert held["theme"] == item["spec"]["theme"]
            assert held.get("homeDashboardUID", "") == item["spec"].get("home", "")
    assert not lab.state.intents
    assert ask(lab, "GET", "/api/search").status == 200
