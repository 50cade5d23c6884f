"""The registry finds kinds by looking: modules of the package, and installed packages' entry points."""

from collections.abc import Callable
from importlib.metadata import EntryPoint
from types import ModuleType

import pytest

import reconciler.kinds as package
from reconciler.core.errors import InvalidInput
from reconciler.core.kind import Kind
from reconciler.core.registry import Registry
from reconciler.kinds import discover, kinds_of
from reconciler.kinds.annotation import Annotation
from reconciler.kinds.team import Team


class Other(Team):
    """A kind of another name, as a package might bring it."""

    name = "squad"
    yaml_kind = "Squad"


def test_the_kinds_of_the_package_are_found_in_order() -> None:
    assert list(discover()) == [
        "alert-rule-group",
        "annotation",
        "contact-point",
        "dashboard",
        "datasource",
        "folder",
        "library-panel",
        "message-template",
        "mute-timing",
        "notification-policy",
        "permissions",
        "preferences",
        "team",
    ]
    assert discover().by_yaml("Team") is not None


def test_a_kind_is_made_when_it_is_asked_for() -> None:
    made: list[str] = []

    def make(kind: type[Kind]) -> Callable[[], Kind]:
        def making() -> Kind:
            made.append(kind.name)
            return kind()

        return making

    registry = Registry({"annotation": make(Annotation), "squad": make(Other), "team": make(Team)})
    assert "team" in registry and list(registry) == ["annotation", "squad", "team"] and made == []
    team = registry.by_yaml("Team")
    assert team is registry["team"] and made == ["team"]
    assert registry.by_yaml("Nothing") is None  # no name leads to it: it may be any of them
    assert made == ["team", "annotation", "squad"] and "nothing" not in registry


def test_a_module_brings_what_it_defines_whatever_the_order_of_its_names() -> None:
    def module(*names: str) -> ModuleType:
        made = ModuleType("made.up")
        classes = {"Zeta": type("Zeta", (Team,), {"__module__": "made.up"})}
        classes["Alpha"] = type("Alpha", (Annotation,), {"__module__": "made.up"})
        for name in names:
            setattr(made, name, {**classes, "Team": Team, "Kind": Kind, "text": "no class"}[name])
        return made

    first, second = module("Zeta", "Team", "Alpha", "Kind", "text"), module("Kind", "Alpha", "text", "Zeta", "Team")
    assert [type(kind).__name__ for kind in kinds_of(first)] == ["Alpha", "Zeta"]
    assert [type(kind).__name__ for kind in kinds_of(second)] == ["Alpha", "Zeta"]


def _installed(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = EntryPoint("squad", value, package.ENTRY_POINTS)
    monkeypatch.setattr(package, "entry_points", lambda group: [point] if group == "ggrec.kinds" else [])


def test_an_installed_package_brings_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, f"{__name__}:Other")
    assert isinstance(discover()["squad"], Other)


def test_two_kinds_of_one_name_are_an_error_that_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    _installed(monkeypatch, "reconciler.kinds.team:Team")
    with pytest.raises(InvalidInput, match=r"two kinds are called 'team' \(Team\): reconciler.kinds.team.Team and"):
        discover()


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("no.such.module:Kind", "cannot be loaded: No module named 'no'"),
        (
            "reconciler.kinds.team:Nothing",
            "cannot be loaded: module 'reconciler.kinds.team' has no attribute 'Nothing'",
        ),
        ("reconciler.core.kind:pick", "is not a class derived from reconciler.core.kind.Kind"),
        ("reconciler.core.kind:Kind", "is not a class derived from reconciler.core.kind.Kind"),
    ],
)
def test_an_entry_point_that_brings_no_kind_is_named(monkeypatch: pytest.MonkeyPatch, value: str, why: str) -> None:
    _installed(monkeypatch, value)
    with pytest.raises(InvalidInput) as caught:
        discover()
    assert str(caught.value).startswith(f"the kind 'squad' of an installed package ({value}) {why}")
