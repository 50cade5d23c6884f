"""The care of the state, as people call it: pull, push, verify, repair, copy, unlock; in a folder and on S3."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import DESIRED, Ended, Folder
from tests.store.s3 import KEYS, Server, serving


@pytest.fixture(scope="module")
def s3() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def remote(project: Folder, s3: Server, tmp_path: Path) -> Folder:
    """The project with its state in a bucket, by ggrec.yaml and the environment alone."""
    url = s3.bucket(f"ggrec-{abs(hash(tmp_path))}")
    text = (project.path / "ggrec.yaml").read_text()
    place = f'{{url: "{url}/test", endpoint: "{s3.url}", allow_http: true}}'
    project.write("ggrec.yaml", text.replace("state: state\n", f"state: {place}\n"))
    project.environment.update(KEYS)
    return project


def applied(project: Folder) -> Ended:
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    return ended


def test_a_state_in_a_bucket(remote: Folder, s3: Server) -> None:
    applied(remote)
    assert remote.ggrec("plan", "--detailed-exitcode").code == 0
    assert not (remote.path / "state").exists()
    remote.write("desired/all.yaml", DESIRED.replace("title: Rate", "title: Pace"))
    before = len(s3.requests)
    applied(remote)
    assert len(s3.requests) - before < 25
    assert len(remote.ggrec("history", "--json").json["runs"]) == 2
    assert remote.ggrec("history", "--limit", "1").out.count("ggrec") == 0
    verified = remote.ggrec("state", "verify", "--json")
    assert (verified.code, verified.json["findings"], verified.json["objects"]) == (0, [], 2)
    shown = remote.ggrec("apply", "--auto-approve", "-v")
    assert "test" not in [word for word in shown.err.split() if word == KEYS["AWS_SECRET_ACCESS_KEY"]]


def _start(project: Folder) -> subprocess.Popen[str]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("GRAFANA_", "AWS_"))}
    return subprocess.Popen(
        [sys.executable, "-c", "from reconciler.cli import main; main()", "apply", "--auto-approve", "--json"],
        cwd=project.path,
        env={**environment, **project.environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_two_applies_at_once_on_a_bucket(remote: Folder, sandbox: Any) -> None:
    """Two processes; the one that comes second is told by whom it is locked."""
    held = sandbox.faults.add("hang", method="POST", path="/api/folders")
    first = _start(remote)
    while not held.seen:
        assert first.poll() is None
        time.sleep(0.01)  # waiting for a request, not for time to pass
    second = _start(remote)
    out = second.communicate(timeout=60)[0]
    sandbox.faults.released.set()
    first.communicate(timeout=60)
    assert (first.returncode, second.returncode) == (0, 5)
    said = json.loads(out)
    assert said["errors"][0]["code"] == "locked"
    assert said["lock"]["pid"] == first.pid
    assert "ggrec unlock " + said["lock"]["id"] in said["errors"][0]["hint"]
    assert remote.ggrec("plan", "--detailed-exitcode").code == 0


def test_pull_and_push(project: Folder) -> None:
    applied(project)
    assert project.ggrec("state", "pull", "backup.json").code == 0
    backup = (project.path / "backup.json").read_text()
    assert project.ggrec("state", "pull").json == json.loads(backup)
    project.write(
        "desired/more.yaml", "apiVersion: ggrec/v1\nkind: Folder\nmetadata: {name: more}\nspec: {title: More}\n"
    )
    applied(project)
    older = project.ggrec("state", "push", "backup.json")
    assert (older.code, "1 objects would be forgotten" in older.err) == (3, True)
    forced = project.ggrec("state", "push", "--force", "backup.json")
    assert (forced.code, "Forgotten, though Grafana may have it: folder.more" in forced.out) == (0, True)
    (project.path / "state" / "state.json").rename(project.path / "raw.json")
    lost = project.ggrec("plan")
    assert (lost.code, "has runs but no state.json" in lost.err) == (1, True)
    assert project.ggrec("state", "push", "raw.json").code == 0
    assert project.ggrec("state", "list", "--json").json["addresses"] == ["dashboard.orders", "folder.ops"]


def test_what_push_refuses(project: Folder) -> None:
    applied(project)
    project.ggrec("state", "pull", "backup.json")
    backup = (project.path / "backup.json").read_text()
    before = (project.path / "state" / "state.json").read_bytes()
    project.write("other.json", backup.replace('"lineage": "', '"lineage": "x'))
    other = project.ggrec("state", "push", "--force", "other.json")
    assert (other.code, "is another state" in other.err) == (3, True)
    project.write("torn.json", backup[:200])
    assert "torn.json cannot be read" in project.ggrec("state", "push", "torn.json").err
    project.write("odd.json", backup.replace('"serial"', '"cereal"'))
    assert "unknown field 'cereal'" in project.ggrec("state", "push", "odd.json").err
    for path in (project.path / "state" / "objects").rglob("*.gz"):
        path.rename(project.path / path.name)
    bare = project.ggrec("state", "push", "backup.json")
    assert (bare.code, "state copy" in bare.err) == (3, True)
    assert (project.path / "state" / "state.json").read_bytes() == before


def test_a_damaged_body_is_one_warning_and_is_repaired(project: Folder, sandbox: Any) -> None:
    applied(project)
    shown = project.ggrec("state", "list", "--json").json
    index = json.loads((project.path / "state" / "state.json").read_text())
    digest = index["resources"]["dashboard.orders"]["observed"]
    body = project.path / "state" / "objects" / digest[:2] / f"{digest[2:]}.json.gz"
    body.write_bytes(b"nonsense")
    project.write("desired/all.yaml", DESIRED.replace("title: Rate", "title: Pace"))
    planned = project.ggrec("plan", "--json")
    assert planned.code == 0, planned.out
    assert [item["code"] for item in planned.json["warnings"]] == ["body-lost"]
    assert [(c["address"], c["action"]) for c in planned.json["changes"]] == [("dashboard.orders", "update")]
    bad = project.ggrec("state", "verify")
    assert (bad.code, "is damaged" in bad.err + bad.out) == (1, True)
    asked = project.ggrec("state", "repair")
    assert (asked.code, "dashboard.orders: is observed anew" in asked.out) == (3, True)
    assert project.ggrec("state", "repair", "--auto-approve").code == 0
    assert project.ggrec("state", "verify").code == 0
    assert project.ggrec("state", "list", "--json").json["addresses"] == shown["addresses"]
    applied(project)
    assert project.ggrec("plan", "--detailed-exitcode").code == 0


def test_applying_heals_a_damaged_body_without_repair(project: Folder) -> None:
    applied(project)
    for path in (project.path / "state" / "objects").rglob("*.gz"):
        path.write_bytes(b"")
    project.write("desired/all.yaml", DESIRED.replace("title: Rate", "title: Pace"))
    applied(project)
    applied(project)
    assert project.ggrec("plan", "--detailed-exitcode").code == 0


def test_a_state_is_copied_to_a_bucket_and_used_there(project: Folder, s3: Server) -> None:
    applied(project)
    url = s3.bucket("ggrec-copied")
    project.environment.update({**KEYS, "AWS_ENDPOINT_URL": s3.url, "AWS_ALLOW_HTTP": "true"})
    copied = project.ggrec("state", "copy", "--to", f"{url}/live")
    assert copied.code == 0, copied.err
    text = (project.path / "ggrec.yaml").read_text()
    project.write("ggrec.yaml", text.replace("state: state\n", f"state: {url}/live\n"))
    (project.path / "state").rename(project.path / "before")
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    assert project.ggrec("state", "verify").code == 0
    assert project.ggrec("state", "copy", "--to", "ftp://x").code == 64


def test_unlock(project: Folder) -> None:
    applied(project)
    holder = {
        "id": "abc",
        "host": "elsewhere",
        "pid": 1,
        "user": "ann",
        "command": "ggrec apply",
        "since": "2026-01-01",
    }
    project.write("state/lock.json", json.dumps(holder))
    assert project.ggrec("plan").code == 0  # reading takes no lock
    wrong = project.ggrec("unlock", "xyz", "--json")
    assert (wrong.code, wrong.json["lock"]["id"]) == (5, "abc")
    removed = project.ggrec("unlock", "abc")
    assert (removed.code, "ann on elsewhere" in removed.out) == (0, True)
    again = project.ggrec("unlock", "abc")
    assert (again.code, "no lock" in again.out) == (0, True)
    applied(project)


def test_a_bucket_that_is_not_there(remote: Folder) -> None:
    text = (remote.path / "ggrec.yaml").read_text()
    remote.write("ggrec.yaml", text.replace("s3://ggrec-", "s3://nobody-"))
    ended = remote.ggrec("plan")
    assert ended.code == 1
    assert "there is no such bucket" in ended.err
    assert "create it" in ended.err


def test_local_commands_import_no_object_store() -> None:
    code = "import sys; from reconciler.cli.app import run; run(['version']); print('obstore' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"
