"""The benchmark's own parts: what they write is what they say, and a wrong figure is not called right."""

import json
import random
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from benchmarks import checks, estate, table
from benchmarks.bare import Client, pages, replay
from benchmarks.bench import Bench
from benchmarks.process import CommandFailed, run
from benchmarks.recorder import Recorder
from benchmarks.server import EDITOR, Server, add_editor, clear, edit_by_hand, ours, serving
from benchmarks.table import Bound
from reconciler.sandbox import start
from tests.cli.command import PROJECT, Folder

ROOT = Path(__file__).parents[2]
SMALL = estate.Size(dashboards=6, folders=12, teams=2, annotations=2)


def test_the_same_seed_writes_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        estate.write(tmp_path / name, SMALL)
    files = [path for path in sorted((tmp_path / "a").rglob("*")) if path.is_file()]
    assert len(files) == 14  # three dashboards are two files
    for path in files:
        assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes()


def test_dashboards_are_as_large_as_is_said() -> None:
    sizes = []
    for number in range(40):
        chance = random.Random(number)
        sizes.append(len(json.dumps(estate.exported(chance, number, chance.randint(16, 29)))))
    assert min(sizes) > 28_000 and max(sizes) < 62_000


@pytest.mark.parametrize("number", [0, 1])
def test_an_edit_changes_one_query_and_another_word_changes_it_again(tmp_path: Path, number: int) -> None:
    estate.write(tmp_path, SMALL)
    versions = [_lines(tmp_path, number)]
    for word in ("one", "two"):
        estate.edit(tmp_path, [number], word)
        versions.append(_lines(tmp_path, number))
    changed = [[one for one, other in zip(old, new, strict=True) if one != other] for old, new in pairwise(versions)]
    assert [len(lines) for lines in changed] == [1, 1] and all("expr" in lines[0] for lines in changed)


def _lines(folder: Path, number: int) -> list[str]:
    paths = sorted((folder / "desired" / "dashboards").glob(f"{estate.name_of(number)}.*"))
    return [line for path in paths for line in path.read_text().splitlines()]


def test_what_the_benchmark_made_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    handle = start()
    try:
        folder = Folder(tmp_path)
        folder.write("ggrec.yaml", PROJECT.format(url=handle.url))
        estate.write(tmp_path, SMALL)
        ended = folder.ggrec("apply", "--auto-approve")
        assert ended.code == 0, ended.out + ended.err
        admin = Client(handle.url, "admin", "admin")
        admin.json("POST", "/api/folders", {"uid": "theirs", "title": "Theirs"})
        admin.json("POST", "/api/dashboards/db", {"dashboard": {"uid": "kept", "title": "Kept"}, "folderUid": "theirs"})
        assert {key: len(found) for key, found in ours(admin).items()} == {
            "dashboards": 6, "folders": 12, "datasources": 4, "teams": 2, "annotations": 2,
        }  # fmt: skip
        with serving(handle.url) as server:
            editor = add_editor(server)
            edit_by_hand(editor, [estate.name_of(0)], "x")
            editor.close()
            shown = folder.ggrec("plan").out
            assert EDITOR in shown and "By hand x" in shown
            assert pages(admin) == 1
            request = {"connection": 0, "method": "GET", "path": "/api/health", "headers": {}, "body": ""}
            assert replay(server.client, [request, {**request, "connection": 1}, request]) == 3
            clear(server)
        assert set(handle.world.orgs[1].dashboards) == {"kept"} and set(handle.world.orgs[1].folders) == {"theirs"}
        admin.close()
    finally:
        handle.stop()


class _Socket:
    """What the recorder looks at of a socket."""

    family = None

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number


def test_requests_are_read_out_of_what_went_over_the_sockets() -> None:
    recorder = Recorder()
    one, two = _Socket(1), _Socket(2)
    head = b"POST /api/x?a=b HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nAuthorization: Basic c2VjcmV0\r\n"
    recorder.add(one, head + b"Content-Length: 8\r\n\r\n")  # type: ignore[arg-type]
    recorder.add(two, b"GET /two HTTP/1.1\r\nAccept: a/b\r\n\r\n")  # type: ignore[arg-type]
    recorder.add(one, '{"ü":1}'.encode())  # type: ignore[arg-type]
    recorder.add(one, b"GET /three HTTP/1.1\r\n\r\n")  # type: ignore[arg-type]
    assert list(recorder.requests()) == [
        {"connection": 0, "method": "POST", "path": "/api/x?a=b", "headers": {"content-type": "application/json"},
         "body": '{"ü":1}'},
        {"connection": 1, "method": "GET", "path": "/two", "headers": {"accept": "a/b"}, "body": ""},
        {"connection": 0, "method": "GET", "path": "/three", "headers": {}, "body": ""},
    ]  # fmt: skip


def test_a_process_is_measured_by_itself_and_a_failed_one_is_no_figure(tmp_path: Path) -> None:
    cost = run(["/bin/sh", "-c", "cat; exit 2"], folder=tmp_path, environment={}, codes=(2,), text="in")
    assert cost.out == "in" and cost.memory < 30 and cost.cpu < 5  # however large this process is
    with pytest.raises(CommandFailed, match="exit 2"):
        run(["/bin/sh", "-c", "exit 2"], folder=tmp_path, environment={})


@pytest.mark.parametrize(
    ("bound", "figures", "met"),
    [
        (Bound(2, 1), [0.5, 1, 9], "aim"),
        (Bound(2, 1), [1.5], "must"),
        (Bound(2, 1), [2.01], "**no**"),
        (Bound(2), [2], "aim"),
    ],
)
def test_a_row_says_whether_the_median_is_enough(bound: Bound, figures: list[float], met: str) -> None:
    assert bound.row("x", figures).met == met


def test_a_section_takes_the_place_of_the_same_servers_only(tmp_path: Path) -> None:
    results = tmp_path / "results.md"
    for title, measured in (("one", "1"), ("two", "2"), ("one", "3")):
        row = table.Row("a | b", "", "", measured, "")
        table.keep(f"## {title}\n\n{table.markdown([row])}\n", results)
    text = results.read_text()
    assert text.index("## two") < text.index("## one") and "| 3 |" in text and "| 1 |" not in text
    assert text.count("## ") == 2 and "a \\| b" in text


def test_panels_to_check_are_as_many_as_said_and_no_two_ask_the_same(tmp_path: Path) -> None:
    handle = start()
    try:
        bench = Bench(Server(handle.url, "admin", "admin", "sandbox"), tmp_path, program=str(ROOT))
        checks.declare(bench, 45, "http://127.0.0.1:1")
        asked = [
            panel["targets"][0]["expr"]
            for file in sorted((tmp_path / "desired").glob("*checked-*.yaml"))
            for panel in yaml.safe_load(file.read_text())["spec"]["panels"]
        ]
        assert len(asked) == len(set(asked)) == 45
        said = Folder(tmp_path, {"GRAFANA_PASSWORD": "admin"}).ggrec("check")
        assert (said.code, said.out) == (0, "No findings. 45 queries checked.\n")
    finally:
        handle.stop()
