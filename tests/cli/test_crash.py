"""A real `kill -9` of a real process, at random moments of an apply: then everything converges, and nothing is there
twice.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from tests.cli.command import Folder


def _estate(version: int) -> str:
    documents = ["apiVersion: ggrec/v1\nkind: Folder\nmetadata: {name: f}\nspec: {title: F}\n"]
    for n in range(4):
        documents.append(
            f"apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: d{n}}}\n"
            f"spec: {{title: D{n}, folder: f, description: 'v{version}'}}\n"
        )
        documents.append(
            f"apiVersion: ggrec/v1\nkind: Team\nmetadata: {{name: t{n}}}\n"
            f"spec: {{name: T{n}, email: e{version}@x.org, members: []}}\n"
        )
        documents.append(
            f"apiVersion: ggrec/v1\nkind: Annotation\nmetadata: {{name: a{version}-{n}}}\n"
            f"spec: {{text: A{n}, time: '2026-03-01T09:00:0{n}Z'}}\n"
        )
        documents.append(
            f"apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {{name: s{n}}}\nspec: {{type: loki, url: 'http://h:{version}'}}\n"
        )
    return "---\n".join(documents)


@pytest.mark.parametrize("seed", range(4))
def test_killed_five_times_and_converged(project: Folder, sandbox: Any, seed: int) -> None:
    moments = random.Random(seed)
    command = [
        sys.executable,
        "-c",
        "from reconciler.cli import main; main()",
        "apply",
        "--auto-approve",
        "--confirm-deletes",
    ]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GRAFANA_")}
    for attempt in range(5):
        project.write("desired/all.yaml", _estate(attempt % 2 + 1))
        deletes = _deletes(project)
        before = _writes(sandbox)
        process = subprocess.Popen(
            [*command, str(deletes)],
            cwd=project.path,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        enough = before + moments.randrange(0, 18)
        while _writes(sandbox) <= enough and process.poll() is None:
            time.sleep(0.001)  # waiting for a number of writes, not for time to pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    ended = project.ggrec("apply", "--auto-approve", "--confirm-deletes", str(_deletes(project)))
    assert ended.code == 0, ended.out + ended.err
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    org = sandbox.world.orgs[1]
    assert sorted(org.dashboards) == ["d0", "d1", "d2", "d3"]
    assert sorted(team["name"] for team in org.teams.values()) == ["T0", "T1", "T2", "T3"]
    markers = Counter(tag for item in org.annotations.values() for tag in item["tags"])
    assert markers == Counter(f"ggrec:a1-{n}" for n in range(4))


def _writes(sandbox: Any) -> int:
    return sum(1 for request in sandbox.requests if request.method != "GET")


def _deletes(project: Folder) -> int:
    planned = project.ggrec("plan", "--json")
    assert "changes" in planned.json, planned.out
    return sum(1 for change in planned.json["changes"] if change["action"] == "delete")
