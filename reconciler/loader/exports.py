"""Dashboards in files as Grafana exports them, to be imported: found, read, named. Writes nothing.

Takes the bare model, the API's `{dashboard, meta}`, exports with `__inputs`, and manifests of v0 and v1.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import NAME
from reconciler.core.errors import Diagnostic, UsageError
from reconciler.core.json import as_object, text_of
from reconciler.core.source import Mark, MarkedDict
from reconciler.loader.json import parse_json
from reconciler.loader.writing import slug

_MANIFEST = "dashboard.grafana.app/"


class Export(Struct, frozen=True):
    """A dashboard in a file: its name to be (and uid), its model as it stands there."""

    file: Path
    name: str
    title: str
    model: MarkedDict
    folder: str = ""
    """The uid of the folder that a manifest names."""
    chosen: bool = True
    """Whether the name is the file's own uid; else it was made from the title."""


class Exports(Struct, frozen=True):
    """What was found: dashboards in order of files, and what is wrong by file."""

    found: tuple[Export, ...]
    failed: Mapping[Path, tuple[Diagnostic, ...]]

    @property
    def files(self) -> int:
        """How many files were looked at."""
        return len(self.found) + len(self.failed)


def read_exports(path: Path) -> Exports:
    """The dashboards in a JSON file, or in all `*.json` of a folder and its folders, in order of paths. Raises
    UsageError where there is nothing to read.
    """
    if not path.exists():
        raise UsageError.one("no-such-path", f"{path} does not exist", hint="name a JSON file, or a folder of them")
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    if not files:
        raise UsageError.one("no-exports", f"there is no *.json in {path}", hint="export dashboards as JSON first")
    found: list[Export] = []
    failed: dict[Path, tuple[Diagnostic, ...]] = {}
    first: dict[str, Path] = {}
    for file in files:
        read = _read(file)
        if not isinstance(read, Export):
            failed[file] = read
        elif read.name in first and not read.chosen:
            number = next(n for n in range(2, len(files) + 2) if f"{read.name[:36]}-{n}" not in first)
            read = replace(read, name=f"{read.name[:36]}-{number}")
            first[read.name] = file
            found.append(read)
        elif read.name in first:
            text = f"has the uid '{read.name}' of {first[read.name]}"
            hint = "one of them would overwrite the other: give it another uid, or import one of them"
            failed[file] = (Diagnostic("uid-twice", text, hint, Mark(str(file), 1, 1)),)
        else:
            first[read.name] = file
            found.append(read)
    return Exports(tuple(found), failed)


def _read(file: Path) -> Export | tuple[Diagnostic, ...]:
    try:
        data = file.read_bytes()
    except OSError as error:
        text = f"cannot be read: {error.strerror or error}"
        return (Diagnostic("unreadable-file", text, "check its permissions", Mark(str(file), 1, 1)),)
    value, problems = parse_json(data, str(file), positions=True)
    if problems:
        return tuple(problems)
    if not isinstance(value, MarkedDict):
        hint = "a dashboard is a JSON object"
        return (Diagnostic("not-a-dashboard", "is not a dashboard", hint, Mark(str(file), 1, 1)),)
    return _understood(file, value)


def _understood(file: Path, value: MarkedDict) -> Export | tuple[Diagnostic, ...]:
    model: Any = value
    uid, folder = "", ""
    version = text_of(value.get("apiVersion"))
    if version.startswith(_MANIFEST):
        metadata = as_object(value.get("metadata"))
        uid, model = text_of(metadata.get("name")), value.get("spec")
        folder = text_of(as_object(metadata.get("annotations")).get("grafana.app/folder"))
    elif isinstance(value.get("dashboard"), dict) and ("meta" in value or "title" not in value):
        model = value["dashboard"]
    if version.removeprefix(_MANIFEST).startswith("v2") or (
        "elements" in as_object(model) and "layout" in as_object(model)
    ):
        hint = "export it as 'Classic' (v1)"
        return (Diagnostic("schema-v2", "is a dashboard of schema v2, which is not supported yet", hint, value.mark),)
    title = text_of(as_object(model).get("title")).strip()
    if not isinstance(model, MarkedDict) or not (title or "panels" in model or "rows" in model):
        hint = "a dashboard has a title and panels"
        return (Diagnostic("not-a-dashboard", "is not a dashboard that Grafana exported", hint, value.mark),)
    if not title:
        return (Diagnostic("no-title", "has no title", "Grafana refuses a dashboard without one", model.mark),)
    uid = uid or text_of(model.get("uid"))
    chosen = NAME.match(uid) is not None
    name = uid if chosen else slug(title, slug(file.stem, "dashboard"))
    return Export(file, name, title, model, folder, chosen)
