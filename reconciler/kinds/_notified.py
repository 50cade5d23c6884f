"""Who sends to contact points: alert rules that choose one themselves, and the tree of notification policies. Pure."""

from collections.abc import Iterator

from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Server
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.references import Reference, Referrer
from reconciler.kinds._elsewhere import alert_rules
from reconciler.kinds._kube import kube_path
from reconciler.kinds._notifying import GROUP

_TREE = "user-defined"


def by_receiver(server: Server) -> Exchange[tuple[Referrer, ...]]:
    """Both, with the contact points that they name."""
    found = [rule for rule in map(_of_rule, (yield from alert_rules())) if rule.references]
    answer = yield ApiRequest("GET", kube_path(server, GROUP, "routingtrees", _TREE), handles=HANDLE_404, shared=True)
    if answer.status == 200:
        references = tuple(receivers_in(as_object(answer.object.get("spec"))))
        found.append(Referrer(f"notification-policy:{_TREE}", "the tree of notification policies", references))
    return tuple(found)


def _of_rule(rule: JsonObject) -> Referrer:
    uid = text_of(rule.get("uid"))
    receiver = text_of(as_object(rule.get("notification_settings")).get("receiver"))
    references = (Reference("contact-point", receiver, "its own receiver"),) if receiver else ()
    return Referrer(f"alert-rule:{uid}", f"alert rule '{text_of(rule.get('title'))}' ({uid})", references)


def receivers_in(tree: JsonObject) -> Iterator[Reference]:
    """The contact points of a tree as Grafana shows it."""
    receiver = text_of(as_object(tree.get("defaults")).get("receiver"))
    if receiver:
        yield Reference("contact-point", receiver, "the default policy")
    queue = [as_object(item) for item in as_list(tree.get("routes"))]
    while queue:
        route = queue.pop(0)
        receiver = text_of(route.get("receiver"))
        if receiver:
            yield Reference("contact-point", receiver, f"the policy for {said(route)}")
        queue += [as_object(item) for item in as_list(route.get("routes"))]


def said(route: JsonObject) -> str:
    """What a route is for, in words."""
    matchers = [as_object(item) for item in as_list(route.get("matchers"))]
    return ", ".join(f"{m.get('label')} {m.get('type')} {m.get('value')}" for m in matchers) or "all alerts"
