"""The journal of runs under way: a line for each intent and each outcome, never changed. Where lines can be appended, a
run's are in one place; else each is an object of its own.

What a run journalled that has lost its lock meanwhile comes late: the index has moved on, so it is no news of how
things are, only of where to look again.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.errors import GgrecError
from reconciler.core.json import JsonObject
from reconciler.core.state import Intent, Outcome, ResourceState, Run, State
from reconciler.store.codec import decode, encode

PREFIX = "journal/"
Included = Mapping[str, int]
"""run → the number of its last segment that the index includes."""


class Segment(Struct, frozen=True):
    """One line of a journal. `serial` is the index's that the run knew (None: not known); the entry is meant where
    there is no intent (None: gone).
    """

    run: str
    number: int
    serial: int | None
    address: Address
    intent: Intent | None = None
    entry: ResourceState | None = None
    outcome: Outcome | None = None
    """What the run's record is to say of it."""

    @property
    def key(self) -> str:
        """Where it is stored by itself."""
        return f"{PREFIX}{self.run}/{self.number:08}.json"

    @property
    def log(self) -> str:
        """Where it is stored with others of its run."""
        return f"{PREFIX}{self.run}.jsonl"

    def encode(self) -> bytes:
        """As it is stored."""
        body: dict[str, Any] = {"serial": self.serial, "number": self.number}
        if self.intent is not None:
            body["intend"] = encode(self.intent)
        else:
            body["record"] = {"address": str(self.address), "entry": encode(self.entry)}
            if self.outcome is not None:
                body["record"]["outcome"] = encode(self.outcome)
        text = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass") + b"\n"


def read_segments(key: str, data: bytes, where: str) -> tuple[Segment, ...]:
    """What is stored under a key of the journal. Raises GgrecError naming the place where it is damaged.

    The torn last line of a `.jsonl` file was never acted upon. ggrec 0.2 wrote lines without numbers.
    """
    run, _, number = key.removeprefix(PREFIX).partition("/")
    if number:
        return (_segment(run, int(number.partition(".")[0]), read_mapping(data, where), where),)
    lines = data.split(b"\n")[:-1]
    name = run.removesuffix(".jsonl")
    found = []
    for count, line in enumerate(lines, start=1):
        body = read_mapping(line, f"{where}:{count}")
        own = body.get("number")
        found.append(_segment(name, own if isinstance(own, int) else count, body, f"{where}:{count}"))
    return tuple(found)


def _segment(run: str, number: int, body: JsonObject, where: str) -> Segment:
    serial = body.get("serial")
    known = serial if isinstance(serial, int) else None
    if "intend" in body:
        intent = decode(Intent, body["intend"], where)
        return Segment(run, number, known, intent.address, intent)
    record = body.get("record")
    if not isinstance(record, Mapping) or "address" not in record:
        raise GgrecError.one("damaged", f"{where}: is neither an intent nor a record", hint=REPAIR)
    address, entry, outcome = decode(Address, record["address"], where), record.get("entry"), record.get("outcome")
    return Segment(
        run,
        number,
        known,
        address,
        entry=None if entry is None else decode(ResourceState, entry, where),
        outcome=None if outcome is None else decode(Outcome, outcome, where),
    )


REPAIR = "`ggrec state verify` lists what is damaged, `ggrec state repair` sets it aside; nothing changes meanwhile"


def read_mapping(data: bytes, where: str, hint: str = REPAIR) -> JsonObject:
    """Stored JSON that must be a mapping. Raises GgrecError naming the place."""
    try:
        found = json.loads(data.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        found, why = None, str(error)
    else:
        why = "it is not a mapping"
    if not isinstance(found, dict):
        raise GgrecError.one("damaged", f"{where} cannot be read: {why}", hint=hint)
    return found


def worked_in(state: State, segments: Iterable[Segment], included: Included) -> State:
    """The state with the segments applied, in their order, but for those that it includes."""
    late: dict[Address, Segment] = {}
    for segment in segments:
        if segment.number <= included.get(segment.run, -1):
            continue
        if segment.serial is not None and segment.serial != state.serial:
            late[segment.address] = segment
        elif segment.intent is not None:
            state = state.with_intent(segment.intent)
        else:
            state = state.with_resource(segment.address, segment.entry)
    for address, segment in late.items():
        state = _looked_for(state, address, segment)
    return state


def _looked_for(state: State, address: Address, segment: Segment) -> State:
    """The state that knows a late segment as a write whose end must be looked at."""
    known = state.resources.get(address)
    if segment.intent is not None:
        return state.with_intent(segment.intent)
    if segment.entry == known:
        return state
    uid = segment.entry.uid if segment.entry is not None else known.uid if known is not None else None
    return state.with_intent(Intent(address, uid, segment.entry.applied if segment.entry is not None else None))


def counted(segments: Iterable[Segment]) -> dict[str, int]:
    """The last number of each run."""
    last: dict[str, int] = {}
    for segment in segments:
        last[segment.run] = max(segment.number, last.get(segment.run, 0))
    return last


def told(run: Run, segments: Iterable[Segment]) -> Run:
    """The record of a run that did not write its end, with the outcomes that its journal tells: what was done, and
    writes of which nobody knows how they ended.
    """
    found: dict[Address, Outcome | None] = {}
    for segment in segments:
        if segment.run == run.id and (segment.intent is not None or segment.outcome is not None):
            found[segment.address] = segment.outcome
    open_end = "the run ended while it was written: how that went was not recorded"
    outcomes = (outcome or Outcome(address, "update", "failed", error=open_end) for address, outcome in found.items())
    return replace(run, outcomes=tuple(o for o in outcomes if o.action != "no-op")) if found else run
