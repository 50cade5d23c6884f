"""Annotations: business events on a time axis; they have no uid of their own, so a marker tag says which is which.

Must not: send DELETE for an id of 0 or less (some servers take it for "all"), or touch what alerting wrote.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from reconciler.core.address import Address
from reconciler.core.diff import Edit, Op
from reconciler.core.errors import GgrecError, ServerError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.resource import Attribution, LiveObject, Resource
from reconciler.kinds._later import later
from reconciler.kinds._owners import ALERTING
from reconciler.kinds._times import as_written

if TYPE_CHECKING:
    from reconciler.kinds._annotation_spec import AnnotationSpec

MARKER = "ggrec:"


class Annotation(Kind):
    """The kind `annotation`. Attributes: text, tags (without the marker), time and timeEnd in epoch milliseconds,
    dashboardUID, panelId.

    `page` is how many annotations one request asks for; where there are more, windows of time are asked for.
    """

    name: ClassVar[str] = "annotation"
    yaml_kind: ClassVar[str] = "Annotation"
    summary: ClassVar[str] = "An event on the time axis: of a panel, a dashboard, or the whole organisation."
    spec = later("_annotation_spec", "AnnotationSpec")
    page: ClassVar[int] = 10_000
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

    def own_keys(self, address: Address) -> tuple[str, ...]:
        """The marker: an annotation that was written anew has another id."""
        return (f"marker:{address.name}",)

    def desired(self, name: str, spec: "AnnotationSpec", names: Names) -> Desired:
        """Tags as the server keeps them (trimmed, no duplicates, in order); a point ends when it begins."""
        start = spec.time
        end = start if spec.timeEnd is None else spec.timeEnd
        if end < start:
            names.fail(("timeEnd",), "ends-before", "timeEnd is before time", "Grafana would swap the two silently")
        dashboard = names.uid("dashboard", spec.dashboard, ("dashboard",)) if spec.dashboard else ""
        if spec.panel is not None and not spec.dashboard:
            names.fail(
                ("panel",), "panel-alone", "a panel needs its dashboard", "write `dashboard: <metadata.name>` too"
            )
        attributes: dict[str, Json] = {
            "text": spec.text,
            "tags": list(dict.fromkeys(tag.strip() for tag in spec.tags if tag.strip())),
            "time": start,
            "timeEnd": end,
            "dashboardUID": dashboard,
            "panelId": _panel_id(spec.panel, spec.dashboard or "", names)
            if spec.panel is not None and dashboard
            else 0,
        }
        return Desired(attributes)

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """Times in UTC; the dashboard by name."""
        full = self.normalise(live.attributes)
        start, end = full["time"], full["timeEnd"]
        assert isinstance(start, int) and isinstance(end, int)
        spec: dict[str, Json] = {"text": full["text"], "time": as_written(start)}
        if end != start:
            spec["timeEnd"] = as_written(end)
        if full["tags"]:
            spec["tags"] = full["tags"]
        if full["dashboardUID"]:
            spec["dashboard"] = names.name("dashboard", text_of(full["dashboardUID"])) or full["dashboardUID"]
        if full["panelId"]:
            spec["panel"] = full["panelId"]
        return Authored(spec)

    def tags(self, attributes: JsonObject) -> tuple[str, ...]:
        """Its own, without the marker."""
        return tuple(text_of(tag) for tag in as_list(attributes.get("tags")))

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """A point's end is its beginning; no dashboard and no panel are "" and 0."""
        start = attributes.get("time") or 0
        return {
            "text": text_of(attributes.get("text")),
            "tags": attributes.get("tags") or [],
            "time": start,
            "timeEnd": attributes.get("timeEnd") or start,
            "dashboardUID": text_of(attributes.get("dashboardUID")),
            "panelId": attributes.get("panelId") or 0,
        }

    def notes(self, resource: Resource, live: LiveObject | None) -> tuple[str, ...]:
        """Others that carry the same marker."""
        others = as_list(live.meta.get("duplicates")) if live is not None else ()
        if not others:
            return ()
        ids = ", ".join(str(number) for number in others)
        return (f"carried by {len(others)} more annotation(s), id {ids}: they go when this one is written or deleted",)

    def outstanding(self, resource: Resource, live: LiveObject) -> tuple[Edit, ...]:
        """The marker, where somebody took it off: without it the annotation would not be found again. And others that
        carry it: a write that was interrupted between making the new one and deleting the old one.
        """
        key = f"marker:{resource.address.name}"
        marker = MARKER + resource.address.name
        if key not in live.keys:
            return (Edit(("tags", len(_tags(live))), Op.ADD, None, marker),)
        others = as_list(live.meta.get("duplicates"))
        return (Edit(("duplicates",), Op.REMOVE, [*others], None),) if others else ()

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All with a marker: a query for the tag `ggrec` finds every `ggrec:…` (grafana-api.md section 13)."""
        answer = yield _query(MARKER.rstrip(":"), self.page)
        items = [as_object(item) for item in as_list(answer.body)]
        found = {_number(item): item for item in items}
        ends = [end for item in items if isinstance(end := item.get("timeEnd", item.get("time")), int)]
        windows = [(1, max(ends))] if len(items) >= self.page and ends else []
        while windows:
            start, end = windows.pop()
            # More than a page within one millisecond: only a longer page can show them.
            limit = self.page if start < end else 100 * self.page
            answer = yield _query(MARKER.rstrip(":"), limit, (start, end))
            items = [as_object(item) for item in as_list(answer.body)]
            found |= {_number(item): item for item in items}
            if len(items) >= limit and start < end:
                middle = (start + end) // 2
                windows += [(start, middle), (middle + 1, end)]
        yield _grouped(list(found.values()))

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """By the server's id, also without a marker."""
        if not _is_id(uid):
            return None
        answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
        return None if answer.status == 404 else _live([answer.object], _marker(answer.object))

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """By the marker tag, compared exactly; of several the oldest."""
        marker = MARKER + resource.address.name
        items = yield from _carrying(marker)
        return _live(items, marker) if items else None

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """With its marker, so that it is found again even if the answer is lost."""
        wanted = self.normalise(resource.attributes)
        body: dict[str, Json] = {**_body(wanted, resource)}
        if wanted["dashboardUID"]:
            body["dashboardUID"] = wanted["dashboardUID"]
            if wanted["panelId"]:
                body["panelId"] = wanted["panelId"]
        answer = yield ApiRequest("POST", "/api/annotations", body=body)
        number = _number(answer.object)
        if number <= 0:
            raise ServerError.one("no-id", "POST /api/annotations: Grafana answered without the new annotation's id")
        return str(number)

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """PUT with everything. A PUT cannot change the dashboard (grafana-api.md section 13): then a new one is made,
        and the old one deleted after it, so that a refusal loses nothing. Duplicates go.
        """
        wanted, present = self.normalise(resource.attributes), self.normalise(live.attributes)
        kept = live.uid
        if any(wanted[key] != present[key] for key in ("dashboardUID", "panelId")):
            kept = yield from self.create(context, resource)
            yield from _delete(live.uid)
        else:
            yield ApiRequest("PUT", _path(live.uid), body=_body(wanted, resource))
        yield from _delete_duplicates(MARKER + resource.address.name, kept)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """It and its duplicates, itself last."""
        for key in live.keys:
            if key.startswith("marker:"):
                yield from _delete_duplicates(MARKER + key.removeprefix("marker:"), live.uid)
        yield from _delete(live.uid)

    def attribution(self, server: Server, live: LiveObject, since: int | None) -> Exchange[Attribution]:
        """Only when: the login in an annotation is its creator's."""
        yield from ()
        updated = live.meta.get("updated")
        return Attribution(when=str(as_written(updated)) if isinstance(updated, int) and updated else None)


def _panel_id(panel: int | str, dashboard: str, names: Names) -> int:
    """The id of a panel of a declared dashboard, by title or id; rows are no panels."""
    attributes = names.attributes("dashboard", dashboard, ("dashboard",))
    panels = [item for item in _all_panels(as_object(attributes.get("dashboard"))) if item.get("type") != "row"]
    key = "title" if isinstance(panel, str) else "id"
    ids = [number for item in panels if item.get(key) == panel and isinstance(number := item.get("id"), int)]
    if len(ids) == 1:
        return ids[0]
    if ids:
        several = ", ".join(map(str, ids))
        names.fail(
            ("panel",), "ambiguous-panel", f"the dashboard has {len(ids)} panels '{panel}'", f"write an id: {several}"
        )
    elif attributes:  # else the dashboard is broken or unknown, and that has been said
        titles = ", ".join(f"'{title}'" for item in panels if (title := text_of(item.get("title"))))
        hint = f"it has {titles}" if titles else "it has no panel with a title"
        names.fail(("panel",), "no-such-panel", f"the dashboard has no panel '{panel}'", hint)
    return 0


def _all_panels(model: JsonObject) -> Iterator[JsonObject]:
    for item in as_list(model.get("panels")):
        panel = as_object(item)
        yield panel
        yield from map(as_object, as_list(panel.get("panels")))


def _is_id(uid: str) -> bool:
    """Whether this may be an annotation's id: 0 and below are none, and DELETE takes them (grafana-api.md section
    13).
    """
    return uid.isascii() and uid.isdigit() and int(uid) > 0


def _path(uid: str) -> str:
    if not _is_id(uid):
        raise GgrecError.one("bad-annotation-id", f"'{uid}' is no annotation's id: nothing was sent")
    return f"/api/annotations/{int(uid)}"


def _query(tag: str, limit: int, window: tuple[int, int] | None = None) -> ApiRequest:
    """A query by tag. `from` and `to` count only together, and match what overlaps."""
    times = (("from", str(window[0])), ("to", str(window[1]))) if window is not None else ()
    return ApiRequest("GET", "/api/annotations", (("tags", tag), ("type", "annotation"), ("limit", str(limit)), *times))


def _carrying(marker: str) -> Exchange[list[JsonObject]]:
    """The annotations with exactly this tag, oldest first; alerting's left out."""
    answer = yield _query(marker, 1000)
    items = [as_object(item) for item in as_list(answer.body)]
    return sorted((i for i in items if marker in as_list(i.get("tags")) and not i.get("alertId")), key=_number)


def _delete(uid: str) -> Exchange[None]:
    yield ApiRequest("DELETE", _path(uid), handles=HANDLE_404)


def _delete_duplicates(marker: str, kept: str) -> Exchange[None]:
    items = yield from _carrying(marker)
    for number in map(_number, items):
        if str(number) != kept:
            yield from _delete(str(number))


def _body(wanted: JsonObject, resource: Resource) -> dict[str, Json]:
    """Time and end always together: moving one alone makes a region of a point (grafana-api.md section 13)."""
    tags = [*as_list(wanted["tags"]), MARKER + resource.address.name]
    return {"text": wanted["text"], "tags": tags, "time": wanted["time"], "timeEnd": wanted["timeEnd"]}


def _grouped(items: list[JsonObject]) -> tuple[LiveObject, ...]:
    """One live object a marker: the oldest of several, the others as its duplicates."""
    by_marker: dict[str, list[JsonObject]] = {}
    for item in items:
        marker = _marker(item)
        if marker and not item.get("alertId"):
            by_marker.setdefault(marker, []).append(item)
    return tuple(_live(sorted(found, key=_number), marker) for marker, found in sorted(by_marker.items()))


def _marker(item: JsonObject) -> str:
    return next((tag for tag in map(text_of, as_list(item.get("tags"))) if tag.startswith(MARKER)), "")


def _number(item: JsonObject) -> int:
    value = item.get("id")
    return value if isinstance(value, int) else 0


def _tags(live: LiveObject) -> Sequence[Json]:
    return as_list(live.attributes.get("tags"))


def _live(items: Sequence[JsonObject], marker: str) -> LiveObject:
    """The first of several with one marker; without a marker it is found by its id alone."""
    first = items[0]
    attributes: dict[str, Json] = {
        key: first[key] for key in ("text", "time", "timeEnd", "dashboardUID", "panelId") if first.get(key)
    }
    attributes["tags"] = [tag for tag in as_list(first.get("tags")) if tag != marker]
    uid = str(_number(first))
    return LiveObject(
        kind="annotation",
        uid=uid,
        attributes=attributes,
        revision=str(first.get("updated")),
        manager=ALERTING if first.get("alertId") else None,
        keys=(f"uid:{uid}", *((f"marker:{marker.removeprefix(MARKER)}",) if marker else ())),
        meta={"updated": first.get("updated"), "duplicates": [_number(item) for item in items[1:]]},
    )
