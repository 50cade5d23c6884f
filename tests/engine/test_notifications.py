"""Contact points in plans: what is asked for them, and what an apply does to one that others changed."""

from pathlib import Path
from typing import Any

import pytest

from reconciler.core.errors import GgrecError
from reconciler.core.json import digest
from reconciler.engine.planner import Options
from tests.lab import Lab, document

RECEIVERS = "/apis/notifications.alerting.grafana.app/v0alpha1/namespaces/default/receivers"


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """With a token."""
    made = Lab(tmp_path)
    made.environment.update({"TOKEN": "canary-a"})
    return made


def point(recipient: str = "#a", name: str = "p", **spec: Any) -> dict[str, Any]:
    """A contact point with a secret."""
    slack = {"type": "slack", "settings": {"recipient": recipient}, "secureSettings": {"token": "${env:TOKEN}"}}
    return document("ContactPoint", name, integrations=[slack], **spec)


def asked(lab: Lab, documents: list[dict[str, Any]]) -> list[str]:
    """What a plan in which nothing is to do asks about notifications."""
    before = len(lab.dispatcher.requests)
    assert lab.plan(documents).changes == ()
    found = [f"{r.method} {r.path}" for r in lab.dispatcher.requests[before:]]
    return [item for item in found if "notifications" in item or "provisioning" in item]


def test_a_plan_asks_once_for_all_of_them_and_not_at_all_where_none_is_declared(lab: Lab) -> None:
    folder = document("Folder", "f", title="F")
    lab.applied([folder])
    assert asked(lab, [folder]) == []
    both = [folder, point(), point(name="q")]
    lab.applied(both)
    assert asked(lab, both) == [f"GET {RECEIVERS}"]


def test_a_secret_that_changed_is_sent_and_the_others_are_kept(lab: Lab) -> None:
    lab.applied([point()])
    lab.environment["TOKEN"] = "canary-b"
    plan = lab.plan([point("#b")])
    assert [(c.secrets, [edit.path[-1] for edit in c.edits]) for c in plan.changes] == [
        (("p-slack.token",), ["recipient"])
    ]
    lab.applied([point("#b")])
    (one,) = lab.org.notifications["receivers"][1]["integrations"]
    assert one["secrets"]["token"]["value"] == "canary-b"
    before = one["secrets"]["token"]["sealed"]
    lab.applied([point("#c")])
    (one,) = lab.org.notifications["receivers"][1]["integrations"]
    assert one["secrets"]["token"]["sealed"] == before, "not sent again"
    assert lab.plan([point("#c")]).changes == ()
    assert not [path for path in lab.folder.rglob("*") if path.is_file() and b"canary" in path.read_bytes()]


def test_an_integration_that_somebody_made_anew_gets_its_secret(lab: Lab) -> None:
    """Its uid is another one, and so is the secret under it: it must not pass for ours."""
    lab.applied([point()])
    (one,) = lab.org.notifications["receivers"][1]["integrations"]
    one["uid"], one["secrets"]["token"]["value"] = "theirs", "not ours"
    (change,) = lab.plan([point()]).changes
    assert change.secrets == ("p-slack.token",)
    lab.applied([point()])
    (one,) = lab.org.notifications["receivers"][1]["integrations"]
    assert (one["uid"], one["secrets"]["token"]["value"]) == ("p-slack", "canary-a")


def test_a_uid_that_another_contact_point_has_is_told_before_anything_is_sent(lab: Lab) -> None:
    lab.applied([point()])
    other = point(name="q")
    other["spec"]["integrations"][0]["uid"] = "p-slack"
    with pytest.raises((GgrecError, AssertionError), match="p-slack"):
        lab.plan([point(), other])


def test_one_of_another_tool_is_refused_and_one_that_it_took_since_the_plan_stays(lab: Lab) -> None:
    lab.applied([point()])
    lab.org.notifications["receivers"][1]["provenance"] = "api"
    plan = lab.plan([point("#b")])
    assert [item.code for item in plan.refusals], "refused before anything is sent"
    assert "provisioning API" in str(plan.refusals[0])
    kept = digest(lab.org.notifications["receivers"][1]["integrations"])
    with pytest.raises(GgrecError):
        lab.apply([point("#b")])
    assert digest(lab.org.notifications["receivers"][1]["integrations"]) == kept


def test_mute_timings_are_asked_for_once_and_only_where_one_is_declared(lab: Lab) -> None:
    nights = document("MuteTiming", "nights", time_intervals=[{"weekdays": ["sunday"]}])
    both = [nights, point()]
    lab.applied(both)
    assert sorted(asked(lab, both)) == [f"GET {RECEIVERS}", f"GET {RECEIVERS.replace('receivers', 'timeintervals')}"]
    lab.applied([nights])
    assert asked(lab, [nights]) == [f"GET {RECEIVERS.replace('receivers', 'timeintervals')}"]


def test_adopting_a_mute_timing_that_says_more_is_no_silent_matter(lab: Lab) -> None:
    kept = {"name": "nights", "time_intervals": [{"weekdays": ["sunday"], "years": ["2026"]}]}
    lab.org.notifications["timeintervals"] = [kept]
    wanted = [document("MuteTiming", "nights", time_intervals=[{"weekdays": ["sunday"]}])]
    assert lab.plan(wanted).refusals, "it is not what is declared, and nobody said that it may be taken over"
    lab.applied(wanted, Options(adopt=True))
    assert lab.org.notifications["timeintervals"][0]["time_intervals"] == [{"weekdays": ["sunday"]}]
    assert lab.plan(wanted).changes == ()
