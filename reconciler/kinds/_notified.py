"""The contact points and mute timings that policies name, and alert rules that choose them themselves. Pure."""

from collections.abc import Iterator

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import LiveNames, Names
from reconciler.core.references import Reference

_TIMINGS = ("mute_time_intervals", "active_time_intervals")


def policies_in(tree: JsonObject) -> Iterator[Reference]:
    """The contact points and mute timings that the attributes of a tree of policies name."""
    yield from notified(tree, "the default policy")
    queue = [as_object(item) for item in as_list(tree.get("routes"))]
    while queue:
        route = queue.pop(0)
        matchers = ", ".join(map(text_of, as_list(route.get("matchers"))))
        yield from notified(route, f"the policy for {matchers or 'all alerts'}")
        queue += [as_object(item) for item in as_list(route.get("routes"))]


def notified(route: JsonObject, where: str) -> Iterator[Reference]:
    """Those of a policy, or of a rule's own settings; `where` these are."""
    receiver = text_of(route.get("receiver"))
    if receiver:
        yield Reference("contact-point", receiver, where)
    for key in _TIMINGS:
        for name in map(text_of, as_list(route.get(key))):
            yield Reference("mute-timing", name, where)


def desired_settings(written: JsonObject, at: tuple[str | int, ...], names: Names) -> JsonObject:
    """A rule's own settings: declared contact points and mute timings by their names in Grafana, others as written."""

    def called(kind: str, name: str, *path: str | int) -> str:
        if not names.declares(kind, name):
            return name
        return text_of(names.attributes(kind, name, (*at, "notification_settings", *path)).get("name"))

    found = {**written, "receiver": called("contact-point", text_of(written["receiver"]), "receiver")}
    for key in _TIMINGS:
        if key in written:
            timings = enumerate(map(text_of, as_list(written[key])))
            found[key] = [called("mute-timing", name, key, index) for index, name in timings]
    return found


def authored_settings(settings: JsonObject, names: LiveNames) -> JsonObject:
    """The reverse: by the names of files, where they are among them."""
    from reconciler.kinds._notifying import uid_of  # only a pull needs it

    def said(kind: str, name: Json) -> str:
        return names.name(kind, uid_of(text_of(name))) or text_of(name)

    found = {**settings}
    if "receiver" in found:
        found["receiver"] = said("contact-point", found["receiver"])
    for key in _TIMINGS:
        if key in found:
            found[key] = [said("mute-timing", name) for name in as_list(found[key])]
    return found
