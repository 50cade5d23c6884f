"""The files of a desired folder one after the other, so that not all of them need to be in memory at once: first what
dashboards may go by, then dashboards, without places, then the rest as ever.

A file that seems to hold one dashboard and nothing else is looked at last; whether that was right is seen when it is
read. Must not understand a dashboard.
"""

import os
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict
from reconciler.loader.commands import Commands
from reconciler.loader.documents import Loaded, Reading, is_bare
from reconciler.loader.envelope import open_envelope
from reconciler.loader.files import Folder, Found
from reconciler.loader.json import read_quickly
from reconciler.loader.plain_yaml import PlainYaml
from reconciler.loader.stamps import Stamp

_HEAD = 512
_DASHBOARD = re.compile(rb"(?m)^kind: +Dashboard *$")
_STAND_IN = re.compile(rb"\$\{(?:values\.|env:|file:|command:|sops:)")


class Plain(Struct, frozen=True):
    """A document of a file of its own, without places but for its envelope, and the paths that it was made from.
    `literal`: nothing in the file itself stands for something else but Grafana's own variables.
    """

    document: Document
    name: str
    paths: tuple[str, ...]
    literal: bool


class Stream:
    """One way through a folder. `first`, then the dashboards, then `rest`."""

    def __init__(self, folder: Path, root: Path, commands: Collection[str]) -> None:
        self._folder = Folder(folder, root)
        self._reading = Reading(self._folder, Commands(commands))
        self._later = [found for found in self._reading.files if _seems_to_wait(found)]
        self._bodies = {str(found.path) for found in self._later if found.is_json}
        self._yaml = PlainYaml()

    def first(self) -> tuple[list[Document], frozenset[str]] | None:
        """The documents of all files that do not seem to hold a dashboard alone, with their places, and those files'
        names; None where something is wrong with them, or where no other file is there.
        """
        later = {found.name for found in self._later}
        if not later:
            return None
        others = [found for found in self._reading.files if found.name not in later]
        for found in others:
            self._reading.read(found)
        if self._folder.problems:
            return None
        return self._reading.so_far(), frozenset(found.name for found in others)

    def dashboards(self) -> Iterator[Plain]:
        """What can be read without places, of the files that are left."""
        for found in self._later:
            if not found.is_json:
                plain = self._plain(found)
                if plain is not None:
                    yield plain

    @property
    def stamps(self) -> Mapping[str, Stamp]:
        """Of what was read, by the paths that led to it."""
        return self._folder.reads

    def rest(self, passed_over: Collection[str]) -> Loaded:
        """All that is left but these paths, and what was read first."""
        return self._reading.run(passed_over)

    def _plain(self, found: Found) -> Plain | None:
        data = self._folder.quietly(found.path)
        value = self._yaml.read(data, found.name) if data else None
        if value is None or data is None:
            return None
        literal = (
            b"for_each" not in data and _STAND_IN.search(data) is None
        )  # no escape of what is read plainly can hide one
        document, problems = open_envelope(value, found.name)
        if document is None or problems or document.manifest:
            return None
        path = str(found.path)
        if "from" not in document.spec:
            return Plain(document, found.name, (path,), literal)
        named = document.spec["from"]
        body = f"{os.path.dirname(path)}{os.sep}{named}"  # noqa: PTH120
        if not isinstance(named, str) or body not in self._bodies or os.path.islink(body):  # noqa: PTH114
            return None
        data = self._folder.quietly(Path(body))
        read = read_quickly(data) if data else None
        if not isinstance(read, dict):
            return None
        top = MarkedDict(read, mark=Mark(self._folder.name(Path(body)), 1, 1))
        return Plain(replace(document, body=top, bare=is_bare(data or b"")), found.name, (path, body), literal)


def _seems_to_wait(found: Found) -> bool:
    """Whether a file seems to hold a dashboard alone, or the body of one."""
    try:
        file = os.open(found.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            head = os.read(file, _HEAD)
        finally:
            os.close(file)
    except OSError:
        return False
    return b'"apiVersion"' not in head if found.is_json else _DASHBOARD.search(head) is not None
