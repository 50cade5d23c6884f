"""`kind: Defaults`: what every dashboard that is written here has (a feedback link, tags, a time zone), said once.

It lies under a dashboard: what the dashboard says itself wins. Dashboards that come from a file of Grafana's (`from`,
manifests) stay as they are.
"""

from collections.abc import Sequence
from typing import Any

from reconciler.authoring.keys import near_miss_of_dashboard
from reconciler.authoring.merging import merged
from reconciler.authoring.problems import Problems, unknown_keys
from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document
from reconciler.core.source import MarkedDict, MarkedList, mark_at

KIND = "Defaults"
_LISTS = {"variables": "name", "annotations": "name", "links": "title"}
"""Lists to which the defaults are added, after the dashboard's own, and what tells their items apart."""
_NOT_HERE = ("title", "folder", "panels", "from", "inputs", "uid", "id")


class Defaults:
    """The one Defaults document of a project (or none). What is wrong with it is in `found`."""

    def __init__(self, documents: Sequence[Document] = ()) -> None:
        self.found: list[Diagnostic] = []
        self._dashboard = MarkedDict()
        for index, document in enumerate(documents):
            problems = Problems(document)
            unknown_keys(document.metadata, ("name",), problems)
            unknown_keys(document.spec, ("dashboard",), problems)
            written = document.spec.get("dashboard")
            if index:
                text = "a project has one Defaults document"
                problems.at(None, "declared-twice", text, f"the first is at {documents[0].mark}: put both together")
            elif not isinstance(written, MarkedDict):
                text = "Defaults needs `dashboard: {…}`"
                hint = "what every dashboard has, as in `dashboard: {timezone: browser}`"
                problems.in_value(document.spec, ("dashboard",), "no-defaults", text, hint)
            else:
                self._take(written, problems)
            self.found += problems.found

    def _take(self, written: MarkedDict, problems: Problems) -> None:
        near_miss_of_dashboard(written, problems)
        for key, value in written.items():
            if key in _NOT_HERE:
                text = f"'{key}' is each dashboard's own and cannot be a default"
                problems.in_value(written, (key,), "not-a-default", text, "say it in the dashboards", key=True)
            elif key in (*_LISTS, "tags") and not isinstance(value, MarkedList):
                problems.in_value(written, (key,), "not-a-list", f"{key} must be a list", "each begins with `- `")
            else:
                self._dashboard.take(key, written, value)

    def under(self, spec: MarkedDict) -> MarkedDict:
        """A dashboard's spec on top of the defaults; the spec itself where there are none."""
        if not self._dashboard:
            return spec
        result = MarkedDict(mark=spec.mark)
        for key, value in spec.items():
            result.take(key, spec, value)
        for key, value in self._dashboard.items():
            if key not in spec:
                result.take(key, self._dashboard, value)
            elif key in (*_LISTS, "tags") and isinstance(spec[key], MarkedList):
                result.take(key, spec, _after(spec[key], value, _LISTS.get(key)))
            elif key not in _LISTS:
                result.take(key, spec, merged(value, spec[key]))
        return result


def _after(own: MarkedList, more: MarkedList, identity: str | None) -> MarkedList:
    """The dashboard's items, then those of the defaults that it does not have."""
    result = MarkedList(mark=own.mark)
    for index, item in enumerate(own):
        result.add(item, mark_at(own, (index,)))
    known = [_identity(item, identity) for item in own]
    for index, item in enumerate(more):
        if _identity(item, identity) not in known:
            result.add(item, more.items_at[index])
    return result


def _identity(item: Any, key: str | None) -> Any:
    return (item.get(key) or item.get("use")) if key is not None and isinstance(item, dict) else item
