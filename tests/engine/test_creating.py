"""Creating many dashboards asks for nothing that the list has told, then one write and one look each."""

from pathlib import Path
from typing import Any

import pytest

from tests.engine.estates import ask
from tests.lab import Lab, document

FOLDER = document("Folder", "ops", title="Operations")
BOARDS = [document("Dashboard", f"d{n}", title=f"D{n}", folder="ops") for n in range(12)]
ONE = "/apis/dashboard.grafana.app/v0alpha1/namespaces/default/dashboards/"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    made = Lab(tmp_path)
    made.applied([FOLDER])
    return made


def asked(lab: Lab, since: int) -> list[str]:
    return [f"{seen.method} {seen.path}" for seen in lab.dispatcher.requests[since:] if "/dashboards" in seen.path]


def test_a_plan_looks_for_none_of_them(lab: Lab) -> None:
    before = len(lab.dispatcher.requests)
    assert len(lab.plan([FOLDER, *BOARDS]).changes) == len(BOARDS)
    assert not [text for text in asked(lab, before) if text.startswith(f"GET {ONE}")]


def test_each_is_written_once_and_read_once(lab: Lab) -> None:
    before = len(lab.dispatcher.requests)
    lab.applied([FOLDER, *BOARDS])
    told = asked(lab, before)
    assert sum(text == f"POST {ONE.rstrip('/')}" for text in told) == len(BOARDS)
    assert sorted(text for text in told if text.startswith(f"GET {ONE}")) == sorted(f"GET {ONE}d{n}" for n in range(12))


def test_what_is_there_after_all_is_refused_and_nobodys_work_is_lost(lab: Lab) -> None:
    """The list left it out; the create is the proof."""

    def between() -> None:
        body: Any = {"metadata": {"name": "d3"}, "spec": {"title": "Hers"}}
        assert ask(lab, "POST", ONE.rstrip("/"), body).status == 201

    ended = lab.apply([FOLDER, *BOARDS], between=between)
    assert [str(o.address) for o in ended.outcomes if o.result == "conflict"] == ["dashboard.d3"]
    assert lab.org.dashboards["d3"]["title"] == "Hers"
