"""Numbers of an answer."""

import math
from typing import Any


def number_at(value: Any, *path: str) -> float | None:
    """A number inside a bucket; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) else None
