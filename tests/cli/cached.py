"""A project whose desired files may come out of the cache, and what its files say without it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from reconciler.cli.desired import Desired, state_of
from reconciler.core.desired import DesiredState
from reconciler.core.lazy import whole
from reconciler.core.source import MarkedDict
from reconciler.grafana.secrets import SecretResolver
from reconciler.loader.models import ProjectModel
from reconciler.loader.project import Project
from tests.authoring.authoring_cases import REGISTRY


def of(root: Path, values: Mapping[str, Any] | None = None, model: ProjectModel | None = None) -> Desired:
    """A command's view of a project whose desired folder is `d`."""
    project = Project("test", root, root / "d", model or ProjectModel(), MarkedDict())
    return Desired(project, values or {}, lambda: REGISTRY, lambda: SecretResolver({}, root))


def opened(state: DesiredState) -> DesiredState:
    """With every body loaded."""
    made = tuple(replace(item, attributes=dict(whole(item.attributes))) for item in state.resources)
    return replace(state, resources=made)


def straight(desired: Desired) -> DesiredState:
    """What the files say, without the cache."""
    return state_of(*desired.read())


def cached(root: Path, values: Mapping[str, Any] | None = None) -> tuple[DesiredState, bool]:
    """What a command gets, and whether the files were not expanded for it."""
    desired = of(root, values)
    reads = 0
    read = desired.read

    def counted(*arguments: Any) -> Any:
        nonlocal reads
        reads += 1
        return read(*arguments)

    desired.read = counted  # type: ignore[method-assign]
    found = opened(desired.state)
    return found, reads == 0


BOARD = """\
apiVersion: ggrec/v1
kind: Dashboard
metadata: {{name: {name}}}
spec:
  title: {title}
  panels:
    - {{title: Rate, type: stat, use: {use}, description: "{long}"}}
"""
TEMPLATE = "apiVersion: ggrec/v1\nkind: Template\nmetadata: {{name: block}}\nspec: {{panel: {{unit: {unit}}}}}\n"
FROM = "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {name: exported}\nspec: {from: exported.json}\n"
CONTENTS: dict[str, tuple[str, ...]] = {
    "a.yaml": tuple(
        BOARD.format(name="a", title=title, use="block", long="x" * 2000) for title in ("One", "Two", "${values.t}")
    ),
    "b.yaml": tuple(BOARD.format(name=name, title="Other", use="block", long="y" * 2000) for name in ("b", "c", "a")),
    "sub/t.yaml": (TEMPLATE.format(unit="ms"), TEMPLATE.format(unit="kB"), "nothing: [\n"),
    "all.yaml": (  # a dashboard may make room for what all of them go by
        BOARD.format(name="all", title="All", use="block", long="z" * 2000),
        "apiVersion: ggrec/v1\nkind: Defaults\nmetadata: {name: all}\nspec: {dashboard: {timezone: utc}}\n",
        "apiVersion: ggrec/v1\nkind: Lifecycle\nmetadata: {name: all}\nspec: {on_drift: keep}\n",
    ),
    "e.yaml": (FROM, FROM.replace("name: exported", "name: exports_")),
    "exported.json": (
        '{"title": "Here", "panels": [{"type": "text"}]}',
        '{"title": "Gone", "panels": []}',
        '{"title": "${values.t}"}',
    ),
}


def edit(folder: Path, name: str, number: int, moment: int) -> None:
    """Write, delete or move a file of the desired folder; each edit at a time of its own."""
    if name == "moved":
        old, new = folder / f"{'xb'[number]}.yaml", folder / f"{'bx'[number]}.yaml"
        if old.exists():
            old.rename(new)
        return
    path = folder / name
    if number < 0:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(exist_ok=True)
    path.write_text(CONTENTS[name][number % len(CONTENTS[name])])
    os.utime(path, ns=(moment, moment))


def bodies(root: Path) -> list[Path]:
    return sorted((root / ".ggrec" / "cache").rglob("*.pack"))


def index(root: Path) -> Path:
    (found,) = (root / ".ggrec" / "cache").rglob("index")
    return found
