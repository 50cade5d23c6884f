"""`kind: Template`: blocks declared once, merged under the panels, variables, queries, links or annotation queries
that `use:` them.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from reconciler.authoring.keys import near_miss_of_panel
from reconciler.authoring.merging import merged
from reconciler.authoring.palette import Palette
from reconciler.authoring.problems import Problems, suggestion, unknown_keys
from reconciler.authoring.shorthands import spelled_out
from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, MarkedList, mark_at

KIND = "Template"
SORTS = ("panel", "variable", "target", "link", "annotation")
"""What a template can be of."""


class Templates:
    """The declared templates, checked once, and which of them panels used.

    What is wrong with the templates themselves is in `found`: panels that use a broken one do not repeat it.
    """

    def __init__(self, documents: Sequence[Document] = (), palette: Palette | None = None) -> None:
        self.found: list[Diagnostic] = []
        self.palette = palette or Palette()
        self._sorts: dict[str, str] = {}
        self._documents: dict[str, Document] = {}
        self._blocks: dict[str, MarkedDict] = {}
        self._uses: dict[str, tuple[str, ...] | None] = {}
        self._used: set[str] = set()
        for document in documents:
            self._take(document)
        self._check_uses()

    def _take(self, document: Document) -> None:
        problems = Problems(document)
        unknown_keys(document.metadata, ("name",), problems)
        first = self._documents.setdefault(document.name, document)
        if first is not document:
            where = mark_at(document.metadata, ("name",))
            hint = f"the first is at {first.mark}: rename one, or remove it"
            problems.at(where, "declared-twice", f"Template '{document.name}' is declared twice", hint)
        unknown_keys(document.spec, SORTS, problems)
        sorts = [sort for sort in SORTS if sort in document.spec]
        block = document.spec[sorts[0]] if len(sorts) == 1 else None
        if len(sorts) > 1:
            text = f"a Template is of one sort, and this one has {' and '.join(sorts)}"
            problems.in_value(document.spec, (sorts[1],), "two-sorts", text, "write two Templates", key=True)
        elif not isinstance(block, MarkedDict):
            sort = sorts[0] if sorts else "panel"
            text = f"a Template needs `{sort}: {{…}}`"
            hint = f"a block of {sort} options"
            problems.in_value(document.spec, (sort,), f"no-{sort}", text, hint)
        elif first is document:
            self._keep(document.name, sorts[0], block, problems)
        self.found += problems.found

    def _keep(self, name: str, sort: str, block: MarkedDict, problems: Problems) -> None:
        self._sorts[name] = sort
        self._uses[name] = used_names(block, problems)
        if sort == "panel":
            near_miss_of_panel(block, problems)
            self._blocks[name] = spelled_out(block.copied(without=("use",)), self.palette, problems)
        else:
            self._blocks[name] = block.copied(without=("use",))

    def _check_uses(self) -> None:
        """Unknown templates and circles among the templates, each told once."""
        told: set[str] = set()
        for name, uses in sorted(self._uses.items()):
            problems = Problems(self._documents[name])
            sort = self._sorts[name]
            where = mark_at(self._documents[name].spec, (sort, "use"))
            for other in uses or ():
                if other not in self._documents:
                    problems.at(where, "unknown-template", f"no Template '{other}'", suggestion(other, self._documents))
                else:
                    self._check_sort(other, sort, where, problems)
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

    def _check_sort(self, name: str, wanted: str, where: Mark | None, problems: Problems) -> None:
        """An error where a template of another sort is used (a broken one has none, which is told already)."""
        sort = self._sorts.get(name, wanted)
        if sort != wanted:
            fit = [other for other, its in self._sorts.items() if its == wanted]
            text = f"Template '{name}' is of a {sort}, not of a {wanted}"
            problems.at(where, "wrong-template", text, suggestion(name, fit))

    def filled(self, item: Any, sort: str, problems: Problems) -> Any:
        """An item of a list (a variable, a query …) with its templates merged under it."""
        if not isinstance(item, MarkedDict) or "use" not in item:
            return item
        whole = MarkedDict(mark=item.mark)
        for layer in self.layers(item, problems, sort)[0]:
            whole = merged(whole, layer)
        return whole

    def filled_list(self, holder: MarkedDict, key: str, sort: str, problems: Problems) -> MarkedDict:
        """A mapping in which every item of one of its lists is filled; itself where none uses a template."""
        items = holder.get(key)
        if not isinstance(items, MarkedList) or not any(isinstance(item, dict) and "use" in item for item in items):
            return holder
        made = MarkedList(mark=items.mark)
        for index, item in enumerate(items):
            made.add(self.filled(item, sort, problems), items.items_at[index])
        return holder.replaced({key: made})

    def layers(self, panel: MarkedDict, problems: Problems, sort: str = "panel") -> tuple[list[MarkedDict], bool]:
        """What a panel (or an item of another sort) is made of, the lowest first: its templates (each on top of those
        it uses itself, and each once), then the panel. Shorthands are spelled out in all of them. And whether that is
        all: False where a template is unknown or broken, which is noted; what is missing then may have been in it.
        """
        order: list[str] = []
        names = used_names(panel, problems)
        where = mark_at(panel, ("use",))
        for name in names or ():
            if self._sorts.get(name, sort) != sort:
                self._check_sort(name, sort, where, problems)
            elif name in self._documents:
                self._collect(name, order)
            else:
                problems.at(where, "unknown-template", f"no Template '{name}'", suggestion(name, self._documents))
        self._used |= set(order)
        blocks = [self._blocks[name] for name in order if name in self._blocks]
        asked = {*(names or ()), *(other for name in order for other in self._uses.get(name) or ())}
        whole = names is not None and asked <= {*self._blocks} and all(self._uses[n] is not None for n in asked)
        whole = whole and all(self._sorts.get(name) == sort for name in names or ())
        own = panel.copied(without=("use",))
        return [*blocks, spelled_out(own, self.palette, problems) if sort == "panel" else own], whole

    def _collect(self, name: str, order: list[str], trail: tuple[str, ...] = ()) -> None:
        if name in order or name in trail:
            return
        for other in self._uses.get(name) or ():
            if other in self._documents:
                self._collect(other, order, (*trail, name))
        order.append(name)

    def took(self, names: Iterable[str]) -> None:
        """Know that these templates are used."""
        self._used.update(names)

    @contextmanager
    def counted(self) -> Iterator[set[str]]:
        """The templates that are used in the block, once it is left."""
        before, used = self._used, set[str]()
        self._used = used
        try:
            yield used
        finally:
            before |= used  # the same set: it may be somebody else's count
            self._used = before

    def unused(self) -> list[Diagnostic]:
        """A warning for each template that nothing uses."""
        return [
            Diagnostic(
                "unused-template",
                f"Template '{name}' is not used by any {self._sorts.get(name, 'panel')}",
                "remove it, or `use:` it",
                document.mark,
                f"{KIND} {name}",
                Severity.WARNING,
            )
            for name, document in sorted(self._documents.items())
            if name not in self._used
        ]


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
