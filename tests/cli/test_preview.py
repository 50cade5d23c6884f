"""`ggrec preview` and `ggrec plan --preview`: files, and what is marked on them."""

from tests.cli.command import DESIRED, Folder


def test_pages_of_all_or_of_one(project: Folder) -> None:
    ended = project.ggrec("preview", "-o", "out")
    assert (ended.code, ended.out) == (0, "Drew 1 dashboard: open out/index.html\n")
    page = (project.path / "out" / "orders.html").read_text("utf-8")
    assert "Operations" in page and "Rate" in page
    project.write("out/mine.txt", "stays")
    assert project.ggrec("preview", "dashboard.orders", "-o", "out").code == 0
    assert sorted(path.name for path in (project.path / "out").iterdir()) == ["index.html", "mine.txt", "orders.html"]


def test_an_unknown_address(project: Folder) -> None:
    ended = project.ggrec("preview", "dashboard.order")
    assert ended.code == 64 and "no dashboard 'dashboard.order' is declared" in ended.err
    assert not (project.path / "site").exists()


def test_a_place_that_cannot_be_written(project: Folder) -> None:
    project.write("out", "a file")
    ended = project.ggrec("preview", "-o", "out")
    assert ended.code == 1 and "out: " in ended.err


def test_a_plan_marks_what_changes(project: Folder) -> None:
    assert project.ggrec("plan", "--preview", "out").code == 0
    assert '<span class="state">created</span>' in (project.path / "out" / "orders.html").read_text("utf-8")
    assert project.ggrec("apply", "--auto-approve").code == 0
    more = DESIRED.replace("red: 30}}", "red: 40}}\n    - {title: New, type: stat}")
    project.write("desired/all.yaml", more)
    assert project.ggrec("plan", "--preview", "out").code == 0
    page = (project.path / "out" / "orders.html").read_text("utf-8")
    assert page.count(' changed" id=') == 1 and page.count(' added" id=') == 1
    project.write(
        "desired/all.yaml",
        DESIRED.replace("    - {title: Rate, type: stat, thresholds: {green: null, red: 30}}", "    []"),
    )
    assert project.ggrec("plan", "--preview", "out").code == 0
    assert "removed: <b>Rate</b>" in (project.path / "out" / "orders.html").read_text("utf-8")
    project.write("desired/all.yaml", DESIRED.replace("name: orders", "name: others"))
    assert project.ggrec("plan", "--preview", "out").code == 0
    assert "deleted: <b>Orders (dashboard.orders)</b>" in (project.path / "out" / "index.html").read_text("utf-8")
