"""Mute timings: times in which notifications are held back, or in which alone they are sent.

Must not: take two ways to write one time for a difference (Grafana writes months as
numbers, and a range of one as one).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from reconciler.core.diff import Edit, EditPath
from reconciler.core.exchange import Body, Exchange, Server
from reconciler.core.json import Json, JsonObject, as_list, as_object
from reconciler.core.kind import Authored, Desired, LiveNames, Names
from reconciler.core.references import Referrer
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.semantic import Row, edit_row, path_name
from reconciler.kinds._elsewhere import rules
from reconciler.kinds._intervals import full, slim
from reconciler.kinds._later import later
from reconciler.kinds._notifying import Notifying

if TYPE_CHECKING:
    from reconciler.kinds._mute_spec import MuteTimingSpec


class MuteTiming(Notifying):
    """The kind `mute-timing`. Attributes: name and time_intervals, as Grafana has them."""

    name: ClassVar[str] = "mute-timing"
    yaml_kind: ClassVar[str] = "MuteTiming"
    summary: ClassVar[str] = (
        "Times in which notification policies hold their messages back, or in which alone they send."
    )
    spec = later("_mute_spec", "MuteTimingSpec")
    plural: ClassVar[str] = "timeintervals"
    titled: ClassVar[str] = "name"
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: MuteTiming
metadata:
  name: nights
spec:
  name: Nights and weekends
  time_intervals:
    - times: [{start_time: "00:00", end_time: "06:00"}, {start_time: "22:00", end_time: "24:00"}]
      weekdays: ["monday:friday"]
      location: Europe/Berlin
    - weekdays: [saturday, sunday]
      location: Europe/Berlin
"""

    def desired(self, name: str, spec: "MuteTimingSpec", names: Names) -> Desired:
        """Grafana's own form, and what is not written too: it means any time."""
        items: list[Json] = [full(item.model_dump(exclude_none=True)) for item in spec.time_intervals]
        return Desired({"name": spec.name or name, "time_intervals": items})

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """All there is."""
        return Authored({"name": live.attributes["name"], "time_intervals": _slim(live.attributes)})

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Each time in one form."""
        items: list[Json] = [full(as_object(item)) for item in as_list(attributes.get("time_intervals"))]
        return {"name": attributes.get("name"), "time_intervals": items}

    def elsewhere(self, server: Server) -> Exchange[tuple[Referrer, ...]]:
        """Alert rules that name it themselves; the tree of policies is a kind of ours."""
        return (yield from rules())

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """By time interval: the first, the second …"""
        return tuple(
            edit_row(edit, rest or edit.path, self.change_class, subject, edit.path[:2] if subject else ())
            for edit in edits
            for subject, rest in (_apart(edit.path),)
        )

    def place(self, path: EditPath) -> str:
        """`time interval 2: weekdays`."""
        subject, rest = _apart(path)
        return ": ".join(part for part in (subject, path_name(rest)) if part) or "all of it"

    def shown(self, spec: JsonObject) -> dict[str, Json]:
        """The times as they come."""
        return {"time_intervals": [*as_list(spec.get("time_intervals"))]}

    def sent(self, resource: Resource, live: LiveObject | None) -> Mapping[str, Body]:
        """Without what is empty, as Grafana keeps them."""
        return {"time_intervals": _slim(resource.attributes)}


def _slim(attributes: JsonObject) -> list[Json]:
    return [slim(as_object(item)) for item in as_list(attributes.get("time_intervals"))]


def _apart(path: EditPath) -> tuple[str, EditPath]:
    """The time interval that a path leads into, counted from 1, and the rest of the path."""
    if len(path) < 2 or path[0] != "time_intervals" or not isinstance(path[1], int):
        return "", path
    return f"time interval {path[1] + 1}", path[2:]
