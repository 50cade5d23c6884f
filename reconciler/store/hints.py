"""What was last verified, beside the state: a hint, never authority. Reading and writing it never fails: at the worst
the next plan reads everything.

It holds no body and no secret: uids, titles, revisions, digests.
"""

import zlib
from typing import Any

import orjson
from msgspec import json

from reconciler.core.errors import GgrecError
from reconciler.core.observation import Beacon, Observation, Observed, Seen
from reconciler.core.resource import LiveObject, Manager
from reconciler.store.blobs import Blobs

KEY = "observation.json.z"
_FORMAT = 1


class StoredHints:
    """Implements core.ports.Hints over any Blobs."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._there: bytes | None = None
        self._read: tuple[Observation | None] | None = None

    def observation(self) -> Observation | None:
        """What was kept when this was first asked; None where it was missing, damaged, or of another program."""
        if self._read is None:
            self._read = (self._observation(),)
        return self._read[0]

    def _observation(self) -> Observation | None:
        try:
            found = self._blobs.read(KEY)
            self._there = zlib.decompress(found.data) if found is not None else None
            return None if self._there is None else _decoded(json.decode(self._there))
        except (GgrecError, zlib.error, ValueError, KeyError, TypeError, AttributeError, IndexError):
            self._there = None
            return None

    def keep(self, observation: Observation) -> None:
        """Keep it, where it is another one than was read."""
        try:
            data = orjson.dumps(_encoded(observation))
            if data != self._there:
                self._blobs.put(KEY, zlib.compress(data, 1))
                self._there = data
        except (GgrecError, TypeError):  # a text that is not UTF-8, a full disk, a store that is away
            return


def _encoded(observation: Observation) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "url": observation.url,
        "org": observation.org_id,
        "kinds": {name: _kind(observed) for name, observed in sorted(observation.kinds.items())},
    }


def _kind(observed: Observed) -> dict[str, Any]:
    beacon = observed.beacon
    return {
        "beacon": None if beacon is None else [beacon.stamp, beacon.at, beacon.members],
        "full_at": observed.full_at,
        "objects": [_object(seen) for _, seen in sorted(observed.objects.items())],
    }


def _object(seen: Seen) -> list[Any]:
    live = seen.live
    manager = None if live.manager is None else [live.manager.name, live.manager.release]
    return [live.uid, live.revision, live.version, list(live.keys), dict(live.meta), manager, seen.content]


def _decoded(data: dict[str, Any]) -> Observation | None:
    if data["format"] != _FORMAT:
        return None
    kinds = {}
    for name, item in data["kinds"].items():
        beacon = None if item["beacon"] is None else Beacon(*item["beacon"])
        kinds[name] = Observed(beacon, {found[0]: _seen(name, found) for found in item["objects"]}, item["full_at"])
    return Observation(data["url"], data["org"], kinds)


def _seen(kind: str, found: list[Any]) -> Seen:
    uid, revision, version, keys, meta, manager, content = found
    owner = None if manager is None else Manager(*manager)
    live = LiveObject(kind, uid, {}, revision, version, owner, tuple(keys), meta, complete=False)
    return Seen(live, content)
