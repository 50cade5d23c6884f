"""Annotations: business events on a time axis; they have no uid of their own, so a marker tag says which is which.

Must not: send DELETE for an id of 0 or less (some servers take it for "all"), or touch what alerting wrote.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from reconciler.core.errors import GgrecError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.resource import Attribution, LiveObject, Resource

MARKER = "ggrec:"
_LIMIT = 10_000
_SECONDS = 10**11
"""An epoch time below this is in seconds, or before 1973 in milliseconds: in either case not meant."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)\Z")


def milliseconds(value: object) -> int:
    """Epoch milliseconds of what an author wrote: RFC 3339 with a zone, or milliseconds. Raises ValueError saying
    what to write.
    """
    example = "write 2026-03-01T09:00:00Z (with a zone), or epoch milliseconds"
    if isinstance(value, bool) or not isinstance(value, (int, str)):
        raise ValueError(f"not a time: {example}")
    if isinstance(value, int):
        if abs(value) < _SECONDS:
            raise ValueError(f"{value} looks like seconds, and Grafana would take it for a moment in 1970: {example}")
        return value
    if not _RFC3339.match(value):
        reason = (
            "it has no zone, so it would mean another moment on every machine" if value[:4].isdigit() else "not a time"
        )
        raise ValueError(f"'{value}': {reason}: {example}")
    try:
        moment = datetime.fromisoformat(value.upper().replace(" ", "T"))
    except ValueError as error:
        raise ValueError(f"'{value}': {error}: {example}") from None
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def rfc3339(value: int) -> str:
    """The inverse, in UTC, with milliseconds where there are any."""
    moment = _EPOCH + timedelta(milliseconds=value)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S") if moment.year > 999 else moment.isoformat()[:19]
    return text + (f".{value % 1000:03d}" if value % 1000 else "") + "Z"


class AnnotationSpec(BaseModel):
    """What an Annotation document says."""

    model_config = ConfigDict(extra="forbid", strict=True)

    text: str = Field(min_length=1, description="What happened. Grafana shows it as HTML.")
    time: int | str = Field(description="When: RFC 3339 with a zone, or epoch milliseconds.")
    timeEnd: int | str | None = Field(default=None, description="The end, for a region.")
    tags: list[str] = Field(default_factory=list, description="Tags by which dashboards query it.")
    dashboard: str | None = Field(
        default=None, description="metadata.name of a Dashboard; omitted: the whole organisation."
    )
    panel: int | str | None = Field(default=None, description="A panel of that dashboard, by title or id.")

    @field_validator("time", "timeEnd", mode="before")
    @classmethod
    def _time(cls, value: object) -> object:
        return None if value is None else milliseconds(value)

    @field_validator("tags")
    @classmethod
    def _tags(cls, value: list[str]) -> list[str]:
        own = [tag for tag in value if tag.strip().startswith(MARKER)]
        if own:
            raise ValueError(f"'{own[0]}': tags that begin with {MARKER} are ggrec's own markers")
        return value


class Annotation(Kind):
    """The kind `annotation`. Attributes: text, tags (without the marker), time and timeEnd in epoch milliseconds,
    dashboardUID, panelId.
    """

    name: ClassVar[str] = "annotation"
    yaml_kind: ClassVar[str] = "Annotation"
    summary: ClassVar[str] = "An event on the time axis: of a panel, a dashboard, or the whole organisation."
    spec: ClassVar[type[BaseModel]] = AnnotationSpec
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Annotation
metadata:
  name: spring-campaign
spec:
  text: Spring campaign
  time: 2026-03-01T09:00:00Z
  timeEnd: 2026-03-15T22:00:00Z
  tags: [campaign, marketing]
"""

    def uid(self, name: str, written: str | None) -> str | None:
        """Numeric, and the server's."""
        return None

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """Found by its marker tag."""
        return (f"marker:{resource.address.name}",)

    def desired(self, name: str, spec: AnnotationSpec, names: Names) -> Desired:
        """Tags as the server keeps them (trimmed, no duplicates, in order); a point ends when it begins."""
        start = milliseconds(spec.time)
        end = start if spec.timeEnd is None else milliseconds(spec.timeEnd)
        if end < start:
            names.fail(
                ("timeEnd",), "ends-before", "timeEnd is before time", "Grafana would swap the two without a word"
            )
        dashboard = names.uid("dashboard", spec.dashboard, ("dashboard",)) if spec.dashboard else ""
        attributes: dict[str, Json] = {
            "text": spec.text,
            "tags": list(dict.fromkeys(tag.strip() for tag in spec.tags if tag.strip())),
            "time": start,
            "timeEnd": end,
            "dashboardUID": dashboard,
            "panelId": self._panel(spec, names) if spec.panel is not None else 0,
        }
        return Desired(attributes)

    def _panel(self, spec: AnnotationSpec, names: Names) -> int:
        if spec.dashboard is None:
            names.fail(
                ("panel",), "panel-alone", "a panel needs its dashboard", "write `dashboard: <metadata.name>` too"
            )
            return 0
        model = as_object(names.attributes("dashboard", spec.dashboard, ("dashboard",)).get("dashboard"))
        panels = list(_all_panels(model))
        for panel in panels:
            if spec.panel in {panel.get("id"), panel.get("title")} and isinstance(panel.get("id"), int):
                number: Any = panel["id"]
                return int(number)
        if panels:
            titles = ", ".join(f"'{text_of(panel.get('title'))}'" for panel in panels if panel.get("title"))
            names.fail(("panel",), "no-such-panel", f"the dashboard has no panel '{spec.panel}'", f"it has {titles}")
        return 0

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """Times in UTC; the dashboard by name."""
        full = self.normalise(live.attributes)
        start, end = full["time"], full["timeEnd"]
        assert isinstance(start, int) and isinstance(end, int)
        spec: dict[str, Json] = {"text": full["text"], "time": rfc3339(start) if abs(start) >= _SECONDS else start}
        if end != start:
            spec["timeEnd"] = rfc3339(end)
        if full["tags"]:
            spec["tags"] = full["tags"]
        if full["dashboardUID"]:
            spec["dashboard"] = names.name("dashboard", text_of(full["dashboardUID"])) or full["dashboardUID"]
        if full["panelId"]:
            spec["panel"] = full["panelId"]
        return Authored(spec)

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """A point's end is its beginning; no dashboard and no panel are "" and 0."""
        start = attributes.get("time")
        return {
            "text": attributes.get("text"),
            "tags": attributes.get("tags") or [],
            "time": start,
            "timeEnd": attributes.get("timeEnd") or start,
            "dashboardUID": text_of(attributes.get("dashboardUID")),
            "panelId": attributes.get("panelId") or 0,
        }

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """Copies that carry the same marker."""
        copies = as_list(live.meta.get("copies")) if live is not None else ()
        return (f"{len(copies)} more annotation(s) carry its marker and go when it is written next",) if copies else ()

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All with a marker: a query for the tag `ggrec` finds every `ggrec:…` (grafana-api.md section 13)."""
        found: dict[int, JsonObject] = {}
        until: int | None = None
        while True:
            window = () if until is None else (("from", "1"), ("to", str(until)))
            query = (("tags", MARKER.rstrip(":")), ("limit", str(_LIMIT)), ("type", "annotation"), *window)
            answer = yield ApiRequest("GET", "/api/annotations", query)
            items = [as_object(item) for item in as_list(answer.body)]
            fresh = [item for item in items if isinstance(item.get("id"), int) and item["id"] not in found]
            found |= {item["id"]: item for item in fresh if isinstance(item["id"], int)}
            times = [time for item in items if isinstance(time := item.get("time"), int)]
            if len(items) < _LIMIT or not fresh or not times:
                break
            until = min(times)  # newest first: the rest is older than the oldest seen
        yield _grouped(list(found.values()))

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """By the server's id."""
        if not uid.isdigit() or int(uid) <= 0:
            return None
        answer = yield ApiRequest("GET", f"/api/annotations/{uid}", handles=HANDLE_404)
        if answer.status == 404:
            return None
        found = _grouped([answer.object])
        return found[0] if found else None

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """By the marker tag, compared exactly."""
        marker = MARKER + resource.address.name
        query = (("tags", marker), ("limit", "100"), ("type", "annotation"))
        answer = yield ApiRequest("GET", "/api/annotations", query)
        found = _grouped([as_object(item) for item in as_list(answer.body)])
        return next((live for live in found if f"marker:{resource.address.name}" in live.keys), None)

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """With its marker, so that it is found again even if the answer is lost."""
        wanted = self.normalise(resource.attributes)
        body: dict[str, Json] = {**_body(wanted, resource)}
        if wanted["dashboardUID"]:
            body["dashboardUID"] = wanted["dashboardUID"]
            if wanted["panelId"]:
                body["panelId"] = wanted["panelId"]
        answer = yield ApiRequest("POST", "/api/annotations", body=body)
        return str(answer.object.get("id"))

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """PUT with everything; an annotation cannot change its dashboard, so that is a new one and then a delete."""
        wanted, present = self.normalise(resource.attributes), self.normalise(live.attributes)
        if any(wanted[key] != present[key] for key in ("dashboardUID", "panelId")):
            yield from self.delete(context, live)
            yield from self.create(context, resource)
            return
        yield ApiRequest("PUT", f"/api/annotations/{_id(live.uid)}", body=_body(wanted, resource))
        yield from _without_copies(live)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """It and its copies."""
        yield from _without_copies(live)
        yield ApiRequest("DELETE", f"/api/annotations/{_id(live.uid)}", handles=HANDLE_404)

    def attribution(self, server: Server, live: LiveObject, since: int | None) -> Exchange[Attribution]:
        """Only when: the login in an annotation is its creator's."""
        yield from ()
        updated = live.meta.get("updated")
        return Attribution(when=rfc3339(updated) if isinstance(updated, int) and updated else None)


def _all_panels(model: JsonObject) -> list[JsonObject]:
    found: list[JsonObject] = []
    for item in as_list(model.get("panels")):
        panel = as_object(item)
        found += [panel, *(as_object(inner) for inner in as_list(panel.get("panels")))]
    return found


def _id(uid: str) -> int:
    number = int(uid)
    if number <= 0:
        raise GgrecError.one("bad-annotation-id", f"{uid} is no annotation's id: nothing was sent")
    return number


def _body(wanted: JsonObject, resource: Resource) -> dict[str, Json]:
    """Time and end always together: moving one alone makes a region of a point (grafana-api.md section 13)."""
    tags = [*as_list(wanted["tags"]), MARKER + resource.address.name]
    return {"text": wanted["text"], "tags": tags, "time": wanted["time"], "timeEnd": wanted["timeEnd"]}


def _without_copies(live: LiveObject) -> Exchange[None]:
    for copy in as_list(live.meta.get("copies")):
        yield ApiRequest("DELETE", f"/api/annotations/{_id(str(copy))}", handles=HANDLE_404)


def _grouped(items: list[JsonObject]) -> tuple[LiveObject, ...]:
    """One live object a marker: the oldest of several, the others as its copies."""
    by_marker: dict[str, list[JsonObject]] = {}
    for item in items:
        if item.get("alertId"):
            continue
        markers = [text_of(tag) for tag in as_list(item.get("tags")) if text_of(tag).startswith(MARKER)]
        if markers:
            by_marker.setdefault(markers[0], []).append(item)
    return tuple(_live(marker, sorted(found, key=_number)) for marker, found in sorted(by_marker.items()))


def _number(item: JsonObject) -> int:
    value = item.get("id")
    return value if isinstance(value, int) else 0


def _live(marker: str, items: list[JsonObject]) -> LiveObject:
    first = items[0]
    attributes: dict[str, Json] = {
        key: first[key] for key in ("text", "time", "timeEnd", "dashboardUID", "panelId") if first.get(key)
    }
    attributes["tags"] = [tag for tag in as_list(first.get("tags")) if tag != marker]
    uid = str(first.get("id"))
    return LiveObject(
        kind="annotation",
        uid=uid,
        attributes=attributes,
        revision=f"{uid}/{first.get('updated')}/{len(items)}",
        keys=(f"uid:{uid}", f"marker:{marker.removeprefix(MARKER)}"),
        meta={"updated": first.get("updated"), "copies": [_number(item) for item in items[1:]]},
    )
