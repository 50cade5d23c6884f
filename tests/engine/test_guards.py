"""What a plan refuses before anything is sent, text by text (cases/guards.yaml), and that refusing sends nothing."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.core.errors import Diagnostic
from reconciler.core.guard import Guard, Limits
from reconciler.core.protect import Protection, Rule
from reconciler.core.source import Mark
from reconciler.engine.planner import Options
from tests.engine.estates import ask
from tests.lab import Lab, document

CASES = yaml.safe_load((Path(__file__).parent / "cases" / "guards.yaml").read_text(encoding="utf-8"))


def opened(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents from `{Kind: name, …spec}`; `uid` is metadata."""
    found = []
    for item in items:
        (kind, name), *rest = item.items()
        spec = dict(rest)
        metadata = {"uid": spec.pop("uid")} if "uid" in spec else {}
        found.append(document(kind, name, metadata=metadata, **spec))
    return found


def flat(items: list[Any]) -> list[dict[str, Any]]:
    """An anchored list inside a list."""
    return [inner for item in items for inner in (item if isinstance(item, list) else [item])]


def options(case: dict[str, Any]) -> Options:
    said = dict(case.get("guard", {}))
    kinds = {kind: Limits(**limits) for kind, limits in said.pop("kinds", {}).items()}
    protect = case.get("protect", {})
    sorts = ("addresses", "folders", "tags")
    rules = [
        Rule(sort, text, Mark("ggrec.yaml", line, 11))
        for line, sort in enumerate(sorts, 1)
        for text in protect.get(sort, [])
    ]
    return Options(
        targets=tuple(case.get("targets", ())),
        adopt=case.get("adopt", False),
        destroy=case.get("destroy", False),
        guard=Guard(**said, kinds=kinds),
        confirm_deletes=case.get("confirm_deletes"),
        confirm_updates=case.get("confirm_updates"),
        protection=Protection(tuple(rules), protect.get("homes", True)),
    )


def told(item: Diagnostic) -> str:
    """As a plan shows it, on one line."""
    place = f"{item.where}: " if item.where else ""
    subject = f"{item.subject}: " if item.subject and not (item.where and item.code == "protected") else ""
    return f"{place}{subject}{item.message} | {item.hint}"


def matches(pattern: str, text: str) -> bool:
    """`(*` stands for an id that the server chose, `: *` for its own words."""
    wanted = " ".join(pattern.split())
    parts = [re.escape(part) for part in re.split(r"(?<=\()\*|(?<=: )\*", wanted)]
    return re.fullmatch(".*?".join(parts), text) is not None


def agree(expected: list[str], found: tuple[Diagnostic, ...]) -> None:
    texts = [told(item) for item in found]
    assert len(texts) == len(expected) and all(map(matches, expected, texts)), "\n".join(texts)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["case"]) for case in CASES])
def test_refusals(case: dict[str, Any], tmp_path: Path) -> None:
    lab = Lab(tmp_path)
    if case.get("applied"):
        lab.applied(opened(flat(case["applied"])))
    for method, path, body in case.get("hand", []):
        reply = ask(lab, method, path, body)
        assert reply.status < 300, reply
    for sort, objects in case.get("marks", {}).items():
        for uid, marks in objects.items():
            getattr(lab.org, sort)[uid] |= marks
    if "fault" in case:
        fault = case["fault"]
        lab.dispatcher.faults.add("status", fault["status"], path=fault["path"], count=None)
    before = len(lab.dispatcher.requests)
    plan = lab.plan(opened(case["desired"]), options(case))
    assert lab.writes(before) == []
    agree(case["refusals"], plan.refusals)
    agree(case.get("warnings", []), plan.warnings)
    notes = {str(change.address): list(change.notes) for change in plan.changes}
    assert {address: notes[address] for address in case.get("notes", {})} == case.get("notes", {})
