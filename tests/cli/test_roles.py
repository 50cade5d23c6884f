"""`ggrec roles`: the matrix in three forms, and what --check finds."""

import pytest

from tests.cli.command import Folder

ROLES = """\
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: orders}
spec:
  title: Orders
  folder: ops
  panels:
    - {title: Rate, type: stat, audience: [boss]}
    - {title: Other, type: stat, links: [{title: More, url: /d/secret}]}
---
apiVersion: ggrec/v1
kind: Dashboard
metadata: {name: secret}
spec: {title: Secret, folder: vault, panels: [{title: P, type: text}]}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {name: ops}
spec: {title: Operations}
---
apiVersion: ggrec/v1
kind: Folder
metadata: {name: vault}
spec: {title: Vault}
---
apiVersion: ggrec/v1
kind: FolderPermissions
metadata: {name: vault}
spec: {folder: vault, mode: exact, entries: []}
---
apiVersion: ggrec/v1
kind: Role
metadata: {name: boss}
spec:
  title: Boss | Chief
  team: {name: Bosses}
  dashboards: [{dashboard: orders, filter: true, default: true}]
---
apiVersion: ggrec/v1
kind: Role
metadata: {name: clerk}
spec:
  title: Clerk
  team: {name: Clerks}
  dashboards: [{dashboard: orders}]
"""


@pytest.fixture
def staffed(project: Folder) -> Folder:
    project.write("desired/all.yaml", ROLES)
    return project


def test_text(staffed: Folder) -> None:
    ended = staffed.ggrec("roles")
    assert ended.code == 0
    assert ended.out.splitlines()[:2] == [
        "dashboard  Boss | Chief  Clerk",
        "orders     home, 1 of 2  all 2",
    ]
    assert "2 roles, 1 filtered view." in ended.out


def test_markdown(staffed: Folder) -> None:
    ended = staffed.ggrec("roles", "--format", "markdown")
    assert (
        ended.out == "| dashboard | Boss \\| Chief | Clerk |\n| --- | --- | --- |\n| orders | home, 1 of 2 | all 2 |\n"
    )


def test_json(staffed: Folder) -> None:
    document = staffed.ggrec("roles", "--json").json
    assert document["format"] == "ggrec/roles/v1"
    boss, clerk = document["roles"]
    assert (boss["team"], boss["home"]) == ("team.boss", "dashboard.boss-orders")
    assert (boss["dashboards"][0]["panels"], boss["dashboards"][0]["of"]) == (1, 2)
    assert clerk["home"] is None
    assert clerk["opens"] == ["dashboard.orders"]
    assert boss["opens"] == ["dashboard.boss-orders", "dashboard.orders"]


def test_check(staffed: Folder) -> None:
    ended = staffed.ggrec("roles", "--check")
    assert ended.code == 1
    for told in (
        "desired/all.yaml:11:1: dashboard.secret: no role shows it",
        "desired/all.yaml:39:1: role.clerk: has no default",
        "panel 'Other' leads to dashboard.secret, which the team of role.clerk may not open",
        "3 findings.",
    ):
        assert told in ended.out
    found = staffed.ggrec("roles", "--check", "--json").json["findings"]
    assert [item["code"] for item in found] == ["unseen-dashboard", "no-default", "closed-door"]


def test_no_roles(project: Folder) -> None:
    ended = project.ggrec("roles", "--check")
    assert ended.code == 0 and ended.out.startswith("No roles are declared.")


def test_a_derived_dashboard_follows_its_base(staffed: Folder) -> None:
    assert staffed.ggrec("apply", "--auto-approve").code == 0
    assert staffed.ggrec("plan", "--detailed-exitcode").code == 0
    staffed.write("desired/all.yaml", ROLES.replace("{title: Rate, type: stat", "{title: Rate, type: gauge"))
    plan = staffed.ggrec("plan").out
    assert "derived from dashboard.orders for role.boss" in plan
    assert plan.count("shown as gauge, not as stat") == 2
    staffed.write("desired/all.yaml", ROLES.replace("audience: [boss]", "audience: [bos]"))
    ended = staffed.ggrec("plan")
    assert ended.code == 1 and "no role asks for the audience 'bos'" in ended.err


def test_a_role_that_leaves_takes_everything_with_it(staffed: Folder) -> None:
    assert staffed.ggrec("apply", "--auto-approve").code == 0
    without = "---\n".join(part for part in ROLES.split("---\n") if "name: boss" not in part)
    staffed.write("desired/all.yaml", without.replace(", audience: [boss]", ""))
    assert staffed.ggrec("apply", "--auto-approve").code == 0
    owned = staffed.ggrec("state", "list").out
    assert "boss" not in owned
    assert staffed.ggrec("plan", "--detailed-exitcode").code == 0
