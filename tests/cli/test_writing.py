"""Files that commands write: whole or not at all, and a place that cannot be written is said."""

import os
from pathlib import Path

import pytest

from reconciler.cli.writing import replace_files, write_file
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


def test_files_are_replaced_all_or_none(tmp_path: Path) -> None:
    one, other, link = tmp_path / "one", tmp_path / "other", tmp_path / "link"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    one.chmod(0o600)
    link.symlink_to(one)
    replace_files({link: (b"1", b"one"), other: (b"2", b"two")})
    assert (one.read_bytes(), other.read_bytes(), link.is_symlink()) == (b"one", b"two", True)
    assert one.stat().st_mode & 0o777 == 0o600
    with pytest.raises(GgrecError, match="other was changed just now"):
        replace_files({one: (b"one", b"1"), other: (b"2", b"3")})
    with pytest.raises(GgrecError, match=r"cannot write .*none"):
        replace_files({one: (b"one", b"1"), tmp_path / "none": (b"", b"3")})
    assert one.read_bytes() == b"one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "one", "other"]


def test_what_was_replaced_is_put_back_where_another_file_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_bytes(b"1")
    other.write_bytes(b"2")
    replace = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if target == other.resolve():
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(GgrecError, match="No space left"):
        replace_files({one: (b"1", b"one"), other: (b"2", b"two")})
    assert (one.read_bytes(), other.read_bytes()) == (b"1", b"2")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one", "other"]
