"""Notification policies: what is written, matchers and durations, what counts as a difference, lives on the sandbox."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.diff import Edit, Op
from reconciler.core.errors import Conflict
from reconciler.core.exchange import WriteContext
from reconciler.core.json import JsonObject, same
from reconciler.core.references import Reference
from reconciler.kinds._matchers import Matcher, duration, read_matcher
from reconciler.kinds._notifying import uid_of
from reconciler.kinds.notification_policy import NotificationPolicy
from tests.kinds.kind_driver import SERVER, LiveNames, Names, authored_edits, desired, errors, resource
from tests.kinds.test_on_sandbox import CONTEXT, Refused, Sandbox

POLICY = NotificationPolicy()
POINTS: dict[str, JsonObject] = {"pager": {"name": "Pager, big"}, "mail": {"name": "grafana-default-email"}}
TIMINGS: dict[str, JsonObject] = {"nights": {"name": "Nights/1"}, "days": {"name": "Days"}}
UIDS = {uid_of(str(item["name"])): name for name, item in {**POINTS, **TIMINGS}.items()}


def names() -> Names:
    """What is declared beside it."""
    return Names(**POINTS, **TIMINGS)


@pytest.fixture
def sandbox() -> Sandbox:
    """One that holds what is declared."""
    return _fresh()


def _fresh() -> Sandbox:
    made = Sandbox()
    org = made.world.orgs[1]
    org.notifications["receivers"] = [
        {"name": item["name"], "provenance": "none", "integrations": []} for item in POINTS.values()
    ]
    org.notifications["timeintervals"] = [{"name": item["name"], "time_intervals": []} for item in TIMINGS.values()]
    return made


# ---- what is written ---------------------------------------------------------------------------------------------


def test_names_become_those_of_grafana_and_all_is_said() -> None:
    inner = {"matchers": ['team="a b"', "x!=1"], "mute_timings": ["nights"], "active_timings": ["days"]}
    spec = {"receiver": "mail", "group_wait": "90s", "routes": [{"receiver": "pager", "routes": [inner]}]}
    nothing = {"group_by": [], "group_wait": "", "group_interval": "", "repeat_interval": ""}
    rest: dict[str, Any] = {"mute_time_intervals": [], "active_time_intervals": [], "continue": False}
    assert desired(POLICY, spec, names=names()).attributes == {
        **nothing,
        "receiver": "grafana-default-email",
        "group_wait": "1m30s",
        "routes": [
            {
                **nothing,
                **rest,
                "receiver": "Pager, big",
                "matchers": [],
                "routes": [
                    {
                        **nothing,
                        "receiver": "",
                        "matchers": ["team = a b", "x != 1"],
                        "mute_time_intervals": ["Nights/1"],
                        "active_time_intervals": ["Days"],
                        "continue": False,
                        "routes": [],
                    }
                ],
            }
        ],
    }


def test_what_is_not_declared_is_an_error_at_its_place() -> None:
    asked = Names(mail=POINTS["mail"])
    routes = [{"receiver": "nope"}, {"routes": [{"mute_timings": ["x"], "active_timings": ["y"]}]}]
    POLICY.desired("it", POLICY.spec.model_validate({"receiver": "mail", "routes": routes}), asked)
    assert [(path, code) for path, code, _, _ in asked.failures] == [
        (("routes", 0, "receiver"), "unknown-contact-point"),
        (("routes", 1, "routes", 0, "mute_timings", 0), "unknown-mute-timing"),
        (("routes", 1, "routes", 0, "active_timings", 0), "unknown-mute-timing"),
    ]


@pytest.mark.parametrize(
    ("change", "where", "said"),
    [
        ({"receiver": None}, ("receiver",), "valid string"),
        ({"matchers": ["a = b"]}, ("matchers",), "not permitted"),
        ({"group_by": ["a", "a"]}, ("group_by",), "named twice"),
        ({"group_by": ["...", "a"]}, ("group_by",), "stands alone"),
        ({"group_by": [""]}, ("group_by",), "must have a name"),
        ({"group_wait": "soon"}, ("group_wait",), "'soon' is no duration"),
        ({"group_wait": "1m1h"}, ("group_wait",), "the larger unit first"),
        ({"group_interval": "0s"}, ("group_interval",), "longer than nothing"),
        ({"repeat_interval": ""}, ("repeat_interval",), "'' is no duration"),
        ({"routes": [{"matchers": ["critical"]}]}, ("routes", 0, "matchers", 0), "write `label = value`"),
        ({"routes": [{"matchers": ["= b"]}]}, ("routes", 0, "matchers", 0), "is no matcher"),
        ({"routes": [{"object_matchers": []}]}, ("routes", 0, "object_matchers"), "not permitted"),
        ({"routes": [{"continue": "yes"}]}, ("routes", 0, "continue"), "valid boolean"),
        ({"routes": [{"routes": [{"group_by": ["", "a"]}]}]}, ("routes", 0, "routes", 0, "group_by"), "a name"),
    ],
)
def test_bad_input(change: dict[str, Any], where: tuple[str | int, ...], said: str) -> None:
    ((path, message),) = errors(POLICY, {"receiver": "mail", **change})
    assert path == where and said in message


@pytest.mark.parametrize(
    ("text", "matcher", "written"),
    [
        ("severity = critical", ("severity", "=", "critical"), None),
        ("severity=critical", ("severity", "=", "critical"), "severity = critical"),
        ("a =~ b|c", ("a", "=~", "b|c"), None),
        ("a!~b", ("a", "!~", "b"), "a !~ b"),
        ('a != ""', ("a", "!=", ""), None),
        ("a =", ("a", "=", ""), 'a = ""'),
        ("x y = a = b", ("x y", "=", "a = b"), None),
        ('"a=b" = c', ("a=b", "=", "c"), None),
        ('a = " b "', ("a", "=", " b "), None),
        (r'a = "say \"hi\" \\ "', ("a", "=", 'say "hi" \\ '), None),
        (r"a =~ \d+", ("a", "=~", r"\d+"), None),
    ],
)
def test_matchers_are_read_as_people_write_them(text: str, matcher: tuple[str, str, str], written: str | None) -> None:
    assert read_matcher(text) == Matcher(*matcher)
    assert str(Matcher(*matcher)) == (written or text)


@given(st.text(min_size=1), st.sampled_from(["=", "!=", "=~", "!~"]), st.text())
def test_every_matcher_can_be_written(label: str, operator: str, value: str) -> None:
    matcher = Matcher(label, operator, value)
    assert read_matcher(str(matcher)) == matcher


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("90s", "1m30s"),
        ("24h", "1d"),
        ("7d", "1w"),
        ("8d", "8d"),
        ("1h30m", "1h30m"),
        ("365d", "1y"),
        ("1500ms", "1s500ms"),
        ("0s", "0s"),
        ("", ""),
        ("soon", "soon"),
    ],
)
def test_durations_are_as_grafana_writes_them(text: str, shown: str) -> None:
    assert duration(text) == shown


# ---- what is said ----------------------------------------------------------------------------------------------------


def test_a_change_reads_as_people_say_it() -> None:
    side: JsonObject = {"routes": [{"matchers": []}, {"matchers": ["a = b"], "routes": [{"matchers": ["c = d"]}]}]}
    edits = (
        Edit(("routes", 1, "routes", 0, "receiver"), Op.CHANGE, "x", "y"),
        Edit(("routes", 0, "continue"), Op.CHANGE, False, True),
        Edit(("group_wait",), Op.CHANGE, "1s", "2s"),
        Edit(("routes", 1), Op.REMOVE, {}, None),
    )
    rows = POLICY.describe(edits, side, side)
    assert [(row.subject, row.name) for row in rows] == [
        ("policy for c = d", "receiver"),
        ("policy 1", "continue"),
        ("", "group_wait"),
        ("policy for a = b", "routes"),
    ]
    assert [row.edits for row in rows] == [(edit,) for edit in edits]
    assert POLICY.place(("routes", 1, "routes", 0, "receiver")) == "policy 2.1: receiver"
    assert POLICY.place(("receiver",)) == "receiver"


def test_it_refers_by_name_with_the_policy_in_words() -> None:
    routes = [{"receiver": "B", "matchers": ["a = b"], "routes": [{"active_time_intervals": ["N"]}]}]
    assert list(POLICY.references({"receiver": "A", "routes": routes})) == [
        Reference("contact-point", "A", "the default policy"),
        Reference("contact-point", "B", "the policy for a = b"),
        Reference("mute-timing", "N", "the policy for all alerts"),
    ]


# ---- lives -----------------------------------------------------------------------------------------------------------

GROUPING = {
    "group_by": st.sampled_from([["..."], ["a"], ["b", "a"], []]),
    "group_wait": st.sampled_from(["0s", "30s", "90s", "1h30m"]),
    "group_interval": st.sampled_from(["5m", "300s", "24h"]),
    "repeat_interval": st.sampled_from(["4h", "7d", "8d", "1w"]),
}


MATCHERS = st.builds(Matcher, st.text('ab= "', min_size=1), st.sampled_from(["=", "!~"]), st.text("cd| "))


def routes(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """A policy with such policies in it."""
    own = {
        "matchers": st.lists(MATCHERS.map(str)),
        "receiver": st.sampled_from(["pager", "mail"]),
        "continue": st.booleans(),
        "mute_timings": st.lists(st.sampled_from(["nights", "days"]), unique=True),
        "active_timings": st.lists(st.sampled_from(["nights", "days"]), unique=True),
        "routes": st.lists(inner, max_size=2),
    }
    return st.fixed_dictionaries({}, optional={**GROUPING, **own})


TREE = st.fixed_dictionaries(
    {"receiver": st.sampled_from(["pager", "mail"])},
    optional={**GROUPING, "routes": st.lists(st.recursive(routes(st.just({})), routes, max_leaves=4), max_size=3)},
)


@settings(max_examples=50)
@given(TREE, TREE)
def test_whatever_is_declared_is_found_as_declared(first: dict[str, Any], second: dict[str, Any]) -> None:
    sandbox = _fresh()
    one, two = (resource(POLICY, spec, names=names()) for spec in (first, second))
    uid = sandbox(POLICY.create(CONTEXT, one))
    found = sandbox(POLICY.read(SERVER, uid))
    assert same(POLICY.normalise(found.attributes), POLICY.normalise(one.attributes))
    sandbox(POLICY.update(CONTEXT, two, found))
    now = sandbox(POLICY.read(SERVER, uid))
    normal = POLICY.normalise(now.attributes)
    assert same(normal, POLICY.normalise(two.attributes)) and same(POLICY.normalise(normal), normal)
    written = POLICY.authored(now, LiveNames(**UIDS))
    assert authored_edits(POLICY, desired(POLICY, written.spec, names=names()).attributes, now) == ()


def tree(sandbox: Sandbox) -> Mapping[str, Any]:
    """What the sandbox holds."""
    found: Mapping[str, Any] = sandbox.world.orgs[1].notifications["routingtrees"][0]
    return found


def test_somebody_elses_edit_is_not_lost(sandbox: Sandbox) -> None:
    mine = resource(POLICY, {"receiver": "pager"}, names=names())
    theirs = resource(POLICY, {"receiver": "mail", "routes": [{"receiver": "pager"}]}, names=names())
    sandbox(POLICY.create(CONTEXT, mine))
    before = sandbox(POLICY.read(SERVER, "user-defined"))
    sandbox(POLICY.update(CONTEXT, theirs, before))
    with pytest.raises(Refused, match="409"):
        sandbox(POLICY.update(CONTEXT, mine, before))
    with pytest.raises(Conflict):
        sandbox(POLICY.create(CONTEXT, mine))
    with pytest.raises(Conflict):
        sandbox(POLICY.delete(CONTEXT, before))
    assert len(tree(sandbox)["routes"]) == 1


def test_deleting_resets_and_is_seen_to(sandbox: Sandbox) -> None:
    mine = resource(POLICY, {"receiver": "pager"}, names=names())
    assert sandbox(POLICY.find(SERVER, mine)) is None, "nobody has changed it yet"
    sandbox(POLICY.create(CONTEXT, mine))
    live = sandbox(POLICY.find(SERVER, mine))
    assert not POLICY.is_gone(live, {})
    sandbox(POLICY.delete(WriteContext(SERVER, applied=mine.attributes), live))
    assert tree(sandbox)["defaults"]["receiver"] == "grafana-default-email"
    assert POLICY.is_gone(sandbox(POLICY.read(SERVER, "user-defined")), {})
    assert same(
        POLICY.normalise(POLICY.after(live.attributes, None, {})),
        POLICY.normalise(sandbox(POLICY.read(SERVER, "")).attributes),
    )
