"""The tree of notification policies: which alert reaches which contact point. There is one in every organisation.

Must not: write over somebody else's edit (the tree is one, and the last writer would win over all of it), or reset a
tree that is not the one that was looked at.
"""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from reconciler.core.diff import Edit, EditPath
from reconciler.core.errors import Conflict, GgrecError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Body, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import Reference
from reconciler.core.resource import LiveObject, Resource
from reconciler.core.semantic import Row, edit_row, path_name, value_at
from reconciler.kinds._kube import kube_path
from reconciler.kinds._later import later
from reconciler.kinds._notified import policies_in
from reconciler.kinds._notifying import GROUP, managed, served
from reconciler.kinds._routes import authored_tree, desired_tree, full_tree, sent_tree, shown_tree, untouched

if TYPE_CHECKING:
    from reconciler.kinds._policy_spec import NotificationPolicySpec

_UID = "user-defined"
_WHOSE = "of:organisation"


class NotificationPolicy(Kind):
    """The kind `notification-policy`. Attributes: receiver, group_by, the three times, and routes with the same,
    matchers as texts, mute_time_intervals, active_time_intervals and continue.
    """

    name: ClassVar[str] = "notification-policy"
    yaml_kind: ClassVar[str] = "NotificationPolicy"
    summary: ClassVar[str] = (
        "Which alert reaches which contact point, and when: the organisation's one tree of policies."
    )
    spec = later("_policy_spec", "NotificationPolicySpec")
    always_there: ClassVar[bool] = True
    refers_to: ClassVar[frozenset[str]] = frozenset({"contact-point", "mute-timing"})
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: ContactPoint
metadata:
  name: pager
spec:
  name: Pager
  integrations:
    - type: email
      settings: {addresses: pager@example.org}
---
apiVersion: ggrec/v1
kind: MuteTiming
metadata:
  name: sundays
spec:
  name: Sundays
  time_intervals:
    - weekdays: [sunday]
---
apiVersion: ggrec/v1
kind: NotificationPolicy
metadata:
  name: policies
spec:
  receiver: pager
  group_by: [grafana_folder, alertname]
  group_wait: 30s
  routes:
    - matchers: [severity = critical]
      receiver: pager
      repeat_interval: 1h
    - matchers: [severity =~ warning|info, team != web]
      mute_timings: [sundays]
      routes:
        - matchers: [team = shop]
          group_by: ["..."]
"""

    def uid(self, name: str, written: str | None) -> str | None:
        """The server's: there is one tree."""
        return None

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """Whose it is: two documents of it are an error."""
        return (_WHOSE,)

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """An organisation has one."""
        return (_WHOSE,)

    def desired(self, name: str, spec: "NotificationPolicySpec", names: Names) -> Desired:
        """Contact points and mute timings by their names in Grafana; all that is not written too."""
        return Desired(desired_tree(spec, names))

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """All that is set, by the names of files."""
        return Authored(authored_tree(live.attributes, names))

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Every key, each time and matcher in one form."""
        return full_tree(attributes)

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """Contact points and mute timings, by name."""
        return tuple(policies_in(attributes))

    def after(self, live: JsonObject, desired: JsonObject | None, applied: JsonObject) -> JsonObject:
        """A delete leads back to what every organisation begins with."""
        return untouched() if desired is None else desired

    def survey(self, server: Server) -> Listing:
        """The one tree."""
        live = yield from _read(server)
        if live is not None:
            yield (live,)

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """The tree, unless it is as every organisation begins."""
        served(server)
        live = yield from _read(server)
        if live is not None and not _is_untouched(live):
            yield (live,)

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """The one tree: it is always there, where there is alerting."""
        return (yield from _read(server))

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """None where nobody has changed it yet: then nobody's policies are taken over."""
        live = yield from _read(server)
        return None if live is None or _is_untouched(live) else live

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """PUT over the tree that nobody has changed yet, with its revision. Raises Conflict where somebody has."""
        live = yield from _read(context.server)
        if live is None:
            raise GgrecError.one("no-alerting", "there is no tree of notification policies: is alerting switched on?")
        if not _is_untouched(live):
            raise Conflict.one("changed-meanwhile", "somebody else changed the notification policies just now")
        yield from self.update(context, resource, live)
        return _UID

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """PUT of the whole tree with the revision (409 where somebody was faster)."""
        metadata: dict[str, Body] = {"name": _UID, "resourceVersion": live.revision}
        spec: Mapping[str, Body] = sent_tree(resource.attributes)
        yield ApiRequest("PUT", _path(context.server), body={"metadata": metadata, "spec": spec})

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """Back to what every organisation begins with. Grafana takes no revision here: it is looked at right before.
        Raises Conflict where somebody was faster.
        """
        now = yield from _read(context.server)
        if now is None or _is_untouched(now):
            return
        if now.revision not in {None, live.revision}:
            raise Conflict.one("changed-meanwhile", "somebody else changed the notification policies just now")
        yield ApiRequest("DELETE", _path(context.server), handles=HANDLE_404)

    def is_gone(self, live: LiveObject, applied: JsonObject) -> bool:
        """It is as every organisation begins."""
        return _is_untouched(live)

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """By policy: for which alerts it is."""
        return tuple(self._row(edit, before, after) for edit in edits)

    def place(self, path: EditPath) -> str:
        """`policy 2.1: receiver`: counted from 1, one number a level."""
        route, rest = _apart(path)
        numbers = ".".join(str(step + 1) for step in route if isinstance(step, int))
        subject = f"policy {numbers}" if numbers else ""
        return ": ".join(part for part in (subject, path_name(rest)) if part) or "all of it"

    def _row(self, edit: Edit, before: JsonObject | None, after: JsonObject | None) -> Row:
        route, rest = _apart(edit.path)
        found = as_object(value_at(after, route)) or as_object(value_at(before, route))
        matchers = ", ".join(text_of(item) for item in as_list(found.get("matchers")))
        subject = (f"policy for {matchers}" if matchers else self.place(route)) if route else ""
        return edit_row(edit, rest or edit.path, self.change_class, subject, route)


def _path(server: Server) -> str:
    return kube_path(server, GROUP, "routingtrees", _UID)


def _read(server: Server) -> Exchange[LiveObject | None]:
    answer = yield ApiRequest("GET", _path(server), handles=HANDLE_404)
    if answer.status == 404:
        return None
    metadata = as_object(answer.object.get("metadata"))
    return LiveObject(
        kind="notification-policy",
        uid=_UID,
        attributes=shown_tree(as_object(answer.object.get("spec"))),
        revision=text_of(metadata.get("resourceVersion")) or None,
        manager=managed(as_object(metadata.get("annotations"))),
        keys=(f"uid:{_UID}", _WHOSE),
        meta={"title": "the organisation"},
    )


def _is_untouched(live: LiveObject) -> bool:
    return full_tree(live.attributes) == full_tree(untouched())


def _apart(path: EditPath) -> tuple[EditPath, EditPath]:
    """The way to the policy that a path leads into, and the rest."""
    end = 0
    while path[end : end + 1] == ("routes",) and len(path) > end + 1 and isinstance(path[end + 1], int):
        end += 2
    return path[:end], path[end:]
