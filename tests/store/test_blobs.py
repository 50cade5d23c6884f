"""What every place to store must do, in all of them; and what is said where an object store does not do it."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from reconciler.core.errors import GgrecError, StoreFailed
from reconciler.store.blobs import Blobs, LocalBlobs
from reconciler.store.places import Options, object_store
from tests.store.conftest import on_s3
from tests.store.s3 import Server


def test_what_was_set_is_there(blobs: Blobs) -> None:
    assert blobs.read("a/b.json") is None
    blobs.put("a/b.json", b"1")
    blobs.put("a/b.json", b"2")
    found = blobs.read("a/b.json")
    assert found is not None and found.data == b"2"
    blobs.delete(["a/b.json", "a/absent"])
    assert blobs.read("a/b.json") is None


def test_keys_are_listed_below_a_prefix_in_order(blobs: Blobs) -> None:
    for key in ("runs/b.json", "runs/a.json", "journal/r/00000001.json", "other.json"):
        blobs.put(key, b"x")
    assert blobs.list("runs/") == ("runs/a.json", "runs/b.json")
    assert blobs.list("journal/") == ("journal/r/00000001.json",)
    assert blobs.list("nothing/") == ()
    blobs.put("runs/b.json", b"12345")
    assert dict(blobs.sizes("runs/")) == {"runs/a.json": 1, "runs/b.json": 5}
    assert dict(blobs.sizes("nothing/")) == {}


def test_only_one_creates(blobs: Blobs) -> None:
    version = blobs.create("k", b"mine")
    assert version is not None
    assert blobs.create("k", b"theirs") is None
    assert blobs.read("k").data == b"mine"  # type: ignore[union-attr]


def test_a_swap_needs_the_version(blobs: Blobs) -> None:
    first = blobs.create("k", b"1")
    assert first is not None
    second = blobs.swap("k", b"2", first)
    assert second is not None and second != first
    assert blobs.swap("k", b"3", first) is None
    assert blobs.read("k").version == second  # type: ignore[union-attr]
    assert blobs.swap("absent", b"3", first) is None


def test_what_is_taken_away_is_absent_and_can_be_created_again(blobs: Blobs) -> None:
    version = blobs.create("k", b"1")
    assert version is not None
    newer = blobs.swap("k", b"2", version)
    assert newer is not None
    assert not blobs.take_away("k", version)
    assert blobs.take_away("k", newer)
    assert blobs.read("k") is None
    assert blobs.create("k", b"3") is not None
    assert blobs.create("k", b"4") is None


@pytest.mark.parametrize("how", ["create", "swap"])
def test_of_many_at_once_one_wins(blobs: Blobs, how: str) -> None:
    version = blobs.create("other", b"0") if how == "swap" else None
    won: list[str] = []

    def race(name: str) -> None:
        data = name.encode()
        if (blobs.create("k", data) if version is None else blobs.swap("other", data, version)) is not None:
            won.append(name)

    threads = [threading.Thread(target=race, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert blobs.read("k" if version is None else "other").data.decode() == won[0]  # type: ignore[union-attr]


def test_a_lost_answer_is_recognised_by_the_bytes(s3: Server, bucket: str) -> None:
    """obstore repeats a write whose answer was a 500; the repetition is refused by our own write."""
    blobs = on_s3(s3, bucket)
    seen: list[str] = []

    def once(method: str, path: str) -> bool:
        seen.append(method)
        return method == "PUT" and seen.count("PUT") in {1}

    s3.lose = once
    version = blobs.create("k", b"mine")
    assert version is not None
    seen.clear()
    assert blobs.swap("k", b"newer", version) is not None
    assert blobs.read("k").data == b"newer"  # type: ignore[union-attr]


def test_a_store_without_conditions_is_refused(s3: Server, bucket: str) -> None:
    s3.unconditional = True
    blobs = on_s3(s3, bucket)
    with pytest.raises(StoreFailed, match="accepts a conditional write whose condition does not hold"):
        blobs.create("lock.json", b"mine")


def test_a_folder_needs_no_write_to_be_read(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path / "none")
    assert blobs.read("k") is None
    assert blobs.list("runs/") == ()
    assert not (tmp_path / "none").exists()


@contextmanager
def _refused(*words: str) -> Iterator[None]:
    with pytest.raises(StoreFailed) as caught:
        yield
    error = caught.value.diagnostics[0]
    for word in words:
        assert word in f"{error.message} {error.hint}", error
    assert "Debug source" not in error.message


def test_failures_say_where_why_and_what_to_do(s3: Server, bucket: str) -> None:
    for call in (lambda b: b.read("k"), lambda b: b.create("k", b"1"), lambda b: b.list("runs/")):
        with _refused("s3://nobucket1", "there is no such bucket", "create it"):
            call(on_s3(s3, "s3://nobucket1/p"))
    s3.status, s3.fail = 403, lambda method, path: True
    with _refused(
        f"cannot read {bucket}/k: the credentials may not do this (status 403, AccessDenied", "list and delete"
    ):
        on_s3(s3, bucket).read("k")


def test_nobody_answers_and_http_is_not_allowed(s3: Server) -> None:
    closed = Options(endpoint="http://127.0.0.1:9", allow_http=True, credentials=("a", "b"), retries=0)
    with _refused("cannot read s3://bucket/p/k: nobody answers there", "check the endpoint"):
        object_store("s3://bucket/p", closed, {}).read("k")
    plain = Options(endpoint=s3.url, credentials=("a", "b"), retries=0)
    with _refused("the endpoint is http, which is not allowed", "allow_http: true"):
        object_store("s3://bucket/p", plain, {}).read("k")


def test_a_wrong_authority_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(GgrecError, match=r"none\.pem cannot be read"):
        object_store("s3://bucket", Options(ca=tmp_path / "none.pem"), {})
