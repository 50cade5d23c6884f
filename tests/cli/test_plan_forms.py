"""All forms of a plan from one run, and again from the saved plan: the same bytes, at the right lines, and GET only."""

import json
import re
from xml.etree import ElementTree as Xml

import jsonschema

from reconciler.render.plan_schema import plan_schema
from tests.cli.command import DESIRED, Folder

FILES = ("--html", "plan.html", "--markdown", "plan.md", "--junit", "plan.xml", "--sarif", "plan.sarif")


def changed(project: Folder) -> None:
    project.write(
        "desired/all.yaml", DESIRED.replace("red: 30", "red: 45").replace("tags: [shop]", "tags: [shop, on-call]")
    )


def test_one_run_gives_every_form_and_a_second_the_same_bytes(project: Folder) -> None:
    project.write("desired/all.yaml", DESIRED)
    assert project.ggrec("apply", "--auto-approve").code == 0
    changed(project)
    ended = project.ggrec("plan", "-o", "plan.ggrec", *FILES)
    assert ended.code == 0, ended.err
    assert "threshold red from 30 to 45" in ended.out and "By class: settings 2." in ended.out
    first = {name: (project.path / name).read_bytes() for name in FILES[1::2]}
    assert all(b"orders" in data for data in first.values())
    assert project.ggrec("plan", *FILES).code == 0
    assert {name: (project.path / name).read_bytes() for name in first} == first
    assert project.ggrec("show", "plan.ggrec", "--html", "again.html", "--markdown", "again.md").code == 0
    again = (project.path / "again.md").read_text("utf-8")
    assert first["plan.md"].decode() == again


def test_annotations_and_sarif_name_the_line_that_changed(project: Folder) -> None:
    project.write("desired/all.yaml", DESIRED)
    project.ggrec("apply", "--auto-approve")
    changed(project)
    lines = (project.path / "desired/all.yaml").read_text("utf-8").splitlines()
    tags = next(number for number, text in enumerate(lines, 1) if "tags:" in text)
    limits = next(number for number, text in enumerate(lines, 1) if "thresholds" in text)
    ended = project.ggrec("plan", "--github", "--sarif", "plan.sarif")
    found = re.findall(r"^::notice file=desired/all.yaml,line=(\d+),", ended.out, re.M)
    assert sorted(map(int, found)) == sorted([tags, limits])
    fence = re.match(r"::stop-commands::(\w{40})\n", ended.out)
    assert fence is not None and ended.out.index(f"\n::{fence[1]}::\n") < ended.out.index("::notice")
    results = json.loads((project.path / "plan.sarif").read_text("utf-8"))["runs"][0]["results"]
    places = {item["locations"][0]["physicalLocation"]["region"]["startLine"] for item in results}
    assert places == {tags, limits}


def test_json_has_rows_and_obeys_its_schema(project: Folder) -> None:
    project.write("desired/all.yaml", DESIRED)
    project.ggrec("apply", "--auto-approve")
    changed(project)
    document = project.ggrec("plan", "--json", "--junit", "plan.xml").json
    jsonschema.validate(document, plan_schema())
    assert document["classes"] == {"settings": 2}
    (change,) = document["changes"]
    assert {place for row in change["rows"] for place in row["edits"]} == set(range(len(change["edits"])))
    suite = Xml.parse(project.path / "plan.xml").getroot()[0]
    assert [case.get("classname") for case in suite] == ["dashboard"]
    assert project.ggrec("schema", "--plan").json == plan_schema()
    assert project.ggrec("schema", "--plan", "--project").code == 64


def test_a_file_that_cannot_be_written_is_named(project: Folder) -> None:
    project.write("desired/all.yaml", DESIRED)
    ended = project.ggrec("plan", "--html", "nowhere/plan.html")
    assert ended.code == 1 and "cannot write nowhere/plan.html: No such file" in ended.err
