"""A run's plan as it was shown before the run began, as one stored body: every change with its reason, notes and rows,
what was changed outside, what was refused or warned of.

Without bodies and without references to secrets: a change names the body that it was to send by its digest, and nothing
that is not loaded is loaded for it. What is very large is kept in words only, and that is said in it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.description import DescribedChange, DescribedDrift, Description
from reconciler.core.diff import Edit, Op
from reconciler.core.errors import BodyLost, Diagnostic, GgrecError, Severity
from reconciler.core.json import Json, JsonObject, as_object, canonical_bytes, digest, text_of
from reconciler.core.kind import Kind
from reconciler.core.lazy import Lazy
from reconciler.core.plan import Change, Drift, Plan, Precondition
from reconciler.core.resource import Resource
from reconciler.core.semantic import ChangeClass, Row
from reconciler.core.state import Run
from reconciler.core.undo import before_of
from reconciler.store.codec import decode, encode
from reconciler.store.planfile import Made
from reconciler.store.state_store import StateStore

FORMAT = 1
MOST = 4_000_000
"""Bytes of edits and rows that are kept of all objects together, before compression; of one, a quarter of it."""
_WORDS = 1_000_000
"""The same of those of which only words are kept."""
_ROWS = 500
_TEXT = 300
_REQUIRED = object()


def record(found: Description, made: Made | None = None) -> JsonObject:
    """What is stored of a plan as it was shown; `made`: when, where it was saved before."""
    room = _Room()
    changes = [_change(item, room) for item in found.changes]
    drift = [_entry(item.drift, item.drift.edits, item.rows, room) for item in found.drift]
    plan = replace(found.plan, changes=(), drift=(), config_digest="")
    if room.short:
        plan = replace(plan, warnings=(*plan.warnings, _shortened(room.short)))
    return {
        "ggrec": "recorded-plan",
        "format": FORMAT,
        "made": None if made is None else encode(made),
        "plan": _sparse(plan),
        "changes": changes,
        "drift": drift,
    }


def bodies_of(document: JsonObject) -> tuple[str, ...]:
    """The digests of the bodies that a stored plan names, each once."""
    found = (text_of(as_object(item).get("body")) for item in _items(document, "changes"))
    return tuple(sorted({name for name in found if name}))


class _Room(Struct):
    """How much may still be kept, and of which objects only words were."""

    whole: int = MOST
    words: int = _WORDS
    short: list[str] = field(default_factory=list)

    def takes(self, entry: JsonObject) -> bool:
        """Whether this is kept whole; then it is counted."""
        size = len(canonical_bytes(entry))
        if size > min(self.whole, MOST // 4):
            return False
        self.whole -= size
        return True

    def takes_words(self, rows: Sequence[Json]) -> bool:
        """Whether these words are kept; then they are counted."""
        size = len(canonical_bytes(rows))
        if size > self.words:
            return False
        self.words -= size
        return True


def _change(item: DescribedChange, room: _Room) -> JsonObject:
    change, resource = item.change, item.change.resource
    slim = None if resource is None else Resource(change.address, resource.uid, {}, source=resource.source)
    kept = replace(
        change, resource=slim, applied=None, edits=(), precondition=Precondition(), depends_on=(), entry="", held=()
    )
    entry = _entry(kept, change.edits, item.rows, room)
    if resource is not None and change.edits:  # of what is only created, every form shows no more than that
        entry["body"] = digest(resource.attributes)
    return entry


def _entry(of: Any, edits: Sequence[Edit], rows: Sequence[Row], room: _Room) -> dict[str, Json]:
    """One object's part, whole or in words."""
    head: dict[str, Json] = {"of": _sparse(replace(of, edits=()))}
    places = {id(edit): number for number, edit in enumerate(edits)}
    whole: dict[str, Json] = {"edits": [_sparse(edit) for edit in edits], "rows": [_row(row, places) for row in rows]}
    if not edits or room.takes(whole):
        return {**head, **whole}
    room.short.append(str(of.address))
    words: list[Json] = [_row(_in_words(row), {}) for row in rows[:_ROWS]]
    if not room.takes_words(words):
        words = []
    if len(rows) > len(words):
        text = f"{len(rows) - len(words):,} {'more ' if words else ''}of which the record says nothing"
        words.append(_row(Row(ChangeClass.SETTINGS, "", "changes", text), {}))
    return {**head, "rows": words}


def _row(row: Row, places: Mapping[int, int]) -> JsonObject:
    """A row; a value that is its edit's is not kept twice."""
    found = _sparse(replace(row, edits=()))
    of = [places[id(edit)] for edit in row.edits if id(edit) in places]
    if of:
        found["of"] = list[Json](of)
    if len(of) == 1 and not row.text and row.before is row.edits[0].before and row.after is row.edits[0].after:
        found.pop("before", None)
        found.pop("after", None)
        found["as"] = True
    return found


def _in_words(row: Row) -> Row:
    """A row without its values."""
    done = {Op.ADD: "added", Op.REMOVE: "removed", Op.MOVE: "in another order"}.get(row.op, "changed")
    text = row.text or f"{done} (the value is too large for the record)"
    cut = text if len(text) <= _TEXT else f"{text[:_TEXT]}…"
    return Row(row.change_class, row.subject[:_TEXT], row.name[:_TEXT], cut, row.op, part=row.part)


def _shortened(addresses: Sequence[str]) -> Diagnostic:
    named = ", ".join(addresses[:5]) + (f" and {len(addresses) - 5:,} more" if len(addresses) > 5 else "")
    text = f"of {named} only words are kept, no values: a record holds {MOST // 1_000_000} MB of them"
    hint = "what it changed: `ggrec diff RUN^ RUN`"
    return Diagnostic("record-shortened", text, hint, severity=Severity.WARNING)


_FIELDS: dict[Any, tuple[tuple[str, Any], ...]] = {}


def _fields(kind: Any) -> tuple[tuple[str, Any], ...]:
    """The fields of a record with what they are where nothing is said."""
    if kind not in _FIELDS:
        names, given = kind.__struct_fields__, kind.__struct_defaults__
        defaults = [item.factory() if hasattr(item, "factory") else item for item in given]
        _FIELDS[kind] = tuple(zip(names, [_REQUIRED] * (len(names) - len(defaults)) + defaults, strict=True))
    return _FIELDS[kind]


def _sparse(value: Any) -> dict[str, Json]:
    """A value of core's types as `codec.decode` reads it, without what its type gives by itself."""
    fields = _fields(type(value))
    found = {name: getattr(value, name) for name, default in fields if not _same(value, name, default)}
    return {name: _sparse(item) if isinstance(item, Resource) else encode(item) for name, item in found.items()}


def _same(value: Any, name: str, default: Any) -> bool:
    found = getattr(value, name)
    return found is default or (type(found) is type(default) and bool(found == default))


class Recorded(Struct, frozen=True):
    """A plan as a run found it: described as it was, and when and by whom it was saved before (None: it was not)."""

    description: Description
    made: Made | None


def read_record(store: StateStore, run: Run, kinds: Mapping[str, Kind]) -> Recorded:
    """The plan of a run. Raises GgrecError where its record has none, or what it names is gone."""
    name = text_of(run.plan.get("body"))
    if not name:
        hint = f"`ggrec history {run.id}` shows what it did; ggrec keeps the plans of runs since 0.6"
        raise GgrecError.one("no-plan", f"run {run.id} was recorded without its plan", hint=hint)
    try:
        document = store.get(name)
    except BodyLost as error:
        found = error.diagnostics[0]
        hint = f"`ggrec history {run.id}` still shows what it did"
        raise BodyLost.one("plan-lost", f"the plan of run {run.id}: {found.message}", hint=hint) from None
    where = f"the plan of run {run.id}"
    if document.get("ggrec") != "recorded-plan" or document.get("format") != FORMAT:
        raise GgrecError.one("newer-format", f"{where} is of a form that this ggrec does not read: use a newer one")
    plan, made = decode(Plan, document.get("plan"), where), document.get("made")
    changes = tuple(_recalled(as_object(item), where, store, kinds) for item in _items(document, "changes"))
    drift = tuple(_drifted(as_object(item), where) for item in _items(document, "drift"))
    plan = replace(plan, changes=tuple(c.change for c in changes), drift=tuple(d.drift for d in drift))
    described = Description(plan, changes, drift, {key: kind.body_key for key, kind in kinds.items()})
    return Recorded(described, None if made is None else decode(Made, made, where))


def _recalled(item: JsonObject, where: str, store: StateStore, kinds: Mapping[str, Kind]) -> DescribedChange:
    edits, rows = _read(item, where)
    change = replace(decode(Change, item.get("of"), where), edits=edits)
    kind, body = kinds.get(change.address.kind), text_of(item.get("body"))
    if kind is None or kind.body_key is None or not body or not edits:
        return DescribedChange(change, rows)
    after = _after(store, kind, body)
    keys = (kind.body_key,)
    return DescribedChange(
        change, rows, Lazy(keys, {}, lambda: as_object(before_of(after(), edits))), Lazy(keys, {}, after)
    )


def _after(store: StateStore, kind: Kind, body: str) -> Any:
    """What was to be sent, when it is looked at; nothing where it never was, or is lost."""

    def load() -> JsonObject:
        try:
            return kind.normalise(store.get(body))
        except BodyLost:
            return {}

    return load


def _drifted(item: JsonObject, where: str) -> DescribedDrift:
    edits, rows = _read(item, where)
    return DescribedDrift(replace(decode(Drift, item.get("of"), where), edits=edits), rows)


def _read(item: JsonObject, where: str) -> tuple[tuple[Edit, ...], tuple[Row, ...]]:
    edits = decode(tuple[Edit, ...], item.get("edits", []), where)
    return edits, tuple(_read_row(as_object(found), edits, where) for found in _items(item, "rows"))


def _read_row(item: JsonObject, edits: tuple[Edit, ...], where: str) -> Row:
    own = {key: value for key, value in item.items() if key not in {"of", "as"}}
    of = tuple(edits[number] for number in decode(tuple[int, ...], item.get("of", []), where))
    row = replace(decode(Row, own, where), edits=of)
    return replace(row, before=of[0].before, after=of[0].after) if item.get("as") and of else row


def _items(item: JsonObject, key: str) -> Sequence[Json]:
    found = item.get(key)
    return found if isinstance(found, list) else ()
