"""All places where a state can be kept, for the same tests."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.store.blobs import Blobs, LocalBlobs
from reconciler.store.places import Options, object_store
from tests.store.s3 import KEYS, Server, serving


@pytest.fixture(scope="session")
def s3() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def bucket(s3: Server) -> Iterator[str]:
    """A bucket of one's own; all switches off again at the end."""
    yield s3.bucket(f"b{uuid.uuid4().hex}")
    s3.lose, s3.fail, s3.unconditional, s3.status = (lambda m, p: False), (lambda m, p: False), False, 500


def on_s3(server: Server, url: str) -> Blobs:
    options = Options(endpoint=server.url, allow_http=True, credentials=(KEYS["AWS_ACCESS_KEY_ID"], "test"))
    return object_store(url, options, {"AWS_DEFAULT_REGION": "us-east-1"})


@pytest.fixture(params=["folder", "memory", "s3"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    """An empty place of each sort."""
    if request.param == "folder":
        return LocalBlobs(tmp_path / "state")
    if request.param == "memory":
        return object_store(f"memory://{uuid.uuid4().hex}", Options(), {})
    return on_s3(request.getfixturevalue("s3"), request.getfixturevalue("bucket") + "/some/prefix")
