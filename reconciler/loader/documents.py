"""A folder of files → documents. Reads everything, and reports everything wrong at once."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, mark_at
from reconciler.loader.commands import Commands, Failed
from reconciler.loader.envelope import open_envelope
from reconciler.loader.files import Folder, Found, no_file, resolved
from reconciler.loader.json import parse_json
from reconciler.loader.stamps import Stamp
from reconciler.loader.text import shown
from reconciler.loader.yaml import parse_yaml


class Loaded(Struct, frozen=True):
    """What a folder holds: its documents in order of files and places, what is wrong, and the files that are there.
    `reads` are those that were read, by the paths that led to them; `settled`: nothing else went into the documents.
    """

    documents: tuple[Document, ...]
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    reads: Mapping[str, Stamp] = field(default_factory=dict)
    settled: bool = True
    paths: Mapping[str, str] = field(default_factory=dict)
    """The path of each file by its name."""


def load_documents(
    folder: Path, *, root: Path | None = None, commands: Collection[str] = (), passed_over: Collection[str] = ()
) -> Loaded:
    """Read every *.yaml, *.yml and *.json below `folder`. Places are relative to `root` (default: the folder's parent).
    `commands` are the programs that `from: {command: [...]}` may run.

    `passed_over` are paths of files that somebody knows already: they are not read.

    An absent or empty folder is an error (`empty-desired`): it must never be taken for "delete everything".
    """
    return Reading(Folder(folder, root or folder.parent), Commands(commands)).run(passed_over)


class _Json(Struct, frozen=True):
    """A JSON file as it was read; `data` to read it again with places."""

    found: Found
    data: bytes
    value: Any


def is_bare(data: bytes) -> bool:
    """Whether no text of a JSON file can hold `${values.`: not written plainly, and nothing is escaped by number."""
    return b"${values." not in data and b"\\u" not in data


class Reading:
    """One way through the files of a folder. Some may be read before the others (loader.streaming)."""

    def __init__(self, folder: Folder, commands: Commands) -> None:
        self.folder = folder
        self.files = folder.files()
        self.done: set[str] = set()
        self.commands = commands
        self.problems = folder.problems
        self.documents: list[tuple[Document, Path]] = []
        self.json: dict[Path, _Json] = {}
        self.broken: set[Path] = set()
        self.used: set[Path] = set()
        self.incomplete = False

    def run(self, passed_over: Collection[str]) -> Loaded:
        """Everything that was not read yet, and all of it together."""
        for found in self.files:
            if str(found.path) not in passed_over:
                self.read(found)
        documents = [self._with_body(*item) for item in self.documents]
        documents += [self._with_body(*item) for item in self._json_documents()]
        self._unused()
        if not documents and not self.problems and not passed_over:
            text = "holds no documents" if self.folder.exists() else "is not a folder"
            hint = "an empty desired state is never taken for 'delete everything': that is `ggrec destroy`"
            name = self.folder.name(self.folder.folder)
            self.problems.append(Diagnostic("empty-desired", f"the desired folder {text}", hint, subject=name))
        ordered = sorted(documents, key=lambda document: document.mark)
        problems = sorted(self.problems, key=Diagnostic.sort_key)
        names = tuple(found.name for found in self.files)
        paths = {found.name: str(found.path) for found in self.files}
        return Loaded(
            tuple(ordered), tuple(problems), names, self.folder.reads, settled=not self.commands.ran, paths=paths
        )

    def read(self, found: Found) -> None:
        """Take a file, once."""
        if str(found.path) in self.done:
            return
        self.done.add(str(found.path))
        data = self.folder.read(found.path)
        if data is None:
            self.broken.add(resolved(found.path) or found.path)
            self.incomplete |= not found.is_json
        elif found.is_json:
            self._keep_json(found, data)
        else:
            values, problems = parse_yaml(data, found.name)
            self.problems += problems
            self.incomplete |= bool(problems)
            for value in values:
                self._open(value, found)

    def so_far(self) -> list[Document]:
        """The documents of what was read, in order of files and places; bodies are not in them yet."""
        return sorted((document for document, _ in self.documents), key=lambda document: document.mark)

    def _open(self, value: Any, found: Found) -> None:
        document, problems = open_envelope(value, found.name)
        self.problems += problems
        if document is None:
            self.incomplete = True
        else:
            self.documents.append((document, found.path.parent))

    def _keep_json(self, found: Found, data: bytes) -> None:
        """Remember what a JSON file holds, or that it cannot be read."""
        path = resolved(found.path) or found.path
        value, problems = parse_json(data, found.name, positions=False)
        self.problems += problems
        if problems:
            self.broken.add(path)
        else:
            self.json[path] = _Json(found, data, value)

    def _json_documents(self) -> list[tuple[Document, Path]]:
        """The JSON files that nobody names with `from:` and that are documents by themselves."""
        before = len(self.documents)
        for path, file in list(self.json.items()):
            if path not in self.used and isinstance(file.value, dict) and "apiVersion" in file.value:
                self.used.add(path)
                value, _ = parse_json(file.data, file.found.name, positions=True)
                self._open(value, file.found)
        return self.documents[before:]

    def _unused(self) -> None:
        """Note the JSON files that nobody names; not where the document that does may be one that could not be read."""
        if self.incomplete:
            return
        for path, file in self.json.items():
            if path not in self.used:
                text = "a JSON file that no Dashboard names with `from:`"
                hint = (
                    f"write a Dashboard with `from: {file.found.path.name}`, or move the file out of the desired folder"
                )
                self.folder.fail("unused-json", text, hint, file.found.path)

    def _with_body(self, document: Document, here: Path) -> Document:
        """The document with the file that its `spec.from` names, or what its command prints."""
        if document.manifest or "from" not in document.spec:
            return document
        if isinstance(document.spec["from"], dict):
            return self._with_output(document, here)
        path = self._target(document, here)
        if path is None:
            return document
        self.used.add(path)
        if path not in self.json and path not in self.broken:
            found = Found(path, self.folder.name(path))
            data = self.folder.read(path)
            if data is not None:
                self._keep_json(found, data)
            else:
                self.broken.add(path)
        if path in self.broken:
            return document
        value = self.json[path].value
        reached = str(here / str(document.spec["from"]))
        self.folder.reads.setdefault(reached, self.folder.reads[str(self.json[path].found.path)])
        if not isinstance(value, MarkedDict):
            text = f"the file {shown(document.spec['from'])} is not a JSON object"
            self._fail(document, "from-not-object", text, "is it a dashboard's JSON?")
            return document
        return replace(document, body=value, bare=is_bare(self.json[path].data))

    def _with_output(self, document: Document, here: Path) -> Document:
        printed = self.commands.printed(document.spec["from"], here)
        if isinstance(printed, Failed):
            self._fail(document, printed.code, printed.message, printed.hint)
            return document
        value, problems = parse_json(printed, "output", positions=False)
        for problem in problems:
            place = f"line {problem.where.line}, column {problem.where.column}" if problem.where else "its beginning"
            self._fail(document, "command-output", f"the command's output, {place}: {problem.message}", problem.hint)
        if not problems and not isinstance(value, MarkedDict):
            self._fail(document, "from-not-object", "the command's output is not a JSON object", "is it a dashboard?")
        return replace(document, body=value) if isinstance(value, MarkedDict) else document

    def _target(self, document: Document, here: Path) -> Path | None:
        """The file that `spec.from` names; None (and noted) where it cannot be one."""
        named = document.spec["from"]
        example = "as in `from: orders.json`"
        if not isinstance(named, str) or not named:
            self._fail(document, "bad-from", "`from` must be the name of a JSON file", example)
            return None
        path = resolved(here / named)
        if path is None:
            self._fail(document, "bad-from", "`from` is not the name of a file", example)
            return None
        if not self.folder.inside(path):
            self._fail(document, "from-outside", f"{shown(named)} lies outside the project", "copy it into the project")
            return None
        if path in self.json or path in self.broken:
            return path
        if path.suffix.lower() != ".json":
            self._fail(document, "bad-from", f"{shown(named)} is not a JSON file", f"{example}; YAML goes into spec")
            return None
        problem = no_file(path)
        if problem:
            hint = f"it is looked for in {self.folder.name(here)}/"
            self._fail(document, "from-missing", f"the file {shown(named)} {problem}", hint)
            return None
        return path

    def _fail(self, document: Document, code: str, message: str, hint: str) -> None:
        where: Mark | None = mark_at(document.spec, ("from",))
        self.problems.append(Diagnostic(code, message, hint, where))
