"""What a lost state can be made of again. Values only; the engine finds it."""

from collections.abc import Mapping

from msgspec import Struct

from reconciler.core.address import Address
from reconciler.core.diff import Edit
from reconciler.core.errors import Diagnostic
from reconciler.core.state import ResourceState, State


class Found(Struct, frozen=True):
    """A declared object that is there. `edits`: what the next plan would change in it, as far as can be told now."""

    address: Address
    title: str
    entry: ResourceState
    edits: tuple[Edit, ...] = ()


class Rebuilt(Struct, frozen=True):
    """What the state would be. `absent`: declared, and not in Grafana; `refused`: not ours to own; `unreadable`: kinds
    that could not be read, so that it is incomplete; `unmanaged`: objects in Grafana that nobody declares, by kind.
    """

    state: State
    found: tuple[Found, ...]
    absent: tuple[Address, ...]
    refused: tuple[Diagnostic, ...]
    unreadable: tuple[Diagnostic, ...]
    unmanaged: Mapping[str, int]
