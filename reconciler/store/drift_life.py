"""What is remembered between two `ggrec drift`: a key of its own beside the state, written best-effort and never under
the lock. Losing it costs "first seen", and nothing else.
"""

import json

from reconciler.core.drift import Life
from reconciler.core.errors import GgrecError
from reconciler.store.blobs import Blobs
from reconciler.store.codec import decode, encode

KEY = "drift.json"
_FORMAT = 1


def read_life(blobs: Blobs) -> Life:
    """What the last check left; nothing where it cannot be read."""
    try:
        found = blobs.read(KEY)
        data = json.loads(found.data) if found is not None else None
        if isinstance(data, dict) and data.pop("format", None) == _FORMAT:
            return decode(Life, data, KEY)
    except (GgrecError, ValueError, RecursionError):
        pass
    return Life()


def write_life(blobs: Blobs, life: Life) -> str:
    """Keep it; the result says why it could not be ("": it is kept)."""
    kept = encode(life)
    assert isinstance(kept, dict)
    data = {"format": _FORMAT, **kept}
    try:
        blobs.put(KEY, json.dumps(data, indent=1, sort_keys=True).encode())
    except GgrecError as error:
        return error.diagnostics[0].message
    return ""
