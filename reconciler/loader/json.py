"""Strict JSON files: what Grafana exports. No duplicate keys, no NaN; syntax errors with line and column."""

import json
from typing import Any

from reconciler.core.errors import Diagnostic
from reconciler.core.source import Mark, MarkedDict
from reconciler.loader.yaml import YamlProblem, parse_yaml


class _Duplicate(ValueError):
    pass


def parse_json(data: bytes, file: str, *, positions: bool) -> tuple[Any, list[Diagnostic]]:
    """The value of a JSON file. With `positions`, values know their places (slower: for files that people write)."""
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except UnicodeDecodeError as error:
        return None, [Diagnostic("not-utf8", f"byte {error.start} is not UTF-8", "save it as UTF-8", Mark(file, 1, 1))]
    except json.JSONDecodeError as error:
        where = Mark(file, error.lineno, error.colno)
        hint = "is the file complete?" if error.pos >= len(text.rstrip()) else "check the commas and quotes around here"
        return None, [Diagnostic("json-syntax", f"not valid JSON: {error.msg}", hint, where)]
    except RecursionError:
        return None, [Diagnostic("json-syntax", "nested too deeply", "", Mark(file, 1, 1))]
    except _Duplicate as error:
        return None, [Diagnostic("duplicate-key", str(error), "keep one of them", Mark(file, 1, 1))]
    except ValueError as error:
        return None, [Diagnostic("json-syntax", f"not valid JSON: {error}", "", Mark(file, 1, 1))]
    if positions:
        documents, problems = parse_yaml(data, file)  # JSON is YAML: the composer knows where everything stands
        if not problems and documents == [value]:  # YAML folds some characters that JSON keeps
            return documents[0], []
    return (MarkedDict(value, mark=Mark(file, 1, 1)) if isinstance(value, dict) else value), []


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key in result:
            raise _Duplicate(f"'{key}' stands twice in one object")
        result[key] = value
    return result


def _constant(text: str) -> Any:
    raise ValueError(f"{text} is not a number of JSON")


__all__ = ["YamlProblem", "parse_json"]
