"""The files of a desired folder, found and read. What cannot be looked at is an error: a folder that is passed over in
silence would read as "delete what was in it". Must not understand what is in a file.
"""

import errno
import os
import stat
from pathlib import Path

from msgspec import Struct

from reconciler.core.errors import Diagnostic
from reconciler.core.source import Mark
from reconciler.loader.stamps import Stamp, read_stamped

_ENDINGS = {".yaml", ".yml", ".json"}
_SUFFIXES = tuple(sorted(_ENDINGS))
_DANGLING = {"", *_ENDINGS}
"""Endings of links to nothing that are worth an error: those that may have stood for files of ours, or for a folder."""
_PERMISSIONS = "check the file and its permissions"


class Found(Struct, frozen=True):
    """A file, and how it is called in messages: relative to the project, with forward slashes."""

    path: Path
    name: str

    @property
    def is_json(self) -> bool:
        """Whether it is read as JSON."""
        return self.path.suffix.lower() == ".json"


class Folder:
    """One desired folder inside a project's `root`. `problems` collects what could not be looked at."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.folder = resolved(folder) or folder
        self.root = resolved(root) or root
        self.problems: list[Diagnostic] = []
        self.reads: dict[str, Stamp] = {}
        """What was read, by the paths that led to it."""

    def files(self) -> list[Found]:
        """Every *.yaml, *.yml and *.json, sorted by path; hidden files and folders left out."""
        return self._below(self.folder, (self.folder,))

    def exists(self) -> bool:
        """Whether there is a folder that can be listed, as far as can be told."""
        try:
            return self.folder.is_dir()
        except OSError:
            return True

    def inside(self, path: Path) -> bool:
        """Whether a resolved path belongs to the project."""
        return path.is_relative_to(self.root) or path.is_relative_to(self.folder)

    def name(self, path: Path) -> str:
        """How messages call a path: without line breaks or bytes that a terminal would choke on."""
        return _printable(path.relative_to(self.root).as_posix() if path.is_relative_to(self.root) else path.as_posix())

    def read(self, path: Path) -> bytes | None:
        """The bytes of a file; None (and noted) where it cannot be read."""
        try:
            if not path.is_file():  # reading a pipe or a device would wait for ever
                self.fail("unreadable-file", "is not a regular file", "only files can be read", path)
                return None
            data, self.reads[str(path)] = read_stamped(str(path))
            return data
        except OSError as error:
            self.fail("unreadable-file", f"cannot be read: {error.strerror or error}", _PERMISSIONS, path)
            return None

    def quietly(self, path: Path) -> bytes | None:
        """The same of a file of which nothing is to be noted: who is told of it reads it again."""
        try:
            if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116  (ten thousand of them)
                return None
            data, self.reads[str(path)] = read_stamped(str(path))
        except OSError:
            return None
        return data

    def fail(self, code: str, message: str, hint: str, path: Path) -> None:
        """Note what is wrong with a file as a whole."""
        self.problems.append(Diagnostic(code, message, hint, Mark(self.name(path), 1, 1)))

    def _below(self, folder: Path, trail: tuple[Path, ...]) -> list[Found]:
        """`trail`: the real folders that led here."""
        try:
            entries = [entry for entry in os.scandir(folder) if not entry.name.startswith(".")]
            plain = folder == trail[-1]
        except FileNotFoundError:
            return []
        except OSError as error:
            if error.errno != errno.ENOTDIR:
                text = f"the folder cannot be read: {error.strerror or error}"
                self.fail("unreadable-folder", text, "what is in it would count as deleted", folder)
            return []
        found: list[Found] = []
        above = "" if folder == self.root else f"{self.name(folder)}/"
        for entry in sorted(entries, key=lambda entry: entry.name):
            if plain and entry.is_file(follow_symlinks=False):  # its real path needs no looking up
                if entry.name.lower().endswith(_SUFFIXES):
                    found.append(Found(folder / entry.name, above + _printable(entry.name)))
            else:
                found += self._entry(folder / entry.name, trail)
        return found

    def _entry(self, path: Path, trail: tuple[Path, ...]) -> list[Found]:
        wanted = path.suffix.lower() in _ENDINGS
        target = resolved(path)
        if target is None or not _exists(target):
            if path.suffix.lower() in _DANGLING:
                self.fail("broken-link", "a link that leads nowhere", "remove it, or mend what it points to", path)
            return []
        folder = _is_folder(target)
        if not folder and not wanted:
            return []
        if not self.inside(target):
            self.fail("outside-project", "a link to a place outside the project", "copy what it points to", path)
            return []
        if not folder:
            return [Found(path, self.name(path))]
        if target in trail:
            self.fail("link-loop", "a link to a folder that it is in itself", "remove it", path)
            return []
        return self._below(path, (*trail, target))


def _printable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    text = os.fsencode(text).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def resolved(path: Path) -> Path | None:
    """The real path behind all links; None for links in a circle and texts that are no path."""
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError):
        return None


def no_file(path: Path) -> str:
    """Why there is no file to read at a path; "" where there is one, or where only reading it can tell."""
    try:
        return "" if path.is_file() else "is not a file" if path.exists() else "does not exist"
    except OSError:
        return ""


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError as error:
        return error.errno not in {errno.ENOTDIR, errno.ELOOP}
    return not path.is_symlink()  # since Python 3.13 circles resolve to a link again


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False
