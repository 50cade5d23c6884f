"""What may be there once only: uids, and names that Grafana keeps unique. Every error names both places."""

from collections.abc import Mapping

from reconciler.authoring.problems import Problems
from reconciler.core.address import Address
from reconciler.core.registry import Registry
from reconciler.core.resource import Resource
from reconciler.core.source import Mark, mark_at

_SHARED = frozenset({"folder", "dashboard"})
"""Folders and dashboards share one space of uids in Grafana (grafana-api.md section 7)."""


def check_uids(uids: Mapping[Address, str | None], problems: Mapping[Address, Problems]) -> None:
    """Two objects of one uid."""
    seen: dict[tuple[str, str], Address] = {}
    for address, uid in sorted(uids.items()):
        if uid is None:
            continue
        shared = address.kind in _SHARED
        other = seen.setdefault(("folder or dashboard" if shared else address.kind, uid), address)
        if other != address:
            text = f"has the uid '{uid}' of {other}, declared at {_uid_at(problems[other])}"
            hint = "choose another metadata.name or metadata.uid"
            if other.kind != address.kind:
                hint = f"folders and dashboards share one space of uids in Grafana: {hint}"
            problems[address].at(_uid_at(problems[address]), "uid-twice", text, hint)


def _uid_at(problems: Problems) -> Mark | None:
    metadata = problems.document.metadata
    return mark_at(metadata, ("uid" if metadata.get("uid") is not None else "name",)) or problems.document.mark


def check_claims(
    resources: Mapping[Address, Resource], registry: Registry, problems: Mapping[Address, Problems]
) -> None:
    """Two objects with one unique name, and two defaults of a kind."""
    seen: dict[tuple[str, str], Address] = {}
    defaults: dict[str, Address] = {}
    for address, resource in sorted(resources.items()):
        for claim in registry[address.kind].claims(resource):
            other = seen.setdefault((address.kind, claim), address)
            if other != address:
                what, _, value = claim.partition(":")
                text = f"has the {what} '{value}' of {other}, declared at {_spec_at(problems[other], what)}"
                where = _spec_at(problems[address], what)
                problems[address].at(where, f"{what}-twice", text, "Grafana keeps it unique: choose another one")
        if resource.attributes.get("isDefault") is True:
            other = defaults.setdefault(address.kind, address)
            if other != address:
                text = f"is the default, and so is {other}, declared at {_spec_at(problems[other], 'isDefault')}"
                where = _spec_at(problems[address], "isDefault")
                problems[address].at(where, "two-defaults", text, "an organisation has one default: keep one")


def _spec_at(problems: Problems, key: str) -> Mark | None:
    """Where the key is written, else where the object is named (which is what such a key is by default)."""
    document = problems.document
    if key in document.spec:
        return mark_at(document.spec, (key,)) or document.mark
    return mark_at(document.metadata, ("name",)) or document.mark
