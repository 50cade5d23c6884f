"""Which declared dashboards a team may open, by the declared permissions of folders. It knows of no others: what people
granted in Grafana, to a user or on a dashboard, is not here.

Grafana's rules (grafana-api.md section 14): a grant on a folder holds for everything below it; a new folder at the
root lets every Viewer in, until its own entries say otherwise; a nested one has none of its own.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reconciler.core.address import Address
from reconciler.core.json import as_list, as_object, text_of
from reconciler.core.source import Mark, MarkedDict, MarkedList

PERMISSIONS = "permissions"
"""The kind of folder permissions; its address is named after the folder, unless the author chose otherwise."""


class Access:
    """Answers about one set of specs, as authors wrote them."""

    def __init__(self, specs: Mapping[Address, Mapping[str, Any]]) -> None:
        self._parents = {
            address.name: text_of(spec.get("parent")) for address, spec in specs.items() if address.kind == "folder"
        }
        self._folders = {
            address: text_of(spec.get("folder")) for address, spec in specs.items() if address.kind == "dashboard"
        }
        self._grants: dict[str, set[str]] = {}
        self._closed: set[str] = set()
        for address, spec in specs.items():
            if address.kind == PERMISSIONS:
                self._take(text_of(spec.get("folder")), spec)

    def _take(self, folder: str, spec: Mapping[str, Any]) -> None:
        for item in map(as_object, as_list(spec.get("entries"))):
            self._grants.setdefault(folder, set()).add(_principal(item))
        if spec.get("mode") == "exact":
            self._closed.add(folder)

    def folder(self, dashboard: Address) -> str:
        """The folder of a declared dashboard ("" at the root)."""
        return self._folders.get(dashboard, "")

    def opens(self, team: str, dashboard: Address) -> bool:
        """Whether the members of a declared team may open a declared dashboard."""
        line = list(self._line(self.folder(dashboard)))
        if not line or line[-1] not in self._closed:
            return True
        return any({f"team:{team}", "role:Viewer"} & self._grants.get(folder, set()) for folder in line)

    def _line(self, folder: str) -> Iterator[str]:
        """A folder and those above it, up to the root."""
        seen: set[str] = set()
        while folder and folder not in seen:
            seen.add(folder)
            yield folder
            folder = self._parents.get(folder, "")

    def all_opened(self, team: str) -> frozenset[Address]:
        """Every declared dashboard that the team may open."""
        return frozenset(dashboard for dashboard in self._folders if self.opens(team, dashboard))


def _principal(item: Mapping[str, Any]) -> str:
    return next((f"{key}:{item[key]}" for key in ("team", "user", "role") if key in item), "")


def granted(written: MarkedDict, teams: Iterable[str], mark: Mark | None) -> MarkedDict:
    """The spec of a folder's permissions with View for these teams added, where they have no entry yet."""
    entries = written.get("entries")
    made = MarkedList(mark=getattr(entries, "mark", None) or mark)
    for index, item in enumerate(entries if isinstance(entries, MarkedList) else ()):
        made.add(item, entries.items_at[index] if isinstance(entries, MarkedList) else mark)
    there = {_principal(as_object(item)) for item in made}
    for team in teams:
        if f"team:{team}" not in there:
            entry = MarkedDict(mark=mark)
            for key, value in (("team", team), ("permission", "View")):
                entry.put(key, value, key_at=mark, value_at=mark)
            made.add(entry, mark)
    result = written.copied()
    result.put("entries", made, key_at=written.keys_at.get("entries", mark), value_at=made.mark)
    return result
