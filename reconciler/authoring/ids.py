"""Panel ids: those that authors wrote, and for all others one that follows from the title.

A derived id survives reordering and inserting, so that links, annotations and alerts that name a panel keep meaning it.
"""

from collections.abc import Iterator
from functools import lru_cache

from reconciler.authoring.problems import Problems, shown
from reconciler.core.hashing import blake2b
from reconciler.core.source import MarkedDict, MarkedList, mark_at

DERIVED_IDS = 1_000_000
"""Derived ids begin here, so that they are told from written ones."""
_SPACE = 1_000_000_000


def number(panels: MarkedList, problems: Problems) -> None:
    """Give each panel an id, those inside rows too; two written ones alike are an error. `panels` are fresh copies
    (they are completed in place).
    """
    unnamed: list[MarkedDict] = []
    taken: dict[int, MarkedDict] = {}
    for panel in _all(panels):
        written = panel.get("id")
        if written is None:
            unnamed.append(panel)
        elif isinstance(written, bool) or not isinstance(written, int) or written < 1:
            text = f"panel id {shown(written)} is not a whole number from 1 on"
            problems.in_value(panel, ("id",), "bad-panel-id", text, "leave it out: one is derived from the title")
        elif written in taken:
            first = mark_at(taken[written], ("id",))
            text = f"panel id {written} is taken already"
            problems.in_value(panel, ("id",), "panel-id-twice", text, f"the first is at {first}: change one of them")
        else:
            taken[written] = panel
    seen: dict[str, int] = {}
    for panel in unnamed:
        title = str(panel.get("title"))
        if panel.get("type") == "row":  # a row and a panel of one title do not disturb each other
            title = f"row:{title}"
        occurrence = seen[title] = seen.get(title, 0) + 1
        candidate = derived_id(title, occurrence)
        while candidate in taken:
            candidate += 1
        taken[candidate] = panel
        if "id" in panel:
            panel.put("id", candidate, key_at=None, value_at=None)
        else:
            panel["id"] = candidate


@lru_cache(maxsize=8192)
def derived_id(title: str, occurrence: int) -> int:
    """A panel id that follows from a title: the same on every machine and in every version, from DERIVED_IDS up."""
    key = f"{title}\x00{occurrence}".encode("utf-8", "surrogatepass")
    return DERIVED_IDS + int.from_bytes(blake2b(key, digest_size=4).digest()) % _SPACE


def _all(panels: MarkedList) -> Iterator[MarkedDict]:
    for panel in panels:
        yield panel
        if panel.get("type") == "row" and isinstance(inner := panel.get("panels"), MarkedList):
            yield from _all(inner)
