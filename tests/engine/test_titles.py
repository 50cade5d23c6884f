"""Texts that name a dashboard's title: one that was changed by hand and that the files say too is no reason to write
them; one that is changed in the files is.
"""

import copy
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.plan import Plan
from reconciler.core.resource import Resource
from reconciler.core.state import Held
from reconciler.engine.planner import Options
from reconciler.engine.titles import Titles
from tests.engine.test_table import saved_by_hand
from tests.lab import Lab, document

LINK = {"title": "Feedback", "type": "link", "url": "https://f?d=${dashboard.title}&v=${dashboard.version}"}
ABOUT = {"title": "About ${dashboard.title}", "type": "link", "url": "https://docs"}
Boards = list[dict[str, Any]]


def estate(
    title: str = "Orders", *, life: dict[str, Any] | None = None, extra: dict[str, Any] | None = None, **sales: Any
) -> Boards:
    """A dashboard with links of its own, one that a role links it from, and a view of it."""
    panels = [{"title": "Rate", "type": "stat", "audience": ["boss"]}, {"title": "Errors", "type": "stat"}]
    dashboards = [{"dashboard": "orders", "filter": True}, {"dashboard": "sales", "default": True}]
    role = {"title": "Boss", "team": {"name": "Bosses"}, "dashboards": dashboards}
    also = {"title": "Crew", "team": {"name": "Crew"}, "dashboards": [{"dashboard": "orders"}, {"dashboard": "sales"}]}
    whole = {"folder": "shop", "links": [LINK, ABOUT], "panels": panels, **(extra or {})}
    return [
        document("Folder", "shop", title="Shop"),
        document("Role", "boss", **role),
        document("Role", "crew", **also),
        document("Dashboard", "orders", metadata={"lifecycle": life} if life else {}, title=title, **whole),
        document("Dashboard", "sales", title="Sales", folder="shop", panels=[{"title": "S", "type": "stat"}], **sales),
    ]


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    lab = Lab(tmp_path)
    lab.applied(estate())
    return lab


def links(lab: Lab, uid: str) -> list[str]:
    """All that the live links say."""
    return [f"{link['title']} {link['url']}" for link in lab.org.dashboards[uid]["body"]["links"]]


def live(lab: Lab) -> dict[str, Any]:
    """What names the title in Grafana."""
    view = lab.org.dashboards["boss-orders"]["body"]["title"]
    return {"view": view, **{uid: links(lab, uid) for uid in ("orders", "sales", "boss-orders")}}


def sends(plan: Plan) -> list[str]:
    return sorted(str(change.address) for change in plan.changes if change.sends)


def waits(plan: Plan) -> list[str]:
    return sorted(str(address) for address, held in plan.held.items() if all(item.behind for item in held))


def accepted(lab: Lab, title: str = "Orders & more", **other: Any) -> Boards:
    """Somebody renames it, and the files say so; applied."""
    saved_by_hand(lab, "orders", title=title)
    before = len(lab.dispatcher.requests)
    lab.applied(estate(title, **other))
    assert lab.writes(before) == []
    return estate(title, **other)


WAIT = ["dashboard.boss-orders", "dashboard.orders", "dashboard.sales"]


def test_a_title_that_the_files_say_too_has_nothing_written_and_that_is_said(lab: Lab) -> None:
    was = live(lab)
    saved_by_hand(lab, "orders", title="Orders & more")
    plan = lab.plan(estate("Orders & more"))
    assert (sends(plan), waits(plan), [item.outcome for item in plan.drift]) == ([], WAIT, ["settled"])
    for _ in range(2):
        before = len(lab.dispatcher.requests)
        lab.applied(estate("Orders & more"))
        assert lab.writes(before) == [] and live(lab) == was
        plan = lab.plan(estate("Orders & more"))
        assert (plan.changes, plan.drift, waits(plan)) == ((), (), WAIT)
    held = plan.held[Address("dashboard", "sales")]
    assert [(item.behind, item.who, item.why) for item in held] == [
        ("Orders", "", "names the former title of dashboard.orders")
    ]


def test_a_title_that_is_changed_in_the_files_changes_all_that_names_it(lab: Lab) -> None:
    plan = lab.plan(estate("Orders & more"))
    assert (sends(plan), waits(plan)) == (WAIT, [])
    lab.applied(estate("Orders & more"))
    assert live(lab)["view"] == "Orders & more (Boss)" and "Orders & more /d/orders" in links(lab, "sales")
    assert (lab.plan(estate("Orders & more")).changes, lab.plan(estate("Orders & more")).held) == ((), {})


@pytest.mark.parametrize("title", ["Orders", "Orders two"])
def test_a_title_in_the_files_after_one_by_hand_changes_all_of_it(lab: Lab, title: str) -> None:
    accepted(lab)
    lab.applied(estate(title))
    other = Lab(lab.folder / "other")
    other.applied(estate(title))
    assert live(lab) == live(other)
    assert (lab.plan(estate(title)).changes, lab.plan(estate(title)).held) == ((), {})


def test_what_was_not_written_with_its_dashboard_is_written_later(lab: Lab) -> None:
    """The title came from the files; what names it was left out of that run."""
    lab.applied(estate("Orders & more"), Options(targets=("dashboard.orders",)))
    assert sends(lab.plan(estate("Orders & more"))) == ["dashboard.boss-orders", "dashboard.sales"]


@pytest.mark.parametrize("why", ["declared", "drift"])
def test_the_next_write_brings_the_present_title(lab: Lab, why: str) -> None:
    mine = accepted(lab)
    if why == "declared":
        mine = estate("Orders & more", tags=["new"])
    else:
        saved_by_hand(lab, "sales", tags=["hers"])
    plan = lab.plan(mine)
    assert (sends(plan), waits(plan)) == (["dashboard.sales"], WAIT[:2])
    (change,) = [change for change in plan.changes if change.sends]
    assert any("links" in edit.path for edit in change.edits)
    lab.applied(mine)
    assert any(text.startswith("Orders & more ") for text in links(lab, "sales"))
    assert (lab.plan(mine).changes, waits(lab.plan(mine))) == ((), WAIT[:2])


def test_what_waits_is_written_when_it_is_released(lab: Lab) -> None:
    mine = accepted(lab)
    lab.store.save(lab.state.released(Address("dashboard", "boss-orders")))
    assert sends(lab.plan(mine)) == ["dashboard.boss-orders"]
    lab.applied(mine)
    assert live(lab)["view"] == "Orders & more (Boss)"
    assert (lab.plan(mine).changes, waits(lab.plan(mine))) == ((), WAIT[1:])


@pytest.mark.parametrize("waiting", [False, True])
@pytest.mark.parametrize("text", ["Hers", "Orders!"])
def test_a_text_that_somebody_edited_is_drift(lab: Lab, text: str, waiting: bool) -> None:
    mine = accepted(lab) if waiting else estate("Orders & more")
    body = copy.deepcopy(lab.org.dashboards["sales"]["body"])
    (link,) = [link for link in body["links"] if link["title"] == "Orders"]
    link["title"] = text
    saved_by_hand(lab, "sales", links=body["links"])
    saved_by_hand(lab, "orders", title="Orders & more")
    plan = lab.plan(mine)
    assert sends(plan) == ["dashboard.sales"]
    assert [str(item.address) for item in plan.drift if item.outcome != "settled"] == ["dashboard.sales"]
    lab.applied(mine)
    assert any(text.startswith("Orders & more ") for text in links(lab, "sales"))


def test_a_link_that_the_author_changes_is_a_change(lab: Lab) -> None:
    accepted(lab)
    extra = {"links": [{**LINK, "url": "https://g?d=${dashboard.title}"}, ABOUT]}
    assert sends(lab.plan(estate("Orders & more", extra=extra))) == ["dashboard.boss-orders", "dashboard.orders"]


def test_two_titles_after_each_other(lab: Lab) -> None:
    was = live(lab)
    accepted(lab)
    mine = accepted(lab, "Third")
    plan = lab.plan(mine)
    assert (plan.changes, waits(plan), live(lab)) == ((), WAIT, was)
    lab.applied(estate("Third", tags=["new"]))
    assert any(text.startswith("Third ") for text in links(lab, "sales"))


def test_an_edit_beside_a_text_that_waits_is_taken_in_without_it(lab: Lab) -> None:
    was = live(lab)
    mine = estate("Orders & more", tags=["hers"])
    saved_by_hand(lab, "orders", title="Orders & more")
    saved_by_hand(lab, "sales", tags=["hers"])
    for step in range(2):
        assert sends(lab.plan(mine)) == [], step
        before = len(lab.dispatcher.requests)
        lab.applied(mine)
        assert (lab.writes(before), live(lab)) == ([], was)
        mine = estate("Orders & more", tags=["hers again"])
        saved_by_hand(lab, "sales", tags=["hers again"])


@pytest.mark.parametrize("on_drift", ["keep", "merge"])
def test_a_title_that_was_held_and_the_files_say_then(lab: Lab, on_drift: str) -> None:
    life = {"on_drift": on_drift}
    lab.applied(estate(life=life))
    was = live(lab)
    saved_by_hand(lab, "orders", title="Orders & more")
    lab.applied(estate(life=life))
    assert lab.plan(estate(life=life)).held
    for _ in range(2):
        plan = lab.plan(estate("Orders & more", life=life))
        assert (sends(plan), waits(plan)) == ([], WAIT)
        lab.applied(estate("Orders & more", life=life))
        assert live(lab) == was


def _titles(now: dict[str, Any], renamed: dict[str, tuple[str, str]], stamp: str = "", waiting: Any = ()) -> Titles:
    titled = {"title": "dashboard.a", "links[0].title": "dashboard.a", "links[0].url": "dashboard.a"}
    resource = Resource(Address("dashboard", "x"), "x", {"dashboard": now}, stamp=stamp, titled=titled)
    return Titles(resource, "dashboard", renamed, waiting)


@pytest.mark.parametrize(
    ("there", "now", "former"),
    [
        ("Old", "New", True),
        ("Old (CEO)", "New (CEO)", True),
        ("Old New", "New New", True),
        ("Older", "New", False),
        ("Old (CEO)", "New", False),
        ("New", "New", False),
        ("", "New", False),
        ("u?d=Old&v=00000000", "u?d=New&v=12345678", True),
        ("u?d=New&v=00000000", "u?d=New&v=12345678", False),
        ("u?d=Old&v=0", "u?d=New&v=12345678", False),
    ],
)
def test_only_a_former_title_in_the_place_of_the_present_one_waits(there: str, now: str, former: bool) -> None:
    renamed = {"dashboard.a": ("Old", "New")}
    titles = _titles({"title": now}, renamed, "12345678")
    wanted, found = {"dashboard": {"title": now}}, {"dashboard": {"title": there}}
    assert titles.left(wanted, found) == ({"title": there} if former else {})
    assert titles.left(wanted, found, {"dashboard": {"title": "else"}}) == {}
    assert _titles({"title": now}, {"dashboard.b": ("Old", "New")}).left(wanted, found) == {}
    again = replace(_titles({"title": now}, {}, waiting=(Held("dashboard.title", behind="Long ago"),)), applied=wanted)
    assert again.left(wanted, {"dashboard": {"title": "Long ago"}}) == {"title": "Long ago"}
    assert replace(again, applied=found).left(wanted, {"dashboard": {"title": "Long ago"}}).keys() == (
        {"title"} if there == now else set()
    )
    assert again.left(wanted, {"dashboard": {"title": "Longer ago"}}) == {}


@pytest.mark.parametrize(("old", "new"), [("A B", "C"), ("A", "C D"), ("A", "AA"), ("AA", "A"), ("100%", "100%25")])
def test_a_title_may_be_written_as_an_address_needs_it(old: str, new: str) -> None:
    titles = _titles({}, {"dashboard.a": (old, new)})
    for there, now in ((old, new), (quote(old), quote(new)), (f"{old}/{quote(old)}", f"{new}/{quote(new)}")):
        assert titles.left({"dashboard": {"title": now}}, {"dashboard": {"title": there}}) == {"title": there}


def test_links_are_found_wherever_they_stand() -> None:
    renamed = {"dashboard.a": ("A/B", "C D")}
    mine = {"links": [{"title": "C D", "url": "x?d=C%20D"}, {"title": "Docs"}]}
    old = {"title": "A/B", "url": "x?d=A%2FB"}
    titles = _titles(mine, renamed)
    wanted = {"dashboard": mine}
    for there in ([{"title": "Docs"}, old], [old], [old, old]):
        found = titles.left(wanted, {"dashboard": {"links": there}})
        assert found == {"links[0].title": "A/B", "links[0].url": "x?d=A%2FB"}
        assert titles.left(wanted, {"dashboard": {"links": there}}, {"dashboard": {"links": [{"title": "A/B"}]}}) == {}
        assert titles.put(wanted, found)["dashboard"]["links"] == [old, {"title": "Docs"}]  # type: ignore[index,call-overload]
    for other in ({**old, "icon": "x"}, {**old, "url": "y?d=A%2FB"}, {"title": "A/B"}):
        assert titles.left(wanted, {"dashboard": {"links": [other]}}) == {}
