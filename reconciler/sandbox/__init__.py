"""An emulator of Grafana 12.3's HTTP API, in one process: for the demo and for tests. Imports no other room.

Importing this package needs nothing; starting a sandbox needs starlette and uvicorn (the extra `ggrec[sandbox]`).
"""

from typing import Any

from reconciler.sandbox.faults import Fault
from reconciler.sandbox.world import World

__all__ = ["Fault", "World", "create_app", "serve", "start"]


def create_app(world: World | None = None) -> Any:
    """The ASGI app; `app.state.world` is what it holds, `app.state.faults` its switches."""
    from reconciler.sandbox.app import create_app as create

    return create(world or World())


def start(world: World | None = None, *, port: int = 0) -> Any:
    """Run in a thread on loopback; the handle has url, world, faults, requests and stop()."""
    from reconciler.sandbox.server import start as begin

    return begin(world or World(), port)


def serve(port: int, world: World | None = None) -> None:
    """Run until interrupted, telling at the start what this is."""
    from reconciler.sandbox.server import serve as run

    run(port, world or World())
