"""`from: {command: [...]}`: real programs, allowed or not, that fail in every way."""

import sys
from pathlib import Path

import pytest

from reconciler.core.json import as_object
from reconciler.loader.commands import Commands, Failed
from reconciler.loader.documents import load_documents

PYTHON = sys.executable
BOARD = """\
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {name}}}
spec:
  folder: f
  from: {{command: [{python}, -c, "{code}"]}}
---
"""


def folder(tmp_path: Path, *codes: str, count: int = 1) -> Path:
    text = "".join(
        BOARD.format(name=f"b{index}{copy}", python=PYTHON, code=code)
        for index, code in enumerate(codes)
        for copy in range(count)
    )
    (tmp_path / "desired").mkdir()
    (tmp_path / "desired" / "a.yaml").write_text(text, "utf-8")
    return tmp_path / "desired"


def test_the_output_is_the_body(tmp_path: Path) -> None:
    code = "import json; print(json.dumps({'title': 'Made'}))"
    loaded = load_documents(folder(tmp_path, code), root=tmp_path, commands=[PYTHON])
    assert loaded.diagnostics == ()
    assert as_object(loaded.documents[0].body) == {"title": "Made"}


def test_it_runs_in_the_files_folder_and_once(tmp_path: Path) -> None:
    code = "open('ran', 'a').write('x'); print('{}')"
    loaded = load_documents(folder(tmp_path, code, count=3), root=tmp_path, commands=[PYTHON])
    assert loaded.diagnostics == ()
    assert (tmp_path / "desired" / "ran").read_text() == "x"


def test_nothing_runs_that_is_not_allowed(tmp_path: Path) -> None:
    desired = folder(tmp_path, "open('ran', 'w')")
    (found,) = load_documents(desired, root=tmp_path).diagnostics
    assert (str(found.where), found.code) == ("desired/a.yaml:6:9", "command-not-allowed")
    assert f"commands: [{PYTHON}]" in found.hint
    assert not (desired / "ran").exists()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("print('{')", "the command's output, line 2, column 1: not valid JSON"),
        ("print('[1]')", "the command's output is not a JSON object"),
        ("import sys; sys.exit('no data today')", "ended with 1: no data today"),
        ("import sys; sys.stderr.write('x' * 9000); sys.exit(3)", "ended with 3: …xxx"),
    ],
)
def test_what_goes_wrong_is_told_at_the_authors_line(tmp_path: Path, code: str, told: str) -> None:
    (found,) = load_documents(folder(tmp_path, code), root=tmp_path, commands=[PYTHON]).diagnostics
    assert str(found.where) == "desired/a.yaml:6:9"
    assert told in found.message
    assert len(found.message) < 2000


@pytest.mark.parametrize(
    "written", [{"command": "date"}, {"command": []}, {"command": ["a", 1]}, {"cmd": ["a"]}, {"command": ["a"], "b": 1}]
)
def test_what_is_no_command(tmp_path: Path, written: object) -> None:
    found = Commands({"a", "date"}).printed(written, tmp_path)
    assert isinstance(found, Failed) and found.code == "bad-from"


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    found = Commands({"no-such-program"}).printed({"command": ["no-such-program"]}, tmp_path)
    assert isinstance(found, Failed) and found.code == "command-not-run"


def test_a_program_that_does_not_end(tmp_path: Path) -> None:
    found = Commands({PYTHON}, seconds=0.2).printed(
        {"command": [PYTHON, "-c", "import threading; threading.Event().wait()"]}, tmp_path
    )
    assert isinstance(found, Failed) and found.code == "command-timeout"


def test_a_program_that_never_stops_printing(tmp_path: Path) -> None:
    code = "while True: print('x' * 1_000_000)"
    found = Commands({PYTHON}).printed({"command": [PYTHON, "-c", code]}, tmp_path)
    assert isinstance(found, Failed) and found.code == "command-output"


def test_too_much_output(tmp_path: Path) -> None:
    found = Commands({PYTHON}).printed({"command": [PYTHON, "-c", "print('x' * 10_000_001)"]}, tmp_path)
    assert isinstance(found, Failed) and found.code == "command-output"
