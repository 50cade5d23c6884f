"""`ggrec drift accept` of many objects: what the files say of the others is not worked out anew for each, and comes to
the same as if it were.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks import estate
from reconciler.authoring import resolve
from reconciler.cli.accepted import Accepting
from reconciler.sandbox import start
from tests.cli.command import Folder
from tests.cli.hand_edits import edit_dashboard, edit_other
from tests.cli.test_accept import MAIN, PROJECT

SIZE = estate.Size(dashboards=12, folders=4, teams=1, annotations=1)
ODD = Path(__file__).parent / "estate"


class Made:
    """An estate without roles, applied, and what somebody changed in all of it by hand."""

    def __init__(self, path: Path, handle: Any) -> None:
        self.folder = Folder(path, {"GRAFANA_URL": handle.url, "GRAFANA_USER": "admin", "GRAFANA_PASSWORD": "admin"})
        estate.write(path, SIZE)
        for file in ("exported.json", "wrapped.json", "own.json", "boards.yaml", "shared.yaml", "styled.yaml"):
            shutil.copy(ODD / file, path / "desired" / file)
        sources = path / "desired" / "datasources.yaml"  # an exported file of ours asks for the only Prometheus
        sources.write_text(sources.read_text("utf-8").replace('"prometheus"', '"mimir"'), "utf-8")
        self.folder.write("ggrec.yaml", PROJECT.format(url=handle.url))
        self.folder.write("desired/main.yaml", MAIN)
        ended = self.folder.ggrec("apply", "--auto-approve")
        assert ended.code == 0, ended.err
        with httpx.Client(base_url=handle.url, auth=("admin", "admin")) as http:
            for number, uid in enumerate(sorted(handle.world.orgs[1].dashboards)):
                edit_dashboard(http, uid, [(4, number), (7, number)])
            for what in range(4):
                edit_other(http, what, 0)
            source = http.get("/api/datasources/uid/bench-metrics").json()
            assert http.put("/api/datasources/uid/bench-metrics", json=source | {"type": "tempo"}).status_code == 200
        self.texts = {file: file.read_bytes() for file in (path / "desired").rglob("*") if file.is_file()}

    def accept(self, *arguments: str) -> tuple[Any, dict[Path, bytes]]:
        """What is said, and what the files hold then; they are as before again."""
        ended = self.folder.ggrec("drift", "accept", "--all", "--json", *arguments)
        assert ended.code == 6, ended.out + ended.err
        held = {file: file.read_bytes() for file in self.texts}
        for file, data in self.texts.items():
            file.write_bytes(data)
        return ended.json, held


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    handle = start()
    yield Made(tmp_path_factory.mktemp("many"), handle)
    handle.stop()


def test_it_comes_to_the_same_as_with_everything_worked_out_anew(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = made.accept()
    monkeypatch.setattr(Accepting, "_unmoved", lambda self, wish: iter(()))
    assert made.accept() == quick
    said, held = quick
    assert len(said["accepted"]) > 10 and said["refused"]
    assert {item["address"].partition(".")[0] for item in said["accepted"]} >= {"dashboard", "folder", "team"}
    assert "datasource.bench-metrics" in {item["address"] for item in said["accepted"]}
    assert sum(held[file] != text for file, text in made.texts.items()) > 10


def test_a_dashboard_is_not_expanded_for_each_other_one(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    times: dict[str, int] = {}
    expand = resolve.expand_dashboard

    def counted(spec: Any, *arguments: Any, **more: Any) -> Any:
        key = str(spec.mark)
        times[key] = times.get(key, 0) + 1
        return expand(spec, *arguments, **more)

    monkeypatch.setattr(resolve, "expand_dashboard", counted)
    made.accept("--dry-run")
    alone = {key: number for key, number in times.items() if "dashboards/" in key}
    assert len(alone) == SIZE.dashboards
    assert max(alone.values()) <= 8, alone  # as read; and for itself, for what it needs and for nobody else
