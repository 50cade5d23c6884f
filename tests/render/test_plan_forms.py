"""The forms of a plan for reviewers and programs: each is what its readers expect, the same twice, and no text in a
plan is ever more than text.
"""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.description import Description, describe_plan
from reconciler.core.diff import diff
from reconciler.core.errors import Diagnostic
from reconciler.core.plan import Action, Change, Drift, Plan
from reconciler.core.resource import Attribution, Resource
from reconciler.core.source import Mark
from reconciler.render.findings_view import plan_github, plan_junit, plan_sarif
from reconciler.render.html_view import plan_html
from reconciler.render.json_view import plan_json
from reconciler.render.markdown_view import LIMIT, plan_markdown
from reconciler.render.plan_schema import plan_schema
from tests.render.test_plan_text import BASE, IDENTITIES, KINDS, PLANS, board, panel

SARIF = {
    "type": "object",
    "required": ["version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {"type": "array", "minItems": 1, "items": {
            "type": "object", "required": ["tool", "results"], "additionalProperties": False,
            "properties": {
                "tool": {"type": "object", "required": ["driver"], "properties": {"driver": {
                    "type": "object", "required": ["name"], "properties": {"rules": {
                        "type": "array", "uniqueItems": True, "items": {"type": "object", "required": ["id"]}}}}}},
                "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
                "results": {"type": "array", "items": {
                    "type": "object", "required": ["message", "ruleId"], "additionalProperties": False,
                    "properties": {
                        "ruleId": {"type": "string"}, "level": {"enum": ["none", "note", "warning", "error"]},
                        "message": {"type": "object", "required": ["text"]},
                        "locations": {"type": "array", "items": {"type": "object", "properties": {
                            "physicalLocation": {"type": "object", "required": ["artifactLocation", "region"],
                                "properties": {"region": {"properties": {
                                    "startLine": {"type": "integer", "minimum": 1},
                                    "startColumn": {"type": "integer", "minimum": 1}}}}}}}}}}}}}},
    },
}  # fmt: skip
"""What SARIF 2.1.0 asks of the parts that are used here."""

HOSTILE = [
    "::error file=x::pwned", "x\n::set-output name=a::b", "%0A::warning::x", "</code></summary><script>a(1)</script>",
    "```\n# out\n@everyone", "`` ` ``", "<img src=http://evil/x onerror=alert(1)>", "\x1b[31mred\x07", "a\u202eb",
    "]]>",
    "\ud800", "\ufffe", "&lt;", '" onload="x', "![x](http://evil/p.png)", "##[add-mask]x",
]  # fmt: skip


def plan_of(title: str) -> Plan:
    """A plan that has a text everywhere that a text can be."""
    old = board(panel(1, title, title), panel(2, "gone"), description="a")
    new = board(panel(1, title, f"{title}!", description=title), panel(3, title, y=9), description=f"{title}\n{title}")
    made = Resource(Address("dashboard", "orders"), "orders", new, source=Mark(f"desired/{title}.yaml", 3, 1))  # type: ignore[arg-type]
    found = diff(old, new, identities=IDENTITIES)
    finding = Diagnostic("x", title, title, Mark(title, 1, 1), title)
    drift = Drift(Address("dashboard", "orders"), "orders", title, "reverted", edits=found,
                  attribution=Attribution(title, title, 2, (title,)))  # fmt: skip
    changes = (
        Change(
            Address("dashboard", "orders"),
            Action.UPDATE,
            title,
            "orders",
            title,
            resource=made,
            edits=found,
            notes=(title,),
        ),
        Change(Address("dashboard", "old"), Action.DELETE, title, "old", title),
    )
    return replace(
        BASE, changes=changes, drift=(drift,), refusals=(finding,), unreadable=(finding,), warnings=(finding,)
    )


def described(plan: Plan) -> Description:
    touching = tuple(replace(change, touches=(change.title,)) for change in plan.changes)
    return describe_plan(replace(plan, changes=touching), KINDS)


class Page(HTMLParser):
    """What elements and attributes a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text += data


OWN = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "div", "label", "input", "b", "span",
    "button", "main", "section", "h2", "h3", "ul", "li", "code", "br", "i", "small", "del", "ins", "pre", "mark",
    "details", "summary", "dl", "dt", "dd", "svg", "g", "rect", "text", "script",
}  # fmt: skip


def check(title: str) -> None:
    found = described(plan_of(title))
    page = Page()
    page.feed(html := plan_html(found, commit=title))
    assert page.seen <= OWN and not {
        name for name in page.attributes if name.startswith("on") or name in {"src", "href"}
    }
    assert html.count("<script>") == 1 and not re.search("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e]", html)
    suites = Xml.fromstring(plan_junit(found).encode("utf-8"))
    assert suites.tag == "testsuites" and suites[0].get("tests") == str(len(suites[0])) == "5"
    assert {case.tag for case in suites[0]} == {"testcase"}
    sarif = json.loads(plan_sarif(found))
    jsonschema.validate(sarif, SARIF)
    assert {item["ruleId"] for item in sarif["runs"][0]["results"]} == {
        rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]
    }
    commands = plan_github(found)
    assert len(commands) == 6
    for text in commands:
        assert re.fullmatch(
            r"::(error|warning|notice) (file=[^,:]*,line=\d+,col=\d+,)?title=[^,:]*::[^\r\n\x1b]*", text
        )
    markdown = plan_markdown(found, commit=title)
    assert len(markdown) <= LIMIT and not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e]", markdown)
    assert outside_code(markdown) <= {"details", "/details", "summary", "/summary", "code", "/code"}
    jsonschema.validate(plan_json(found, now="n", commit="c"), plan_schema())


def outside_code(markdown: str) -> set[str]:
    """The tags in a comment that markdown does not see as code; and nothing else that means something there."""
    kept, fence = [], ""
    for line in markdown.split("\n"):
        mark = re.match("`{3,}", line)
        if mark and not fence and line.endswith("diff"):
            fence = mark[0]
        elif fence and line == fence:
            fence = ""
        elif not fence:
            kept.append(re.sub(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)", "", line))
    assert not fence
    text = "\n".join(kept)
    in_summary = re.sub(r"<code>.*?</code>", "", text)
    assert "@everyone" not in in_summary and "](" not in in_summary and "\n# " not in in_summary
    return set(re.findall(r"<(/?\w+)", text))


@pytest.mark.parametrize("title", HOSTILE)
def test_no_text_is_more_than_text(title: str) -> None:
    check(title)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([*HOSTILE, "`", "\n", "<", ":", "%", " ", "a"]), min_size=1, max_size=6).map("".join))
def test_no_mixture_of_texts_is_more_than_text(title: str) -> None:
    check(title)


@pytest.mark.parametrize("name", sorted(PLANS))
def test_every_plan_has_every_form_and_twice_the_same(name: str) -> None:
    def forms() -> tuple[Any, ...]:
        found = describe_plan(PLANS[name], KINDS)
        return plan_markdown(found), plan_html(found), plan_junit(found), plan_sarif(found), plan_github(found)

    assert forms() == forms()
    document = plan_json(describe_plan(PLANS[name], KINDS), now="n", commit="c")
    jsonschema.validate(json.loads(json.dumps(document)), plan_schema())


def test_the_published_schema_is_the_programs() -> None:
    file = Path(__file__).parents[2] / "docs" / "plan.schema.json"
    assert json.loads(file.read_text("utf-8")) == plan_schema(), "ggrec schema --plan > docs/plan.schema.json"


def test_a_schema_that_lacks_something_would_be_seen() -> None:
    document = plan_json(describe_plan(PLANS["drift"], KINDS), now="n", commit="c")
    del document["changes"][0]["rows"][0]["class"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, plan_schema())


def test_a_comment_that_is_too_long_says_what_it_leaves_out_and_keeps_what_matters() -> None:
    old, new = board(), board(*[panel(n, f"Panel {n}", "x" * 60) for n in range(40)])
    found = diff(old, new, identities=IDENTITIES)
    many = [Change(Address("dashboard", f"d{n}"), Action.UPDATE, "", f"d{n}", "T", edits=found) for n in range(900)]
    gone = Change(Address("dashboard", "z-gone"), Action.DELETE, "no longer declared", "z", "Gone")
    plan = replace(BASE, changes=(*many, gone), refusals=(Diagnostic("x", "refused because", subject="team.a"),))
    text = plan_markdown(describe_plan(plan, KINDS))
    assert LIMIT * 0.9 < len(text) <= LIMIT
    assert text.index("refused because") < text.index("dashboard.z-gone") < text.index("dashboard.d0")
    said = re.search(r"([\d,]+) changes without details(?:, ([\d,]+) changes not at all)?", text)
    assert said is not None
    folded, missing = int(said[1].replace(",", "")), int((said[2] or "0").replace(",", ""))
    whole = text.count("<details>") - 1
    assert whole + folded + missing == 900 and text.count("\n- `dashboard.d") == folded
    fewer = plan_markdown(describe_plan(replace(plan, changes=(*many[:300], gone)), KINDS))
    assert all(f"dashboard.d{n}<" in fewer or f"dashboard.d{n}`" in fewer for n in range(300))
    assert "not at all" not in fewer and LIMIT * 0.9 < len(fewer) <= LIMIT


def test_the_page_has_both_sides_and_both_layouts() -> None:
    html = plan_html(described(plan_of("Rate")))
    assert html.count("<svg") == 2 and 'class="gone"' in html and 'class="new"' in html
    assert "<mark>" in html and "side by side" in html and 'data-class="deletion"' in html


def test_side_by_side_shows_what_differs_and_the_filter_knows_the_pictures() -> None:
    def one(source: str, **more: Any) -> dict[str, Any]:
        target = {"refId": "A", "expr": "up", "datasource": {"uid": source}}
        found = {"id": 1, "type": "stat", "title": "P", "datasource": {"uid": source}, "targets": [target], **more}
        return {"dashboard": {"title": "B", "panels": [found]}}

    before, after = one("prom-a"), one("prom-b", transformations=[{"id": "reduce"}])
    address = Address("dashboard", "b")
    edits = diff(before, after, identities=IDENTITIES)
    change = Change(address, Action.UPDATE, "", "b", "B", edits=edits, resource=Resource(address, "b", after))
    page = plan_html(describe_plan(replace(BASE, changes=(change,)), KINDS))
    assert "<dt>data source</dt><dd class=minus>prom-a</dd>" in page
    assert "<dt>data source</dt><dd class=plus>prom-b</dd>" in page
    assert (
        "<dt>transformations</dt><dd class=plus>" in page
        and "query A, data source" not in page.split("side by side")[1]
    )
    same = plan_html(describe_plan(replace(BASE, changes=(replace(change, edits=edits[-1:]),)), KINDS))
    assert "<dt>data source</dt>" not in same
    assert "all('.pictures',card).forEach" in page


def test_an_edit_outside_is_said_right_where_the_change_starts_from_something_else() -> None:
    """As in a refused merge: the change leads from what was applied, and not from what somebody made of it."""

    def one(source: str, red: int, title: str = "P") -> dict[str, Any]:
        steps = [{"color": "green", "value": None}, {"color": "red", "value": red}]
        found = {"id": 1, "type": "stat", "title": title, "datasource": {"uid": source},
                 "fieldConfig": {"defaults": {"thresholds": {"steps": steps}}}}  # fmt: skip
        return {"dashboard": {"title": "B", "panels": [found]}}

    applied, mine, hers = one("prom-a", 1), one("prom-a", 1, "Q"), one("prom-b", 2)
    address = Address("dashboard", "b")
    change = Change(
        address,
        Action.UPDATE,
        "",
        "b",
        "B",
        edits=diff(applied, mine, identities=IDENTITIES),
        resource=Resource(address, "b", mine),
    )
    drift = Drift(address, "b", "B", "conflict", edits=diff(applied, hers, identities=IDENTITIES))
    (found,) = describe_plan(replace(BASE, changes=(change,), drift=(drift,)), KINDS).drift
    assert "data source from prom-a to prom-b" in [row.text for row in found.rows]
    assert not any(row.name.startswith("[") or "another way" in row.text for row in found.rows)
    right = replace(change, edits=diff(hers, mine, identities=IDENTITIES))
    (found,) = describe_plan(replace(BASE, changes=(right,), drift=(drift,)), KINDS).drift
    assert {row.text for row in found.rows} == {"data source from prom-a to prom-b", "threshold red from 1 to 2"}


def test_a_large_text_takes_time_by_its_size() -> None:
    """Both texts share nothing but are long: this ends at once, or it is compared line by line for hours."""
    one, two = ("\n".join(f"{side} {n}" for n in range(12_000)) for side in "ab")
    edits = diff({"text": one}, {"text": two})
    plan = replace(BASE, changes=(Change(Address("annotation", "a"), Action.UPDATE, "", "a", "A", edits=edits),))
    found = describe_plan(plan, KINDS)
    assert plan_markdown(found) and len(plan_html(found)) < 4_000_000


def test_a_query_of_several_lines_is_shown_in_lines() -> None:
    before = {"dashboard": {"title": "B", "panels": [{"id": 1, "type": "stat", "title": "P", "targets": [
        {"refId": "A", "expr": "sum(\n  a)\n"}]}]}}  # fmt: skip
    after = json.loads(json.dumps(before).replace('"P"', '"Q"'))
    edits = diff(before, after, identities=IDENTITIES)
    address = Address("dashboard", "b")
    sent = Resource(address, "b", after)
    change = Change(address, Action.UPDATE, "", "b", "B", edits=edits, resource=sent)
    page = plan_html(describe_plan(replace(BASE, changes=(change,)), KINDS))
    assert "sum(<br>  a)</dd>" in page
    assert "u000a" not in page
