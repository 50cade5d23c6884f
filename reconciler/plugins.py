"""What installed packages bring to ggrec, by entry points: kinds, rules, sources of secrets. Beside the rooms, for each
of those is another room's, and none may look at the installation by itself.
"""

import os
import sys
from functools import cache
from importlib.machinery import PathFinder
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def entry_points(*, group: str) -> "list[EntryPoint]":
    """The group's entry points, by name. Mostly there are none, and a look at the packages' files says so in a fifth
    of the time that the library takes; where that look cannot be sure, the library decides.
    """
    if not _may_have(group):
        return []
    from importlib import metadata

    return sorted(metadata.entry_points(group=group), key=lambda item: item.name)


def _may_have(group: str) -> bool:
    """False only where certainly no package on the path names the group."""
    strangers = [finder for finder in sys.meta_path if hasattr(finder, "find_distributions")]
    if any(finder is not PathFinder for finder in strangers):
        return True
    return any(found is None or group.encode() in found for found in map(_told, dict.fromkeys(sys.path)))


@cache
def _told(place: str) -> bytes | None:
    """All that the packages in a folder say of their entry points; None where it is no folder (an archive, perhaps)."""
    texts: list[bytes] = []
    try:
        with os.scandir(place or ".") as entries:
            for entry in entries:
                if entry.name.lower().endswith((".dist-info", "egg-info")):
                    texts.append(_text(Path(entry.path, "entry_points.txt")))
    except FileNotFoundError:
        return b""
    except OSError:
        return None
    return b"\n".join(texts)


def _text(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""
