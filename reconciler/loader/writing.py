"""Writing desired files: YAML that reads back exactly under our strict rules, safe names, nothing overwritten."""

import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from reconciler.core.errors import Diagnostic, InvalidInput
from reconciler.core.json import Json, JsonObject
from reconciler.loader.yaml import parse_yaml

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9 _./-]*[A-Za-z0-9_/]\Z|[A-Za-z]\Z")
_NOT_IN_BLOCKS = re.compile(r"[^\S\n]\n|[^\x20-\x7e\n\u00a0-\u2027\u202a-\ud7ff]")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class _Dumper(yaml.SafeDumper):
    """Plain only where nobody could take it for something else; blocks for texts of several lines."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style: str | None = '"'
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        style = None
    elif "\n" in value and not _NOT_IN_BLOCKS.search(value) and not value[:1].isspace():
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(kind: str, name: str, spec: JsonObject) -> str:
    """One document as text. What is written is read back and compared: a text that would not survive is an error
    here.
    """
    document = {"apiVersion": "ggrec/v1", "kind": kind, "metadata": {"name": name}, "spec": _thawed(spec)}
    text: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110, default_flow_style=False
    )
    read, problems = parse_yaml(text.encode("utf-8"), name)
    if problems or read != [document]:
        text = (
            json.dumps(document, indent=2, ensure_ascii=True) + "\n"
        )  # JSON is YAML, and has an escape for everything
    return text


def to_json(model: JsonObject) -> str:
    """A dashboard's model, as Grafana orders it: keys sorted, two blanks."""
    return json.dumps(_thawed(model), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _thawed(value: Json) -> Any:
    if isinstance(value, Mapping):
        return {key: _thawed(item) for key, item in value.items()}
    return [_thawed(item) for item in value] if isinstance(value, list | tuple) else value


def slug(text: str, fallback: str) -> str:
    """A safe, readable name of a file or folder: lower-case ASCII letters, digits and dashes."""
    folded = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    found = re.sub(r"[^a-z0-9]+", "-", folded).strip("-")[:40].strip("-")
    return found or fallback


def write_files(root: Path, files: Mapping[str, str]) -> tuple[Path, ...]:
    """Write all files or none. Raises InvalidInput naming every one that is there already."""
    targets = {root / name: text for name, text in files.items()}
    there = [path for path in targets if path.exists()]
    if there:
        hint = "nothing was written: move it away, or pull less"
        raise InvalidInput(
            tuple(Diagnostic("file-exists", "exists already", hint, subject=str(path)) for path in there)
        )
    written: list[Path] = []
    try:
        for path, text in targets.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8", "surrogatepass"))
            written.append(path)
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise InvalidInput.one(
            "cannot-write", f"{error.filename}: {error.strerror}", hint="nothing was written"
        ) from None
    return tuple(written)
