"""What becomes of secrets, on any Grafana (see test_scenarios)."""

import shutil
from typing import Any

import pytest

from tests.cli.command import Folder
from tests.test_scenarios import Grafana, grafana, mark, project

pytestmark = pytest.mark.grafana
FIXTURES = (grafana, mark, project)


def applied(project: Folder) -> str:
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 0, ended.out + ended.err
    return ended.out


def test_a_removed_secret_is_gone_and_the_others_are_sent_again_only_when_asked(
    project: Folder, grafana: Grafana, mark: str
) -> None:
    def source(*keys: str) -> str:
        lines = "".join(f"    {key}: ${{env:TOKEN}}\n" for key in keys)
        return (
            f"apiVersion: ggrec/v1\nkind: Datasource\nmetadata: {{name: {mark}-s}}\n"
            f"spec:\n  type: loki\n  url: http://127.0.0.1:9\n  secureJsonData:\n{lines}"
        )

    def held() -> Any:
        return grafana.ask("GET", f"/api/datasources/uid/{mark}-s")["secureJsonFields"]

    project.write("desired/all.yaml", source("a", "b"))
    applied(project)
    assert held() == {"a": True, "b": True}
    project.write("desired/all.yaml", source("a"))
    assert "secureJsonFields.b" in applied(project)
    assert held() == {"a": True}
    assert project.ggrec("plan", "--detailed-exitcode").code == 0

    shutil.rmtree(project.path / "state")
    taken = project.ggrec("apply", "--auto-approve", "-v")
    assert taken.code == 0
    assert "PUT /" not in taken.err
    assert "1 secret never sent by ggrec" in project.ggrec("plan").out
    again = project.ggrec("apply", "--auto-approve", "--resend-secrets", "-v")
    assert again.code == 0
    assert "secureJsonData.a  (secret sent again)" in again.out
    assert again.err.count("PUT /") == 1
    assert "never sent" not in project.ggrec("plan").out
