"""A tree of notification policies in its forms: as declared, as compared, as Grafana has it. Pure."""

from typing import TYPE_CHECKING, Any

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import LiveNames, Names
from reconciler.core.source import Path
from reconciler.kinds._matchers import Matcher, duration, matcher_of, read_matcher, sent_matcher
from reconciler.kinds._notifying import uid_of

if TYPE_CHECKING:
    from reconciler.kinds._policy_spec import NotificationPolicySpec, RouteSpec

_TIMES = ("group_wait", "group_interval", "repeat_interval")
_TIMINGS = {"mute_timings": "mute_time_intervals", "active_timings": "active_time_intervals"}
"""What authors write → Grafana's key."""


def untouched() -> JsonObject:
    """The attributes of the tree that every organisation begins with (docs/grafana.md)."""
    return {"receiver": "grafana-default-email", "group_by": ["grafana_folder", "alertname"], "routes": []}


def desired_tree(spec: "NotificationPolicySpec", names: Names) -> JsonObject:
    """What a document comes to."""
    found: dict[str, Json] = {"receiver": _called("contact-point", spec.receiver, ("receiver",), names)}
    found |= {key: getattr(spec, key) for key in ("group_by", *_TIMES)}
    routes = enumerate(spec.routes)
    return full_tree({**found, "routes": [_desired(item, ("routes", index), names) for index, item in routes]})


def _desired(spec: "RouteSpec", at: Path, names: Names) -> JsonObject:
    found: dict[str, Json] = {key: getattr(spec, key) for key in ("matchers", "group_by", *_TIMES)}
    if spec.receiver is not None:
        found["receiver"] = _called("contact-point", spec.receiver, (*at, "receiver"), names)
    for key, grafanas in _TIMINGS.items():
        timings = enumerate(getattr(spec, key))
        found[grafanas] = [_called("mute-timing", name, (*at, key, index), names) for index, name in timings]
    routes = enumerate(spec.routes)
    inner: list[Json] = [_desired(item, (*at, "routes", index), names) for index, item in routes]
    return {**found, "continue": spec.continue_, "routes": inner}


def _called(kind: str, name: str, path: Path, names: Names) -> str:
    return text_of(names.attributes(kind, name, path).get("name"))


def full_tree(attributes: JsonObject) -> JsonObject:
    """The form in which two trees are compared."""
    return {**_grouping(attributes), "routes": [_full(as_object(item)) for item in as_list(attributes.get("routes"))]}


def _full(route: JsonObject) -> JsonObject:
    matchers: list[Json] = [*_sorted([text_of(item) for item in as_list(route.get("matchers"))])]
    timings: dict[str, Json] = {key: [*as_list(route.get(key))] for key in _TIMINGS.values()}
    inner: list[Json] = [_full(as_object(item)) for item in as_list(route.get("routes"))]
    own: dict[str, Json] = {"matchers": matchers, **timings, "continue": bool(route.get("continue")), "routes": inner}
    return {**_grouping(route), **own}


def _sorted(texts: list[str]) -> list[str]:
    """Matchers in the order in which Grafana gives them back, whatever they were sent in: all must hold."""
    read = [read_matcher(text) or Matcher(text, "", "") for text in texts]
    read.sort(key=lambda item: (item.label, item.value, item.operator))
    return [str(item) if item.operator else item.label for item in read]


def _grouping(route: JsonObject) -> dict[str, Json]:
    times: dict[str, Json] = {key: duration(route.get(key)) for key in _TIMES}
    return {"receiver": text_of(route.get("receiver")), "group_by": [*as_list(route.get("group_by"))], **times}


def shown_tree(spec: JsonObject) -> JsonObject:
    """The attributes of what Grafana shows."""
    routes: list[Json] = [_shown(as_object(item)) for item in as_list(spec.get("routes"))]
    return {**as_object(spec.get("defaults")), "routes": routes}


def _shown(route: JsonObject) -> JsonObject:
    matchers: list[Json] = [str(matcher_of(as_object(item))) for item in as_list(route.get("matchers"))]
    routes: list[Json] = [_shown(as_object(item)) for item in as_list(route.get("routes"))]
    return {**route, "matchers": matchers, "routes": routes}


def sent_tree(attributes: JsonObject) -> dict[str, Json]:
    """The same in Grafana's form, without what is empty."""
    full = full_tree(attributes)
    defaults = {key: value for key, value in full.items() if key != "routes" and value not in ("", [])}
    return {"defaults": defaults, "routes": [_sent(as_object(item)) for item in as_list(full["routes"])]}


def _sent(route: JsonObject) -> JsonObject:
    found = {key: value for key, value in route.items() if value not in ("", [])}
    matchers: list[Json] = [sent_matcher(text_of(item)) for item in as_list(found.get("matchers"))]
    routes: list[Json] = [_sent(as_object(item)) for item in as_list(found.get("routes"))]
    return {**found, **({"matchers": matchers} if matchers else {}), **({"routes": routes} if routes else {})}


def authored_tree(attributes: JsonObject, names: LiveNames) -> JsonObject:
    """What an author would write."""
    return _authored(full_tree(attributes), names)


def _authored(route: JsonObject, names: LiveNames) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if route.get("matchers"):
        found["matchers"] = route["matchers"]
    if route.get("receiver"):
        found["receiver"] = _name(names, "contact-point", route["receiver"])
    found |= {key: route[key] for key in ("group_by", *_TIMES, "continue") if route.get(key)}
    for key, grafanas in _TIMINGS.items():
        if route.get(grafanas):
            found[key] = [_name(names, "mute-timing", item) for item in as_list(route[grafanas])]
    if route.get("routes"):
        found["routes"] = [_authored(as_object(item), names) for item in as_list(route["routes"])]
    return found


def _name(names: LiveNames, kind: str, title: Json) -> str:
    return names.name(kind, uid_of(text_of(title))) or text_of(title)
