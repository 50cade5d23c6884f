"""Opening the place where a state is kept, with this process as the one that would hold its lock."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.cli.output import SystemClock
from reconciler.grafana.secrets import SecretResolver
from reconciler.loader.state import RemoteState
from reconciler.store.blobs import Blobs
from reconciler.store.places import Options, folder, object_store
from reconciler.store.state_store import StateStore

if TYPE_CHECKING:
    from reconciler.store.lease import Tenant


def open_store(place: Path | RemoteState, secrets: SecretResolver, *, lease: float) -> StateStore:
    """The store in a folder or an object store. Raises StoreFailed where the options do not fit, GgrecError for
    missing secrets; nothing is asked yet. `lease` in seconds.
    """
    blobs = folder(place) if isinstance(place, Path) else _remote(place, secrets)
    return StateStore(blobs, clock=SystemClock(), tenant=lambda: _this_process(lease))


def _this_process(lease: float) -> "Tenant":
    import socket
    import sys

    from reconciler.store.lease import Tenant, Timing
    from reconciler.store.lock import Owner, pipeline_url, process_started, this_machine

    mine = os.getpid()
    owner = Owner(
        socket.gethostname(),
        mine,
        user_name(),
        started=process_started(mine),
        machine=this_machine(),
        pipeline=pipeline_url(os.environ),
    )
    return Tenant(owner, Timing(lease, told=lambda text: print(text, file=sys.stderr)))


def _remote(place: RemoteState, secrets: SecretResolver) -> Blobs:
    credentials = None
    if place.access_key_id is not None and place.secret_access_key is not None:
        credentials = (secrets.resolve(place.access_key_id), secrets.resolve(place.secret_access_key))
    options = Options(
        endpoint=place.endpoint,
        region=place.region,
        allow_http=place.allow_http,
        path_style=place.path_style,
        ca=place.ca,
        credentials=credentials,
    )
    return object_store(place.url, options, os.environ)


def user_name() -> str:
    """Who runs this: the pipeline's person, else the user."""
    for name in ("GITHUB_ACTOR", "GITLAB_USER_LOGIN"):
        if os.environ.get(name):
            return os.environ[name]
    import getpass  # who only plans is not asked

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
