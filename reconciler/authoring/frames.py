"""Panels that differ in their texts and queries only are expanded once: what a panel comes to beside those is its
frame, which all panels that are written alike share. So are queries.

For panels without places only (`authoring.streaming`). What is unusual, or about which there is anything to say, has no
frame, and is expanded by itself.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import orjson
from msgspec import Struct

from reconciler.authoring.datasources import Sources, letters
from reconciler.authoring.layout import Flow
from reconciler.authoring.problems import Problems
from reconciler.authoring.templates import Templates
from reconciler.authoring.variables import put_variables
from reconciler.core.address import Address
from reconciler.core.json import as_object, canonical_value, is_canonical, shared
from reconciler.core.shared import Canonical, Common, Shared
from reconciler.core.source import MarkedDict, MarkedList

_OWN: dict[str, Any] = {"title": "a title", "description": "a description", "targets": MarkedList()}
"""What is each panel's own, and what stands for it in a frame."""
_ALONE = frozenset({"row", "gridPos", "id", "audience", "panels"})
"""What only panels have that are expanded by themselves."""
_LARGE = 200
"""Bytes from which on a part of a frame is shared as it is written."""
_canonical = Canonical.__new__
_MOST_FRAMES, _MOST_QUERIES = 2000, 8000
"""So many are kept: some ten megabytes."""

Expand = Callable[[MarkedDict, Sources, Problems], MarkedDict | None]
"""A panel expanded by itself; None for a row."""


class Frame(Common, frozen=True):
    """What a panel comes to but for what is its own, with its size and datasource; the objects that it needs, and the
    templates that it uses.
    """

    size: tuple[int, int]
    source: bytes
    needs: tuple[Address, ...]
    templates: tuple[str, ...]


class Query(Struct, frozen=True):
    """What one query of a panel comes to (or a dashboard's variables), and the objects that it needs."""

    target: Shared
    needs: tuple[Address, ...]


class Frames:
    """The frames and queries of panels over one library's templates."""

    def __init__(self, templates: Templates) -> None:
        self._templates = templates
        self._frames: dict[bytes, Frame | None] = {}
        self._queries: dict[tuple[bytes, str, bytes], Query | None] = {}
        self._templatings: dict[bytes, Query | None] = {}
        self._needs: dict[tuple[Address, ...], tuple[Address, ...]] = {}
        self._noted_for: Sources | None = None
        self._noted: set[int] = set()

    def panel(self, item: Any, sources: Sources, flow: Flow, expand: Expand) -> MarkedDict | None:
        """A panel as its frame says; None where it is to be expanded by itself."""
        if type(item) is not MarkedDict or not _ALONE.isdisjoint(item):
            return None
        try:
            key = orjson.dumps({name: None if name in _OWN else value for name, value in item.items()})
        except TypeError:  # a number beyond 64 bits
            return None
        frame = self._frames.get(key)
        if frame is None:
            if key in self._frames or len(self._frames) > _MOST_FRAMES:
                return None
            frame = self._frames[key] = self._framed(item, sources, expand)
            if frame is None:
                return None
        panel = _canonical(Canonical)
        panel.update(frame.panel)
        panel.frame = frame
        for name in frame.own:
            value = item[name]
            if name == "targets":
                value = self._targets(value, frame, sources)
            elif type(value) is not str:
                return None
            if value is None:
                return None
            panel[name] = value
        panel["gridPos"] = flow.place(*frame.size)
        if self._noted_for is not sources or id(frame.needs) not in self._noted:
            self._note(frame.needs, sources)
        self._templates.took(frame.templates)
        return panel

    def templating(self, spec: MarkedDict, sources: Sources) -> Shared | None:
        """What a dashboard's `variables` come to; None where they are to be expanded by themselves."""
        written = spec.get("variables")
        if type(written) is not MarkedList or "templating" in spec:
            return None
        try:
            key = orjson.dumps(written)
        except TypeError:
            return None
        if key not in self._templatings:
            if len(self._templatings) > _MOST_FRAMES:
                return None
            self._templatings[key] = self._templating(written, sources)
        known = self._templatings[key]
        if known is None:
            return None
        self._note(known.needs, sources)
        return known.target

    def _templating(self, written: MarkedList, sources: Sources) -> Query | None:
        alone, problems = _alone(sources)
        model, asked = MarkedDict(), Sources(alone.names, problems, sources.variables)
        put_variables(MarkedDict(variables=written), model, asked, problems)
        whole = None if problems.found else shared(model["templating"])
        return None if whole is None else Query(whole, self._same(alone.names.needs))

    def _framed(self, item: MarkedDict, sources: Sources, expand: Expand) -> Frame | None:
        """The frame of a panel; None where it has none."""
        own = tuple(name for name in _OWN if name in item)
        stand_in = MarkedDict({name: _OWN.get(name, value) for name, value in item.items()})
        alone, problems = _alone(sources)
        with self._templates.counted() as used:
            layers, _ = self._templates.layers(stand_in, problems)
            under = {key for layer in layers[:-1] for key in layer}
            if problems.found or not (under | {*layers[-1]}).isdisjoint(_ALONE) or "targets" in under:
                return None
            panel = expand(stand_in, alone, problems)
        if panel is None or problems.found or any(panel[name] != _OWN[name] for name in own):
            return None
        plain = as_object(canonical_value(dict(panel)))
        if not is_canonical(plain):
            return None
        whole = {key: _part(key, value) for key, value in plain.items()}
        return Frame(
            panel=whole,
            own=own,
            notes={},
            size=(panel["gridPos"]["w"], panel["gridPos"]["h"]),
            source=orjson.dumps(panel.get("datasource")),
            needs=self._same(alone.names.needs),
            templates=tuple(sorted(used)),
        )

    def _targets(self, written: Any, frame: Frame, sources: Sources) -> list[Any] | None:
        """A panel's queries; None where one is to be expanded by itself."""
        if type(written) is not MarkedList:
            return None
        result: list[Any] = []
        free: Iterator[str] | None = None
        known, source, dumps = self._queries, frame.source, orjson.dumps
        for item in written:
            if type(item) is not MarkedDict:
                return None
            letter = ""
            if "refId" not in item:
                free = free or letters(_named(written))
                letter = next(free)
            try:
                key = (source, letter, dumps(item))
            except TypeError:
                return None
            query = known.get(key)
            if query is None:
                if key in known or len(known) > _MOST_QUERIES:
                    return None
                query = known[key] = self._query(item, letter, frame, sources)
                if query is None:
                    return None
            if query.needs:
                self._note(query.needs, sources)
            result.append(query.target)
        return result

    def _query(self, item: MarkedDict, letter: str, frame: Frame, sources: Sources) -> Query | None:
        alone, problems = _alone(sources)
        if "use" in item:
            return None
        whole = shared(alone.target(item, MarkedDict(frame.panel), iter([letter])))
        return None if problems.found or whole is None else Query(whole, self._same(alone.names.needs))

    def _same(self, needs: Iterable[Address]) -> tuple[Address, ...]:
        """One tuple for all that need the same."""
        found = tuple(needs)
        return self._needs.setdefault(found, found)

    def _note(self, needs: tuple[Address, ...], sources: Sources) -> None:
        """Know that a dashboard needs these."""
        if self._noted_for is not sources:
            self._noted_for, self._noted = sources, set()
        if id(needs) not in self._noted:
            self._noted.add(id(needs))
            for need in needs:
                sources.names.needs.setdefault(need, sources.problems.document.mark)


def _named(written: MarkedList) -> set[Any]:
    """The letters that queries have already."""
    return {item["refId"] for item in written if isinstance(item, dict) and "refId" in item}


def _part(key: str, value: Any) -> Any:
    """A value of a frame; a large object is written once for all."""
    large = isinstance(value, dict) and key != "datasource" and len(orjson.dumps(value)) > _LARGE
    return Shared(value) if large else value


def _alone(sources: Sources) -> tuple[Sources, Problems]:
    """The same datasources asked by nobody in particular; what depends on a dashboard's variables is a problem."""
    problems = Problems(sources.problems.document)
    return Sources(sources.names.asked_by(problems), problems, {}), problems
