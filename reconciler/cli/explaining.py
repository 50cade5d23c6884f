"""explain: where each value of one object comes from, from the desired files alone."""

import json as jsonlib
from typing import Annotated

from reconciler.authoring.provenance import Leaf, Provenance, below_path
from reconciler.cli.options import Argument, Option
from reconciler.cli.session import Session
from reconciler.cli.settings import ConfigOption, InstanceOption, JsonOption, NoColorOption, Settings
from reconciler.core.errors import ExitCode, UsageError
from reconciler.core.json import as_object
from reconciler.render.lines import Line, Span, line, safe

_LONGEST = 60


def explain(
    address: Annotated[str, Argument(help="kind.name")],
    path: Annotated[str, Option("--path", help="Only this part, as in \"panels[title='Revenue'].targets\".")] = "",
    instance: InstanceOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
    no_color: NoColorOption = False,
) -> int:
    """Where each value of an object comes from: file and line, template, role, value of the instance. Offline."""
    session = Session(Settings(instance, None, config, json, no_color))
    loaded, resolved = session.valid()
    resource = session.resource(resolved.resources, address)
    project = session.project
    chosen = instance or project.model.default or next(iter(project.model.instances), "")
    values = project.values(instance)
    provenance = Provenance(loaded.documents, session.registry, values=values, instance=chosen)
    leaves = list(provenance.leaves(resource))
    if path:
        body = session.registry[resource.address.kind].body_key
        whole = {**resource.attributes, **as_object(resource.attributes.get(body))} if body else resource.attributes
        leaves = below_path(leaves, path, whole)
        if not leaves:
            hint = f"`ggrec explain {address}` lists all paths"
            raise UsageError.one("no-such-path", f"{address} has nothing at {path}", hint=hint)
    if json:
        document = {"format": "ggrec/explanation/v1", "address": address, "origin": resource.origin,
                    "leaves": [_json(leaf) for leaf in leaves]}  # fmt: skip
        session.output.json(document)
        return ExitCode.DONE
    where = f" {resource.source.file}:{resource.source.line}" if resource.source else ""
    head = line(Span(address, "head"), Span(safe(where), "dim"), f" {resource.origin}" if resource.origin else "")
    session.output.lines([head, *(_line(leaf) for leaf in leaves)])
    return ExitCode.DONE


def _line(leaf: Leaf) -> Line:
    value = jsonlib.dumps(leaf.value, ensure_ascii=False)
    short = value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"
    where = f"  {leaf.where.file}:{leaf.where.line}" if leaf.where else ""
    origin = f"  {', '.join(leaf.origin)}" if leaf.origin else ""
    return line("  ", safe(leaf.label), ": ", Span(safe(short), "head"), Span(safe(where), "dim"), safe(origin))


def _json(leaf: Leaf) -> dict[str, object]:
    where = leaf.where
    place = {"file": where.file, "line": where.line, "column": where.column} if where else None
    shown = {"path": leaf.label, "steps": list(leaf.path), "value": leaf.value}
    return {**shown, "where": place, "origin": list(leaf.origin)}
