"""Whom alerts reach, on any Grafana (see test_scenarios)."""

import shutil
import urllib.error
from typing import Any

import pytest

from tests.cli.command import Folder
from tests.test_scenarios import Grafana, grafana, mark, project

pytestmark = pytest.mark.grafana
FIXTURES = (grafana, mark, project)
GROUP = "/apis/notifications.alerting.grafana.app/v0alpha1/namespaces/default"


def point(mark: str, recipient: str = "#ops", *, name: str = "on call", more: str = "") -> str:
    """A contact point of two integrations, with three secrets."""
    return f"""\
apiVersion: ggrec/v1
kind: ContactPoint
metadata: {{name: {mark}-on-call}}
spec:
  name: {mark} {name}
  integrations:
    - type: slack
      settings: {{recipient: "{recipient}"}}
      secureSettings: {{token: "${{env:TOKEN}}"}}
    - type: webhook
      disableResolveMessage: true
      settings: {{url: "http://127.0.0.1:9/x", tlsConfig: {{insecureSkipVerify: true}}}}
      secureSettings: {{tlsConfig.clientKey: "${{env:TOKEN}}", password: "${{env:TOKEN}}"}}
{more}"""


def shown(grafana: Grafana, name: str) -> Any:
    """What Grafana shows of a contact point."""
    items = grafana.ask("GET", f"{GROUP}/receivers")["items"]
    return next((item for item in items if item["spec"]["title"] == name), None)


def applied(project: Folder, *more: str) -> str:
    """Apply, and be sure that nothing is left to do."""
    ended = project.ggrec("apply", "--auto-approve", *more)
    assert ended.code == 0, ended.out + ended.err
    assert "came back different" not in ended.out
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    return ended.out


def nowhere(project: Folder, secret: str) -> None:
    """The secret is in no file that the project has."""
    assert not [path for path in project.path.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def test_life_of_a_contact_point(project: Folder, grafana: Grafana, mark: str) -> None:
    project.write("desired/all.yaml", point(mark))
    assert project.ggrec("plan").out.count(f"contact-point.{mark}-on-call") == 1
    assert "canary-1f9c" not in applied(project)
    slack, hook = shown(grafana, f"{mark} on call")["spec"]["integrations"]
    assert (slack["uid"], slack["secureFields"]) == (f"{mark}-on-call-slack", {"token": True})
    assert hook["secureFields"] == {"password": True, "tlsConfig.clientKey": True}
    assert hook["settings"] == {"url": "http://127.0.0.1:9/x", "tlsConfig": {"insecureSkipVerify": True}}

    project.write("desired/all.yaml", point(mark, "#nights"))
    assert '"#ops" → "#nights"' in applied(project)
    slack, hook = shown(grafana, f"{mark} on call")["spec"]["integrations"]
    assert slack["settings"]["recipient"] == "#nights" and slack["secureFields"] == {"token": True}
    assert hook["secureFields"] == {"password": True, "tlsConfig.clientKey": True}

    project.environment["TOKEN"] = "canary-2e8b"
    assert "(secret changed)" in applied(project)
    project.write("desired/all.yaml", point(mark, "#nights").replace(', password: "${env:TOKEN}"', ""))
    assert "secret.password" in applied(project)
    assert shown(grafana, f"{mark} on call")["spec"]["integrations"][1]["secureFields"] == {"tlsConfig.clientKey": True}
    nowhere(project, "canary-1f9c")
    nowhere(project, "canary-2e8b")


def test_an_edit_in_grafana_is_shown_and_put_back_or_accepted(project: Folder, grafana: Grafana, mark: str) -> None:
    project.write("desired/all.yaml", point(mark))
    applied(project)

    def by_hand(recipient: str) -> None:
        found = shown(grafana, f"{mark} on call")
        found["spec"]["integrations"][0]["settings"]["recipient"] = recipient
        grafana.ask("PUT", f"{GROUP}/receivers/{found['metadata']['name']}", found)

    by_hand("#hand")
    plan = project.ggrec("plan")
    assert '"#ops" → "#hand"' in plan.out
    applied(project)
    assert shown(grafana, f"{mark} on call")["spec"]["integrations"][0]["settings"]["recipient"] == "#ops"
    by_hand("#kept")
    assert project.ggrec("drift", "accept", "--all").code == 0
    assert 'recipient: "#kept"' in (project.path / "desired/all.yaml").read_text()
    assert project.ggrec("plan", "--detailed-exitcode").code == 0

    project.write("desired/all.yaml", point(mark, "#mine"))
    assert project.ggrec("plan", "-o", "p.ggrec").code == 0
    by_hand("#theirs")
    assert project.ggrec("apply", "p.ggrec").code == 4
    assert shown(grafana, f"{mark} on call")["spec"]["integrations"][0]["settings"]["recipient"] == "#theirs"


def test_a_new_name_is_followed_and_what_is_in_use_is_not_deleted(project: Folder, grafana: Grafana, mark: str) -> None:
    project.write("desired/all.yaml", point(mark))
    applied(project)
    before = grafana.ask("GET", f"{GROUP}/routingtrees/user-defined")
    route = {"receiver": f"{mark} on call", "matchers": [{"type": "=", "label": "a", "value": "b"}], "continue": False}
    sent = {**before["spec"], "routes": [*before["spec"]["routes"], route]}
    grafana.ask("PUT", f"{GROUP}/routingtrees/user-defined", {**before, "spec": sent})
    try:
        project.write("desired/all.yaml", point(mark, name="on duty"))
        assert "on duty" in applied(project)
        tree = grafana.ask("GET", f"{GROUP}/routingtrees/user-defined")
        assert tree["spec"]["routes"][-1]["receiver"] == f"{mark} on duty"
        assert shown(grafana, f"{mark} on call") is None
        assert shown(grafana, f"{mark} on duty")["spec"]["integrations"][0]["secureFields"] == {"token": True}
        project.write(
            "desired/all.yaml",
            f"apiVersion: ggrec/v1\nkind: Team\nmetadata: {{name: {mark}-t}}\nspec: {{name: {mark}}}\n",
        )
        ended = project.ggrec("apply", "--auto-approve")
        assert (
            ended.code == 3
            and "notification-policy of the organisation (not managed): the policy for a = b" in ended.out
        )
    finally:
        tree = grafana.ask("GET", f"{GROUP}/routingtrees/user-defined")
        tree["spec"] = before["spec"]
        grafana.ask("PUT", f"{GROUP}/routingtrees/user-defined", tree)
    applied(project)
    assert shown(grafana, f"{mark} on duty") is None


def test_what_exists_is_pulled_or_taken_over(project: Folder, grafana: Grafana, mark: str) -> None:
    integration = {"uid": f"{mark}-x", "type": "slack", "settings": {"recipient": "#a", "token": "secret-4711"}}
    body = {"metadata": {}, "spec": {"title": f"{mark} theirs", "integrations": [integration]}}
    made = grafana.ask("POST", f"{GROUP}/receivers", body)
    project.write("desired/all.yaml", "")
    pulled = project.ggrec("pull", f"contact-point/{made['metadata']['name']}")
    assert pulled.code == 0 and "_TOKEN" in pulled.out
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    nowhere(project, "secret-4711")


def test_what_another_tool_provisioned_is_left_alone(project: Folder, grafana: Grafana, mark: str) -> None:
    path = "/api/v1/provisioning/contact-points"
    body = {"uid": f"{mark}-p", "name": f"{mark} on call", "type": "email", "settings": {"addresses": "a@example.org"}}
    try:
        grafana.ask("POST", path, body)
    except urllib.error.HTTPError:
        pytest.skip("no provisioning API here")
    if shown(grafana, f"{mark} on call") is None:
        pytest.skip("the sandbox does not emulate the provisioning API of contact points")
    try:
        project.write("desired/all.yaml", point(mark))
        ended = project.ggrec("apply", "--auto-approve", "--adopt")
        assert ended.code == 3 and "provisioning API" in ended.out
    finally:
        grafana.ask("DELETE", f"{path}/{mark}-p")


def nights(mark: str, months: str, *, name: str = "nights", zone: str = "Europe/Berlin") -> str:
    """A mute timing with everything that it can say."""
    return f"""\
apiVersion: ggrec/v1
kind: MuteTiming
metadata: {{name: {mark}-nights}}
spec:
  name: {mark} {name}
  time_intervals:
    - times: [{{start_time: "00:00", end_time: "06:00"}}, {{start_time: "22:00", end_time: "24:00"}}]
      weekdays: ["Monday:friday", "sunday:sunday"]
      days_of_month: ["01:05", "-3:-1"]
      months: ["{months}"]
      years: ["2026:2026", "2027:2028"]
      location: {zone}
    - {{}}
"""


def test_life_of_a_mute_timing(project: Folder, grafana: Grafana, mark: str) -> None:
    def interval(name: str) -> Any:
        items = grafana.ask("GET", f"{GROUP}/timeintervals")["items"]
        return next((item for item in items if item["spec"]["name"] == f"{mark} {name}"), None)

    project.write("desired/all.yaml", nights(mark, "March:may"))
    applied(project)
    project.write("desired/all.yaml", nights(mark, "3:5"))
    assert "No changes" in project.ggrec("plan").out, "written in another way, and the same"
    project.write("desired/all.yaml", nights(mark, "march:12"))
    assert "time interval 1" in applied(project)
    assert interval("nights")["spec"]["time_intervals"][0]["months"] == ["3:12"]

    found = interval("nights")
    found["spec"]["time_intervals"][0]["location"] = "UTC"
    grafana.ask("PUT", f"{GROUP}/timeintervals/{found['metadata']['name']}", found)
    assert '"Europe/Berlin" → "UTC"' in project.ggrec("plan").out
    assert project.ggrec("drift", "accept", "--all").code == 0
    assert "location: UTC" in (project.path / "desired/all.yaml").read_text()
    assert project.ggrec("plan", "--detailed-exitcode").code == 0

    project.write("desired/all.yaml", nights(mark, "march:12", name="evenings", zone="UTC"))
    applied(project)
    assert interval("nights") is None and interval("evenings") is not None
    shutil.rmtree(project.path / "state")
    assert "PUT /" not in project.ggrec("apply", "--auto-approve", "-v").err, "taken over as it is"
    project.write("desired/all.yaml", nights(mark, "march:12", name="evenings", zone="Mars"))
    refused = project.ggrec("apply", "--auto-approve")
    assert refused.code == 6 and "unknown time zone Mars" in refused.out + refused.err
