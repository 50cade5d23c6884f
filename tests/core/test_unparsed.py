"""A page whose bodies are left as bytes says the same as one that was parsed, and never what would not parse."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.core.json import Json, as_list, as_object, canonical_bytes, parsed
from reconciler.core.unparsed import Unparsed, object_of, parsed_but, title_of
from tests.core.test_json import VALUES

ITEMS = st.lists(st.fixed_dictionaries({}, optional={"spec": VALUES, "metadata": VALUES, "status": VALUES}), max_size=3)
PAGES = st.fixed_dictionaries({}, optional={"items": ITEMS | VALUES, "metadata": VALUES, "kind": VALUES})


def opened(page: Json) -> Json:
    """The page with everything parsed."""
    if not isinstance(page, dict):
        return page
    items = page.get("items")
    if not isinstance(items, list):
        return page
    whole: list[Any] = [
        {key: part.value if isinstance(part, Unparsed) else part for key, part in item.items()}
        if isinstance(item, dict)
        else item
        for item in items
    ]
    return {**page, "items": whole}


def of_a_page(value: Json) -> Json:
    """What is given of a page, of anything else all."""
    items = as_object(value).get("items")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        return value
    return {"items": items, "metadata": as_object(value).get("metadata")}


@given(PAGES | VALUES, st.booleans())
def test_nothing_is_lost(page: Any, ascii_only: bool) -> None:
    data = json.dumps(page, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    found, whole = opened(parsed_but(data, "spec")), parsed(data)
    expected = whole if found == whole else of_a_page(whole)
    assert canonical_bytes(found) == canonical_bytes(expected)


@given(
    PAGES, st.integers(0, 400), st.binary(max_size=3) | st.sampled_from([b'"', b"}", b"\xff", b"NaN", b"01", b"\\u"])
)
@example({"items": [{"spec": {"a": "x"}}]}, 22, b"\xff")
def test_what_would_not_parse_is_refused_at_once(page: Any, place: int, put: bytes) -> None:
    """Bytes put anywhere into a page: either both ways read it, or neither."""
    data = json.dumps(page).encode()
    data = data[:place] + put + data[place:]
    try:
        whole = parsed(data)
    except ValueError:
        with pytest.raises(ValueError, match=r".*"):
            parsed_but(data, "spec")
        return
    found = opened(parsed_but(data, "spec"))
    assert canonical_bytes(found) in {canonical_bytes(whole), canonical_bytes(of_a_page(whole))}


@given(VALUES)
def test_a_title_is_found_without_the_rest(spec: Any) -> None:
    data = json.dumps({"items": [{"spec": spec}]}).encode()
    part = as_object(as_list(as_object(parsed_but(data, "spec")).get("items"))[0]).get("spec")
    for of in (spec, part):
        assert canonical_bytes(title_of(of)) == canonical_bytes(as_object(spec).get("title"))
        assert canonical_bytes(object_of(of)) == canonical_bytes(as_object(spec))


def test_bodies_stay_bytes_and_the_rest_does_not() -> None:
    data = (
        b'{"kind": "L", "metadata": {"continue": "x"},'
        b'"items": [{"metadata": {"name": "a"}, "spec": {"title": "A", "title": "B"}}, {"spec": 1}]}'
    )
    page: Any = parsed_but(data, "spec")
    assert page["metadata"] == {"continue": "x"}
    assert page["items"] == [
        {"metadata": {"name": "a"}, "spec": Unparsed(b'{"title": "A", "title": "B"}')},
        {"spec": 1},
    ]
    assert title_of(page["items"][0]["spec"]) == "B"


def test_what_is_nested_too_deep_is_refused_at_once() -> None:
    deep = b'{"items": [{"spec": {"a": ' + b"[" * 5000 + b"]" * 5000 + b"}}]}"
    with pytest.raises(RecursionError):
        parsed_but(deep, "spec")
