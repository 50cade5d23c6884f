"""At which line of which file each row of a plan was caused: for the forms that point at lines."""

from collections.abc import Mapping

from msgspec.structs import replace

from reconciler.authoring.provenance import Provenance
from reconciler.cli.session import Session
from reconciler.core.address import Address
from reconciler.core.description import DescribedChange, Description
from reconciler.core.diff import EditPath, Key, Op
from reconciler.core.json import Json, as_list, as_object
from reconciler.core.resource import Resource
from reconciler.core.semantic import inner
from reconciler.core.source import Path


def with_places(session: Session, found: Description) -> Description:
    """The description, each row of what is declared with its place (None: that of the object is the best there is)."""
    asked = {item.change.address for item in found.changes if any(row.edits for row in item.rows)}
    if not asked:
        return found
    documents, remembered = session.desired.written(asked)
    project = session.project
    chosen = session.settings.instance or project.model.default or next(iter(project.model.instances), "")
    values = project.values(session.settings.instance)
    provenance = Provenance(documents, session.registry, values=values, instance=chosen, remembered=remembered)
    resources = {item.address: item for item in provenance.resolved.resources if item.address in asked}
    changes = tuple(_placed(item, provenance, resources, found.body_keys) for item in found.changes)
    return replace(found, changes=changes)


def _placed(
    item: DescribedChange,
    provenance: Provenance,
    resources: Mapping[Address, Resource],
    body_keys: Mapping[str, str | None],
) -> DescribedChange:
    resource = resources.get(item.change.address)
    if resource is None:
        return item
    body = body_keys.get(resource.address.kind)
    whole = {**resource.attributes, **as_object(resource.attributes.get(body))} if body else resource.attributes
    wanted: dict[int, Path] = {}
    for number, row in enumerate(item.rows):
        if not row.edits and number - 1 in wanted and row.part == item.rows[number - 1].part:
            wanted[number] = wanted[number - 1]  # a second sentence about the same edits
            continue
        edit = next((edit for edit in row.edits if edit.op is not Op.REMOVE), None)
        path = _numbered(inner(edit.path, body), whole) if edit is not None else None
        if path:
            wanted[number] = path
    first = {path: provenance.place(resource, path) for path in set(wanted.values())}
    places = tuple(first.get(wanted[number]) if number in wanted else None for number in range(len(item.rows)))
    return replace(item, places=places)


def _numbered(path: EditPath, value: Json) -> Path | None:
    """The path with the places of items instead of their identities; None where it leads nowhere."""
    result: list[str | int] = []
    for step in path:
        if isinstance(step, Key):
            items = [as_object(item).get(step.field) for item in as_list(value)]
            if step.value not in items:
                return None
            result.append(items.index(step.value))
            value = as_list(value)[items.index(step.value)]
        elif isinstance(step, int):
            result.append(step)
            value = as_list(value)[step] if step < len(as_list(value)) else None
        else:
            result.append(step)
            value = as_object(value).get(step)
    return tuple(result)
