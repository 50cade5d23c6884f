"""A command line that is read quickly comes to exactly what typer makes of it; everything else is left to typer."""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.cli.quick import understood
from reconciler.cli.table import COMMANDS, load
from reconciler.cli.typed import Commands

FUNCTIONS = {command.name: load(command.place) for command in COMMANDS if command.place}
FUNCTIONS |= {f"{command.name} {name}": load(place) for command in COMMANDS for name, place in command.parts.items()}
WORDS = st.sampled_from(
    [
        *("--json", "--instance", "-i", "--instance=x", "-ix", "--url", "--url=", "--config", "-v", "--timeout", "5m"),
        *("--timeout=1h30m", "--parallelism", "3", "99", "--target", "-t", "folder.*", "--target=a.b", "--out", "-o"),
        *(
            "plan.ggrec",
            "dashboard.orders",
            "--confirm-deletes",
            "0",
            "07",
            "-1",
            "--",
            "-",
            "",
            "--help",
            "-h",
            "--no",
        ),
        *("--path", "panels[0]", "--check", "--auto-approve", "--json=true", "--bogus", "é", "--on-conflict", "ours"),
    ]
)


def typers(function: Callable[..., int], words: Sequence[str]) -> dict[str, Any] | None:
    """What typer hands to the command; None where it refuses."""
    given: dict[str, Any] = {}

    def spy(**known: Any) -> int:
        given.update(known)
        return 0

    spy.__annotations__, spy.__doc__ = function.__annotations__, function.__doc__
    spy.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    app = Commands(add_completion=False)
    app.command("it")(spy)
    try:
        app(list(words), standalone_mode=False)
    except Exception:
        return None
    return given or None


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(FUNCTIONS)), st.lists(WORDS, max_size=5))
def test_what_is_understood_is_what_typer_makes_of_it(name: str, words: list[str]) -> None:
    function = FUNCTIONS[name]
    quick = understood(function, words)
    if quick is None:
        return
    said = typers(function, words)
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    whole = {**dict(zip(names[len(names) - len(defaults) :], defaults, strict=True)), **quick}
    assert (said or {}) == whole


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        ("plan", [], {}),
        ("plan", ["--json", "-t", "a.b", "--target=c.*"], {"json": True, "target": ["a.b", "c.*"]}),
        ("plan", ["--timeout", "2m"], {"timeout": 120.0}),
        ("apply", ["x.ggrec", "--auto-approve"], None),
        ("plan", ["--timeout", "soon"], None),
        ("plan", ["--json=true"], None),
        ("plan", ["-vi", "x"], None),
        ("plan", ["extra"], None),
        ("render", [], None),
        ("plan", ["--help"], None),
        ("apply", ["--parallelism", "17"], None),
    ],
)
def test_what_is_plain_and_what_is_not(name: str, words: list[str], expected: dict[str, Any] | None) -> None:
    found = understood(FUNCTIONS[name], words)
    if name == "apply" and words[0] == "x.ggrec":
        assert found is not None
        assert str(found["file"]) == "x.ggrec"
        return
    assert found == expected
