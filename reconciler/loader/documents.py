"""A folder of files → documents. Reads everything, and reports everything wrong at once."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, mark_at
from reconciler.loader.envelope import open_envelope
from reconciler.loader.json import parse_json
from reconciler.loader.yaml import parse_yaml

_ENDINGS = {".yaml", ".yml", ".json"}


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a folder holds: its documents in order of files and places, what is wrong, and the files that were read."""

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]


def load_documents(folder: Path, *, root: Path | None = None) -> Loaded:
    """Read every *.yaml, *.yml and *.json below `folder`. Places are relative to `root` (default: the folder's parent).

    An absent or empty folder is an error (`empty-desired`): it must never be taken for "delete everything".
    """
    return _Reading(folder, (root or folder.parent).resolve()).run()


class _Reading:
    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = folder
        self.root = root
        self.problems: list[Diagnostic] = []
        self.documents: list[Document] = []
        self.bodies: set[Path] = set()
        self.json: dict[Path, tuple[Any, str]] = {}

    def run(self) -> Loaded:
        files = list(self._files()) if self.folder.is_dir() else []
        for path in files:
            self._read(path)
        self.documents = [self._with_body(document) for document in self.documents]
        for path, (value, name) in self.json.items():
            if path not in self.bodies:
                self._json_document(value, name)
        if not self.documents and not self.problems:
            text = "holds no documents" if self.folder.is_dir() else "is not a folder"
            hint = "an empty desired state is never taken for 'delete everything': that is `ggrec destroy`"
            self.problems.append(
                Diagnostic("empty-desired", f"the desired folder {text}", hint, subject=self._name(self.folder))
            )
        ordered = sorted(self.documents, key=lambda document: document.mark)
        names = tuple(self._name(path) for path in files)
        return Loaded(tuple(ordered), tuple(sorted(self.problems, key=Diagnostic.sort_key)), names)

    def _files(self) -> Iterator[Path]:
        """Sorted; hidden ones left out; links followed only where they stay inside the project."""
        for here, folders, names in os.walk(self.folder, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                path = Path(here, name)
                if not name.startswith(".") and path.suffix.lower() in _ENDINGS:
                    yield path

    def _name(self, path: Path) -> str:
        try:
            return path.resolve().relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()

    def _bytes(self, path: Path, name: str) -> bytes | None:
        try:
            if not path.is_file():
                raise OSError(0, "not a regular file")
            return path.read_bytes()
        except OSError as error:
            text = f"cannot be read: {error.strerror or error}"
            self.problems.append(
                Diagnostic("unreadable-file", text, "check the file and its permissions", Mark(name, 1, 1))
            )
            return None

    def _read(self, path: Path) -> None:
        name = self._name(path)
        data = self._bytes(path, name)
        if data is None:
            return
        if path.suffix.lower() == ".json":
            value, problems = parse_json(data, name, positions=False)
            self.problems += problems
            if not problems:
                self.json[path.resolve()] = (value, name)
            return
        values, problems = parse_yaml(data, name)
        self.problems += problems
        for value in values:
            document, wrong = open_envelope(value, name)
            self.problems += wrong
            if document is not None:
                self.documents.append(document)

    def _json_document(self, value: Any, name: str) -> None:
        """A JSON file that nobody names with `from:` must be a document by itself."""
        if isinstance(value, dict) and "apiVersion" in value:
            data = (self.root / name).read_bytes()
            marked, _ = parse_json(data, name, positions=True)
            document, wrong = open_envelope(marked, name)
            self.problems += wrong
            if document is not None:
                self.documents.append(document)
            return
        text = "a JSON file that no Dashboard names with `from:`"
        hint = f"write a Dashboard with `from: {Path(name).name}`, or move the file out of the desired folder"
        self.problems.append(Diagnostic("unused-json", text, hint, Mark(name, 1, 1)))

    def _with_body(self, document: Document) -> Document:
        """The document with the file that its `spec.from` names."""
        if document.manifest or "from" not in document.spec:
            return document
        named = document.spec["from"]
        where = mark_at(document.spec, ("from",))
        if not isinstance(named, str):
            self._fail("bad-from", "`from` must be the name of a JSON file", "as in `from: orders.json`", where)
            return document
        here = (self.root / document.mark.file).parent
        path = (here / named).resolve()
        if not path.is_relative_to(self.root):
            self._fail("from-outside", f"{named} lies outside the project", "copy the file into the project", where)
            return document
        if path in self.json:
            value: Any = self.json[path][0]
        else:
            if not path.is_file():
                if not any(d.where and d.where.file == self._name(path) for d in self.problems):
                    self._fail(
                        "from-missing",
                        f"the file {named} does not exist",
                        f"it is looked for in {self._name(here)}/",
                        where,
                    )
                return document
            data = self._bytes(path, self._name(path))
            value, problems = parse_json(data or b"", self._name(path), positions=False)
            self.problems += problems
            if problems:
                return document
        self.bodies.add(path)
        if not isinstance(value, MarkedDict):
            self._fail("from-not-object", f"{named} is not a JSON object", "is it a dashboard's JSON?", where)
            return document
        return replace(document, body=value)

    def _fail(self, code: str, message: str, hint: str, where: Mark | None) -> None:
        self.problems.append(Diagnostic(code, message, hint, where))
