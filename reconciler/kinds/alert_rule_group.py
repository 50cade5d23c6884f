"""Groups of Grafana's own alert rules: one evaluation group in a folder is one object.

Must not: let Grafana do what it does unasked (verified on 12.3.0): a PUT moves a rule whose uid another group has,
makes a group in a folder that is not there, replaces all rules of a group that exists, and takes the mark of whoever
else provisions a rule away.
"""

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from reconciler.core.diff import Edit, EditPath, Identities
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import HANDLE_404, ApiRequest, Exchange, Listing, Server, Wanted, WriteContext
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.kind import Authored, Desired, Kind, LiveNames, Names
from reconciler.core.references import Reference
from reconciler.core.resource import LiveObject, Manager, Resource
from reconciler.core.semantic import Row
from reconciler.kinds._elsewhere import RULES, references_of_rule
from reconciler.kinds._later import later

if TYPE_CHECKING:
    from reconciler.kinds._alert_rule_group_spec import AlertRule, AlertRuleGroupSpec

_EDITABLE = (("X-Disable-Provenance", "true"),)
"""Without it Grafana locks in its UI what is written."""


class AlertRuleGroup(Kind):
    """The kind `alert-rule-group`. Attributes: title, folderUid, interval in seconds, and rules as the provisioning API
    has them. Its uid is `<folder's uid>/<title>`, and it is known too by the uids of its rules.
    """

    name: ClassVar[str] = "alert-rule-group"
    yaml_kind: ClassVar[str] = "AlertRuleGroup"
    summary: ClassVar[str] = "Alert rules of Grafana's own that are evaluated together, in a folder."
    spec = later("_alert_rule_group_spec", "AlertRuleGroupSpec")
    identities: ClassVar[Identities] = MappingProxyType({"rules": "uid", "data": "refId"})
    hands_over: ClassVar[bool] = True
    refers_to: ClassVar[frozenset[str]] = frozenset({"contact-point", "dashboard", "datasource", "mute-timing"})
    example: ClassVar[str] = """\
apiVersion: ggrec/v1
kind: Folder
metadata:
  name: operations
spec:
  title: Operations
---
apiVersion: ggrec/v1
kind: Datasource
metadata:
  name: prometheus
spec:
  type: prometheus
  url: http://prometheus:9090
---
apiVersion: ggrec/v1
kind: AlertRuleGroup
metadata:
  name: api
spec:
  folder: operations
  interval: 1m
  rules:
    - title: High error rate
      targets:
        - expr: sum(rate(http_errors_total[5m])) / sum(rate(http_requests_total[5m]))
          datasource: prometheus
      threshold: {above: 0.05}
      for: 5m
      labels: {severity: critical}
      annotations: {summary: More than 5 % of the requests fail}
"""

    def uid(self, name: str, written: str | None) -> str | None:
        """None: a group has only its folder and its title."""
        return None

    def keys(self, resource: Resource) -> tuple[str, ...]:
        """Where it is."""
        return (f"group:{_uid(resource.attributes)}",)

    def claims(self, resource: Resource) -> tuple[str, ...]:
        """Its place, and the uids of its rules: an organisation has each once."""
        return (*self.keys(resource), *_rule_keys(resource.attributes))

    def desired(self, name: str, spec: "AlertRuleGroupSpec", names: Names) -> Desired:
        """Rules in Grafana's own form, in the order written."""
        from reconciler.kinds._rules import milliseconds

        rules = [_rule(name, rule, ("rules", index), names) for index, rule in enumerate(spec.rules)]
        uids = [text_of(rule["uid"]) for rule in rules]
        for index, uid in enumerate(uids):
            if uid in uids[:index]:
                hint = "give one of them another title, or a uid of its own"
                names.fail(("rules", index), "uid-twice", f"two rules have the uid '{uid}'", hint)
        attributes: dict[str, Json] = {
            "title": spec.title or name,
            "folderUid": names.uid("folder", spec.folder, ("folder",)),
            "interval": milliseconds(spec.interval) // 1000,
            "rules": [*rules],
        }
        return Desired(attributes)

    def authored(self, live: LiveObject, names: LiveNames) -> Authored:
        """With Grafana's own queries, and what has its default left out."""
        from reconciler.kinds._rules_authored import authored_group

        return Authored(authored_group(self.normalise(live.attributes), names))

    def normalise(self, attributes: JsonObject) -> JsonObject:
        """Each rule with defaults filled."""
        from reconciler.kinds._rules import normal_rule

        return {
            "title": text_of(attributes.get("title")),
            "folderUid": text_of(attributes.get("folderUid")),
            "interval": attributes.get("interval") or 60,
            "rules": [normal_rule(as_object(rule)) for rule in as_list(attributes.get("rules"))],
        }

    def project(self, live: JsonObject, desired: JsonObject) -> JsonObject:
        """All of it: a group's rules are declared together. Fields that a later Grafana adds are not ours."""
        from reconciler.kinds._rules import known_part

        wanted = {text_of(as_object(rule).get("uid")): as_object(rule) for rule in as_list(desired.get("rules"))}
        rules = [
            known_part(rule, wanted.get(text_of(rule.get("uid")), rule))
            for rule in map(as_object, as_list(live.get("rules")))
        ]
        return {**live, "rules": rules}

    def references(self, attributes: JsonObject) -> Iterable[Reference]:
        """Datasources, the panels that rules are shown on, and whom they notify past the policies."""
        for rule in map(as_object, as_list(attributes.get("rules"))):
            for found in references_of_rule(rule):
                if found.text != "__expr__":
                    yield found

    def survey(self, server: Server) -> Listing:
        """None: what rules refer to is told by dashboards and datasources (`elsewhere`), of all rules in one list."""
        yield from ()

    def container(self, attributes: JsonObject) -> str | None:
        """Its folder."""
        return text_of(attributes.get("folderUid"))

    def placed(self, attributes: JsonObject, container: str) -> JsonObject:
        """In another folder."""
        return {**attributes, "folderUid": container}

    def listing(self, server: Server, wanted: Wanted) -> Listing:
        """All rules in one answer; it does not tell intervals, so each group in question is asked for its own."""
        answer = yield ApiRequest("GET", RULES, handles=HANDLE_404, shared=True)
        groups: dict[str, list[JsonObject]] = {}
        for rule in map(as_object, as_list(answer.body) if answer.status == 200 else ()):
            groups.setdefault(f"{text_of(rule.get('folderUID'))}/{text_of(rule.get('ruleGroup'))}", []).append(rule)
        for uid, rules in sorted(groups.items()):
            folder, _, title = uid.partition("/")
            found = _live({"title": title, "folderUid": folder, "rules": rules}, rules, complete=False)
            if wanted.covers(uid, *found.keys):
                whole = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
                if whole.status == 404:
                    continue
                found = _live(whole.object, rules)
            yield (found,)

    def read(self, server: Server, uid: str) -> Exchange[LiveObject | None]:
        """The group, and the list of rules: only there a rule says who provisions it."""
        answer = yield ApiRequest("GET", _path(uid), handles=HANDLE_404)
        if answer.status == 404:
            return None
        listed = yield ApiRequest("GET", RULES, shared=True)
        return _live(answer.object, [as_object(rule) for rule in as_list(listed.body)])

    def find(self, server: Server, resource: Resource) -> Exchange[LiveObject | None]:
        """By folder and title."""
        return (yield from self.read(server, _uid(resource.attributes)))

    def create(self, context: WriteContext, resource: Resource) -> Exchange[str]:
        """PUT, where neither the group nor any of its rules' uids is there, and the folder is."""
        yield from _free(resource.attributes)
        uids = set(_rule_keys(resource.attributes))
        listed = yield ApiRequest("GET", RULES)
        for rule in map(as_object, as_list(listed.body)):
            if f"rule:{text_of(rule.get('uid'))}" in uids and text_of(rule.get("provenance")):
                where = f"the group '{text_of(rule.get('ruleGroup'))}' of folder {text_of(rule.get('folderUID'))}"
                raise GgrecError.one(
                    "rule-elsewhere",
                    f"{where} has the rule {text_of(rule.get('uid'))}, which {_manager([rule])} provisions",
                    hint="write another `uid` for the rule: Grafana would move it here",
                )
        yield from _put(resource.attributes)
        return _uid(resource.attributes)

    def update(self, context: WriteContext, resource: Resource, live: LiveObject) -> Exchange[None]:
        """PUT with all rules. Under a new title or in another folder it is another group: its rules move there with
        their past. What of the old group is not declared any more goes before, so that whatever stops this in between
        leaves one group, which the next run finds.
        """
        if _uid(resource.attributes) != live.uid:
            yield from _free(resource.attributes)
            staying = set(_rule_keys(resource.attributes))
            rules = [as_object(rule) for rule in as_list(live.attributes.get("rules"))]
            moving: list[Json] = [rule for rule in rules if staying.intersection(_rule_keys({"rules": [rule]}))]
            if not moving:
                yield from _delete(live.uid)
            elif len(moving) < len(rules):
                yield from _put({**live.attributes, "rules": moving})
        yield from _put(resource.attributes)

    def delete(self, context: WriteContext, live: LiveObject) -> Exchange[None]:
        """The group with its rules."""
        yield from _delete(live.uid)

    def describe(
        self, edits: tuple[Edit, ...], before: JsonObject | None = None, after: JsonObject | None = None
    ) -> tuple[Row, ...]:
        """By rule: `rule "High latency": threshold from 0.05 to 0.1`."""
        from reconciler.kinds._rule_words import rows

        return rows(edits, before, after)

    def place(self, path: EditPath) -> str:
        """`rule "High latency": query A`."""
        from reconciler.kinds._rule_words import place

        return place(path)


def _uid(attributes: JsonObject) -> str:
    return f"{text_of(attributes.get('folderUid'))}/{text_of(attributes.get('title'))}"


def _rule_keys(attributes: JsonObject) -> tuple[str, ...]:
    uids = (text_of(as_object(rule).get("uid")) for rule in as_list(attributes.get("rules")))
    return tuple(f"rule:{uid}" for uid in uids if uid)


def _path(uid: str) -> str:
    folder, _, title = uid.partition("/")
    return f"/api/v1/provisioning/folder/{quote(folder, safe='')}/rule-groups/{quote(title, safe='')}"


def _free(attributes: JsonObject) -> Exchange[None]:
    """Raises GgrecError where a group of this title is there, or its folder is not: Grafana would not mind."""
    folder, title = text_of(attributes.get("folderUid")), text_of(attributes.get("title"))
    there = yield ApiRequest("GET", _path(_uid(attributes)), handles=HANDLE_404)
    if there.status != 404:
        raise GgrecError.one(
            "group-exists",
            f"folder {folder} has a group '{title}' already",
            hint="`ggrec import` takes it over; or choose another title",
        )
    home = yield ApiRequest("GET", f"/api/folders/{quote(folder, safe='')}", handles=HANDLE_404)
    if home.status == 404:
        raise GgrecError.one("no-folder", f"there is no folder {folder}", hint="apply the Folder first")


def _put(attributes: JsonObject) -> Exchange[None]:
    uid = _uid(attributes)
    rules: list[Json] = [
        {**as_object(rule), "folderUID": attributes["folderUid"], "ruleGroup": attributes["title"]}
        for rule in as_list(attributes.get("rules"))
    ]
    yield ApiRequest("PUT", _path(uid), body={**attributes, "rules": rules}, headers=_EDITABLE)


def _delete(uid: str) -> Exchange[None]:
    yield ApiRequest("DELETE", _path(uid), handles=HANDLE_404, headers=_EDITABLE)


def _manager(listed: Iterable[JsonObject]) -> Manager | None:
    """Who else provisions one of these rules, as the list tells."""
    for mark in sorted({text_of(rule.get("provenance")) for rule in listed} - {""}):
        if mark == "file":
            return Manager(
                "file provisioning (a file in provisioning/alerting)",
                "take the group out of that file and name its rules under `deleteRules` there, or give this one "
                "another title and uids",
            )
        return Manager(
            f"another tool over the provisioning API (provenance '{mark}')",
            "end the other tool's management first; then save its rules with the header X-Disable-Provenance: true",
        )
    return None


def _live(group: JsonObject, listed: Iterable[JsonObject], *, complete: bool = True) -> LiveObject:
    uid = _uid(group)
    attributes: dict[str, Json] = {
        "title": text_of(group.get("title")),
        "folderUid": text_of(group.get("folderUid")),
        "interval": group.get("interval"),
        "rules": [_kept(as_object(rule)) for rule in as_list(group.get("rules"))],
    }
    here = [rule for rule in listed if f"{text_of(rule.get('folderUID'))}/{text_of(rule.get('ruleGroup'))}" == uid]
    keys = (f"uid:{uid}", f"group:{uid}", *_rule_keys(group))
    return LiveObject("alert-rule-group", uid, attributes, manager=_manager(here), keys=keys, complete=complete)


def _kept(rule: JsonObject) -> dict[str, Json]:
    """A rule without what changes by itself: `id` and `updated` move with every save of the group."""
    gone = {"id", "orgID", "folderUID", "ruleGroup", "updated", "provenance"}
    return {key: value for key, value in rule.items() if key not in gone}


def _rule(group: str, rule: "AlertRule", at: tuple[str | int, ...], names: Names) -> dict[str, Json]:
    from reconciler.kinds._notified import desired_settings
    from reconciler.kinds._rule_queries import Queries, panel_id, rule_uid
    from reconciler.kinds._rules import DASHBOARD, PANEL

    queries = Queries(rule, at, names)
    data = queries.expand()
    annotations: dict[str, Json] = {**rule.annotations}
    if rule.dashboard is not None and rule.panel is not None:
        board = names.uid("dashboard", rule.dashboard, (*at, "dashboard"))
        model = names.attributes("dashboard", rule.dashboard, (*at, "dashboard")).get("dashboard") if board else None
        if model:  # else the dashboard is broken or unknown, and that has been said
            annotations[DASHBOARD] = board
            annotations[PANEL] = panel_id(rule.panel, model, (*at, "panel"), names)
    notified = rule.notification_settings
    settings = notified.model_dump(exclude_none=True, exclude_defaults=True) if notified else None
    record: dict[str, Json] | None = None
    if rule.record is not None:
        record = {"metric": rule.record.metric, "from": rule.record.from_}
        if rule.record.datasource is not None:
            where = (*at, "record", "datasource")
            record["target_datasource_uid"] = names.uid("datasource", rule.record.datasource, where)
    result: dict[str, Json] = {
        "uid": rule.uid or rule_uid(group, rule.title),
        "title": rule.title,
        "condition": "" if record else queries.condition(),
        "data": data,
        "noDataState": "" if record else rule.no_data_state,
        "execErrState": "" if record else rule.exec_err_state,
        "for": rule.for_,
        "keep_firing_for": rule.keep_firing_for,
        "labels": {**rule.labels},
        "annotations": annotations,
        "isPaused": rule.is_paused,
        "notification_settings": desired_settings(settings, at, names) if settings else None,
        "record": record,
    }
    if rule.missing_series_evals_to_resolve is not None:
        result["missingSeriesEvalsToResolve"] = rule.missing_series_evals_to_resolve
    return result
