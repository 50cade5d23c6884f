"""The desired files with other texts than they have: what their documents would be, before anything is written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.errors import Diagnostic, InvalidInput
from reconciler.core.resource import Document
from reconciler.core.source import MarkedDict
from reconciler.loader.documents import Loaded
from reconciler.loader.envelope import open_envelope
from reconciler.loader.json import parse_json
from reconciler.loader.yaml import parse_yaml

_FROM = "from"


def parse(data: bytes, file: str) -> list[Any]:
    """The marked documents of a file, empty ones left out. Raises InvalidInput."""
    problems: list[Diagnostic]
    if file.lower().endswith(".json"):
        value, problems = parse_json(data, file, positions=True)
        values = [value]
    else:
        values, problems = parse_yaml(data, file)
    if problems:
        raise InvalidInput(tuple(problems))
    return values


class Anew(Struct, frozen=True):
    """Loaded documents, and the texts of files by name that are to be. `paths` are the files' places on the disk;
    `read` what was in them when they were first looked at: what comes later is somebody else's.
    """

    loaded: Loaded
    paths: Mapping[str, Path]
    texts: Mapping[str, bytes] = field(default_factory=dict)
    read: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, loaded: Loaded) -> "Anew":
        """As they are."""
        paths = {name: Path(path) for name, path in loaded.paths.items()}
        for document in loaded.documents:
            body = body_file(document)
            if body and document.mark.file in paths:
                paths.setdefault(body, paths[document.mark.file].parent / document.spec[_FROM])
        return cls(loaded, paths)

    def text(self, file: str) -> bytes:
        """The text of a file. Raises InvalidInput."""
        return self.texts[file] if file in self.texts else self.original(file)

    def original(self, file: str) -> bytes:
        """What the file holds, read once. Raises InvalidInput."""
        if file not in self.read:
            try:
                self.read[file] = self.paths[file].read_bytes()
            except OSError as error:
                text = f"cannot be read: {error.strerror or error}"
                raise InvalidInput.one("unreadable-file", text, hint="run it again", subject=file) from None
        return self.read[file]

    def with_texts(self, texts: Mapping[str, bytes]) -> "Anew":
        """With other texts for some files. Raises InvalidInput where they cannot be read."""
        values = {file: parse(data, file) for file, data in texts.items()}
        documents: list[Document] = []
        for document in self.loaded.documents:
            body = body_file(document)
            if document.mark.file in values:
                continue
            documents.append(replace(document, body=_body(values[body]), bare=False) if body in values else document)
        for file in texts:
            before = [item for item in self.loaded.documents if item.mark.file == file]
            if before:
                documents += self._opened(file, values, before)
        loaded = replace(self.loaded, documents=tuple(sorted(documents, key=lambda item: item.mark)))
        return Anew(loaded, self.paths, {**self.texts, **texts}, self.read)

    def _opened(self, file: str, values: Mapping[str, list[Any]], before: list[Document]) -> list[Document]:
        made, found = [], []
        for value in values[file]:
            document, problems = open_envelope(value, file)
            found += problems
            if document is not None:
                made.append(document)
        if found:
            raise InvalidInput(tuple(found))
        old = {(item.kind, item.name): item for item in before}
        return [self._with_body(item, old.get((item.kind, item.name)), values) for item in made]

    def _with_body(self, document: Document, old: Document | None, values: Mapping[str, list[Any]]) -> Document:
        if document.manifest or old is None or _FROM not in document.spec:
            return document
        body = body_file(old)
        if body in values:
            return replace(document, body=_body(values[body]), bare=False)
        return replace(document, body=old.body, bare=old.bare)


def body_file(document: Document) -> str:
    """The name of the JSON file that a document takes its dashboard from; "" where it takes it from none."""
    named = document.spec.get(_FROM)
    if document.manifest or not isinstance(named, str) or document.body is None or document.body.mark is None:
        return ""
    return document.body.mark.file


def _body(values: list[Any]) -> MarkedDict | None:
    return values[0] if values and isinstance(values[0], MarkedDict) else None
