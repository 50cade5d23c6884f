"""Lines appended under one key of a folder: durable when asked, whole or not there, and never lost to whoever took the
file away meanwhile.
"""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.address import Address
from reconciler.core.errors import GgrecError, StoreFailed
from reconciler.core.state import Intent
from reconciler.store.blobs import LocalBlobs
from reconciler.store.journal import Segment, read_segments

KEY = "journal/r.jsonl"


def text(blobs: LocalBlobs) -> bytes | None:
    found = blobs.read(KEY)
    return None if found is None else found.data


def test_lines_are_added_in_order_and_only_those_that_must_are_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[int] = []
    real = os.fsync
    blobs = LocalBlobs(tmp_path)
    log = blobs.log(KEY)
    log.append(b"a\n", durable=True)  # with the folder, for the file is new
    monkeypatch.setattr(os, "fsync", lambda handle: (flushed.append(handle), real(handle)))
    log.append(b"b\n", durable=False)
    assert flushed == []
    log.append(b"c\n", durable=True)
    assert len(flushed) == 1
    log.close()
    log.close()
    assert text(blobs) == b"a\nb\nc\n"
    assert (tmp_path / KEY).stat().st_mode & 0o077 == 0


def test_what_is_added_after_somebody_took_the_file_away_is_found_by_who_comes_next(tmp_path: Path) -> None:
    blobs = LocalBlobs(tmp_path)
    log = blobs.log(KEY)
    log.append(b"a\n", durable=True)
    LocalBlobs(tmp_path).delete([KEY])  # the next run, which has worked it in
    log.append(b"b\n", durable=False)
    assert text(blobs) == b"b\n"
    (tmp_path / KEY).unlink()
    (tmp_path / KEY).parent.rmdir()
    log.append(b"c\n", durable=True)
    log.close()
    assert text(blobs) == b"c\n"


def test_a_line_that_did_not_fit_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs = LocalBlobs(tmp_path)
    log = blobs.log(KEY)
    log.append(b"first\n", durable=True)
    real = os.write
    left = [3, 0]

    def write(handle: int, data: Any) -> int:
        room = left.pop(0) if left else len(data)
        if not room:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, bytes(data)[:room])

    monkeypatch.setattr(os, "write", write)
    with pytest.raises(StoreFailed, match="No space left on device"):
        log.append(b"second\n", durable=True)
    log.append(b"third\n", durable=True)
    log.close()
    assert text(blobs) == b"first\nthird\n"


def test_a_torn_last_line_is_no_damage_and_one_within_is() -> None:
    lines = [Segment("r", n, 4, Address("team", f"t{n}"), Intent(Address("team", f"t{n}"), None, "d")) for n in (7, 8)]
    whole = b"".join(line.encode() for line in lines)
    assert read_segments(KEY, whole + b'{"serial": 4, "int', "here") == tuple(lines)
    with pytest.raises(GgrecError, match="here:1 cannot be read"):
        read_segments(KEY, b'{"serial": 4, "int\n' + whole, "here")


def test_lines_of_ggrec_0_2_are_numbered_by_their_order() -> None:
    old = b'{"intend":{"address":"team.a","target":"d","uid":null}}\n{"record":{"address":"team.a","entry":null}}\n'
    assert [(item.number, item.serial) for item in read_segments(KEY, old, "here")] == [(1, None), (2, None)]
