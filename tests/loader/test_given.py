"""A ggrec.yaml that comes from the cache is the one that was read: values, places and errors."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import InvalidInput
from reconciler.loader.given import Given
from reconciler.loader.project import load_project

TEXT = """\
apiVersion: ggrec/v1
kind: Project
metadata: {name: shop}
spec:
  desired: ${env:FOLDER:-desired}
  default: one
  commands: [jsonnet]
  guard: {max_deletes: 3, kinds: {dashboard: {floor: 9}}}
  protect: {tags: [exec]}
  instances:
    one:
      url: http://one:3000
      auth: {token: "${env:TOKEN}"}
      org: 2
      timeout: 12
      values: {region: "${env:REGION}", deep: [{a: 1, b: [true, null, 1.5]}]}
      state: {url: s3://bucket/prefix, endpoint: http://store, lease: 30}
      protect: {addresses: [dashboard.exec-*], homes: false}
    two:
      url: http://two:3000
      auth: {user: admin, password: "${env:PASSWORD}"}
      state: state/two
      tls: {ca: ca.pem}
      guard: {references: false, kinds: {folder: {max_deletes: 1}}}
"""


def everything(folder: Path, environment: dict[str, str]) -> tuple[Any, ...]:
    project = load_project(None, start=folder, environment=environment)
    chosen = [project.instance(name, environment) for name in ("one", "two")]
    return project.name, project.desired, project.written, project.values("one"), chosen, project.model.commands


def test_it_comes_back_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "ggrec.yaml").write_text(TEXT)
    (tmp_path / "ca.pem").write_text("a certificate")
    environment = {"TOKEN": "x", "PASSWORD": "y", "REGION": "eu"}
    first = everything(tmp_path, environment)
    assert everything(tmp_path, environment) == first
    assert isinstance(load_project(None, start=tmp_path, environment=environment).model, Given)
    assert b"eu" not in (tmp_path / ".ggrec" / "cache" / "project").read_bytes().replace(b"region", b"")


def test_what_is_missing_is_told_at_the_same_place(tmp_path: Path) -> None:
    (tmp_path / "ggrec.yaml").write_text(TEXT)
    said = []
    for _ in range(2):
        with pytest.raises(InvalidInput) as found:
            load_project(None, start=tmp_path, environment={}).values("one")
        said.append(found.value.diagnostics)
    assert said[0] == said[1]
    assert "ggrec.yaml:16:" in str(said[0][0])


def test_another_text_and_a_damaged_cache_are_read_anew(tmp_path: Path) -> None:
    (tmp_path / "ggrec.yaml").write_text(TEXT)
    assert load_project(None, start=tmp_path, environment={}).name == "shop"
    (tmp_path / "ggrec.yaml").write_text(TEXT.replace("shop", "mall"))
    assert load_project(None, start=tmp_path, environment={}).name == "mall"
    kept = tmp_path / ".ggrec" / "cache" / "project"
    kept.write_bytes(kept.read_bytes().replace(b"mall", b"ball"))
    assert load_project(None, start=tmp_path, environment={}).name == "mall"
    kept.write_bytes(b"")
    assert load_project(None, start=tmp_path, environment={}).name == "mall"


def test_errors_are_never_kept(tmp_path: Path) -> None:
    (tmp_path / "ggrec.yaml").write_text(TEXT.replace("tags: [exec]", "tagged: [exec]"))
    for _ in range(2):
        with pytest.raises(InvalidInput, match="unknown key 'tagged'"):
            load_project(None, start=tmp_path, environment={})
