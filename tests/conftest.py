"""What all tests share: the places of test input, and the sandbox as a transport without sockets."""

from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ggrec", deadline=None)  # how long an example takes on a busy machine is no finding
settings.load_profile("ggrec")
SHARED = Path(__file__).parents[2] / "shared"


def shared(name: str) -> Path:
    """A folder of the material beside the checkout; the test is skipped where it is absent."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"needs ../shared/{name}, which is not beside this checkout")
    return path
