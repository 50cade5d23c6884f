"""`kind: Template`: option blocks declared once, merged under the panels that `use:` them."""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.authoring.keys import near_miss_of_panel
from reconciler.authoring.metadata import unknown_keys
from reconciler.authoring.problems import Problems, suggestion
from reconciler.authoring.shorthands import spelled_out
from reconciler.authoring.values import Text, with_values
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import Json
from reconciler.core.resource import Document
from reconciler.core.source import MarkedDict, mark_at

KIND = "Template"


class Templates:
    """The declared templates, checked once, and which of them panels used.

    What is wrong with the templates themselves is in `found`: panels that use a broken one do not repeat it.
    """

    def __init__(self, documents: Sequence[Document], values: Mapping[str, Json]) -> None:
        self.found: list[Diagnostic] = []
        self._documents: dict[str, Document] = {}
        self._blocks: dict[str, MarkedDict] = {}
        self._uses: dict[str, tuple[str, ...] | None] = {}
        self._used: set[str] = set()
        for document in documents:
            if document.kind == KIND:
                self._take(document, values)
        self._check_uses()

    def _take(self, document: Document, values: Mapping[str, Json]) -> None:
        problems = Problems(document)
        unknown_keys(document.metadata, ("name",), problems)
        first = self._documents.setdefault(document.name, document)
        if first is not document:
            where = mark_at(document.metadata, ("name",))
            hint = f"the first is at {first.mark}: rename one, or remove it"
            problems.at(where, "declared-twice", f"Template '{document.name}' is declared twice", hint)
        unknown_keys(document.spec, ("panel",), problems)
        block = with_values(document.spec, values, problems, Text.GRAFANAS).get("panel")
        if not isinstance(block, MarkedDict):
            hint = "a block of panel options"
            problems.in_value(document.spec, ("panel",), "no-panel", "a Template needs `panel: {…}`", hint)
        elif first is document:
            near_miss_of_panel(block, problems)
            self._uses[document.name] = used_names(block, problems)
            self._blocks[document.name] = spelled_out(without_use(block), problems)
        self.found += problems.found

    def _check_uses(self) -> None:
        """Unknown templates and circles among the templates, each told once."""
        told: set[str] = set()
        for name, uses in sorted(self._uses.items()):
            problems = Problems(self._documents[name])
            where = mark_at(self._documents[name].spec, ("panel", "use"))
            for other in uses or ():
                if other not in self._documents:
                    problems.at(where, "unknown-template", f"no Template '{other}'", suggestion(other, self._documents))
            circle = () if name in told else self._circle(name, (name,))
            if circle:
                told |= set(circle)
                text = f"templates use each other in a circle: {' → '.join(circle)}"
                problems.at(where, "template-cycle", text, "break the circle")
            self.found += problems.found

    def _circle(self, name: str, trail: tuple[str, ...]) -> tuple[str, ...]:
        """The shortest way along the first uses from a template back to itself (empty: there is none)."""
        for other in self._uses.get(name) or ():
            if other == trail[0]:
                return (*trail, other)
            found = () if other in trail else self._circle(other, (*trail, other))
            if found:
                return found
        return ()

    def layers(self, panel: MarkedDict, problems: Problems) -> tuple[list[MarkedDict], bool]:
        """What a panel is made of, the lowest first: its templates (each on top of those it uses itself, and each
        once), then the panel. Shorthands are spelled out in all of them. And whether that is all: False where a
        template is unknown or broken, which is noted; what is missing then may have been in it.
        """
        order: list[str] = []
        names = used_names(panel, problems)
        for name in names or ():
            if name in self._documents:
                self._collect(name, order)
            else:
                where = mark_at(panel, ("use",))
                problems.at(where, "unknown-template", f"no Template '{name}'", suggestion(name, self._documents))
        self._used |= set(order)
        blocks = [self._blocks[name] for name in order if name in self._blocks]
        asked = {*(names or ()), *(other for name in order for other in self._uses.get(name) or ())}
        whole = names is not None and asked <= set(self._blocks) and all(self._uses[n] is not None for n in asked)
        return [*blocks, spelled_out(without_use(panel), problems)], whole

    def _collect(self, name: str, order: list[str], trail: tuple[str, ...] = ()) -> None:
        if name in order or name in trail:
            return
        for other in self._uses.get(name) or ():
            if other in self._documents:
                self._collect(other, order, (*trail, name))
        order.append(name)

    def unused(self) -> list[Diagnostic]:
        """A warning for each template that no panel uses."""
        return [
            Diagnostic(
                "unused-template",
                f"Template '{name}' is not used by any panel",
                "remove it, or `use:` it",
                document.mark,
                f"{KIND} {name}",
                Severity.WARNING,
            )
            for name, document in sorted(self._documents.items())
            if name not in self._used
        ]


def without_use(panel: MarkedDict) -> MarkedDict:
    """A copy without `use`."""
    result = MarkedDict(mark=panel.mark)
    for key, value in panel.items():
        if key != "use":
            result.take(key, panel, value)
    return result


def used_names(panel: MarkedDict, problems: Problems) -> tuple[str, ...] | None:
    """The names under `use`; anything but a name or a list of names is an error, and None."""
    if "use" not in panel:
        return ()
    written: Any = panel["use"]
    names = [written] if isinstance(written, str) else written
    if isinstance(names, list) and all(isinstance(name, str) for name in names):
        return tuple(names)
    hint = "as in `use: [headline, with-sla]`"
    problems.in_value(panel, ("use",), "bad-use", "`use` is the name of a Template, or a list of names", hint)
    return None
