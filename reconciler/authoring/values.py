"""`${values.x}` in a spec: the instance's value. And references that belong to secrets, found where they must not be.

Grafana's own `$x`, `${x}`, `${x:regex}` and `[[x]]` are none of ours and stay as they are. Must not read anything: the
values come in, and secrets are never resolved here.
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from reconciler.authoring.problems import Problems, suggestion
from reconciler.core.json import Json
from reconciler.core.source import Mark, MarkedDict, MarkedList, Path, mark_at

_VALUE = re.compile(r"\$\{values\.([^}]*)(\}?)")
_SECRET = re.compile(r"\$\{(env|file|command|sops):([^}:]*)")
_SECRETS_HERE = "secureJsonData"
_SECRETS_INSIDE = ("integrations", "secureSettings")
"""And of a list of these (contact points)."""
_FORMATS = (
    "csv customqueryparam date distributed doublequote glob html join json lucene percentencode pipe queryparam raw "
    "regex singlequote sqlstring text uriencode"
)
"""Grafana's formats of variables: `${env:regex}` is a dashboard's variable called env."""


class Text(Enum):
    """Whose text it is: a spec of ours, a spec in which Grafana's variables may stand, or a file taken verbatim."""

    OURS = "ours"
    GRAFANAS = "grafanas"
    VERBATIM = "verbatim"


def with_values(root: MarkedDict, values: Mapping[str, Json], problems: Problems, text: Text = Text.OURS) -> MarkedDict:
    """A marked value with every `${values.x}` filled in; parts in which there is none are shared with `root`.

    Unknown values, and references to secrets outside of secrets, are noted at their place.
    """
    result = _Filling(root, values, problems, text).walk(root, ())
    assert isinstance(result, MarkedDict)
    return result


def _of_secrets(path: Path) -> bool:
    """Whether a place in a spec is one for secrets."""
    return path[0] == _SECRETS_HERE or (path[0], *path[2:3]) == _SECRETS_INSIDE


class _Filling:
    def __init__(self, root: MarkedDict, values: Mapping[str, Json], problems: Problems, text: Text) -> None:
        self.root = root
        self.values = values
        self.problems = problems
        self.whose = text

    def walk(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return self.text(value, path) if "${" in value else value
        if isinstance(value, dict):
            filled = {key: self.walk(item, (*path, key)) for key, item in value.items()}
            return value if all(filled[key] is item for key, item in value.items()) else self.mapping(value, filled)
        if isinstance(value, list):
            items = [self.walk(item, (*path, index)) for index, item in enumerate(value)]
            return value if all(new is old for new, old in zip(items, value, strict=True)) else _list(value, items)
        return value

    def mapping(self, value: dict[str, Any], filled: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(value, MarkedDict):
            return filled
        result = MarkedDict(mark=value.mark)
        for key, item in filled.items():
            result.take(key, value, item)
        return result

    def text(self, text: str, path: Path) -> Any:
        if not _of_secrets(path) and self.is_secret(text):
            hint = "declare it under `values` of the instance in ggrec.yaml, and write ${values.name}"
            message = (
                "${env:…}, ${file:…}, ${command:…} and ${sops:…} are for secrets (secureJsonData, secureSettings) only"
            )
            self.fail(path, "reference-outside-secret", message, hint)
            return text
        whole = _VALUE.fullmatch(text)
        if whole and whole.group(2):
            return marked(self.look(whole, path), mark_at(self.root, path))
        return _VALUE.sub(lambda match: self.inside(match, path), text)

    def is_secret(self, text: str) -> bool:
        if self.whose is Text.VERBATIM:
            return False
        found = _SECRET.finditer(text)
        return any(self.whose is Text.OURS or match.group(2) not in _FORMATS.split() for match in found)

    def inside(self, match: re.Match[str], path: Path) -> str:
        """A value within a longer text: texts, numbers, true and false."""
        if not match.group(2):
            self.fail(path, "unclosed-value", "'${values.' is not closed", "write ${values.name}")
            return match.group()
        value = self.look(match, path)
        if value is None or isinstance(value, (Mapping, list, tuple)):
            what = "null" if value is None else "a mapping" if isinstance(value, Mapping) else "a list"
            message = f"the value '{match.group(1)}' is {what} and cannot stand inside a longer text"
            self.fail(path, "value-not-text", message, "let ${values.…} be the whole text, or name a part of it")
            return match.group()
        if isinstance(value, bool):
            return "true" if value else "false"
        return str(value)

    def look(self, match: re.Match[str], path: Path) -> Any:
        """The value of a name; the text as it was, with an error noted, where there is none."""
        name = match.group(1)
        here: Any = self.values
        for step in name.split("."):
            if not isinstance(here, Mapping) or step not in here:
                known = list(_names(self.values))
                hint = suggestion(name, known) if known else "set it under `values` of the instance in ggrec.yaml"
                self.fail(path, "unknown-value", f"no value '{name}' for this instance", hint)
                return match.group()
            here = here[step]
        return here

    def fail(self, path: Path, code: str, message: str, hint: str) -> None:
        self.problems.in_value(self.root, path, code, message, hint)


def _list(value: list[Any], items: list[Any]) -> list[Any]:
    if not isinstance(value, MarkedList):
        return items
    result = MarkedList(mark=value.mark)
    for index, item in enumerate(items):
        result.add(item, value.items_at[index])
    return result


def marked(value: Any, mark: Mark | None) -> Any:
    """Plain JSON as marked values that all carry one place (an instance's value: the place where it is used)."""
    if isinstance(value, Mapping):
        mapping = MarkedDict(mark=mark)
        for key, item in value.items():
            mapping.put(key, marked(item, mark), key_at=mark, value_at=mark)
        return mapping
    if isinstance(value, (list, tuple)):
        items = MarkedList(mark=mark)
        for item in value:
            items.add(marked(item, mark), mark)
        return items
    return value


def _names(values: Mapping[str, Json], before: str = "") -> Iterator[str]:
    """Every dotted name that a text may use."""
    for key, value in values.items():
        yield before + key
        if isinstance(value, Mapping):
            yield from _names(value, f"{before}{key}.")
