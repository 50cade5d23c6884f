"""A plan with everything said of it that a review needs: rows, both sides, what else it touches. Computed once,
shown in many forms.
"""

from collections.abc import Mapping

from msgspec import Struct, field

from reconciler.core.diff import Edit, Op
from reconciler.core.json import Json, JsonObject, same
from reconciler.core.kind import Kind
from reconciler.core.lazy import Lazy
from reconciler.core.plan import Action, Change, Drift, Plan
from reconciler.core.semantic import ChangeClass, Row, counted, generic_rows, value_at
from reconciler.core.source import Mark
from reconciler.core.undo import before_of

_WHOLE = {
    Action.CREATE: (ChangeClass.ADDITION, "created"),
    Action.REPLACE: (ChangeClass.DELETION, "deleted and created again"),
    Action.DELETE: (ChangeClass.DELETION, "deleted"),
    Action.FORGET: (ChangeClass.SETTINGS, "no longer managed"),
}
DELETED = Row(ChangeClass.DELETION, "", "", "deleted")
"""What is said of an object that went as a whole."""


class DescribedChange(Struct, frozen=True):
    """A change with its rows. `before` and `after` are its attributes; None where there is no such side, or it is not
    known.
    """

    change: Change
    rows: tuple[Row, ...]
    before: JsonObject | None = None
    after: JsonObject | None = None
    places: tuple[Mark | None, ...] = ()
    """For each row where it was caused, as far as that is known."""

    @property
    def source(self) -> Mark | None:
        """Where the object is declared."""
        return self.change.resource.source if self.change.resource is not None else None

    def place(self, number: int) -> Mark | None:
        """Where a row was caused; where that is not known, the object's."""
        return (self.places[number] if number < len(self.places) else None) or self.source

    @property
    def classes(self) -> dict[ChangeClass, int]:
        """How many rows of each class."""
        return counted(self.rows)


class DescribedDrift(Struct, frozen=True):
    """What was changed outside in one object, with its rows."""

    drift: Drift
    rows: tuple[Row, ...]


class Description(Struct, frozen=True):
    """A plan, described. `body_keys` is, by kind, the attribute that holds Grafana's own model."""

    plan: Plan
    changes: tuple[DescribedChange, ...] = ()
    drift: tuple[DescribedDrift, ...] = ()
    body_keys: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def classes(self) -> dict[ChangeClass, int]:
        """How many rows of each class all changes have."""
        return counted(row for change in self.changes for row in change.rows)


def describe_plan(plan: Plan, kinds: Mapping[str, Kind]) -> Description:
    """The plan, described by its kinds; of a kind that is not among them, edit by edit."""
    found = tuple(_change(change, kinds) for change in plan.visible)
    befores = {item.change.address: item.before for item in found}
    drift = tuple(DescribedDrift(item, _drifted(item, kinds, befores.get(item.address))) for item in plan.drift)
    told = {change.address.kind for change in plan.changes} | {item.address.kind for item in plan.drift}
    return Description(plan, found, drift, {name: kinds[name].body_key for name in sorted(told) if name in kinds})


def _change(change: Change, kinds: Mapping[str, Kind]) -> DescribedChange:
    kind = kinds.get(change.address.kind)
    after: JsonObject | None = None
    if change.resource is not None:
        after = _normalised(kind, change.resource.attributes) if kind else change.resource.attributes
    before: JsonObject | None = None
    if after is not None and change.action in {Action.UPDATE, Action.ADOPT, Action.NO_OP}:
        undone: Json = before_of(after, change.edits)
        before = undone if isinstance(undone, Mapping) else None
    rows = _rows(kind, change, before, after)
    return DescribedChange(change, rows, before, after)


def _normalised(kind: Kind, attributes: JsonObject) -> JsonObject:
    """In the form in which it is compared; what is not loaded stays so: most forms do not look into what is new."""
    if isinstance(attributes, Lazy):
        return Lazy(tuple(attributes), {}, lambda: kind.normalise(attributes.whole()))
    return kind.normalise(attributes)


def _rows(kind: Kind | None, change: Change, before: JsonObject | None, after: JsonObject | None) -> tuple[Row, ...]:
    rows: list[Row] = []
    if change.action in _WHOLE:
        change_class, text = _WHOLE[change.action]
        rows.append(Row(change_class, "", "", text))
    rows += described(kind, change.edits, before, after)
    if change.action is not Action.CREATE:
        again = set(change.resent)
        rows += [
            Row(ChangeClass.SETTINGS, "", name, "secret sent again" if name in again else "secret changed")
            for name in change.secrets
        ]
    return tuple(rows)


def described(
    kind: Kind | None, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
) -> tuple[Row, ...]:
    """The rows of some edits of an object of a kind."""
    if not edits:
        return ()
    if kind is None:
        return generic_rows(edits, None, ChangeClass.SETTINGS)
    return kind.describe(edits, before, after)


def _drifted(drift: Drift, kinds: Mapping[str, Kind], live: JsonObject | None) -> tuple[Row, ...]:
    """What a change starts from is what the edit outside led to: with a change, both its sides are known. A change that
    is refused, because both sides changed the same, starts from what was applied: then only the edits are known.
    """
    if live is not None and any(
        edit.op in {Op.ADD, Op.CHANGE} and not same(value_at(live, edit.path), edit.after) for edit in drift.edits
    ):
        live = None
    before = before_of(live, drift.edits) if live is not None else None
    known = before if isinstance(before, Mapping) else None
    return described(kinds.get(drift.address.kind), drift.edits, known, live if known is not None else None)
