"""The desired files of this repository, with any one value changed: the loader reads the change, and no other line is
touched.
"""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.json import Json
from reconciler.core.rewriting import CannotRewrite, Drop, Put
from reconciler.loader.yaml import parse_yaml
from reconciler.writeback.surgery import changed

DESIRED = Path(__file__).parents[2] / "desired"
TEXTS = {
    path.relative_to(DESIRED).as_posix(): path.read_bytes().decode()
    for path in sorted(DESIRED.rglob("*"))
    if path.suffix in (".yaml", ".yml", ".json")
}


def _parse(text: str) -> list[Json]:
    documents, found = parse_yaml(text.encode(), "a.yaml")
    if found:
        raise ValueError(found[0].message)
    return documents


def _scalars(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in _scalars(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in _scalars(item, (*path, index))]
    return [(path, value)]


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_one_value_of_any_file(data: st.DataObject) -> None:
    text = TEXTS[data.draw(st.sampled_from(sorted(TEXTS)))]
    documents = _parse(text)
    number = data.draw(st.integers(0, len(documents) - 1))
    path, old = data.draw(st.sampled_from(_scalars(documents[number])))
    new = data.draw(st.sampled_from([7, True, None, "a: b # c", "x", "${values.y}"]))
    after = changed(text, [Put(path, new)], document=number, parse=_parse)
    value: Any = _parse(after)[number]
    for step in path:
        value = value[step]
    assert value == new
    if isinstance(old, str) and "\n" in old:
        return
    assert _touched(text, after) <= 1
    try:
        dropped = changed(text, [Drop(path)], document=number, parse=_parse)
    except CannotRewrite:
        return
    assert len(dropped) < len(text)
    assert _touched(text, dropped) <= 1


def _touched(before: str, after: str) -> int:
    """How many lines of the new text stand between what both begin and what both end with."""
    old, new = before.split("\n"), after.split("\n")
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    return len(new)
