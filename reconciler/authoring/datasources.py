"""`datasource: name` → the object that Grafana wants, wherever a dashboard names one; and what queries leave out.

Must not touch a datasource written as an object, or null.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from string import ascii_uppercase
from typing import Any

from msgspec import Struct

from reconciler.authoring.merging import merged
from reconciler.authoring.names import Declared
from reconciler.authoring.problems import Problems
from reconciler.core.references import LIBRARY_PANEL
from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at

GRAFANA = "-- Grafana --"
_MIXED = "-- Mixed --"
_BUILT_IN = {GRAFANA: "grafana", _MIXED: "datasource", "-- Dashboard --": "datasource"}


class Sources(Struct, frozen=True):
    """What datasources may be called in one dashboard: declared ones, Grafana's own, and variables (`variables`: name
    → plugin type, "" where it is not told; None where the dashboard's variables are not known).
    """

    names: Declared
    problems: Problems
    variables: Mapping[str, str] | None = None

    def object(self, value: str, where: Mark | None) -> Any:
        """The object for a name; the name itself, with an error noted, where there is none."""
        if value in _BUILT_IN:
            return _marked(where, type=_BUILT_IN[value], uid=value)
        if value.startswith("$"):
            return self._variable(value, where)
        uid = self.names.uid_at("datasource", value, where)
        return value if uid is None else _marked(where, type=self.names.type_of(value), uid=uid)

    def _variable(self, value: str, where: Mark | None) -> Any:
        name = value[1:].strip("{}").partition(":")[0]
        if self.variables is None:
            return _marked(where, uid=value)
        if name not in self.variables:
            text = f"the dashboard has no variable '{name}' for the datasource {value}"
            self.problems.warn(
                where, "unknown-variable", text, f"declare it: `- {{name: {name}, type: datasource, …}}`"
            )
        kind = self.variables.get(name)
        return _marked(where, type=kind, uid=value) if kind else _marked(where, uid=value)

    def library_panel(self, panel: MarkedDict) -> Any:
        """The reference for the name of a declared library panel; the name itself, with an error noted, where there is
        none.
        """
        name, where = panel["libraryPanel"], mark_at(panel, ("libraryPanel",))
        uid = self.names.uid_at(LIBRARY_PANEL, name, where)
        return name if uid is None else _marked(where, uid=uid, name=self.names.name_of(LIBRARY_PANEL, name))

    def resolved(self, item: MarkedDict) -> MarkedDict:
        """A copy of a mapping whose `datasource` is the object; the mapping itself where nothing is to do."""
        if not isinstance(item.get("datasource"), str):
            return item
        result = MarkedDict(mark=item.mark)
        for key, value in item.items():
            if key == "datasource":
                value = self.object(value, mark_at(item, (key,)))
            result.take(key, item, value)
        return result

    def targets(self, panel: MarkedDict) -> Any:
        """A panel's queries: a letter where there is none, the panel's datasource where they name none."""
        written = panel["targets"]
        if not isinstance(written, MarkedList):
            hint = "each begins with `- expr: …`, or what its datasource calls it"
            self.problems.in_value(panel, ("targets",), "targets-not-a-list", "targets must be a list", hint)
            return written
        free = letters({item.get("refId") for item in written if isinstance(item, dict)})
        result = MarkedList(mark=written.mark)
        for index, item in enumerate(written):
            if isinstance(item, MarkedDict):
                result.add(self.target(item, panel, free), written.items_at[index])
            else:
                self.problems.in_value(
                    written, (index,), "not-a-query", "a query must be a mapping", "as in `- expr: up`"
                )
        return result

    def target(self, item: MarkedDict, panel: MarkedDict, free: Iterator[str]) -> MarkedDict:
        """One query of a panel; `free` are letters that no other one has."""
        target = self.resolved(item)
        added = MarkedDict(mark=target.mark)
        if "refId" not in target:
            added.put("refId", next(free), key_at=None, value_at=None)
        source = panel.get("datasource")
        if isinstance(source, dict) and source.get("uid") == _MIXED:
            if "datasource" not in target:
                text = "a query of a panel with the datasource '-- Mixed --' needs a datasource of its own"
                self.problems.warn(item.mark, "query-without-datasource", text, "add `datasource: <name>` to the query")
        elif source is not None and "datasource" not in target:
            added.put("datasource", source, key_at=None, value_at=mark_at(panel, ("datasource",)))
        result: MarkedDict = merged(added, target)
        return result


def letters(taken: set[Any]) -> Iterator[str]:
    """How queries are called that have no name: A, B, … Z, AA, AB, … without those that are taken."""
    for text in ascii_uppercase:
        if text not in taken:
            yield text
    for length in count(2):
        for index in range(len(ascii_uppercase) ** length):
            text = ""
            for _ in range(length):
                index, letter = divmod(index, len(ascii_uppercase))
                text = ascii_uppercase[letter] + text
            if text not in taken:
                yield text


def _marked(where: Mark | None, **values: Any) -> MarkedDict:
    result = MarkedDict(mark=where)
    for key, value in values.items():
        result.put(key, value, key_at=where, value_at=where)
    return result
