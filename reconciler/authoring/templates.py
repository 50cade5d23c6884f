"""`kind: Template`: option blocks declared once, merged under the panels that `use:` them."""

from collections.abc import Mapping
from typing import Any

from reconciler.authoring.problems import Problems, suggestion
from reconciler.core.resource import Document
from reconciler.core.source import MarkedDict, MarkedList, mark_at

KIND = "Template"
IDENTITIES: Mapping[str, str] = {"targets": "refId", "overrides": "matcher", "links": "title"}
"""Lists whose items are merged by identity: the list's key → the field that identifies an item. Other lists are
replaced.
"""


def merged(under: Any, over: Any, name: str = "") -> Any:
    """`over` merged onto `under`: mappings by key, lists of mappings by identity, everything else replaced. Marks are
    kept.
    """
    if isinstance(under, MarkedDict) and isinstance(over, MarkedDict):
        result = MarkedDict(mark=over.mark or under.mark)
        for key, value in under.items():
            result.take(key, under, value)
        for key, value in over.items():
            result.take(key, over, merged(under[key], value, key) if key in under else value)
        return result
    if isinstance(under, MarkedList) and isinstance(over, MarkedList) and name in IDENTITIES:
        return _lists(under, over, IDENTITIES[name])
    return over


def _lists(under: MarkedList, over: MarkedList, field: str) -> MarkedList:
    if not all(isinstance(item, MarkedDict) and field in item for item in (*under, *over)):
        return over
    result = MarkedList(mark=over.mark or under.mark)
    pending = list(zip(over, over.items_at, strict=True))
    for index, item in enumerate(under):
        mine = next((pair for pair in pending if pair[0][field] == item[field]), None)
        if mine is None:
            result.add(item, under.items_at[index])
        else:
            pending.remove(mine)
            result.add(merged(item, mine[0]), mine[1])
    for item, at in pending:
        result.add(item, at)
    return result


class Templates:
    """The declared templates, and which of them were used."""

    def __init__(self, documents: list[Document]) -> None:
        self._by_name = {document.name: document for document in documents if document.kind == KIND}
        self.used: set[str] = set()

    def check(self, document: Document, problems: Problems) -> None:
        """A template has one block, `panel`."""
        for key in document.spec:
            if key != "panel":
                hint = "a Template has `panel: {…}`"
                problems.in_value(document.spec, (key,), "unknown-key", f"unknown key '{key}'", hint, key=True)
        if not isinstance(document.spec.get("panel"), MarkedDict):
            problems.in_value(
                document.spec, ("panel",), "no-panel", "a Template needs `panel: {…}`", "a block of panel options"
            )

    def layers(self, panel: MarkedDict, problems: Problems, seen: tuple[str, ...] = ()) -> list[MarkedDict]:
        """What a panel is made of, the lowest first: its templates (with theirs), then itself without `use`."""
        own = MarkedDict(mark=panel.mark)
        for key, value in panel.items():
            if key != "use":
                own.take(key, panel, value)
        result: list[MarkedDict] = []
        for name in self._names(panel, problems):
            where = mark_at(panel, ("use",))
            template = self._by_name.get(name)
            if template is None:
                hint = suggestion(name, list(self._by_name))
                problems.at(where, "unknown-template", f"no Template '{name}'", hint)
            elif name in seen:
                chain = " → ".join((*seen, name))
                problems.at(
                    where, "template-cycle", f"templates use each other in a circle: {chain}", "break the circle"
                )
            elif isinstance(template.spec.get("panel"), MarkedDict):
                self.used.add(name)
                result += self.layers(template.spec["panel"], problems, (*seen, name))
        return [*result, own]

    def _names(self, panel: MarkedDict, problems: Problems) -> list[str]:
        written = panel.get("use")
        names = [written] if isinstance(written, str) else written if isinstance(written, list) else []
        if written is not None and (not names or not all(isinstance(name, str) for name in names)):
            problems.in_value(panel, ("use",), "bad-use", "`use` is the name of a Template, or a list of names")
            return []
        return names

    def unused(self) -> list[Document]:
        """Templates that no panel uses."""
        return [document for name, document in sorted(self._by_name.items()) if name not in self.used]
