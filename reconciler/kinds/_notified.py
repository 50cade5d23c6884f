"""Who names contact points and mute timings: alert rules that choose them themselves, and the tree of notification
policies. Pure.
"""

from collections.abc import Iterator

from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Server
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.references import Reference, Referrer
from reconciler.kinds._elsewhere import alert_rules
from reconciler.kinds._kube import kube_path
from reconciler.kinds._notifying import GROUP

_TREE = "user-defined"


def senders(server: Server) -> Exchange[tuple[Referrer, ...]]:
    """Both, with the contact points and mute timings that they name."""
    found = [rule for rule in map(_of_rule, (yield from alert_rules())) if rule.references]
    answer = yield ApiRequest("GET", kube_path(server, GROUP, "routingtrees", _TREE), handles=HANDLE_404, shared=True)
    if answer.status == 200:
        references = tuple(named_in(as_object(answer.object.get("spec"))))
        found.append(Referrer(f"notification-policy:{_TREE}", "the tree of notification policies", references))
    return tuple(found)


def _of_rule(rule: JsonObject) -> Referrer:
    uid = text_of(rule.get("uid"))
    own = as_object(rule.get("notification_settings"))
    references = tuple(_named(own, "its own notification settings"))
    return Referrer(f"alert-rule:{uid}", f"alert rule '{text_of(rule.get('title'))}' ({uid})", references)


def named_in(tree: JsonObject) -> Iterator[Reference]:
    """The contact points and mute timings of a tree as Grafana shows it."""
    yield from _named(as_object(tree.get("defaults")), "the default policy")
    queue = [as_object(item) for item in as_list(tree.get("routes"))]
    while queue:
        route = queue.pop(0)
        yield from _named(route, f"the policy for {said(route)}")
        queue += [as_object(item) for item in as_list(route.get("routes"))]


def _named(route: JsonObject, where: str) -> Iterator[Reference]:
    receiver = text_of(route.get("receiver"))
    if receiver:
        yield Reference("contact-point", receiver, where)
    for key in ("mute_time_intervals", "active_time_intervals"):
        for name in map(text_of, as_list(route.get(key))):
            yield Reference("mute-timing", name, where)


def said(route: JsonObject) -> str:
    """What a route is for, in words."""
    matchers = [as_object(item) for item in as_list(route.get("matchers"))]
    return ", ".join(f"{m.get('label')} {m.get('type')} {m.get('value')}" for m in matchers) or "all alerts"
