"""What else a change touches, in words; and nothing for what concerns nobody."""

from reconciler.authoring.impact import impact
from reconciler.core.address import Address
from reconciler.core.resource import Resource
from reconciler.core.roles import RoleEntry, RoleView
from reconciler.kinds import discover

BASE, VIEW, OTHER = (Address("dashboard", name) for name in ("base", "ceo-base", "other"))


def board(address: Address, **more: object) -> Resource:
    return Resource(address, address.name, {"folderUid": "", "dashboard": {"title": address.name, **more}})  # type: ignore[dict-item]


def role(title: str, *entries: RoleEntry, opens: frozenset[Address] = frozenset()) -> RoleView:
    return RoleView(title.lower(), title, Address("team", title.lower()), entries, opens)


ROLES = (
    role("CEO", RoleEntry(BASE, VIEW, "Base", True, True, 3, 9), opens=frozenset({BASE, VIEW})),
    role("Ops", RoleEntry(BASE, BASE, "Base", False, True, 9, 9), opens=frozenset({BASE})),
    role("Sales", RoleEntry(BASE, BASE, "Base", False, False, 9, 9)),
)
LINKED = board(OTHER, links=[{"title": "Base", "type": "link", "url": "/d/base"}])


def test_roles_homes_views_and_links() -> None:
    found = impact([(BASE, "base"), (VIEW, "ceo-base"), (OTHER, "other")], (board(BASE), LINKED), ROLES, discover())
    assert found == {
        BASE: (
            "the home dashboard of Ops",
            "what Sales sees",
            "what CEO may open",
            "dashboard.ceo-base, derived from it",
            "dashboard.other, which refers to it",
        ),
        VIEW: ("the home dashboard of CEO",),
    }


def test_very_many_are_counted() -> None:
    boards = [
        board(Address("dashboard", f"d{n}"), links=[{"title": "B", "type": "link", "url": "/d/base"}]) for n in range(9)
    ]
    assert impact([(BASE, "base")], boards, (), discover()) == {
        BASE: ("dashboard.d0, dashboard.d1, dashboard.d2 and 6 more, which refer to it",)
    }


def test_of_what_is_created_whoever_is_there_already_is_told() -> None:
    """Where the role comes with it, all of it is new, and nobody's is touched."""
    new = {BASE, VIEW, Address("team", "ops"), Address("team", "ceo")}
    assert impact([], (board(BASE),), ROLES, discover(), new) == {BASE: ("what Sales sees",)}
    assert impact([], (board(BASE),), ROLES, discover(), {BASE}) == {
        BASE: ("the home dashboard of Ops", "what Sales sees", "what CEO may open")
    }
