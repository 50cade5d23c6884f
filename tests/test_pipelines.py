"""docs/pipelines: each file is what its reader takes, and every command in it is one of ggrec's."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command

from reconciler.cli.table import COMMANDS
from reconciler.cli.typed import application

FOLDER = Path(__file__).parents[1] / "docs" / "pipelines"
FILES = sorted(FOLDER.iterdir())
_CRON = re.compile(r"(\*|\d+(-\d+)?(,\d+(-\d+)?)*)(/\d+)?\Z")
_MOST = (59, 23, 31, 12, 7)


def commands(path: Path) -> list[list[str]]:
    """The words after `ggrec` of each of its calls."""
    text = path.read_text("utf-8")
    if path.name == "kubernetes-cronjob.yaml":
        return [list(map(str, container(yaml.safe_load(text))["args"]))]
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    found = []
    for line in lines:
        for call in re.findall(r"(?:^|[\s=])ggrec ((?:plan|apply|drift|validate|check|destroy|fmt)\b.*)", line):
            found.append(shlex.split(re.split(r"\s[|>]|2>|&&", call)[0]))
    return found


def container(job: Any) -> Any:
    """The one container of a CronJob."""
    (found,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("path", [f for f in FILES if f.suffix != ".timer"], ids=lambda path: path.name)
def test_every_command_and_option_exists(path: Path) -> None:
    calls = commands(path)
    assert calls
    root: Any = get_command(application([command.name for command in COMMANDS]))
    for words in calls:
        command = root.commands[words[0]]
        options = {name for parameter in command.params for name in parameter.opts}
        used = {word.partition("=")[0] for word in words[1:] if word.startswith("-")}
        assert used <= options, f"{path.name}: ggrec {' '.join(words)}"


def cron(text: str) -> None:
    """Five fields, each a star, numbers, ranges or steps within its bounds."""
    fields = text.split()
    assert len(fields) == 5
    for field, most in zip(fields, _MOST, strict=True):
        assert _CRON.match(field), field
        assert all(int(number) <= most for number in re.findall(r"\d+", field.partition("/")[0]))


def test_the_crontab_is_one() -> None:
    lines = [line for line in (FOLDER / "ggrec.cron").read_text("utf-8").splitlines() if line[:1] not in ("#", "")]
    jobs = [line for line in lines if not re.match(r"[A-Z]+=", line)]
    assert jobs
    for job in jobs:
        *when, user, command = job.split(None, 6)
        cron(" ".join(when))
        assert user == "ggrec"
        assert "%" not in command  # a crontab takes it for a line end
        assert command.startswith("set -a && . ")  # the file is systemd's too, which takes no `export`
        assert "2>" not in command  # what goes wrong is mailed


def test_the_schedules_are_cron() -> None:
    workflow = yaml.safe_load((FOLDER / "github-actions.yml").read_text("utf-8"))
    cron(workflow[True]["schedule"][0]["cron"])  # YAML 1.1 takes `on` for true
    cron(yaml.safe_load((FOLDER / "kubernetes-cronjob.yaml").read_text("utf-8"))["spec"]["schedule"])


def test_a_plan_that_is_refused_is_commented_too() -> None:
    workflow = yaml.safe_load((FOLDER / "github-actions.yml").read_text("utf-8"))
    after = workflow["jobs"]["plan"]["steps"][-2:]
    assert ["!cancelled()" in step["if"] for step in after] == [True, True]
    assert "gh pr comment" in after[0]["run"]


def test_the_cronjob_has_what_kubernetes_asks_for() -> None:
    job = yaml.safe_load((FOLDER / "kubernetes-cronjob.yaml").read_text("utf-8"))
    assert (job["apiVersion"], job["kind"]) == ("batch/v1", "CronJob")
    assert re.fullmatch(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?", job["metadata"]["name"])
    assert job["spec"]["concurrencyPolicy"] in ("Allow", "Forbid", "Replace")
    assert job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] in ("Never", "OnFailure")
    assert container(job)["image"]
    # Kubernetes reads $$ as a $ that begins no variable of its own.
    assert "$${env:SLACK_WEBHOOK}" in container(job)["args"]


@pytest.mark.parametrize(
    ("name", "schema"), [("github-actions.yml", "vendor.github-workflows"), ("gitlab-ci.yml", "vendor.gitlab-ci")]
)
def test_the_workflow_fits_its_schema(name: str, schema: str) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema, which bundles the schemas, is not installed")
    command = ["check-jsonschema", "--builtin-schema", schema, str(FOLDER / name)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    units = [shutil.copy(FOLDER / f"ggrec-drift.{kind}", tmp_path) for kind in ("service", "timer")]
    done = subprocess.run([analyze, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    said = [line for line in done.stderr.splitlines() if "ggrec-drift" in line]
    assert said == [], done.stderr
