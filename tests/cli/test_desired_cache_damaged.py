"""A damaged cache, one that is partly gone, and one that two write at once: what comes out is what the files say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from reconciler.cli import desired as reading
from reconciler.core.errors import InvalidInput
from tests.cli.cached import CONTENTS, bodies, cached, edit, index, of, opened, straight
from tests.loader.broken import write


@pytest.fixture(autouse=True)
def nothing_is_installed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checkout's folder is on the path of these tests, and other tests leave things in it at any moment."""
    monkeypatch.setattr(reading, "_installed", lambda: ["as it was"])


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    write(tmp_path / "d", {name: texts[0] for name, texts in CONTENTS.items()})
    assert cached(tmp_path)[1] is False
    yield tmp_path


@pytest.mark.parametrize("at", [0, 40, -2])
def test_a_damaged_index_is_not_there(root: Path, at: int) -> None:
    data = bytearray(index(root).read_bytes())
    data[at] ^= 1
    index(root).write_bytes(bytes(data))
    assert cached(root) == (straight(of(root)), False)


@pytest.mark.parametrize("how", ["flipped", "cut", "gone"])
def test_a_damaged_body_is_made_again(root: Path, how: str) -> None:
    (pack,) = bodies(root)
    desired = of(root)
    state = desired.state
    data = bytearray(pack.read_bytes())
    data[len(data) // 2] ^= 255
    {"flipped": lambda: pack.write_bytes(bytes(data)), "cut": lambda: pack.write_bytes(b""), "gone": pack.unlink}[how]()
    assert opened(state) == straight(of(root))


def test_a_body_that_is_gone_and_whose_file_is_another_now_is_an_error(root: Path) -> None:
    state = of(root).state
    bodies(root)[0].unlink()
    edit(root / "d", "a.yaml", 1, 2)
    with pytest.raises(InvalidInput, match="changed while ggrec was reading"):
        opened(state)


def test_two_processes_may_write_at_once(root: Path) -> None:
    first, second = of(root), of(root)
    index(root).unlink()
    a, b = first.state, second.state
    edit(root / "d", "a.yaml", 1, 3)
    c = of(root).state  # its packs take the place of the others'
    edit(root / "d", "a.yaml", 0, 4)
    assert opened(a) == opened(b) == straight(of(root))
    assert opened(c) != opened(a)
