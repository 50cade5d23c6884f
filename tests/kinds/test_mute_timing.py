"""Mute timings: what is written, what counts as a difference, and lives on the sandbox."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.diff import Edit, Op, format_edit_path
from reconciler.core.json import same
from reconciler.core.resource import LiveObject
from reconciler.kinds._intervals import MONTHS, WEEKDAYS
from reconciler.kinds.mute_timing import MuteTiming
from tests.kinds.kind_driver import SERVER, LiveNames, authored_edits, desired, errors, ok, resource, talk
from tests.kinds.test_on_sandbox import CONTEXT, Refused, Sandbox

TIMING = MuteTiming()
WORK = {"weekdays": ["Monday:friday"], "times": [{"start_time": "09:00", "end_time": "17:00"}]}


@pytest.fixture
def sandbox() -> Sandbox:
    """A fresh one."""
    return Sandbox()


def paths(interval: Mapping[str, Any], shown: Mapping[str, Any]) -> list[str]:
    """What differs between a declared and a live interval."""
    wanted = desired(TIMING, {"time_intervals": [interval]}).attributes
    live = LiveObject("mute-timing", "aXQ", {"name": "it", "time_intervals": [shown]}, "1")
    return [format_edit_path(edit.path) for edit in authored_edits(TIMING, wanted, live)]


# ---- what is written ---------------------------------------------------------------------------------------------


def test_times_are_written_as_grafana_does() -> None:
    written = {
        **WORK,
        "days_of_month": ["01:05", "-3:-1", "7:7"],
        "months": ["March", "may:05", "11:December"],
        "years": ["2026:2026", "2027:2030"],
        "location": "Europe/Berlin",
    }
    made = desired(TIMING, {"name": "Work", "time_intervals": [written]}).attributes
    assert made == {
        "name": "Work",
        "time_intervals": [
            {
                "times": [{"start_time": "09:00", "end_time": "17:00"}],
                "weekdays": ["monday:friday"],
                "days_of_month": ["1:5", "-3:-1", "7"],
                "months": ["3", "5", "11:12"],
                "years": ["2026", "2027:2030"],
                "location": "Europe/Berlin",
            }
        ],
    }


@pytest.mark.parametrize(
    ("interval", "where", "said"),
    [
        ({"weekdays": ["someday"]}, ("weekdays", 0), "'someday' is no weekday"),
        ({"weekdays": ["1"]}, ("weekdays", 0), "'1' is no weekday"),
        ({"weekdays": ["monday", "friday:monday"]}, ("weekdays", 1), "`friday:saturday` and `sunday:monday`"),
        ({"weekdays": "monday"}, ("weekdays",), "valid list"),
        ({"days_of_month": ["0"]}, ("days_of_month", 0), "no day 0"),
        ({"days_of_month": ["32"]}, ("days_of_month", 0), "no day 32"),
        ({"days_of_month": ["5:3"]}, ("days_of_month", 0), "day 3 is before day 5"),
        ({"days_of_month": ["-1:-3"]}, ("days_of_month", 0), "day -3 is before day -1"),
        ({"days_of_month": ["28:-3"]}, ("days_of_month", 0), "or in a short one"),
        ({"days_of_month": ["-5:3"]}, ("days_of_month", 0), "write both in one way"),
        ({"days_of_month": ["first"]}, ("days_of_month", 0), "'first' is no day of the month"),
        ({"days_of_month": [1]}, ("days_of_month", 0), "valid string"),
        ({"months": ["13"]}, ("months", 0), "1 to 12"),
        ({"months": ["jan"]}, ("months", 0), "'jan' is no month"),
        ({"months": ["11:2"]}, ("months", 0), "`11:12` and `1:2`"),
        ({"years": ["2030:2020"]}, ("years", 0), "a range of years"),
        ({"years": ["soon"]}, ("years", 0), "'soon' is no year"),
        ({"times": [{"start_time": "9:00", "end_time": "10:00"}]}, ("times", 0, "start_time"), "pattern"),
        ({"times": [{"start_time": "22:00", "end_time": "06:00"}]}, ("times", 0), "over midnight it takes two"),
        ({"times": [{"start_time": "22:00"}]}, ("times", 0, "end_time"), "required"),
        ({"location": ""}, ("location",), "at least 1 character"),
        ({"weekday": ["monday"]}, ("weekday",), "not permitted"),
    ],
)
def test_bad_input(interval: dict[str, Any], where: tuple[str | int, ...], said: str) -> None:
    ((path, message),) = errors(TIMING, {"time_intervals": [interval]})
    assert path == ("time_intervals", 0, *where) and said in message


def test_the_times_must_be_there() -> None:
    assert [path for path, _ in errors(TIMING, {"name": "x"})] == [("time_intervals",)]
    assert [path for path, _ in errors(TIMING, {"name": "", "time_intervals": []})] == [("name",)]


# ---- what counts as a difference -----------------------------------------------------------------------------------


def test_one_time_written_in_two_ways_is_no_difference() -> None:
    assert paths({"months": ["March"]}, {"months": ["3:3"], "weekdays": [], "times": None}) == []
    assert paths({"weekdays": []}, {}) == []
    assert paths({"months": ["March"]}, {"months": ["4"]}) == [
        "time_intervals[0].months[0]",
        "time_intervals[0].months[0]",
    ]


def test_what_is_not_written_means_any_and_is_a_difference() -> None:
    """A list that only Grafana has narrows the time: it is not somebody else's business."""
    wanted = desired(TIMING, {"time_intervals": [{"weekdays": ["monday"]}]}).attributes
    live = {"name": "it", "time_intervals": [{"weekdays": ["monday"], "years": ["2026"]}]}
    found = LiveObject("mute-timing", "aXQ", live, "1")
    assert [format_edit_path(edit.path) for edit in authored_edits(TIMING, wanted, found)] == [
        "time_intervals[0].years[0]"
    ]


# ---- what is said ----------------------------------------------------------------------------------------------------


def test_a_change_reads_as_people_say_it() -> None:
    edits = (
        Edit(("time_intervals", 1, "weekdays", 0), Op.ADD, None, "monday"),
        Edit(("name",), Op.CHANGE, "a", "b"),
        Edit(("time_intervals", 0), Op.REMOVE, {}, None),
    )
    rows = TIMING.describe(edits)
    assert [(row.subject, row.name) for row in rows] == [
        ("time interval 2", "weekdays"),
        ("", "name"),
        ("time interval 1", "time_intervals"),
    ]
    assert [row.edits for row in rows] == [(edit,) for edit in edits]
    assert TIMING.place(("time_intervals", 1, "location")) == "time interval 2: location"
    assert TIMING.place(("name",)) == "name"


# ---- lives -----------------------------------------------------------------------------------------------------------


def ranges(names: st.SearchStrategy[int], form: Any) -> st.SearchStrategy[str]:
    """One of them, or from one to a later one."""
    pairs = st.tuples(names, names).map(sorted)
    return st.one_of(names.map(form), pairs.map(lambda pair: f"{form(pair[0])}:{form(pair[1])}"))


def lists(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    """Some of them, each once."""
    return st.lists(texts, max_size=3, unique=True)


CLOCK = st.integers(0, 1439).map(lambda minute: f"{minute // 60:02}:{minute % 60:02}")
TIMES = st.lists(
    CLOCK.flatmap(
        lambda start: (
            st.builds(lambda end: {"start_time": start, "end_time": end}, CLOCK.filter(lambda end: end > start))
            if start < "23:00"
            else st.just({"start_time": start, "end_time": "24:00"})
        )
    ),
    max_size=2,
)
INTERVAL = st.fixed_dictionaries(
    {},
    optional={
        "times": TIMES,
        "weekdays": lists(ranges(st.integers(0, 6), lambda day: WEEKDAYS[day].title())),
        "days_of_month": lists(ranges(st.integers(1, 31), str) | ranges(st.integers(-27, -1), str)),
        "months": lists(ranges(st.integers(1, 12), str) | ranges(st.integers(0, 11), lambda month: MONTHS[month])),
        "years": lists(ranges(st.integers(1990, 2100), str)),
        "location": st.sampled_from(["Europe/Berlin", "UTC"]),
    },
)
SPEC = st.fixed_dictionaries(
    {"time_intervals": st.lists(INTERVAL, max_size=3)}, optional={"name": st.sampled_from(["Nights", "Größe/1"])}
)


@settings(max_examples=40, deadline=None)
@given(SPEC, SPEC)
def test_whatever_is_declared_is_found_as_declared(first: dict[str, Any], second: dict[str, Any]) -> None:
    sandbox = Sandbox()
    one, two = resource(TIMING, first), resource(TIMING, second)
    found = sandbox(TIMING.read(SERVER, sandbox(TIMING.create(CONTEXT, one))))
    assert same(TIMING.normalise(found.attributes), TIMING.normalise(one.attributes))
    sandbox(TIMING.update(CONTEXT, two, found))
    now = sandbox(TIMING.find(SERVER, two))
    normal = TIMING.normalise(now.attributes)
    assert same(normal, TIMING.normalise(two.attributes)) and same(TIMING.normalise(normal), normal)
    pulled = desired(TIMING, TIMING.authored(now, LiveNames()).spec, name="pulled")
    assert authored_edits(TIMING, pulled.attributes, now) == ()


def test_somebody_elses_save_is_not_lost(sandbox: Sandbox) -> None:
    wanted = resource(TIMING, {"time_intervals": [WORK]})
    before = sandbox(TIMING.read(SERVER, sandbox(TIMING.create(CONTEXT, wanted))))
    sandbox(TIMING.update(CONTEXT, resource(TIMING, {"time_intervals": [{}]}), before))
    for exchange in (TIMING.update(CONTEXT, wanted, before), TIMING.delete(CONTEXT, before)):
        with pytest.raises(Refused, match="409"):
            sandbox(exchange)


def test_a_new_name_goes_everywhere_and_one_in_use_stays(sandbox: Sandbox) -> None:
    found = sandbox(TIMING.read(SERVER, sandbox(TIMING.create(CONTEXT, resource(TIMING, {"time_intervals": [WORK]})))))
    org = sandbox.world.orgs[1]
    routes = [{"matchers": [{"label": "a", "type": "=", "value": "b"}], "active_time_intervals": ["it"]}]
    org.notifications["routingtrees"] = [{"defaults": {"receiver": "grafana-default-email"}, "routes": routes}]
    org.rules["r"] = {
        "uid": "r",
        "title": "R",
        "notification_settings": {"receiver": "x", "mute_time_intervals": ["it"]},
    }
    sandbox(TIMING.update(CONTEXT, resource(TIMING, {"name": "New", "time_intervals": [WORK]}), found))
    now = sandbox(TIMING.read(SERVER, "TmV3"))
    assert sandbox(TIMING.read(SERVER, found.uid)) is None
    by = [(r.subject, ref.text, ref.where) for r in sandbox(TIMING.elsewhere(SERVER)) for ref in r.references]
    assert [item for item in by if item[1] == "New"] == [
        ("alert rule 'R' (r)", "New", "its own notification settings"),
    ]
    with pytest.raises(Refused, match=r"409.*time-intervals\.used"):
        sandbox(TIMING.delete(CONTEXT, now))


def test_the_revision_is_sent() -> None:
    live = LiveObject("mute-timing", "aXQ", {"name": "it", "time_intervals": []}, "abc")
    ((_, _, body),) = talk(TIMING.update(CONTEXT, resource(TIMING, {"time_intervals": []}), live), [ok({})]).writes
    assert body["metadata"] == {"name": "aXQ", "resourceVersion": "abc"}
    ((_, _, body),) = talk(TIMING.delete(CONTEXT, live), [ok({})]).writes
    assert body == {"preconditions": {"resourceVersion": "abc"}}
