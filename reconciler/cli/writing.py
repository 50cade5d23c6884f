"""Files that commands write: for others to read (reports, pages, metrics), and in the place of what people wrote."""

import os
from collections.abc import Mapping
from pathlib import Path

from reconciler.core.errors import GgrecError

_UNTOUCHED = "no file was changed: run it again"


def write_file(file: Path, text: str) -> None:
    """Set a file in one go: who reads it (a collector, at any moment) sees the old or the new text. What is no file,
    as /dev/stdout, is written to. Raises GgrecError naming it.
    """
    import tempfile  # here and below: most commands write none

    data = text.encode("utf-8", "backslashreplace")
    try:
        if file.exists() and not file.is_file():
            file.write_bytes(data)
            return
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".ggrec-")
        beside = Path(name)
        try:
            with os.fdopen(handle, "wb") as out:
                out.write(data)
            beside.chmod(0o644)
            beside.replace(file)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise GgrecError.one("unwritable-file", f"cannot write {file}: {error.strerror or error}") from None


def replace_file(target: Path, data: bytes) -> None:
    """Write a file whole or not at all, with the mode that it has. Raises OSError."""
    beside = _beside(target, data)
    try:
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def replace_files(files: Mapping[Path, tuple[bytes, bytes]]) -> None:
    """Replace files, all of them or none: each by what it held (it must still) and what it is to hold. Links stay, and
    lead to the new content. Raises GgrecError.
    """
    ready: dict[Path, Path] = {}
    done: list[Path] = []
    try:
        for file, (_, new) in files.items():
            target = file.resolve()
            ready[target] = _beside(target, new)
            if ready[target].read_bytes() != new:
                raise GgrecError.one("cannot-write", f"{file} does not read back as it was written", hint=_UNTOUCHED)
        for file, (old, _) in files.items():
            if file.resolve().read_bytes() != old:
                raise GgrecError.one("changed-meanwhile", f"{file} was changed just now", hint=_UNTOUCHED)
        for target, beside in ready.items():
            beside.replace(target)
            done.append(target)
    except BaseException as error:
        before = {file.resolve(): old for file, (old, _) in files.items()}
        for target in done:
            replace_file(target, before[target])
        if isinstance(error, OSError):
            text = f"cannot write {error.filename}: {error.strerror or error}"
            raise GgrecError.one("unwritable-file", text, hint=_UNTOUCHED) from None
        raise
    finally:
        for beside in ready.values():
            beside.unlink(missing_ok=True)


def _beside(target: Path, data: bytes) -> Path:
    """A file with this content and the target's mode, in the same folder. Raises OSError."""
    if not os.access(target, os.W_OK):
        raise PermissionError(13, "Permission denied", str(target))
    import tempfile

    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name[:40]}.", suffix=".tmp")
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.chmod(target.stat().st_mode & 0o7777)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside
