"""Groups of alert rules: what short forms come to, what is refused, how a change reads, and that nothing that Grafana
does unasked happens.
"""

from typing import Any

import pytest

from reconciler.core.diff import diff
from reconciler.core.errors import GgrecError
from reconciler.core.exchange import Wanted
from reconciler.core.json import as_list, as_object
from reconciler.core.resource import LiveObject
from reconciler.kinds import discover
from reconciler.kinds._rule_queries import rule_uid
from reconciler.kinds._rules import milliseconds, written
from tests.kinds.kind_driver import CONTEXT, SERVER, LiveNames, Names, desired, errors, ok, resource, talk

GROUP = discover()["alert-rule-group"]
NAMES = {"ops": {"title": "Ops"}, "main": {"type": "prometheus", "name": "main"}}


def rule(title: str = "High", **more: Any) -> dict[str, Any]:
    """A rule in short form."""
    return {"title": title, "targets": [{"expr": "up", "datasource": "main"}], "threshold": {"above": 0.05}, **more}


def spec(*rules: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"folder": "ops", "rules": [*rules], **more}


def failures(*rules: dict[str, Any]) -> list[tuple[Any, ...]]:
    names = Names(**NAMES)
    GROUP.desired("g", GROUP.spec.model_validate(spec(*rules)), names)
    return [(path, code) for path, code, _, _ in names.failures]


def only(attributes: Any) -> dict[str, Any]:
    return dict(as_object(as_list(attributes["rules"])[0]))


def test_short_forms_are_grafanas_own() -> None:
    made = only(desired(GROUP, spec(rule(reduce="mean", **{"for": "90m"})), names=Names(**NAMES)).attributes)
    assert [query["refId"] for query in made["data"]] == ["A", "B", "C"]
    assert made["condition"] == "C" and made["for"] == "1h30m" and made["uid"] == "it-high"
    first, second, third = made["data"]
    assert first["datasourceUid"] == "main-uid" and first["relativeTimeRange"] == {"from": 600, "to": 0}
    assert first["model"] == {"expr": "up", "instant": False, "range": True, "refId": "A"}
    assert second["model"] == {"type": "reduce", "expression": "A", "reducer": "mean", "refId": "B"}
    limit = {"evaluator": {"type": "gt", "params": [0.05]}}
    assert third["model"] == {"type": "threshold", "expression": "B", "conditions": [limit], "refId": "C"}


def test_expressions_among_targets() -> None:
    query = {"expr": "up", "datasource": "main"}
    targets = [
        {**query, "from": "1h", "to": "5m"},
        {**query, "refId": "X", "instant": True},
        {"reduce": "A", "by": "max"},
        {"math": "$B / $X"},
        {"threshold": {"of": "C", "outside": [1, 2]}},
    ]
    made = only(desired(GROUP, spec({"title": "T", "targets": targets}), names=Names(**NAMES)).attributes)
    assert [query["refId"] for query in made["data"]] == ["A", "X", "B", "C", "D"]
    assert made["data"][0]["relativeTimeRange"] == {"from": 3600, "to": 300}
    assert made["data"][1]["model"]["instant"] is True and "range" not in made["data"][1]["model"]
    assert made["data"][3]["model"]["expression"] == "$B / $X"
    assert made["data"][4]["model"]["conditions"] == [{"evaluator": {"type": "outside_range", "params": [1, 2]}}]


@pytest.mark.parametrize(
    ("wrong", "where", "code"),
    [
        (rule(condition="Z"), ("condition",), "no-such-query"),
        (rule(threshold={"of": "Q", "above": 1}), ("threshold", "of"), "no-such-query"),
        ({"title": "T", "targets": [{"expr": "up"}]}, ("targets", 0), "no-datasource"),
        ({"title": "T", "targets": [{"expr": "up", "datasource": "nix"}]}, ("targets", 0, "datasource"), None),
        ({"title": "T", "targets": [{"expr": "up", "datasource": "main", "from": "x"}]}, ("targets", 0, "from"), None),
        (rule(targets=[{"reduce": "Q"}]), ("targets", 0, "reduce"), "no-such-query"),
        (rule(targets=[{"math": "1", "reduce": "A"}]), ("targets", 0), "two-expressions"),
        (rule(targets=[{"math": "1"}, {"threshold": {"above": 1, "below": 2}}]), ("targets", 1, "threshold"), None),
        (rule(targets=[{"math": "1", "refId": "A"}, {"math": "2", "refId": "A"}]), (), "refid-twice"),
        (rule(dashboard="nix", panel=1), ("dashboard",), "unknown-dashboard"),
    ],
)
def test_what_grafana_would_take_is_refused_at_its_place(
    wrong: dict[str, Any], where: tuple[Any, ...], code: str | None
) -> None:
    path, found = failures(wrong)[0]
    assert path == ("rules", 0, *where) and found == (code or found)


def test_two_rules_of_one_uid() -> None:
    assert failures(rule(), rule()) == [(("rules", 1), "uid-twice")]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (spec(rule(), interval="15s"), "multiple of 10s"),
        (spec(rule(), interval="0s"), "multiple of 10s"),
        (spec(rule(**{"for": "1.5h"})), "is no duration"),
        (spec({"title": "T"}), "write `targets`"),
        (spec(rule(dashboard="shop")), "both `dashboard` and `panel`"),
        (spec(rule(annotations={"__panelId__": "1"})), "instead"),
        (spec(rule(threshold={"above": 1, "below": 2})), "exactly one"),
        (spec(rule(uid="a b")), "pattern"),
        (spec(rule(colour="red")), "not permitted"),
    ],
)
def test_wrong_specs(wrong: dict[str, Any], text: str) -> None:
    assert any(text in message for _, message in errors(GROUP, wrong))


def test_uids_are_short_and_differ() -> None:
    assert rule_uid("api", "High error rate (5xx)") == "api-high-error-rate-5xx"
    long, longer = rule_uid("api", "x" * 60), rule_uid("api", "x" * 61)
    assert len(long) <= 40 and len(longer) <= 40 and long != longer
    assert rule_uid("api", "Größe") != rule_uid("api", "Grüße")


@pytest.mark.parametrize(
    ("given_", "grafanas"),
    [("90m", "1h30m"), ("1d12h", "1d12h"), ("7d", "1w"), ("8d", "8d"), ("1500ms", "1s500ms"), ("0s", "0s")],
)
def test_durations_are_written_as_grafana_does(given_: str, grafanas: str) -> None:
    assert written(milliseconds(given_)) == grafanas


def test_texts_of_one_length_are_no_difference() -> None:
    one, other = ({"rules": [{"uid": "r", "for": text, "notification_settings": {"receiver": "x", "group_wait": text}}]}
                  for text in ("90m", "1h30m"))  # fmt: skip
    assert GROUP.normalise(one) == GROUP.normalise(other)


LIVE = {"uid": "r", "title": "High", "folderUID": "ops-uid", "ruleGroup": "it"}


def test_a_rule_of_another_tool_is_somebody_elses() -> None:
    body = {"title": "it", "folderUid": "ops-uid", "interval": 60, "rules": [LIVE]}
    for mark, owner in (("file", "file provisioning"), ("api", "another tool")):
        found = talk(GROUP.read(SERVER, "ops-uid/it"), [ok(body), ok([{**LIVE, "provenance": mark}])]).result
        assert found.manager is not None and owner in found.manager.name
        (listed,) = talk(GROUP.listing(SERVER, Wanted()), [ok([{**LIVE, "provenance": mark}])]).found
        assert listed.manager == found.manager and not listed.complete
    elsewhere = [{**LIVE, "ruleGroup": "x", "provenance": "api"}]
    assert talk(GROUP.read(SERVER, "ops-uid/it"), [ok(body), ok(elsewhere)]).result.manager is None


def test_every_write_keeps_rules_editable() -> None:
    wanted = resource(GROUP, spec(rule()), names=Names(**NAMES))
    live = LiveObject(GROUP.name, "ops-uid/it", wanted.attributes)
    answers = [ok(None, 404), ok({"uid": "ops-uid"}), ok([]), ok({})]
    for going in (
        talk(GROUP.create(CONTEXT, wanted), answers),
        talk(GROUP.update(CONTEXT, wanted, live), [ok({})]),
        talk(GROUP.delete(CONTEXT, live), [ok(None, 204)]),
    ):
        (write,) = [request for request in going.requests if request.method != "GET"]
        assert ("X-Disable-Provenance", "true") in write.headers


def test_a_create_into_no_folder_or_over_a_provisioned_rule_is_refused() -> None:
    wanted = resource(GROUP, spec(rule(uid="r")), names=Names(**NAMES))
    with pytest.raises(GgrecError, match="there is no folder ops-uid"):
        talk(GROUP.create(CONTEXT, wanted), [ok(None, 404), ok(None, 404)])
    taken = [ok(None, 404), ok({}), ok([{**LIVE, "ruleGroup": "x", "provenance": "file"}])]
    with pytest.raises(GgrecError, match="the group 'x' of folder ops-uid has the rule r"):
        talk(GROUP.create(CONTEXT, wanted), taken)


def test_what_is_pulled_is_unchanged() -> None:
    more = {
        "labels": {"a": "b"},
        "annotations": {"__dashboardUid__": "shop-uid", "__panelId__": "3", "summary": "s"},
        "no_data_state": "OK",
        "exec_err_state": "KeepLast",
        "keep_firing_for": "2m",
        "is_paused": True,
        "missing_series_evals_to_resolve": 2,
        "notification_settings": {"receiver": "grafana-default-email", "group_wait": "90s"},
    }
    record = {"title": "R", "targets": [{"expr": "up", "datasource": "main"}], "record": {"metric": "m", "from": "A"}}
    wanted = GROUP.normalise(desired(GROUP, spec(rule(**more), record), names=Names(**NAMES)).attributes)
    names = LiveNames(**{"ops-uid": "ops", "main-uid": "main"})
    authored = GROUP.authored(LiveObject(GROUP.name, "ops-uid/it", wanted), names)
    again = GROUP.normalise(desired(GROUP, authored.spec, names=Names(**NAMES)).attributes)
    assert diff(wanted, again, identities=GROUP.identities) == ()
