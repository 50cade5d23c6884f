"""Files that commands write for others to read: reports, pages, metrics."""

import os
import tempfile
from pathlib import Path

from reconciler.core.errors import GgrecError


def write_file(file: Path, text: str) -> None:
    """Set a file in one go: who reads it (a collector, at any moment) sees the old or the new text. What is no file,
    as /dev/stdout, is written to. Raises GgrecError naming it.
    """
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
