"""Running the app: in the foreground for people, in a thread for tests and benchmarks. On loopback only."""

import socket
import sys
import threading
from typing import Any

import uvicorn
from msgspec import Struct

from reconciler.sandbox.app import create_app
from reconciler.sandbox.dispatch import Seen
from reconciler.sandbox.faults import Faults
from reconciler.sandbox.people import VERSION
from reconciler.sandbox.world import World

_HOST = "127.0.0.1"
_BANNER = """\
ggrec sandbox: an emulator of Grafana {version}'s HTTP API (open source, default storage), not a Grafana.
  emulated      folders and their permissions, dashboards with versions, search, teams with members, preferences,
                datasources, annotations, library panels, playlists (reading), alert rules by groups,
                contact points, mute timings, notification policies, message templates,
                users and organisations as far as these need them,
                access by role (Admin, Editor, Viewer), queries where a Prometheus or Elasticsearch answers
  not emulated  everything else; panels are not drawn
  address       http://{host}:{port}   user admin, password admin
  objects       {kept}
Ctrl-C ends it.
"""


def _server(app: Any, port: int) -> tuple[uvicorn.Server, socket.socket]:
    # With the protocol named, asyncio switches Nagle off: else each answer waits 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((_HOST, port))
    listener.listen(128)
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    return uvicorn.Server(config), listener


def serve(port: int, world: World) -> None:
    """Run until interrupted; the banner comes when it listens."""
    try:
        server, listener = _server(create_app(world), port)
    except OSError as error:
        raise SystemExit(f"port {port}: {error.strerror}: is another one running? Choose one with --port") from None
    kept = f"kept in {world.folder}" if world.folder else "in memory: gone when it ends"
    number = listener.getsockname()[1]
    sys.stdout.write(_BANNER.format(version=VERSION, host=_HOST, port=number, kept=kept))
    sys.stdout.flush()
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


class Handle(Struct):
    """A running sandbox."""

    url: str
    app: Any
    server: uvicorn.Server
    thread: threading.Thread
    listener: socket.socket

    @property
    def world(self) -> World:
        """What it holds."""
        world: World = self.app.state.world
        return world

    @property
    def faults(self) -> Faults:
        """Its switches."""
        faults: Faults = self.app.state.faults
        return faults

    @property
    def requests(self) -> list[Seen]:
        """What it was asked."""
        requests: list[Seen] = self.app.state.dispatcher.requests
        return requests

    def stop(self) -> None:
        """End it."""
        self.faults.clear()
        self.server.should_exit = True
        self.thread.join(timeout=10)
        self.listener.close()


def start(world: World, port: int) -> Handle:
    """Run in a thread; answers as soon as this returns (the socket listens already)."""
    app = create_app(world)
    server, listener = _server(app, port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    return Handle(f"http://{_HOST}:{listener.getsockname()[1]}", app, server, thread, listener)
