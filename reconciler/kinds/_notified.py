"""Who names contact points and mute timings: policies, and alert rules that choose them themselves. Pure."""

from collections.abc import Iterator

from reconciler.core.exchange import Exchange
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.references import Reference, Referrer
from reconciler.kinds._elsewhere import alert_rules


def rules_that_notify() -> Exchange[tuple[Referrer, ...]]:
    """The alert rules that have notification settings of their own."""
    return tuple(rule for rule in map(_of_rule, (yield from alert_rules())) if rule.references)


def _of_rule(rule: JsonObject) -> Referrer:
    uid = text_of(rule.get("uid"))
    own = as_object(rule.get("notification_settings"))
    references = tuple(_named(own, "its own notification settings"))
    return Referrer(f"alert-rule:{uid}", f"alert rule '{text_of(rule.get('title'))}' ({uid})", references)


def policies_in(tree: JsonObject) -> Iterator[Reference]:
    """The contact points and mute timings that the attributes of a tree of policies name."""
    yield from _named(tree, "the default policy")
    queue = [as_object(item) for item in as_list(tree.get("routes"))]
    while queue:
        route = queue.pop(0)
        matchers = ", ".join(map(text_of, as_list(route.get("matchers"))))
        yield from _named(route, f"the policy for {matchers or 'all alerts'}")
        queue += [as_object(item) for item in as_list(route.get("routes"))]


def _named(route: JsonObject, where: str) -> Iterator[Reference]:
    receiver = text_of(route.get("receiver"))
    if receiver:
        yield Reference("contact-point", receiver, where)
    for key in ("mute_time_intervals", "active_time_intervals"):
        for name in map(text_of, as_list(route.get(key))):
            yield Reference("mute-timing", name, where)
