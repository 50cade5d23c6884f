"""The tree of notification policies and message templates, on any Grafana (see test_scenarios)."""

import shutil
from typing import Any

import pytest

from tests.cli.command import Folder
from tests.test_notification_scenarios import GROUP, applied
from tests.test_scenarios import Grafana, grafana, mark, project

pytestmark = pytest.mark.grafana
FIXTURES = (grafana, mark, project)


def policies(mark: str, more: str = "") -> str:
    """The tree, with what it names."""
    return f"""\
apiVersion: ggrec/v1
kind: ContactPoint
metadata: {{name: {mark}-mail}}
spec: {{name: {mark} mail, integrations: [{{type: email, settings: {{addresses: a@example.org}}}}]}}
---
apiVersion: ggrec/v1
kind: MuteTiming
metadata: {{name: {mark}-sundays}}
spec: {{time_intervals: [{{weekdays: [sunday]}}]}}
---
apiVersion: ggrec/v1
kind: NotificationPolicy
metadata: {{name: {mark}-policies}}
spec:
  receiver: {mark}-mail
  group_by: [grafana_folder, alertname]
  group_wait: 90s
  group_interval: 24h
  repeat_interval: 7d
  routes:
    - matchers: [severity =~ "critical|page", 'team != ""', "x y = a = b", '"a=b" = " c "']
      receiver: {mark}-mail
      continue: true
      mute_timings: [{mark}-sundays]
      active_timings: [{mark}-sundays]
      routes:
        - {{matchers: [a = b], group_by: ["..."], repeat_interval: 1h30m}}
        - {{}}
{more}"""


def test_life_of_the_notification_policies(project: Folder, grafana: Grafana, mark: str) -> None:
    path = f"{GROUP}/routingtrees/user-defined"

    def tree() -> Any:
        return grafana.ask("GET", path)["spec"]

    if tree() != {"defaults": START, "routes": []}:
        pytest.skip("this Grafana has policies of its own")
    project.write("desired/all.yaml", policies(mark))
    applied(project)
    assert tree()["defaults"] == {
        "receiver": f"{mark} mail",
        "group_by": ["grafana_folder", "alertname"],
        "group_wait": "1m30s",
        "group_interval": "1d",
        "repeat_interval": "1w",
    }
    (route,) = tree()["routes"]
    assert {(m["label"], m["type"], m["value"]) for m in route["matchers"]} == {
        ("severity", "=~", "critical|page"),
        ("team", "!=", ""),
        ("x y", "=", "a = b"),
        ("a=b", "=", " c "),
    }

    project.write("desired/all.yaml", policies(mark, "    - {matchers: [c != d]}\n"))
    assert project.ggrec("plan", "-o", "p.ggrec").code == 0
    found = grafana.ask("GET", path)
    found["spec"]["routes"][0]["group_wait"] = "5s"
    grafana.ask("PUT", path, found)
    assert project.ggrec("apply", "p.ggrec").code == 4
    assert tree()["routes"][0]["group_wait"] == "5s" and len(tree()["routes"]) == 1
    project.write("desired/all.yaml", policies(mark))
    accepted = project.ggrec("drift", "accept", "--all")
    assert accepted.code == 0, accepted.out
    text = (project.path / "desired/all.yaml").read_text()
    assert "group_wait: 5s" in text
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    project.write("desired/all.yaml", text + "    - {matchers: [c != d]}\n")
    assert "c != d" in applied(project)
    assert tree()["routes"][0]["group_wait"] == "5s" and len(tree()["routes"]) == 2

    shutil.rmtree(project.path / "state")
    assert "PUT /" not in project.ggrec("apply", "--auto-approve", "-v").err, "taken over as it is"
    text = (project.path / "desired/all.yaml").read_text()
    project.write("desired/all.yaml", text.split("---\n")[0])
    assert applied(project).count("deleted") == 2
    assert tree() == {"defaults": START, "routes": []}


START = {"receiver": "grafana-default-email", "group_by": ["grafana_folder", "alertname"]}


def test_policies_that_exist_are_pulled_with_what_they_name(project: Folder, grafana: Grafana, mark: str) -> None:
    path = f"{GROUP}/routingtrees/user-defined"
    before = grafana.ask("GET", path)
    if before["spec"] != {"defaults": START, "routes": []}:
        pytest.skip("this Grafana has policies of its own")
    integration = {"type": "email", "settings": {"addresses": "a@example.org"}}
    point = {"metadata": {}, "spec": {"title": f"{mark} theirs", "integrations": [integration]}}
    grafana.ask("POST", f"{GROUP}/receivers", point)
    matcher = {"type": "=", "label": "team", "value": "ops"}
    route = {"receiver": f"{mark} theirs", "matchers": [matcher], "continue": True, "group_wait": "30s"}
    grafana.ask("PUT", path, {**before, "spec": {"defaults": {"receiver": f"{mark} theirs"}, "routes": [route]}})
    project.write("desired/all.yaml", "")
    pulled = project.ggrec("pull", "contact-point", "notification-policy")
    assert pulled.code == 0, pulled.out + pulled.err
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
    (file,) = (project.path / "desired").rglob("notification-policies/*.yaml")
    assert "team = ops" in file.read_text()
    grafana.ask("DELETE", path)
    shutil.rmtree(project.path / "state")
    theirs = next(
        i for i in grafana.ask("GET", f"{GROUP}/receivers")["items"] if i["spec"]["title"] == f"{mark} theirs"
    )
    grafana.ask("DELETE", f"{GROUP}/receivers/{theirs['metadata']['name']}")


def test_life_of_a_message_template(project: Folder, grafana: Grafana, mark: str) -> None:
    def template(text: str, name: str = "short") -> str:
        return (
            f"apiVersion: ggrec/v1\nkind: MessageTemplate\nmetadata: {{name: {mark}-t}}\n"
            f'spec:\n  name: {mark} {name}\n  template: |\n\n    {{{{ define "{mark}" }}}}{text}\n    {{{{ end }}}}\n\n'
        )

    def held(name: str) -> Any:
        items = grafana.ask("GET", f"{GROUP}/templategroups")["items"]
        return next((item for item in items if item["spec"]["title"] == f"{mark} {name}"), None)

    project.write("desired/all.yaml", template("hi"))
    applied(project)
    assert held("short")["spec"]["content"] == f'{{{{ define "{mark}" }}}}hi\n{{{{ end }}}}'
    project.write("desired/all.yaml", template("hello"))
    applied(project)
    found = held("short")
    found["spec"]["content"] = found["spec"]["content"].replace("hello", "by hand")
    grafana.ask("PUT", f"{GROUP}/templategroups/{found['metadata']['name']}", found)
    assert "by hand" in project.ggrec("plan").out
    applied(project)
    project.write("desired/all.yaml", template("hello", "long"))
    applied(project)
    assert held("short") is None
    assert "hello" in held("long")["spec"]["content"]
    shutil.rmtree(project.path / "state")
    project.write("desired/all.yaml", "")
    assert project.ggrec("pull", f"message-template/{held('long')['metadata']['name']}").code == 0
    assert project.ggrec("plan", "--detailed-exitcode").code == 0
