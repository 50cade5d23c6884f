"""Random changes by hand on the estates of this repository: what is accepted has an empty plan, what is refused has its
reasons, and no file is another but those that say what was accepted.

More examples: `GGREC_EXAMPLES=200 pytest tests/cli/test_accept_estates.py`.
"""

import contextlib
import copy
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from reconciler.sandbox import start
from tests.cli.command import Folder
from tests.cli.hand_edits import DASHBOARD, edit_dashboard, edit_other

ROOT = Path(__file__).parents[2]
EXAMPLES = int(os.environ.get("GGREC_EXAMPLES", "2"))


class Estate:
    """All desired files of the repository, applied once, and Alice."""

    def __init__(self, folder: Folder, handle: Any) -> None:
        self.folder, self.handle = folder, handle
        self.http = httpx.Client(base_url=handle.url, auth=("alice", "pw"), verify=False)
        shutil.copytree(ROOT / "desired", folder.path / "desired")
        shutil.copytree(ROOT / "tests" / "cli" / "estate", folder.path / "desired" / "odd")
        for file in sorted((ROOT / "examples").rglob("*.yaml")):
            shutil.copy(file, folder.path / "desired" / file.name)
        text = (ROOT / "ggrec.yaml").read_text("utf-8").replace("http://127.0.0.1:3999", handle.url)
        folder.write("ggrec.yaml", text)
        ended = folder.ggrec("apply", "--auto-approve")
        assert ended.code == 0, ended.err
        handle.world.add_user("alice", "alice@example.org", password="pw", role="Admin")
        self.orgs, self.counters = copy.deepcopy(handle.world.orgs), dict(handle.world.counters)
        self.texts = {file: file.read_bytes() for file in (folder.path / "desired").rglob("*") if file.is_file()}
        self.boards = sorted(self.orgs[1].dashboards)

    def restore(self) -> None:
        self.handle.world.orgs, self.handle.world.counters = copy.deepcopy(self.orgs), dict(self.counters)
        for file, data in self.texts.items():
            if file.read_bytes() != data:
                file.write_bytes(data)

    @contextlib.contextmanager
    def state_kept(self) -> Iterator[None]:
        """What is applied meanwhile is forgotten."""
        root = self.folder.path / "state"
        for state in root.rglob("drift.json"):
            state.unlink()
        kept = {file: file.read_bytes() for file in root.rglob("*") if file.is_file()}
        try:
            yield
        finally:
            for file in [file for file in root.rglob("*") if file.is_file()]:
                file.unlink()
            for file, data in kept.items():
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(data)

    def changed(self) -> set[str]:
        root = self.folder.path
        return {file.relative_to(root).as_posix() for file, old in self.texts.items() if file.read_bytes() != old}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Estate]:
    handle = start()
    made = Estate(Folder(tmp_path_factory.mktemp("estates")), handle)
    yield made
    made.http.close()
    handle.stop()


def test_nothing_is_left_to_do_after_accepting_and_after_a_rollback_into_the_files(estate: Estate) -> None:
    """Each of GigGatek's dashboards has a link with the version that is declared: that alone is no reason to write."""
    estate.restore()
    name, ggrec = "dashboard.product-insights", estate.folder.ggrec
    drawn = ggrec("render", name).out
    with estate.state_kept():
        edit_dashboard(estate.http, "product-insights", [(4, 3), (7, 1)])
        accepted = ggrec("drift", "accept", name)
        assert accepted.code == 0 and "links" not in accepted.out, accepted.out
        for _ in range(2):
            plan = ggrec("plan", "--detailed-exitcode", "--json")
            assert (plan.code, plan.json["changes"]) == (0, []), plan.out
            assert ggrec("drift").code == 0
            assert ggrec("apply", "--auto-approve").code == 0
        back = ggrec("rollback", f"{name}@1", "--write", "--auto-approve")
        assert back.code == 0, back.out + back.err
        assert ggrec("render", name).out == drawn and "version=" not in back.out
        forth = ggrec("rollback", f"{name}@2", "--write", "--auto-approve")
        assert forth.code == 0 and estate.changed() == {"desired/dashboards/product-insights.yaml"}, forth.out
        assert ggrec("render", name).out != drawn
        assert ggrec("plan", "--detailed-exitcode").code == 0


_edits = st.lists(st.tuples(st.integers(0, len(DASHBOARD) - 1), st.integers(0, 59)), min_size=1, max_size=3)
_boards = st.dictionaries(st.integers(0, 99), _edits, min_size=1, max_size=1 if EXAMPLES < 10 else 4)
_others = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 59)), max_size=1)


@given(_boards, _others)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_what_is_accepted_is_no_difference_and_nothing_else_has_changed(
    estate: Estate, boards: dict[int, list[tuple[int, int]]], others: list[tuple[int, int]]
) -> None:
    estate.restore()
    for number, edits in boards.items():
        edit_dashboard(estate.http, estate.boards[number % len(estate.boards)], edits)
    for what, number in others:
        edit_other(estate.http, what, number)
    ended = estate.folder.ggrec("drift", "accept", "--all", "--json")
    assert ended.code in (0, 3, 6), ended.out + ended.err
    assert estate.changed() == {file for item in ended.json["accepted"] for file in item["files"]}
    _only_their_documents(estate, [item for item in ended.json["accepted"] if item["files"]])
    for item in ended.json["refused"]:
        assert all(reason["hint"] and reason["message"] for reason in item["reasons"])
    plan = estate.folder.ggrec("plan", "--json").json
    for item in ended.json["accepted"]:
        drift = [found["outcome"] for found in plan["drift"] if found["address"] == item["address"]]
        assert drift == ["settled"]
    changed = {change["address"] for change in plan["changes"]}
    assert not changed & {item["address"] for item in ended.json["accepted"]}
    assert changed <= {item["address"] for item in ended.json["refused"]} | set(ended.json["follows"])
    assert {address.split(".")[0] for address in ended.json["follows"]} <= {"dashboard"}
    again = {found["address"] for found in plan["drift"] if found["outcome"] != "settled"}
    assert again == {item["address"] for item in ended.json["refused"]}


def _only_their_documents(estate: Estate, accepted: list[Any]) -> None:
    """As many documents of a file are others as objects in it were accepted."""
    root = estate.folder.path
    for name in estate.changed():
        old, new = (
            re.split(rb"(?m)^---\r?$", data) for data in (estate.texts[root / name], (root / name).read_bytes())
        )
        assert len(old) == len(new)
        others = sum(left != right for left, right in zip(old, new, strict=True))
        assert others <= sum(name in item["files"] for item in accepted)


_titles = st.dictionaries(st.integers(0, 99), st.integers(0, 59), min_size=1, max_size=3)
_names = st.lists(st.tuples(st.sampled_from([0, 3]), st.integers(0, 59)), max_size=2)


@given(_titles, _names)
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
@example({n: n for n in range(14)}, [(3, 0)])
def test_titles_that_are_accepted_leave_an_empty_plan(
    estate: Estate, boards: dict[int, int], others: list[tuple[int, int]]
) -> None:
    """Also where links, views and portals name them; and the next apply sends nothing and knows it."""
    with estate.state_kept():
        estate.restore()
        for number, how in boards.items():
            edit_dashboard(estate.http, estate.boards[number % len(estate.boards)], [(len(DASHBOARD) - 1, how)])
        for what, number in others:
            edit_other(estate.http, what, number)
        ended = estate.folder.ggrec("drift", "accept", "--all", "--json")
        refused = {item["address"] for item in ended.json["refused"]}
        assert ended.json["follows"] == [], ended.out
        plan = estate.folder.ggrec("plan", "--json").json
        assert {change["address"] for change in plan["changes"]} <= refused
        left = ("--on-conflict", "theirs")
        before = len(estate.handle.requests)
        assert estate.folder.ggrec("apply", "--auto-approve", *left).code == 0
        assert {seen.method for seen in estate.handle.requests[before:]} == {"GET"}
        again = estate.folder.ggrec("plan", "--json", *left).json
        assert again["changes"] == [] and again["held"] == plan["held"]
