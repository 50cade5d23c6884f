"""Change any one authored leaf of any kind's example, and the plan shows exactly that path."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.plan import Plan
from reconciler.kinds import discover
from tests.lab import Lab, examples

Leaf = tuple[str | int, ...]

# What an author writes → where it is in the object (a shorthand stands for exactly one of Grafana's fields).
_PLACES = {
    "parent": "parentUid",
    "folder": "folderUid",
    "unit": "fieldConfig.defaults.unit",
    "thresholds": "fieldConfig.defaults.thresholds.steps",
    "members": "members",
    "secureJsonData": "secureJsonFields",
    "width": "gridPos",
    "height": "gridPos",
    "row": "title",
    "mute_timings": "mute_time_intervals",
    "above": "params",
}
_KIND = {kind.yaml_kind: kind.name for kind in discover().values()}


def leaves(value: Any, path: Leaf = ()) -> Iterator[Leaf]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from leaves(item, (*path, key))
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            yield from leaves(item, (*path, index))
    else:
        yield path


def mutated(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    return f"{value}2" if isinstance(value, str) else 7


_LEAVES = [(index, leaf) for index, item in enumerate(examples()) for leaf in leaves(item["spec"])]


def _names_another_object(leaf: Leaf, kind: str) -> bool:
    """A reference to what is not declared is an error, and times and enumerations have forms of their own."""
    if kind == "Datasource" and leaf == ("type",):
        return True  # the dashboards that use it say its type too
    if kind == "Team" and leaf == ("name",):
        return True  # permissions and preferences say the team's name too
    if kind in {"ContactPoint", "MuteTiming"} and leaf == ("name",):
        return True  # notification policies say it too
    if ("integrations" in leaf and "type" in leaf) or "time_intervals" in leaf or "matchers" in leaf:
        return True  # a few words, and forms of their own; what the kinds' own tests are for
    if kind == "MessageTemplate" and leaf == ("template",):
        return False
    if leaf[-1] in {"receiver", "group_wait", "repeat_interval"} or "mute_timings" in leaf:
        return True
    if kind == "AlertRuleGroup" and leaf[-1] == "title":
        return True  # a rule that writes no uid is another one under another title
    own = {"folder", "datasource", "parent", "dashboard", "panel", "team"}
    few = {"membership", "access", "mode", "role", "permission", "theme"}
    return (
        bool(own & set(map(str, leaf)))
        or leaf[-1] in few
        or {"secureJsonData", "secureSettings"} & set(map(str, leaf)) != set()
    )


@pytest.mark.parametrize(
    ("index", "leaf"), _LEAVES, ids=lambda value: ".".join(map(str, value)) if isinstance(value, tuple) else None
)
def test_exactly_that_path(tmp_path: Path, index: int, leaf: Leaf) -> None:
    documents = examples()
    kind = documents[index]["kind"]
    if _names_another_object(leaf, kind):
        pytest.skip("names another object, or one of a few words")
    changed = copy.deepcopy(documents)
    here = changed[index]["spec"]
    for step in leaf[:-1]:
        here = here[step]
    old = here[leaf[-1]]
    here[leaf[-1]] = _time(old) if leaf[-1] in {"time", "timeEnd"} else mutated(old)
    if leaf[-1] in {"interval", "for"} and kind == "AlertRuleGroup":
        here[leaf[-1]] = "20m"
    if leaf[0] == "thresholds" or "thresholds" in leaf:
        here[leaf[-1]] = old if old is None else old + 1
        if old is None:
            pytest.skip("the first threshold has no value, and must have none")
    lab = Lab(tmp_path)
    lab.applied(documents)
    plan = lab.plan(changed)
    _shows(plan, documents[index], leaf)


def _time(old: str) -> str:
    return old.replace("T0", "T1", 1) if "T0" in old else old.replace("T22", "T21")


def _shows(plan: Plan, item: dict[str, Any], leaf: Leaf) -> None:
    assert [str(change.address) for change in plan.visible] == [f"{_KIND[item['kind']]}.{item['metadata']['name']}"]
    change = plan.visible[0]
    assert not plan.refusals
    found = {".".join(step for step in edit.path if isinstance(step, str)) for edit in change.edits}
    named = [step for step in leaf if isinstance(step, str)]
    last = named[-1]
    place = next((_PLACES[step] for step in named if step in _PLACES), last)
    assert found, "the plan shows nothing"
    assert all(place in path for path in found), (leaf, found)
    roots = {path.rsplit(place, 1)[0] for path in found}
    assert len(roots) == 1, (leaf, found)
