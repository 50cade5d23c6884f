"""What is remembered between two `ggrec check --live`: since when a panel shows nothing. A key of its own beside the
state, written best-effort and never under the lock. Losing it costs "since", and nothing else.
"""

import json
from collections.abc import Mapping

from reconciler.core.errors import GgrecError
from reconciler.store.blobs import Blobs

KEY = "check.json"
_FORMAT = 1


def read_since(blobs: Blobs) -> dict[str, dict[str, str]]:
    """Dashboard → panel → since when; nothing where it cannot be read."""
    try:
        found = blobs.read(KEY)
        data = json.loads(found.data) if found is not None else None
    except (GgrecError, ValueError, RecursionError):
        return {}
    since = data.get("since") if isinstance(data, dict) and data.get("format") == _FORMAT else None
    if not isinstance(since, dict):
        return {}
    return {
        address: {place: at for place, at in places.items() if isinstance(at, str)}
        for address, places in since.items()
        if isinstance(places, dict)
    }


def write_since(blobs: Blobs, since: Mapping[str, Mapping[str, str]]) -> str:
    """Keep it; the result says why it could not be ("": it is kept)."""
    try:
        blobs.put(KEY, json.dumps({"format": _FORMAT, "since": since}, indent=1, sort_keys=True).encode())
    except GgrecError as error:
        return error.diagnostics[0].message
    return ""
