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


TREE = "/apis/notifications.alerting.grafana.app/v0alpha1/namespaces/default/routingtrees/user-defined"


def mail(name: str = "mail", **spec: Any) -> dict[str, Any]:
    """A contact point without secrets."""
    return document(
        "ContactPoint", name, integrations=[{"type": "email", "settings": {"addresses": "a@x.org"}}], **spec
    )


def policy(receiver: str = "mail", **spec: Any) -> dict[str, Any]:
    """The tree."""
    return document("NotificationPolicy", "policies", receiver=receiver, **spec)


def tree(lab: Lab) -> Any:
    """What the sandbox holds of it."""
    return lab.org.notifications["routingtrees"][0]


def test_policies_come_after_what_they_name_and_go_before_it(lab: Lab) -> None:
    nights = document("MuteTiming", "nights", time_intervals=[{"weekdays": ["sunday"]}])
    routes = [{"matchers": ["severity = critical"], "receiver": "mail", "mute_timings": ["nights"]}]
    everything = [policy(routes=routes), nights, mail()]
    lab.applied(everything)
    written = [path.rpartition("default/")[2] for path in lab.writes()]
    assert written[-1] == "routingtrees/user-defined" and len(written) == 3
    assert asked(lab, everything).count(f"GET {TREE}") == 1
    before = len(lab.dispatcher.requests)
    lab.applied([document("Folder", "f", title="F")])
    went = [line for line in lab.writes(before) if line.startswith("DELETE")]
    assert went[0] == f"DELETE {TREE}" and len(went) == 3
    assert tree(lab)["defaults"]["receiver"] == "grafana-default-email"


def test_the_tree_of_somebody_else_is_taken_over_only_when_it_is_said(lab: Lab) -> None:
    lab.applied([mail()])
    lab.org.notifications["routingtrees"] = [{"defaults": {"receiver": "mail"}, "routes": [{"continue": True}]}]
    both = [mail(), policy()]
    assert lab.plan(both).refusals
    with pytest.raises(GgrecError):
        lab.apply(both)
    assert tree(lab)["routes"] == [{"continue": True}]
    lab.applied(both, Options(adopt=True))
    assert tree(lab)["routes"] == [] and lab.plan(both).changes == ()


def test_an_edit_between_plan_and_apply_is_not_lost(lab: Lab) -> None:
    lab.applied([mail(), policy()])

    def somebody() -> None:
        tree(lab)["routes"] = [{"receiver": "mail", "continue": True}]

    result = lab.apply([mail(), policy(group_wait="1m")], Options(), somebody)
    assert [outcome.result for outcome in result.outcomes] == ["conflict"]
    assert tree(lab)["routes"] == [{"receiver": "mail", "continue": True}] and "group_wait" not in tree(lab)["defaults"]
    result = lab.apply([mail()], Options(), lambda: tree(lab)["routes"].append({"continue": False}))
    assert [outcome.result for outcome in result.outcomes] == ["conflict"], "nor is it reset"
    assert len(tree(lab)["routes"]) == 2


def test_a_renamed_contact_point_and_the_policies_that_name_it_in_one_apply(lab: Lab) -> None:
    """Grafana changes the tree itself then."""
    lab.applied([mail(), policy()])
    renamed = [mail(name="mail") | {}, policy()]
    renamed[0]["spec"]["name"] = "Mail to all"
    lab.converge(renamed, 2)
    assert tree(lab)["defaults"]["receiver"] == "Mail to all"


def test_what_a_policy_still_names_is_not_deleted_and_two_trees_are_an_error(lab: Lab) -> None:
    lab.applied([mail(), mail("other")])
    lab.org.notifications["routingtrees"] = [{"defaults": {"receiver": "other"}, "routes": []}]
    (refusal,) = lab.plan([mail()]).refusals
    assert "notification-policy of the organisation (not managed): the default policy" in refusal.message
    lab.org.notifications["routingtrees"] = []
    second = policy()
    second["metadata"]["name"] = "more"
    with pytest.raises(AssertionError, match=r"policies|more"):
        lab.plan([mail(), policy(), second])


def test_a_name_that_is_not_declared_is_told_with_the_kind_that_is_meant(lab: Lab) -> None:
    with pytest.raises(AssertionError, match=r"no ContactPoint 'mial' is declared(.|\n)*did you mean 'mail'"):
        lab.plan([mail(), policy("mial")])
    with pytest.raises(AssertionError, match="no MuteTiming 'nights' is declared"):
        lab.plan([mail(), policy(routes=[{"mute_timings": ["nights"]}])])


def test_a_grafana_without_that_api_is_told_so(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from reconciler.sandbox import people

    left = {name: versions for name, versions in people._GROUPS.items() if "alerting" not in name}
    monkeypatch.setattr(people, "_GROUPS", left)
    nights = document("MuteTiming", "nights", time_intervals=[])
    short = document("MessageTemplate", "short", template='{{ define "a" }}b{{ end }}')
    plan = lab.plan([mail(), policy(), nights, short])
    assert sum("does not serve notifications.alerting.grafana.app" in text for text in map(str, plan.unreadable)) == 4
