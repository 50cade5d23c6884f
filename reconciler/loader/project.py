"""ggrec.yaml: which Grafanas there are, how to get in, where desired and state are. Environment variables win over it.

Must not resolve a secret: they stay references.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from reconciler.core.errors import Diagnostic, InvalidInput, UsageError
from reconciler.core.json import Json
from reconciler.core.source import Mark, MarkedDict, mark_at
from reconciler.loader.envelope import open_envelope, suggestion
from reconciler.loader.given import recalled, remember
from reconciler.loader.instance import Filling, Instance, Overrides, Resolving, Tls

if TYPE_CHECKING:
    from reconciler.loader.models import ProjectModel

FILE = "ggrec.yaml"


class Project(Struct, frozen=True):
    """What ggrec.yaml says; without one, the working directory and the environment.

    `root` is the folder that all paths are relative to, `written` the spec as it was written, with its places.
    """

    name: str
    root: Path
    desired: Path
    model: "ProjectModel"
    written: MarkedDict
    file: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Project(name={self.name!r}, root={self.root!r})"  # the environment holds secrets

    def values(self, name: str | None) -> Mapping[str, Json]:
        """The values of an instance, for work without a Grafana; none where no instance is named and none is the
        default. Raises UsageError for an unknown name, InvalidInput for variables that are not set.
        """
        chosen = self._chosen(name)
        model = self.model.instances.get(chosen)
        if model is None:
            return {}
        filling = Filling(self.written, self.environment)
        values: Mapping[str, Json] = filling.values(model.values, ("instances", chosen, "values"))
        _raise(filling.problems)
        return values

    def _chosen(self, name: str | None) -> str:
        known = self.model.instances
        if name is not None and name not in known:
            raise UsageError.one(
                "unknown-instance",
                f"no instance '{name}' in {FILE}" if known else f"--instance {name}: there is no {FILE} with instances",
                hint=suggestion(name, known) if known else "`ggrec init` writes one",
            )
        return name or self.model.default or (next(iter(known)) if len(known) == 1 else "")

    def instance(self, name: str | None, environment: Mapping[str, str], *, url: str | None = None) -> Instance:
        """The chosen instance (default: `default`, else the only one), overridden by `url` and the environment.

        Raises UsageError for an unknown name, InvalidInput for what is missing, all of it at once.
        """
        chosen = self._chosen(name)
        known = self.model.instances
        if chosen not in known and not (url or environment.get("GRAFANA_URL")):
            hint = f"name one with -i ({', '.join(known)})" if known else "`ggrec init` begins one"
            raise UsageError.one(
                "no-instance", "which Grafana? Give --url or GRAFANA_URL, or an instance of ggrec.yaml", hint=hint
            )
        overrides = Overrides(environment, url)
        return Resolving(chosen, self.model, self.written, overrides).run(self.root)


def load_project(path: Path | None, *, start: Path, environment: Mapping[str, str] | None = None) -> Project:
    """Read `path`, or the ggrec.yaml found upward from `start`; without any, a project of the folder `start`.

    `environment` fills in `desired` and values (default: the process's). Raises InvalidInput with everything that is
    wrong with the file.
    """
    known = os.environ if environment is None else environment
    file = path or _found(start)
    if file is None:
        from reconciler.loader.models import ProjectModel

        return Project("default", start, start / "desired", ProjectModel(), MarkedDict(), None, known)
    name, model, spec = _read(file)
    root = file.resolve().parent
    filling = Filling(spec, known)
    desired = root / filling.text(model.desired, ("desired",))
    _raise(filling.problems)
    return Project(name, root, desired, model, spec, file, known)


def _raise(problems: list[Diagnostic]) -> None:
    if problems:
        raise InvalidInput(tuple(sorted(problems, key=Diagnostic.sort_key)))


def _found(start: Path) -> Path | None:
    """The nearest ggrec.yaml in a folder or above it, up to the file system's root."""
    for folder in (start.resolve(), *start.resolve().parents):
        try:
            if (folder / FILE).is_file():
                return folder / FILE
        except OSError:  # a folder above that may not be looked into
            continue
    return None


def _read(file: Path) -> "tuple[str, ProjectModel, MarkedDict]":
    """The name, the checked model and the written spec of a file; as they were the last time, if it is the same."""
    try:
        data = file.read_bytes()
    except OSError as error:
        text = f"cannot be read: {error.strerror or error}"
        raise InvalidInput.one("unreadable-file", text, hint="--config names ggrec.yaml", subject=str(file)) from None
    known = recalled(file, data)
    if known is not None:
        return known
    found = _understood(file, data)
    remember(file, data, *found)
    return found


def _understood(file: Path, data: bytes) -> "tuple[str, ProjectModel, MarkedDict]":
    from reconciler.loader.checks import checked
    from reconciler.loader.models import ProjectModel
    from reconciler.loader.yaml import parse_yaml

    documents, problems = parse_yaml(data, file.name)
    _raise(problems)
    if len(documents) != 1:
        text = "the file is empty" if not documents else f"the file holds {len(documents)} documents"
        hint = "it holds one, of `kind: Project`; `ggrec init` writes one"
        raise InvalidInput.one("not-one-document", text, hint=hint, where=Mark(file.name, 1, 1))
    written = documents[0]
    document, problems = open_envelope(written, file.name)
    if isinstance(written, MarkedDict):
        problems += _project_problems(written)
        spec = written.get("spec")
        model, wrong = checked(spec) if isinstance(spec, MarkedDict) else (ProjectModel(), [])
        problems += wrong
    _raise(problems)
    assert document is not None  # there are no problems
    return document.name, model, document.spec


def _project_problems(written: MarkedDict) -> list[Diagnostic]:
    """What is wrong with the envelope beyond what every document's may be."""
    found: list[Diagnostic] = []
    kind: Any = written.get("kind")
    if isinstance(kind, str) and kind and kind != "Project":
        hint = f"{FILE} has `kind: Project`; other kinds belong into the desired folder"
        found.append(Diagnostic("not-a-project", f"kind is '{kind}'", hint, mark_at(written, ("kind",))))
    metadata = written.get("metadata")
    for key in metadata if isinstance(metadata, MarkedDict) else ():
        if key != "name":
            where = mark_at(metadata, (key,), key=True)
            found.append(Diagnostic("unknown-key", f"unknown key '{key}'", "a project has only a name", where))
    return found


__all__ = ["FILE", "Instance", "Project", "Tls", "load_project"]
