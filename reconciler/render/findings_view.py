"""A plan for machines that show findings at the line which caused them: SARIF 2.1.0, JUnit, GitHub's commands.

They hold no time. Texts are made safe for the form: nothing in a title begins another command or element.
"""

import json
import re
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as Xml

from reconciler.core.description import DescribedChange, Description
from reconciler.core.errors import Diagnostic
from reconciler.core.plan import Action
from reconciler.core.semantic import ChangeClass, Row
from reconciler.core.source import Mark
from reconciler.render.lines import safe
from reconciler.render.ordering import by_weight
from reconciler.render.plan_view import outcome_text
from reconciler.render.rows import row_text

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_HEAVY = {ChangeClass.DELETION, ChangeClass.ACCESS}
_NOT_IN_XML = re.compile("[\ufffe\uffff]")
_LONGEST = 1_000


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _summary(rows: Sequence[Row], most: int = 12) -> list[str]:
    shown = [_cut(safe(f"{row.subject}: {row_text(row)}" if row.subject else row_text(row))) for row in rows]
    return shown if len(shown) <= most else [*shown[:most], f"… and {len(shown) - most} more"]


def plan_sarif(found: Description) -> str:
    """A result for each row of a change, each refusal and what could not be read."""
    results = [
        _result(
            f"change/{str(row.change_class).replace(' ', '-')}",
            "warning" if row.change_class in _HEAVY else "note",
            f"{item.change.address}: {f'{row.subject}: ' if row.subject else ''}{row_text(row)}",
            item.place(number),
        )
        for item in by_weight(found)
        for number, row in enumerate(item.rows)
    ]
    plan = found.plan
    for level, items in (("error", plan.refusals), ("error", plan.unreadable), ("warning", plan.warnings)):
        results += [_result(f"plan/{item.code}", level, _said(item), item.where) for item in items]
    results += [
        _result("drift/outside", "warning", f"{drift.address}: changed outside: {outcome_text(drift)}", None)
        for drift in plan.drift
    ]
    rules = sorted({str(item["ruleId"]) for item in results})
    driver = {
        "name": "ggrec",
        "rules": [{"id": rule, "shortDescription": {"text": rule.replace("/", ": ")}} for rule in rules],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1, ensure_ascii=False) + "\n"


def _result(rule: str, level: str, text: str, where: Mark | None) -> dict[str, Any]:
    result: dict[str, Any] = {"ruleId": rule, "level": level, "message": {"text": _cut(safe(text))}}
    if where is not None:
        region = {"startLine": max(where.line, 1), "startColumn": max(where.column, 1)}
        place = {"artifactLocation": {"uri": _uri(where.file)}, "region": region}
        result["locations"] = [{"physicalLocation": place}]
    return result


def _uri(file: str) -> str:
    from urllib.parse import quote

    return quote(file.replace("\\", "/"), safe="/", errors="backslashreplace")


def _said(item: Diagnostic) -> str:
    hint = f" (hint: {item.hint})" if item.hint else ""
    return f"{item.subject}: {item.message}{hint}" if item.subject else f"{item.message}{hint}"


def plan_junit(found: Description) -> str:
    """A case for each object that changes (passed, its rows as output), drifted or is refused (failed), or could not be
    read (in error).
    """
    suite = Xml.Element("testsuite", name="ggrec plan")
    plan = found.plan
    for item in found.changes:
        case = _case(suite, item.change.address.kind, f"{item.change.address} {_done(item)}", item.source)
        Xml.SubElement(case, "system-out").text = _xml("\n".join(_summary(item.rows, 100)))
    for drifted in found.drift:
        drift = drifted.drift
        case = _case(suite, f"drift.{drift.address.kind}", f"{drift.address} as applied", None)
        failure = Xml.SubElement(case, "failure", type="drift", message=_xml(f"changed outside: {outcome_text(drift)}"))
        failure.text = _xml(
            "\n".join(
                _cut(safe(f"{row.subject}: {row_text(row)}" if row.subject else row_text(row))) for row in drifted.rows
            )
        )
    for tag, items in (("failure", plan.refusals), ("error", plan.unreadable)):
        for finding in items:
            case = _case(suite, f"plan.{finding.code}", finding.subject or finding.code, finding.where)
            Xml.SubElement(case, tag, type=_xml(finding.code), message=_xml(safe(_said(finding))))
    numbers = {
        "tests": len(suite),
        "failures": len(list(suite.iter("failure"))),
        "errors": len(list(suite.iter("error"))),
    }
    suites = Xml.Element("testsuites", name="ggrec")
    for element in (suite, suites):
        for name, number in numbers.items():
            element.set(name, str(number))
    suites.append(suite)
    Xml.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(suites, encoding="unicode") + "\n"


def _done(item: DescribedChange) -> str:
    return "move" if item.change.action is Action.NO_OP else str(item.change.action)


def _case(suite: Xml.Element, group: str, name: str, where: Mark | None) -> Xml.Element:
    place = {"file": _xml(where.file), "line": str(where.line)} if where else {}
    return Xml.SubElement(suite, "testcase", {"classname": _xml(group), "name": _xml(safe(name)), "time": "0", **place})


def _xml(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", "\n".join(safe(line) for line in text.split("\n")))


def plan_github(found: Description) -> list[str]:
    """Workflow commands: an annotation for each line that causes changes, and each finding. Refusals come first,
    then what takes away: GitHub shows ten of a level.
    """
    plan = found.plan
    lines = [_command("error", _said(item), item.code, item.where) for item in (*plan.refusals, *plan.unreadable)]
    lines += [_command("warning", _said(item), item.code, item.where) for item in plan.warnings]
    lines += [
        _command("warning", outcome_text(drift), f"{drift.address} was changed outside", None) for drift in plan.drift
    ]
    for item in by_weight(found):
        title = f"ggrec: {item.change.address} {_done(item)}"
        groups: dict[Mark | None, list[Row]] = {}
        for number, row in enumerate(item.rows):
            groups.setdefault(item.place(number), []).append(row)
        for place, rows in groups.items():
            heavy = any(row.change_class in _HEAVY for row in rows)
            lines.append(_command("warning" if heavy else "notice", "\n".join(_summary(rows)), title, place))
    return lines


def _command(level: str, text: str, title: str, where: Mark | None) -> str:
    place = f"file={_property(where.file)},line={where.line},col={where.column}," if where else ""
    return f"::{level} {place}title={_property(safe(title))}::{_data(text)}"


def _data(text: str) -> str:
    lines = (safe(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def _property(text: str) -> str:
    return safe(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
