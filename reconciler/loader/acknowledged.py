"""acknowledged.yaml: which drift is known and may stand until when. Read strictly, with places; an entry is added or
taken away without touching the rest of the file, its comments included.
"""

import io
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct

from reconciler.core.acknowledgement import ACKNOWLEDGED, Acknowledgement
from reconciler.core.address import Address
from reconciler.core.errors import Diagnostic, GgrecError, InvalidInput
from reconciler.core.selectors import BadSelector, parse_selector
from reconciler.core.source import MarkedDict, MarkedList, mark_at
from reconciler.loader.envelope import suggestion
from reconciler.loader.yaml import parse_yaml

_FIELDS = ("address", "path", "reason", "until", "who", "instance")
_NEEDED = ("address", "reason", "until")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z", re.ASCII)
_BEGIN = """\
# Drift that somebody looked at and lets stand until a day. `ggrec drift ack` and `unack` write here; review it as code.
apiVersion: ggrec/v1
kind: Acknowledgements
acknowledged: []
"""


class _Entry(Struct, frozen=True):
    written: MarkedDict
    root: MarkedDict
    number: int

    def problem(self, code: str, text: str, hint: str, key: str = "") -> Diagnostic:
        path = ("acknowledged", self.number, *((key,) if key else ()))
        return Diagnostic(code, text, hint, mark_at(self.root, path))


def read_acknowledged(folder: Path) -> tuple[Acknowledgement, ...]:
    """What is acknowledged, in the file's order; nothing where there is no file.

    Raises InvalidInput with everything that is wrong in it.
    """
    try:
        data = (folder / ACKNOWLEDGED).read_bytes()
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise GgrecError.one(
            "unreadable-file", f"cannot read {folder / ACKNOWLEDGED}: {error.strerror or error}"
        ) from None
    documents, problems = parse_yaml(data, ACKNOWLEDGED)
    found: list[Acknowledgement] = []
    for document in documents:
        _document(document, found, problems)
    if problems:
        raise InvalidInput(tuple(sorted(problems, key=Diagnostic.sort_key)))
    return tuple(found)


def day_problem(text: str) -> str:
    """What is wrong with a day; "": nothing."""
    try:
        if _DAY.match(text):
            date.fromisoformat(text)
            return ""
    except ValueError:
        return f"there is no day {text}"
    return f"'{text}' is no day: write YYYY-MM-DD"


def path_problem(text: str) -> str:
    """What is wrong with a path; "": nothing."""
    try:
        parse_selector(text)
    except BadSelector as error:
        return f"path '{text}': {error}"
    return ""


def acknowledge(folder: Path, item: Acknowledgement) -> bool:
    """Add an entry, in the place of one of the same address, path and instance. True: it took its place."""
    tree = _tree(folder)
    entries = tree["acknowledged"]
    entry = {name: value for name in _FIELDS if (value := str(getattr(item, name)))}
    for number, old in enumerate(entries):
        if _same(old, str(item.address), item.path, item.instance):
            entries[number].clear()
            entries[number].update(entry)
            _write(folder, tree)
            return True
    if not entries:
        entries.fa.set_block_style()
    entries.append(entry)
    _write(folder, tree)
    return False


def unacknowledge(folder: Path, address: Address, path: str | None, instance: str) -> int:
    """Take entries of an address away (None: whatever their path); how many there were."""
    tree = _tree(folder)
    entries = tree["acknowledged"]
    gone = [
        number
        for number, old in enumerate(entries)
        if _same(old, str(address), str(old.get("path") or "") if path is None else path, instance)
        or _same(old, str(address), str(old.get("path") or "") if path is None else path, "")
    ]
    for number in reversed(gone):
        del entries[number]
    if gone:
        _write(folder, tree)
    return len(gone)


def _same(old: Mapping[str, Any], address: str, path: str, instance: str) -> bool:
    return (str(old.get("address")), str(old.get("path") or ""), str(old.get("instance") or "")) == (
        address,
        path,
        instance,
    )


def _document(document: Any, found: list[Acknowledgement], problems: list[Diagnostic]) -> None:
    if not isinstance(document, MarkedDict):
        problems.append(Diagnostic("bad-acknowledged", f"{ACKNOWLEDGED} must be a mapping", subject=ACKNOWLEDGED))
        return
    allowed = {"apiVersion", "kind", "acknowledged"}
    for key in document:
        if key not in allowed:
            text = f"unknown key '{key}'"
            where = mark_at(document, (key,), key=True)
            problems.append(Diagnostic("unknown-key", text, suggestion(key, allowed), where))
    for key, wanted in (("apiVersion", "ggrec/v1"), ("kind", "Acknowledgements")):
        if document.get(key) != wanted:
            text = f"{key} must be {wanted}"
            problems.append(Diagnostic("bad-acknowledged", text, f"write `{key}: {wanted}`", mark_at(document, (key,))))
    entries = document.get("acknowledged")
    if not isinstance(entries, MarkedList):
        text = "`acknowledged` must be a list"
        problems.append(Diagnostic("bad-acknowledged", text, where=mark_at(document, ("acknowledged",))))
        return
    for number, written in enumerate(entries):
        if not isinstance(written, MarkedDict):
            where = mark_at(document, ("acknowledged", number))
            problems.append(Diagnostic("bad-acknowledged", "an entry must be a mapping", where=where))
            continue
        entry = _Entry(written, document, number)
        wrong = _wrong(entry)
        problems += wrong
        if not wrong:
            found.append(_made(entry))


def _wrong(entry: _Entry) -> list[Diagnostic]:
    written, found = entry.written, []
    for key, value in written.items():
        if key not in _FIELDS:
            text = f"unknown key '{key}'"
            found.append(entry.problem("unknown-key", text, suggestion(key, _FIELDS), key))
        elif isinstance(value, str) and not value.strip():
            text, hint = f"{key} is empty", "write why it may stand" if key == "reason" else "write it, or take it out"
            found.append(entry.problem("bad-acknowledged", text, hint, key))
        elif not isinstance(value, str):
            found.append(entry.problem("bad-acknowledged", f"{key} must be a text", "quote it", key))
    for key in _NEEDED:
        if key not in written:
            text = f"an acknowledgement needs `{key}`"
            found.append(entry.problem("bad-acknowledged", text, "needed are address, reason and until"))
    if found:
        return found
    try:
        Address.parse(written["address"])
    except ValueError as error:
        found.append(entry.problem("bad-address", str(error), "write kind.name", "address"))
    if problem := day_problem(written["until"]):
        found.append(entry.problem("bad-day", f"until: {problem}", "the last day on which it holds, in UTC", "until"))
    if "path" in written and (problem := path_problem(written["path"])):
        found.append(entry.problem("bad-path", problem, "as in panels[title='Latency'].fieldConfig", "path"))
    return found


def _made(entry: _Entry) -> Acknowledgement:
    given = {name: entry.written.get(name, "") for name in ("reason", "until", "path", "who", "instance")}
    where = mark_at(entry.root, ("acknowledged", entry.number))
    return Acknowledgement(Address.parse(entry.written["address"]), where=where, **given)


def _yaml() -> Any:
    from ruamel.yaml import YAML  # slow to import, and needed for writing only

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 10**6
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml


def _tree(folder: Path) -> Any:
    read_acknowledged(folder)  # what is wrong is said with its place, and is not written over
    try:
        text = (folder / ACKNOWLEDGED).read_text("utf-8")
    except FileNotFoundError:
        text = _BEGIN
    return _yaml().load(text)


def _write(folder: Path, tree: Any) -> None:
    out = io.StringIO()
    _yaml().dump(tree, out)
    beside = folder / f".{ACKNOWLEDGED}.new"
    try:
        beside.write_text(out.getvalue(), "utf-8")
        beside.replace(folder / ACKNOWLEDGED)
    except OSError as error:
        raise GgrecError.one(
            "unwritable-file", f"cannot write {folder / ACKNOWLEDGED}: {error.strerror or error}"
        ) from None
