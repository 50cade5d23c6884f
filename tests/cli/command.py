"""Running `ggrec` in this process, as a user would in a folder: arguments in, exit code and both outputs out."""

import contextlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.cli.app import run

VARIABLES = ("GRAFANA_URL", "GRAFANA_TOKEN", "GRAFANA_USER", "GRAFANA_PASSWORD", "GRAFANA_ORG_ID", "NO_COLOR")


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The output as JSON."""
        return json.loads(self.out)


@dataclass
class Folder:
    """A project's folder and the environment that commands see in it."""

    path: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """Write a file."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def ggrec(self, *arguments: str) -> Ended:
        """Run a command."""
        out, err = io.StringIO(), io.StringIO()
        with _inside(self.path, self.environment), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(list(arguments))
        return Ended(code, out.getvalue(), err.getvalue())


@contextlib.contextmanager
def _inside(folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    before, here = dict(os.environ), Path.cwd()
    for name in VARIABLES:
        os.environ.pop(name, None)
    os.environ.update(environment)
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


PROJECT = """\
apiVersion: ggrec/v1
kind: Project
metadata: {{name: test}}
spec:
  default: sandbox
  instances:
    sandbox:
      url: {url}
      auth: {{user: admin, password: "${{env:GRAFANA_PASSWORD:-admin}}"}}
      state: state
"""

DESIRED = """\
apiVersion: ggrec/v1
kind: Folder
metadata: {name: ops}
spec: {title: Operations}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: orders}
spec:
  title: Orders
  folder: ops
  tags: [shop]
  panels:
    - {title: Rate, type: stat, thresholds: {green: null, red: 30}}
"""

TWO = """\
apiVersion: ggrec/v1
kind: Project
metadata: {{name: test}}
spec:
  desired: desired/
  default: staging
  instances:
    staging:
      url: {staging}
      auth: {{user: admin, password: "${{env:GRAFANA_PASSWORD}}"}}
      state: state/staging
      values: {{metrics: prom-a}}
    production:
      url: {production}
      auth: {{user: admin, password: "${{env:GRAFANA_PASSWORD}}"}}
      state: state/production
      values: {{metrics: prom-b}}
"""
