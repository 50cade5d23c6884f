"""Files as a side of `ggrec diff`: documents as in a desired folder, with all that the others declare around them; or a
dashboard as Grafana exports it.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from reconciler.authoring.resolve import resolve
from reconciler.cli.session import Session
from reconciler.core.address import NAME, Address
from reconciler.core.comparison import Side, Thing
from reconciler.core.errors import InvalidInput, Severity
from reconciler.core.json import JsonObject, as_object, text_of
from reconciler.core.kind import Kind
from reconciler.core.resource import Document
from reconciler.core.source import Mark
from reconciler.loader.envelope import open_envelope
from reconciler.loader.json import parse_json
from reconciler.loader.yaml import parse_yaml


def file_side(name: str, path: Path, session: Session) -> Side:
    """A side under a name. Raises InvalidInput with everything that is wrong in the file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput.one("unreadable-file", f"cannot read {path}: {error.strerror or error}") from None
    if path.suffix == ".json":
        value, problems = parse_json(data, str(path), positions=True)
        values = [] if problems else [value]
    else:
        values, problems = parse_yaml(data, str(path))
    if problems:
        raise InvalidInput(tuple(problems))
    if len(values) == 1 and "apiVersion" not in as_object(values[0]):
        return _exported(name, as_object(values[0]), path, session)
    documents: list[Document] = []
    for value in values:
        document, wrong = open_envelope(value, str(path))
        problems += wrong
        documents += [document] if document is not None else []
    if problems:
        raise InvalidInput(tuple(problems))
    things = _resolved(session, documents)
    return Side(name, things, tuple(things))


def _resolved(session: Session, documents: Sequence[Document]) -> dict[Address, Thing]:
    ours = {(item.kind, item.name) for item in documents}
    others = [item for item in session.load().documents if (item.kind, item.name) not in ours]
    values = session.project.values(session.settings.instance)
    resolved = resolve([*others, *documents], session.registry, values=values)
    errors = tuple(item for item in resolved.diagnostics if item.severity is Severity.ERROR)
    if errors:
        raise InvalidInput(errors)
    files = {item.mark.file for item in documents}
    found = [item for item in resolved.resources if item.source is not None and item.source.file in files]
    return {item.address: Thing(item.attributes, declared=item.lifecycle, source=item.source) for item in found}


def _exported(name: str, value: JsonObject, path: Path, session: Session) -> Side:
    """A dashboard as Grafana's export or its API has it: known by its uid."""
    model = as_object(value["dashboard"]) if isinstance(value.get("dashboard"), Mapping) else value
    uid, top = text_of(model.get("uid")), Mark(str(path), 1, 1)
    if not uid or not isinstance(model.get("panels", []), list):
        text = "neither a document with `apiVersion: ggrec/v1` nor a dashboard with a uid"
        raise InvalidInput.one("not-a-side", text, hint="give a desired file or an exported dashboard", where=top)
    kind = _dashboards(session)
    declared = {item.uid: item.address for item in session.resources() if item.address.kind == kind.name}
    address = declared.get(uid)
    if address is None:
        if NAME.fullmatch(uid) is None:
            raise InvalidInput.one("not-declared", f"no declared dashboard has the uid '{uid}'", where=top)
        address = Address(kind.name, uid)
    thing = Thing({str(kind.body_key): model}, keys=frozenset({str(kind.body_key)}), source=top)
    return Side(name, {address: thing}, (address,))


def _dashboards(session: Session) -> Kind:
    return next(kind for kind in session.registry.values() if kind.body_key is not None)
