"""`${values.x}` in a spec: the instance's value. And the references that belong to secrets only, found where they
must not be.

Grafana's own `$x`, `${x}`, `${x:regex}` and `[[x]]` are none of ours and stay as they are.
"""

import re
from collections.abc import Mapping
from typing import Any

from reconciler.authoring.problems import Problems, suggestion
from reconciler.core.json import Json
from reconciler.core.source import MarkedDict, MarkedList, Path

_VALUE = re.compile(r"\$\{values\.([^}]*)\}")
_SECRET = re.compile(r"\$\{(env|file):")
_SECRETS_HERE = "secureJsonData"


def with_values(root: MarkedDict, values: Mapping[str, Json], problems: Problems) -> MarkedDict:
    """A copy of a marked value with every `${values.x}` filled in; unknown values are noted at their place."""
    result = _Filling(root, values, problems).walk(root, ())
    assert isinstance(result, MarkedDict)
    return result


class _Filling:
    def __init__(self, root: MarkedDict, values: Mapping[str, Json], problems: Problems) -> None:
        self.root = root
        self.values = values
        self.problems = problems

    def walk(self, value: Any, path: Path) -> Any:
        if isinstance(value, str):
            return self.text(value, path) if "${" in value else value
        if isinstance(value, MarkedDict):
            filled = MarkedDict(mark=value.mark)
            for key, item in value.items():
                filled.take(key, value, self.walk(item, (*path, key)))
            return filled
        if isinstance(value, MarkedList):
            items = MarkedList(mark=value.mark)
            for index, item in enumerate(value):
                items.add(self.walk(item, (*path, index)), value.items_at[index])
            return items
        if isinstance(value, dict):
            return {key: self.walk(item, (*path, key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.walk(item, (*path, index)) for index, item in enumerate(value)]
        return value

    def text(self, text: str, path: Path) -> Any:
        if _SECRET.search(text) and _SECRETS_HERE not in path:
            hint = "declare it under `values` of the instance in ggrec.yaml, and write ${values.name}"
            message = "${env:…} and ${file:…} are for secrets (secureJsonData) only"
            self.problems.in_value(self.root, path, "reference-outside-secret", message, hint)
            return text
        whole = _VALUE.fullmatch(text)
        if whole:
            return self.look(whole.group(1), path)
        return _VALUE.sub(lambda match: _as_text(self.look(match.group(1), path)), text)

    def look(self, name: str, path: Path) -> Any:
        here: Any = self.values
        for step in name.split("."):
            if not isinstance(here, Mapping) or step not in here:
                known = list(self.values)
                message = f"no value '{name}' for this instance"
                hint = suggestion(name, known) if known else "set it under `values` of the instance in ggrec.yaml"
                self.problems.in_value(self.root, path, "unknown-value", message, hint)
                return ""
            here = here[step]
        return here


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
