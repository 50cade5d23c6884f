"""Files that commands write: whole or not at all, and a place that cannot be written is said."""

import os
from pathlib import Path

import pytest

from reconciler.cli.writing import write_file
from reconciler.core.errors import GgrecError


def test_a_reader_sees_the_old_or_the_new_text(tmp_path: Path) -> None:
    file = tmp_path / "a.prom"
    write_file(file, "one\n")
    with file.open() as reader:
        write_file(file, "two\udc80\n")
        assert reader.read() == "one\n"
    assert file.read_bytes() == b"two\\udc80\n"
    assert [path.name for path in tmp_path.iterdir()] == ["a.prom"]
    assert file.stat().st_mode & 0o777 == 0o644


def test_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, "text")
        assert os.read(reader, 10) == b"text"
    finally:
        os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["no-folder/a.md", "file/inside.md"])
def test_what_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(GgrecError) as caught:
        write_file(tmp_path / name, "text")
    assert f"cannot write {tmp_path / name}: " in str(caught.value)
