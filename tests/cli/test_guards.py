"""Guards as people meet them: exit 3, nothing sent, the exact flag, and an empty desired folder is never a plan."""

from typing import Any

import pytest

from tests.cli.command import PROJECT, Folder

_BOARD = "apiVersion: ggrec/v1\nkind: Dashboard\nmetadata: {{name: d{0}}}\nspec: {{title: {1} {0}, panels: []}}\n---\n"


def boards(title: str, number: int) -> str:
    """That many dashboards."""
    return "".join(_BOARD.format(index, title) for index in range(number))


def writes(sandbox: Any) -> int:
    """How many requests were no GET."""
    return sum(seen.method != "GET" for seen in sandbox.requests)


def test_the_limits_of_the_file_and_the_flags_that_accept(project: Folder, sandbox: Any) -> None:
    guard = "      guard: {max_updates: 1, kinds: {dashboard: {max_deletes: 0}}}\n"
    project.write("ggrec.yaml", PROJECT.format(url=sandbox.url).rstrip("\n") + "\n" + guard)
    project.write("desired/all.yaml", boards("Old", 4))
    assert project.ggrec("apply", "--auto-approve").code == 0
    project.write("desired/all.yaml", boards("New", 3))
    before = writes(sandbox)
    ended = project.ggrec("apply", "--auto-approve")
    assert ended.code == 3
    assert "the plan deletes 1 of 4 dashboards (25%); guard.kinds.dashboard.max_deletes is 0" in ended.out
    assert "the plan changes 3 of 4 dashboards (75%); guard.max_updates is 1" in ended.out
    assert project.ggrec("plan", "-o", "p.ggrec", "--confirm-deletes", "1").code == 3
    assert project.ggrec("apply", "p.ggrec").code == 3
    assert writes(sandbox) == before
    wrong = project.ggrec("apply", "--auto-approve", "--confirm-deletes", "2", "--confirm-updates", "3")
    assert (wrong.code, writes(sandbox)) == (3, before)
    assert project.ggrec("apply", "--auto-approve", "--confirm-deletes", "1", "--confirm-updates", "3").code == 0
    assert sorted(board["title"] for board in sandbox.world.orgs[1].dashboards.values()) == ["New 0", "New 1", "New 2"]


@pytest.mark.parametrize("content", [None, "", "# nothing any more\n", "---\n---\n"])
@pytest.mark.parametrize("arguments", [("plan",), ("apply", "--auto-approve"), ("plan", "--target", "dashboard.*")])
def test_an_empty_desired_folder_is_no_plan(
    project: Folder, sandbox: Any, arguments: tuple[str, ...], content: str | None
) -> None:
    assert project.ggrec("apply", "--auto-approve").code == 0
    before = writes(sandbox)
    if content is None:
        (project.path / "desired" / "all.yaml").unlink()
    else:
        project.write("desired/all.yaml", content)
    ended = project.ggrec(*arguments)
    assert ended.code == 1
    assert "an empty desired state is never taken for 'delete everything'" in ended.err
    assert writes(sandbox) == before
