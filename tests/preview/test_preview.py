"""Pages: nothing leaves them, nothing in a dashboard becomes markup, every panel is drawn, same input, same bytes."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.preview.colors import color_of, series_of
from reconciler.preview.markdown import markdown
from reconciler.preview.marks import _MARKS
from reconciler.preview.page import site_files
from reconciler.preview.site import Page, RoleMenu, Site
from tests.conftest import shared

TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "script",
        "div",
        "a",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "p",
        "span",
        "b",
        "i",
        "button",
        "nav",
        "details",
        "summary",
        "ul",
        "ol",
        "li",
        "main",
        "small",
        "article",
        "header",
        "footer",
        "svg",
        "path",
        "rect",
        "circle",
        "ellipse",
        "text",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "section",
        "pre",
        "code",
        "em",
        "strong",
        "b",
    ]
)
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


class Reader(HTMLParser):
    """Collects what a page consists of."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside not in ("style", "script"):
            self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    return reader


def harmless(html: str) -> None:
    """No markup but ours, no handler, no address that a browser would load or leave for."""
    page = read(html)
    assert set(page.tags) <= TAGS
    assert page.tags.count("script") == 1
    for name, value in page.attributes:
        assert not name.startswith("on") and name not in ("src", "srcset", "action", "formaction", "data"), (
            name,
            value,
        )
        if name == "href":
            assert value is not None and re.fullmatch(r"[\w.~-]*\.html", value), value
        if name == "style":
            assert "url(" not in str(value)
    assert "url(" not in html and "@import" not in html


def one(model: dict[str, Any], **more: Any) -> str:
    return site_files(Site("shop", (Page("u", model, **more),)))["u.html"]


def panel(**more: Any) -> dict[str, Any]:
    return {"id": 1, "title": "P", "type": "stat", "gridPos": {"x": 0, "y": 0, "w": 6, "h": 4}, **more}


@pytest.mark.parametrize("kind", [*_MARKS, "", "nobody-knows-it"])
def test_every_type_has_a_mark(kind: str) -> None:
    html = one({"title": "T", "panels": [panel(type=kind, targets=[{"refId": "A", "expr": "up"}])]})
    harmless(html)
    assert 'class="inside"><' in html


def test_what_a_card_says() -> None:
    defaults = {
        "unit": "percentunit",
        "thresholds": {"steps": [{"color": "green", "value": None}, {"color": "red", "value": 0.75}]},
    }
    html = one(
        {
            "title": "Orders",
            "description": "What it is for",
            "templating": {
                "list": [{"name": "region", "label": "Region", "current": {"text": ["All"]}}, {"name": "h", "hide": 2}]
            },
            "annotations": {"list": [{"name": "Campaigns"}, {"name": "own", "builtIn": 1}]},
            "panels": [
                panel(
                    description="nine of ten",
                    repeat="region",
                    timeShift="7d",
                    fieldConfig={"defaults": defaults},
                    targets=[{"refId": "A", "expr": "sum(up)", "legendFormat": "Up", "datasource": {"uid": "p"}}],
                )
            ],
        }
    )
    said = re.sub(r"\s+", " ", read(html).text)
    for text in (
        *("Orders", "What it is for", "Region: All", "h (hidden)", "marks: Campaigns", "nine of ten"),
        *("repeats for $region", "7d earlier", "percent", "base", "75 %", "1 query", "sum(up)", "Up", "not values"),
    ):
        assert text in said, text
    assert "own" not in said


def test_rows_folded_and_open_and_the_places() -> None:
    html = one(
        {
            "title": "T",
            "panels": [
                panel(id=1, title="Top", gridPos={"x": 12, "y": 0, "w": 12, "h": 3}),
                {
                    "type": "row",
                    "title": "Folded",
                    "collapsed": True,
                    "gridPos": {"y": 3},
                    "panels": [panel(id=2, title="In")],
                },
                {"type": "row", "title": "Open", "gridPos": {"y": 4}, "panels": []},
                panel(id=3, title="Below", gridPos={"x": 0, "y": 5, "w": 24, "h": 2}),
            ],
        }
    )
    assert html.index("Top") < html.index("Folded") < html.index(">In<") < html.index("Open") < html.index("Below")
    assert html.count('<details class="row" open>') == 1 and "(1 panels, folded)" in html
    assert "left:calc(50.0000% + 4px);width:calc(50.0000% - 8px);top:0px;height:106px" in html
    assert 'style="height:76px"' in html


def test_links_lead_to_the_pages_and_nowhere_else() -> None:
    links = [
        {"title": "Other", "type": "link", "url": "/d/b/slug?x=1"},
        {"title": "Wiki", "type": "link", "url": "https://wiki.example.org"},
        {"title": "All", "type": "dashboards", "tags": ["shop"], "asDropdown": True},
        {"title": "Tagged", "type": "dashboards", "tags": ["shop"]},
    ]
    pages = (Page("a", {"title": "A", "tags": ["shop"], "links": links}), Page("b", {"title": "B", "tags": ["shop"]}))
    role = RoleMenu("Boss", "a", ("a", "b", "gone"))
    files = site_files(Site("shop", pages, roles=(role,)))
    assert set(files) == {"index.html", "a.html", "b.html"}
    for html in files.values():
        harmless(html)
    assert '<a href="b.html" title="/d/b/slug?x=1">Other</a>' in files["a.html"]
    assert 'title="https://wiki.example.org">Wiki ↗' in files["a.html"]
    assert "All ▾ 1" in files["a.html"]
    assert '<a href="a.html">A</a> · home' in files["b.html"]


def test_what_a_plan_changes_is_marked() -> None:
    html = one({"title": "T", "panels": [panel(id=1), panel(id=2)]}, state="changed", changed={2: "added"})
    assert html.count('class="card added"') == 1 and '<span class="state">changed</span>' in html


_TEXT = st.one_of(st.just(EVIL), st.text(max_size=20))
_LEAF = st.one_of(st.none(), st.booleans(), st.integers(-5, 60), st.floats(allow_nan=False), _TEXT)
_ANY = st.recursive(
    _LEAF, lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_TEXT, inner, max_size=3)), max_leaves=6
)
_KEYS = (
    "id title type gridPos description targets links fieldConfig options transformations repeat timeFrom panels "
    "collapsed datasource"
)
_PANEL = st.fixed_dictionaries(
    {"type": st.sampled_from([*_MARKS, "row", "?"])}, optional={key: _ANY for key in _KEYS.split() if key != "type"}
)
_MODEL = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("title", "description", "tags", "links", "templating", "annotations", "rows"), _ANY),
        "panels": st.lists(_PANEL, max_size=3),
    },
)  # fmt: skip


def test_every_text_of_a_dashboard_is_escaped() -> None:
    link = {"title": EVIL, "url": EVIL, "tooltip": EVIL, "type": "link", "tags": [EVIL]}
    target = {"refId": EVIL, "expr": EVIL, "legendFormat": EVIL, "datasource": {"uid": EVIL}}
    organize = {"id": "organize", "options": {"renameByName": {"a": EVIL}}}
    steps = [{"color": EVIL, "value": EVIL}, {"color": "red", "value": 1}]
    for kind in _MARKS:
        drawn = panel(
            type=kind,
            title=EVIL,
            description=EVIL,
            repeat=EVIL,
            timeFrom=EVIL,
            timeShift=EVIL,
            links=[link],
            targets=[target],
            transformations=[organize],
            options={"content": EVIL, "textMode": "name"},
            fieldConfig={"defaults": {"unit": EVIL, "thresholds": {"steps": steps}, "links": [link]}},
        )
        row = {"type": "row", "title": EVIL, "repeat": EVIL, "panels": []}
        variable = {"name": EVIL, "label": EVIL, "description": EVIL, "current": {"text": EVIL}}
        model = {
            "title": EVIL,
            "description": EVIL,
            "links": [link],
            "templating": {"list": [variable]},
            "annotations": {"list": [{"name": EVIL}]},
            "panels": [row, drawn],
        }
        harmless(one(model, folders=(EVIL,), origin=EVIL, state=EVIL, changed={1: EVIL}))


@given(_MODEL)
def test_whatever_a_dashboard_says_it_stays_text(model: dict[str, Any]) -> None:
    files = site_files(Site(EVIL, (Page("u", model, (EVIL,), EVIL),), {EVIL: EVIL}, (RoleMenu(EVIL, "u", ("u",)),)))
    for html in files.values():
        harmless(html)


@given(st.text(alphabet="#|-*`[]()<>&\"' \nab1.", max_size=60))
def test_markdown_never_makes_markup_of_its_own(text: str) -> None:
    harmless(f"<script></script>{markdown(text)}")


def test_markdown() -> None:
    text = "# Head\n\nSome **bold** and *soft* `code` [wiki](http://x)\n\n- a\n- b\n\n1. x\n\n"
    html = markdown(text + "| A | B |\n|---|---|\n| 1 | 2 |")
    for part in (
        "<h3>Head</h3>",
        "<strong>bold</strong>",
        "<em>soft</em>",
        "<code>code</code>",
        "<ul><li>a</li><li>b</li></ul>",
        "<ol><li>x</li></ol>",
        "<th>A</th>",
        "<td>2</td>",
        '<span class="away" title="http://x">wiki</span>',
    ):
        assert part in html


def test_colours() -> None:
    assert color_of("semi-dark-blue") == "#3274D9"
    assert color_of("#abc") == "#abc" and color_of("teal") == "teal" and color_of("rgb(1, 2, 3)") == "rgb(1, 2, 3)"
    assert color_of("red;background:url(x)") == "#8E8E8E" == color_of(None)
    override = {"matcher": {"options": "/^Rev/"}, "properties": [{"id": "color", "value": {"fixedColor": "blue"}}]}
    config = {"fieldConfig": {"defaults": {}, "overrides": [override]}}
    assert series_of(config, ["Revenue", "Other"]) == ["#5794F2", "#F2CC0C"]


def test_real_dashboards() -> None:
    files = sorted(shared("corpus").rglob("*.json"))
    pages = []
    for index, file in enumerate(files):
        model = json.loads(file.read_text("utf-8"))
        pages.append(Page(f"u{index}", model.get("dashboard") or model.get("spec") or model))
    first = site_files(Site("corpus", tuple(pages)))
    assert first == site_files(Site("corpus", tuple(pages)))
    for html in first.values():
        harmless(html)
