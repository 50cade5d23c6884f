"""What else a change touches, as far as it is declared: roles that see a dashboard, home dashboards, views, links.

Asks nobody: what is in Grafana and undeclared is looked for only where something is taken away (engine/losses.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence

from reconciler.core.address import Address
from reconciler.core.json import may_name
from reconciler.core.kind import Kind
from reconciler.core.lazy import whole
from reconciler.core.resource import Resource
from reconciler.core.roles import RoleView

_MOST = 3


def impact(
    changed: Iterable[tuple[Address, str | None]],
    resources: Sequence[Resource],
    roles: Sequence[RoleView],
    kinds: Mapping[str, Kind],
    created: Collection[Address] = (),
) -> dict[Address, tuple[str, ...]]:
    """For each changed object (address, uid): what else is concerned, in words; objects without any are left out.

    Of one that is `created` only for whom: those whose team is there already, for the others all is new.
    """
    wanted = dict(changed)
    referrers: dict[str, dict[str, None]] = {}
    sorts, uids = {address.kind for address in wanted}, [uid for uid in wanted.values() if uid]
    for resource in resources if uids else ():
        kind, name = kinds.get(resource.address.kind), str(resource.address)
        if kind is None or not kind.refers_to & sorts:
            continue
        attributes = whole(resource.attributes)
        if not may_name(attributes, uids):
            continue
        for reference in kind.references(attributes):
            referrers.setdefault(f"{reference.kind}:{reference.text}", {})[name] = None
    found: dict[Address, tuple[str, ...]] = {}
    for address, uid in wanted.items():
        said = [*_roles(address, roles), *_views(address, roles)]
        others = [name for name in referrers.get(f"{address.kind}:{uid}", ()) if name != str(address)]
        if others:
            said.append(f"{_listed(others)}, which {'refers' if len(others) == 1 else 'refer'} to it")
        if said:
            found[address] = tuple(said)
    known = [role for role in roles if role.team not in created]
    new = {address: tuple(_roles(address, known)) for address in (created if known else ())}
    return found | {address: told for address, told in new.items() if told}


def _roles(address: Address, roles: Sequence[RoleView]) -> list[str]:
    homes = [role.title for role in roles if role.home is not None and role.home.shown == address]
    see = [role.title for role in roles if any(entry.shown == address for entry in role.entries)]
    may = [role.title for role in roles if address in role.opens and role.title not in see]
    said = [f"the home dashboard of {_listed(homes)}"] if homes else []
    others = [title for title in see if title not in homes]
    said += [f"what {_listed(others)} {'sees' if len(others) == 1 else 'see'}"] if others else []
    return said + ([f"what {_listed(may)} may open"] if may else [])


def _views(address: Address, roles: Sequence[RoleView]) -> list[str]:
    entries = (entry for role in roles for entry in role.entries if entry.filtered)
    views = [str(entry.shown) for entry in entries if entry.base == address and entry.shown != address]
    return [f"{_listed(list(dict.fromkeys(views)))}, derived from it"] if views else []


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:_MOST])
    if len(names) > _MOST:
        return f"{', '.join(shown)} and {len(names) - _MOST} more"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
