"""Lives of a dashboard under `on_drift: merge`: authors and people edit at random, and a simple model says what of whom
must be there after each apply.

More examples: `GGREC_EXAMPLES=10000 pytest tests/engine/test_living_properties.py`.
"""

import copy
import os
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.test_properties import a_lab
from tests.engine.test_table import saved_by_hand
from tests.lab import Lab, document

_SETTINGS = settings(
    max_examples=int(os.environ.get("GGREC_EXAMPLES", "40")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
_PANELS = range(1, 13)  # ids of one digit and of two: panels 1, 11 and 12 look alike to whoever compares texts
_LEAVES = [(number, key) for number in _PANELS for key in ("title", "description", "expr", "unit")] + [
    (0, key) for key in ("title", "description", "query")
]  # leaves only: of a list such as the tags both sides' edits may survive (see below)
_edits = st.dictionaries(st.sampled_from(_LEAVES), st.integers(0, 3).map(lambda n: f"v{n}"), max_size=4)


@dataclass
class Life:
    """What the file says, what Grafana must hold, and what of that is held, leaf by leaf."""

    file: dict[Any, str] = field(default_factory=lambda: dict.fromkeys(_LEAVES, "v0"))
    live: dict[Any, str] = field(default_factory=lambda: dict.fromkeys(_LEAVES, "v0"))
    held: set[Any] = field(default_factory=set)

    def clashes(self, author: dict[Any, str], hand: dict[Any, str]) -> set[Any]:
        """Where both changed the same leaf, differently, since the last apply. An author who writes into the file what
        is held changes nothing in Grafana: whoever edits it there once more is held again, and in nobody's way.
        """
        return {
            leaf
            for leaf in author.keys() & hand.keys()
            if author[leaf] not in {self.file[leaf], self.live[leaf], hand[leaf]} and hand[leaf] != self.live[leaf]
        }

    def goes_on(self, author: dict[Any, str], hand: dict[Any, str]) -> None:
        """Both edits are made and applied."""
        written = {leaf for leaf, value in author.items() if value != self.file[leaf]}
        edited = {leaf for leaf, value in hand.items() if value != self.live[leaf]}
        self.file |= author
        self.live |= hand
        self.live |= {leaf: self.file[leaf] for leaf in written - edited}
        self.held = {leaf for leaf in self.held | edited if self.live[leaf] != self.file[leaf]}


def declared(file: dict[Any, str]) -> dict[str, Any]:
    """The dashboard that the file says."""
    panels = [
        {
            "id": number,
            "type": "timeseries",
            "title": file[number, "title"],
            "description": file[number, "description"],
            "targets": [{"refId": "A", "expr": file[number, "expr"]}],
            "fieldConfig": {"defaults": {"unit": file[number, "unit"]}, "overrides": []},
        }
        for number in _PANELS
    ]
    spec = {"title": file[0, "title"], "description": file[0, "description"], "tags": file.get((0, "tags"), ["v0"])}
    variables = [{"name": "site", "type": "custom", "query": file[0, "query"]}]
    metadata = {"lifecycle": {"on_drift": "merge"}}
    return document("Dashboard", "orders", metadata=metadata, panels=panels, variables=variables, **spec)


def found(model: dict[str, Any]) -> dict[Any, str]:
    """The leaves of a live dashboard."""
    result = {
        (0, "title"): model["title"],
        (0, "description"): model["description"],
        (0, "query"): model["templating"]["list"][0]["query"],
    }
    for panel in model["panels"]:
        number = panel["id"]
        result |= {(number, key): panel[key] for key in ("title", "description")}
        result[number, "expr"] = panel["targets"][0]["expr"]
        result[number, "unit"] = panel["fieldConfig"]["defaults"]["unit"]
    return result


def edited(lab: Lab, hand: dict[Any, str]) -> None:
    """Somebody edits the live dashboard and saves it."""
    model = copy.deepcopy(lab.org.dashboards["orders"]["body"])
    panels = {panel["id"]: panel for panel in model["panels"]}
    for (number, key), value in hand.items():
        if key == "expr":
            panels[number]["targets"][0]["expr"] = value
        elif key == "unit":
            panels[number]["fieldConfig"]["defaults"]["unit"] = value
        elif key == "query":
            model["templating"]["list"][0]["query"] = value
        elif key == "tags":
            model["tags"] = value
        else:
            (panels[number] if number else model)[key] = value
    if hand:
        saved_by_hand(lab, "orders", **model)


@given(st.lists(st.tuples(_edits, _edits), min_size=1, max_size=5))
@_SETTINGS
def test_nobodys_edit_is_lost_and_what_is_held_is_said(steps: list[Any]) -> None:
    with a_lab() as lab:
        life = Life()
        lab.applied([declared(life.file)])
        for author, hand in steps:
            clashes = life.clashes(author, hand)
            edited(lab, hand)
            if clashes:  # refused, with each place; then the author gives way there
                plan = lab.plan([declared(life.file | author)])
                assert [item.code for item in plan.refusals] == ["merge-conflict"] * len(clashes)
                author = {leaf: value for leaf, value in author.items() if leaf not in clashes}
            life.goes_on(author, hand)
            lab.applied([declared(life.file)])
            assert found(lab.org.dashboards["orders"]["body"]) == life.live
            plan = lab.plan([declared(life.file)])
            assert (plan.changes, plan.drift) == ((), ())
            held = [item.path for items in plan.held.values() for item in items]
            assert len(held) == len(set(held))
            assert bool(held) == bool(life.held), (held, life.held)
            assert {_leaf(path) for path in held} == life.held


def test_tags_of_both_sides_survive() -> None:
    with a_lab() as lab:
        life = Life()
        lab.applied([declared(life.file)])
        edited(lab, {(0, "tags"): ["v0", "hers"]})
        lab.applied([declared({**life.file, (0, "tags"): ["v0", "mine"]})])
        assert sorted(lab.org.dashboards["orders"]["body"]["tags"]) == ["hers", "mine", "v0"]


def _leaf(path: str) -> Any:
    """The leaf that a held path means."""
    key = path.rpartition(".")[2]
    number = int(path.partition("panels[id=")[2].partition("]")[0]) if "panels[" in path else 0
    return number, key
