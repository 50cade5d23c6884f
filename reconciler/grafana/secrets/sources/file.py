"""`${file:path}`: a text file, relative to ggrec.yaml, without one line break at its end."""

from pathlib import Path
from typing import ClassVar

from reconciler.core.secret_source import SecretSource, Unavailable

LARGEST = 1_000_000
"""Bytes that a secret may have."""


class Files(SecretSource):
    """Files that something else puts beside the project or into the container."""

    name: ClassVar[str] = "file"
    form: ClassVar[str] = "${file:path}"

    def fetch(self, argument: str) -> str | Unavailable:
        """The file's content."""
        try:
            with (Path(self.surroundings.root) / argument).open("rb") as file:
                content = file.read(LARGEST + 1)
            if len(content) > LARGEST:
                return Unavailable(f"the file {argument} is larger than a secret can be")
            return content.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            return Unavailable(f"the file {argument} is not UTF-8 text")
        except (OSError, ValueError) as error:
            return Unavailable(
                f"the file {argument} cannot be read: {getattr(error, 'strerror', '') or 'no such path'}"
            )
