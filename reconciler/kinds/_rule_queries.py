"""The queries of an alert rule as authors write them → Grafana's `data`: `targets` as in panels, expressions in short.

Must not: choose between two meanings: what is unclear is an error at its place.
"""

import hashlib
import re
import string
from typing import TYPE_CHECKING, Any

from reconciler.core.json import Json, as_object, text_of
from reconciler.core.kind import Names
from reconciler.core.source import Path
from reconciler.kinds._rules import EXPRESSION, milliseconds

if TYPE_CHECKING:
    from reconciler.kinds._alert_rule_group_spec import AlertRule, Threshold

_OWN = frozenset({"refId", "datasource", "from", "to", "reduce", "by", "math", "threshold"})
_SORTS = ("reduce", "math", "threshold")
_EVALUATORS = {"above": "gt", "below": "lt", "within": "within_range", "outside": "outside_range"}
_WORDS = r"[a-z0-9]+"


def rule_uid(group: str, title: str) -> str:
    """The uid of a rule that writes none, at most 40 characters: from the group's metadata.name and its title."""
    text = "-".join([group, *re.findall(_WORDS, title.lower())])
    text = re.sub(r"[^A-Za-z0-9_-]", "-", text)
    if len(text) <= 40 and re.fullmatch(r"[\x20-\x7e]*", title):
        return text
    return f"{text[:31]}-{hashlib.sha256(f'{group}/{title}'.encode()).hexdigest()[:8]}"


class Queries:
    """The queries of one rule; what is wrong with them is noted at `at`, the rule's path."""

    def __init__(self, rule: "AlertRule", at: Path, names: Names) -> None:
        self.rule = rule
        self.at = at
        self.names = names
        self.letters: list[str] = []
        self.data: list[Json] = []

    def condition(self) -> str:
        """The one that is written, else the last query; checked, because Grafana takes a letter that is none."""
        wanted = self.rule.condition or (self.letters[-1] if self.letters else "")
        if wanted not in self.letters:
            self._unknown(wanted, ("condition",))
        return wanted

    def expand(self) -> list[Json]:
        """Grafana's `data`."""
        rule = self.rule
        if rule.data is not None:
            for index, item in enumerate(rule.data):
                self.data.append(self._given(dict(item), (*self.at, "data", index)))
        for index, item in enumerate(rule.targets or ()):
            self._target(dict(item), (*self.at, "targets", index))
        if rule.reduce is not None:
            self._expression({"type": "reduce", "expression": self._last(), "reducer": rule.reduce}, "")
        if rule.threshold is not None:
            of = rule.threshold.of or self._last()
            if of not in self.letters:
                self._unknown(of, ("threshold", "of"))
            self._expression(_threshold(rule.threshold, of), "")
        for letter in sorted({letter for letter in self.letters if self.letters.count(letter) > 1}):
            self.names.fail(self.at, "refid-twice", f"two queries have the refId {letter}", "give each its own letter")
        return self.data

    def _unknown(self, letter: str, path: Path) -> None:
        known = ", ".join(self.letters) or "none"
        where = path if getattr(self.rule, str(path[0]), None) is not None else ()
        self.names.fail(
            (*self.at, *where), "no-such-query", f"the rule has no query '{letter}'", f"its queries are: {known}"
        )

    def _last(self) -> str:
        return self.letters[-1] if self.letters else ""

    def _free(self) -> str:
        return next((letter for letter in string.ascii_uppercase if letter not in self.letters), "A")

    def _given(self, item: dict[str, Any], at: Path) -> Json:
        """Grafana's own form; a datasource may be said by name."""
        letter = text_of(item.get("refId")) or self._free()
        name = item.pop("datasource", None)
        if name is not None:
            item["datasourceUid"] = self._datasource(name, (*at, "datasource"))
        if not text_of(item.get("datasourceUid")):
            self.names.fail(at, "no-datasource", f"query {letter} names no datasource", "write `datasource: <name>`")
        self.letters.append(letter)
        return {**item, "refId": letter}

    def _datasource(self, name: object, at: Path) -> str:
        if name == EXPRESSION:
            return EXPRESSION
        if not isinstance(name, str):
            self.names.fail(at, "bad-datasource", "a datasource is said by metadata.name", "as in `datasource: main`")
            return ""
        return self.names.uid("datasource", name, at)

    def _target(self, item: dict[str, Any], at: Path) -> None:
        letter = text_of(item.get("refId")) or self._free()
        sorts = [key for key in _SORTS if key in item]
        if len(sorts) > 1:
            self.names.fail(at, "two-expressions", f"{' and '.join(sorts)} in one target", "write one target for each")
            return
        model: dict[str, Json] = {key: value for key, value in item.items() if key not in _OWN}
        if sorts:
            self._short(sorts[0], item, model, letter, at)
            return
        name = item.get("datasource")
        if name is None:
            self.names.fail(at, "no-datasource", f"query {letter} names no datasource", "write `datasource: <name>`")
            return
        uid = self._datasource(name, (*at, "datasource"))
        if "expr" in model and not {"instant", "range", "queryType"} & model.keys():
            reduced = self.rule.reduce is not None or any("reduce" in other for other in self.rule.targets or ())
            model |= {"instant": not reduced, "range": reduced}
        span: dict[str, Json] = {"from": self._seconds(item, "from", 600, at), "to": self._seconds(item, "to", 0, at)}
        self.letters.append(letter)
        self.data.append(
            {"refId": letter, "relativeTimeRange": span, "datasourceUid": uid, "model": {**model, "refId": letter}}
        )

    def _seconds(self, item: dict[str, Any], key: str, default: int, at: Path) -> int:
        try:
            return milliseconds(item[key]) // 1000 if key in item else default
        except (ValueError, TypeError):
            hint = "write how long ago, as in `from: 10m`"
            self.names.fail((*at, key), "bad-duration", f"{key} is no duration", hint)
            return default

    def _short(self, sort: str, item: dict[str, Any], model: dict[str, Json], letter: str, at: Path) -> None:
        value = item[sort]
        if sort == "threshold":
            from pydantic import ValidationError

            from reconciler.kinds._alert_rule_group_spec import Threshold

            try:
                limits = Threshold.model_validate(value)
            except ValidationError as error:
                text = error.errors()[0]["msg"].removeprefix("Value error, ")
                self.names.fail((*at, sort), "bad-threshold", f"threshold: {text}", "as in {of: A, above: 0.05}")
                return
            refers, made = limits.of or self._last(), _threshold(limits, limits.of or self._last())
        elif not isinstance(value, str):
            self.names.fail(
                (*at, sort), f"bad-{sort}", f"{sort} must be a text", "as in `reduce: A` or `math: $A / $B`"
            )
            return
        elif sort == "reduce":
            refers, made = value, {"type": "reduce", "expression": value, "reducer": item.get("by", "last")}
        else:
            refers, made = "", {"type": "math", "expression": value}
        if refers and refers not in self.letters:
            known = ", ".join(self.letters) or "none"
            self.names.fail(
                (*at, sort), "no-such-query", f"no query '{refers}' comes before", f"there are before: {known}"
            )
        self._expression({**model, **made}, letter)

    def _expression(self, model: dict[str, Json], letter: str) -> None:
        letter = letter or self._free()
        self.letters.append(letter)
        self.data.append(
            {
                "refId": letter,
                "relativeTimeRange": {"from": 0, "to": 0},
                "datasourceUid": EXPRESSION,
                "model": {**model, "refId": letter},
            }
        )


def _threshold(limits: "Threshold", of: str) -> dict[str, Json]:
    key = next(key for key in _EVALUATORS if getattr(limits, key) is not None)
    value = getattr(limits, key)
    params = list(value) if isinstance(value, list) else [value]
    evaluator: dict[str, Json] = {"type": _EVALUATORS[key], "params": params}
    return {"type": "threshold", "expression": of, "conditions": [{"evaluator": evaluator}]}


def panel_id(panel: int | str, model: Json, at: Path, names: Names) -> str:
    """The id of a panel of a declared dashboard's model, as the rule's annotation has it."""
    from reconciler.core.references import panels_in

    panels = [item for _, item in panels_in(as_object(model)) if item.get("type") != "row"]
    key = "title" if isinstance(panel, str) else "id"
    ids = [number for item in panels if item.get(key) == panel and isinstance(number := item.get("id"), int)]
    if len(ids) == 1:
        return str(ids[0])
    if ids:
        several = ", ".join(map(str, ids))
        names.fail(at, "ambiguous-panel", f"the dashboard has {len(ids)} panels '{panel}'", f"write an id: {several}")
    else:
        titles = ", ".join(f"'{title}'" for item in panels if (title := text_of(item.get("title"))))
        hint = f"it has {titles}" if titles else "it has no panel with a title"
        names.fail(at, "no-such-panel", f"the dashboard has no panel '{panel}'", hint)
    return ""
