"""The mixed apply by real processes on a real socket: a project, a sandbox, and `ggrec` as a program."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from reconciler.core.resource import Resource
from reconciler.sandbox import start
from reconciler.sandbox.dispatch import Dispatcher
from tests.cli.command import VARIABLES
from tests.lab import Lab
from tests.proof import mixed
from tests.proof.interrupted import OPTIONS, alice

_PROJECT = """\
apiVersion: ggrec/v1
kind: Project
metadata: {{name: proof}}
spec:
  desired: desired/
  default: one
  instances:
    one:
      url: {url}
      auth: {{user: {login}, password: "${{env:GRAFANA_PASSWORD:-admin}}"}}
      state: {state}
      guard: {{max_deletes: 1000, max_delete_share: 1.0}}
"""
_RUN = "from reconciler.cli import main; main()"


class Site:
    """A project's folder on a sandbox. `state` is where the state is: a folder, or the URL of an object store."""

    def __init__(self, folder: Path, state: str = "state") -> None:
        self.folder = folder
        self.others: dict[str, Any] = {}
        self.handle: Any = start()
        self.lab = mixed.people(Lab(folder, world=self.handle.world, url=self.handle.url))
        dispatcher: Dispatcher = self.handle.app.state.dispatcher
        self.lab.dispatcher = dispatcher
        mixed.strangers(self.lab)
        self.before, self.after = self.lab.resources(mixed.before()), self.lab.resources(mixed.after())
        for login in ("admin", "carol"):
            text = _PROJECT.format(url=self.handle.url, login=login, state=state)
            (folder / f"{login}.yaml").write_text(text)

    def declare(self, target: tuple[Resource, ...]) -> None:
        """Write the desired files of `before` or `after`."""
        documents = mixed.before() if target is self.before else mixed.after()
        (self.folder / "desired").mkdir(exist_ok=True)
        (self.folder / "desired" / "all.yaml").write_text(yaml.safe_dump_all(documents))

    def prepare(self) -> None:
        """`before` is applied, and people have added what they may."""
        self.declare(self.before)
        self.lab.applied(self.before, OPTIONS)
        mixed.additions(self.lab)
        self.others = mixed.untouched(self.lab.org, alice(self.lab))

    def begin(self, *arguments: str, login: str = "admin") -> "subprocess.Popen[str]":
        """Start `ggrec`."""
        environment = {key: value for key, value in os.environ.items() if key not in VARIABLES}
        return subprocess.Popen(
            [sys.executable, "-c", _RUN, *arguments, "--config", f"{login}.yaml"],
            cwd=self.folder,
            env={**environment, **mixed.SECRETS},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ggrec(self, *arguments: str) -> tuple[int, str]:
        """Run it to its end: exit code and what it said."""
        process = self.begin(*arguments)
        out, error = process.communicate(timeout=120)
        return process.returncode, out + error
