"""What the desired files would have to say so that an edit made outside is theirs: `drift accept`. Reads only.

The measure is the plan's own: with what the files then say, there is nothing to send for the accepted parts.
"""

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.diff import Edit, carry_over, diff
from reconciler.core.errors import BodyLost, Diagnostic
from reconciler.core.file_edits import FileEdits
from reconciler.core.json import Json, JsonObject, as_object, same
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.merge import MISSING, MergeConflict, Part, merge
from reconciler.core.ports import Reader
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.selectors import Selector, as_in
from reconciler.core.state import Held, ResourceState, State, Status
from reconciler.engine.acknowledging import touches
from reconciler.engine.drifted import said
from reconciler.engine.ignoring import Ignoring, rooted
from reconciler.engine.inputs import Inputs
from reconciler.engine.stamped import but_for_stamps, with_stamps_as
from reconciler.engine.titles import Renamed, Titles


class Wish(Struct, frozen=True):
    """For one object: what was applied, what was observed (normalised, without what is held), what is live, and what
    the files are to come to: `goal`, with what Grafana adds of its own. `edits` are those that are accepted.
    """

    kind: Kind
    resource: Resource
    live: LiveObject
    applied: JsonObject
    observed: JsonObject
    goal: JsonObject
    edits: tuple[Edit, ...]
    sides: tuple[JsonObject, JsonObject]
    """What they lie between."""
    pending: bool = False
    """Whether the files have changes to it that nobody applied yet."""

    @property
    def address(self) -> Address:
        """Whose it is."""
        return self.resource.address

    def have(self, attributes: JsonObject) -> JsonObject:
        """Declared attributes as they are compared, with the identities inside that they were applied with."""
        return self.kind.normalise(self.kind.keep_identity(attributes, self.applied))

    def want(self, resource: Resource, renamed: Renamed) -> JsonObject:
        """What those of what is declared are to become: without what nobody wrote and nobody changed. Texts that say a
        former title (`renamed`: whose the files say otherwise now) are not written for that.
        """
        wanted, was = self.have(resource.attributes), self.kind.normalise(self.applied)
        found = as_object(_without_carried(self.goal, wanted, was, self.kind.project(self.observed, wanted)))
        found = self._titled_anew(resource, wanted, found, renamed)
        if not resource.stamp:
            return found
        edits = diff(wanted, found, identities=self.kind.identities)
        return with_stamps_as(found, edits, resource.stamp, self.edits)

    def left(self, resource: Resource, renamed: Renamed) -> tuple[Edit, ...]:
        """How what would be sent for what is declared then still differs from the goal; nothing: it says it. That its
        links have another stamp is no difference (see stamped), nor that they say a former title (see titles).
        """
        kind = self.kind
        mine = kind.let_go(kind.keep_identity(resource.attributes, self.applied), self.applied)
        wanted, was = kind.normalise(mine), kind.normalise(self.applied)
        aim = carry_over(wanted, was, kind.project(self.observed, wanted))
        goal = self._titled_anew(resource, wanted, kind.project(self.goal, wanted), renamed)
        target = Ignoring(kind, self.resource.lifecycle, wanted).as_in(aim, goal)
        return but_for_stamps(diff(target, goal, identities=kind.identities), resource.stamp, self.edits)

    def following(self, resource: Resource, renamed: Renamed) -> tuple[str, ...]:
        """The paths of texts that say a former title in Grafana, and another one in what is declared."""
        if not resource.titled or not renamed:
            return ()
        wanted = self.have(resource.attributes)
        titles = Titles(resource, str(self.kind.body_key), renamed)
        return tuple(titles.left(wanted, self.kind.project(self.goal, wanted)))

    def _titled_anew(self, resource: Resource, wanted: JsonObject, goal: JsonObject, renamed: Renamed) -> JsonObject:
        if not resource.titled or not renamed:
            return goal
        return Titles(resource, str(self.kind.body_key), renamed).anew(wanted, goal)


def wish_of(kind: Kind, resource: Resource, found: FileEdits) -> Wish:
    """That the files come to what an object was made by something else than them (a rollback)."""
    assert found.before is not None and found.after is not None
    attributes = whole(resource.attributes)
    live = LiveObject(kind.name, resource.uid or "", found.after, keys=kind.keys(resource))
    sides = (found.before, found.after)
    return Wish(
        kind, replace(resource, attributes=attributes), live, attributes, found.before, found.after, found.edits, sides
    )


async def wish_for(
    address: Address, inputs: Inputs, state: State, path: Selector | None
) -> Wish | tuple[Diagnostic, ...] | None:
    """What is to be said of an object, or why that cannot be told; None where nothing differs (below `path`)."""
    resource = next((item for item in inputs.resources if item.address == address), None)
    entry = state.resources.get(address)
    if resource is None:
        return _no(address, "not-declared", "no file declares it", "`ggrec validate` lists what is declared")
    if entry is None or entry.applied is None or entry.observed is None or entry.status is not Status.OK:
        text = "is not owned, or was left unfinished by an apply: what was changed outside cannot be told"
        return _no(address, "not-owned", text, "`ggrec apply` finishes it; `ggrec state list` shows what is owned")
    resource, kind = replace(resource, attributes=whole(resource.attributes)), inputs.registry[address.kind]
    live = await _live(kind, entry, inputs.reader)
    if live is None:
        text = f"was deleted outside; {resource.source} declares it"
        hint = "take its document out, and the next apply forgets it; or `ggrec apply` makes it again"
        return (Diagnostic("deleted-outside", text, hint, resource.source, str(address)),)
    try:
        applied, observed = inputs.store.get(entry.applied), inputs.store.get(entry.observed)
    except BodyLost as error:
        return error.diagnostics
    return _wish(kind, resource, live, applied, kind.normalise(observed), entry, path)


def _no(address: Address, code: str, text: str, hint: str) -> tuple[Diagnostic, ...]:
    return (Diagnostic(code, text, hint, subject=str(address)),)


async def _live(kind: Kind, entry: ResourceState, reader: Reader) -> LiveObject | None:
    return await reader.ask(kind.read(reader.server, entry.uid))


def _wish(
    kind: Kind,
    resource: Resource,
    live: LiveObject,
    applied: JsonObject,
    observed: JsonObject,
    entry: ResourceState,
    path: Selector | None,
) -> Wish | tuple[Diagnostic, ...] | None:
    was = kind.normalise(applied)
    wanted = kind.normalise(kind.keep_identity(resource.attributes, applied))
    ignoring = Ignoring(kind, resource.lifecycle, wanted)
    held = tuple(item for item in entry.held if not item.behind)
    alone = as_object(_without_held(observed, was, held))
    mine = carry_over(wanted, was, kind.project(alone, wanted))
    base = kind.project(observed, was)
    if held:  # what is held was observed: what was applied knows nothing of it
        base = carry_over(was, was, kind.project(alone, was))
        behind = {item.path.removeprefix(f"{kind.body_key}."): item.behind for item in entry.held if item.behind}
        base = Titles(resource, str(kind.body_key), {}).put(base, behind)  # nobody edited that
    present = ignoring.as_in(kind.normalise(live.attributes), observed)
    theirs = kind.project(present, was)
    if path is not None:
        theirs = as_in(base, theirs, (rooted(path, theirs, kind.body_key),), kind.identities)
    edits = diff(base, theirs, identities=kind.identities)
    if not edits:
        return None
    merged = merge(base, mine, theirs, identities=kind.identities, wholes=kind.wholes)
    if merged.conflicts:
        return tuple(_both(kind, resource, conflict) for conflict in merged.conflicts)
    return Wish(kind, resource, live, applied, alone, merged.value, edits, (base, theirs), not same(wanted, was))


def _both(kind: Kind, resource: Resource, conflict: MergeConflict) -> Diagnostic:
    parts: Iterable[Part] = (conflict.base, conflict.mine, conflict.theirs)
    base, mine, theirs = (said(part) if part is not MISSING else "not there" for part in parts)
    text = (
        f"{kind.place(conflict.path)} was changed in the files and outside: it was {base}, the files say {mine}, "
        f"Grafana has {theirs}"
    )
    hint = "write what shall be; with Grafana's value there, nothing is left to accept"
    return Diagnostic("both-changed", text, hint, resource.source, str(resource.address))


def _without_held(value: Json, was: Json, held: Sequence[Held], path: str = "") -> Json:
    """Without the keys of mappings that nobody applied and that are held."""
    if not isinstance(value, Mapping) or not held:
        return value
    result: dict[str, Json] = {}
    for key, item in value.items():
        here = f"{path}.{key}" if path else key
        if key in as_object(was):
            result[key] = _without_held(item, as_object(was)[key], held, here)
        elif not any(touches(one.path, here) for one in held):
            result[key] = item
    return result


def _without_carried(value: Json, wanted: Json, was: Json, observed: Json) -> Json:
    """Without the keys that `core.diff.carry_over` brings: nobody wrote them, and they are as they were."""
    if not isinstance(value, Mapping) or not isinstance(wanted, Mapping):
        return value
    result: dict[str, Json] = {}
    for key, item in value.items():
        before, applied = as_object(observed), as_object(was)
        if key in wanted:
            result[key] = _without_carried(item, wanted[key], applied.get(key), before.get(key))
        elif key in applied or key not in before or not same(item, before[key]):
            result[key] = item
    return result
