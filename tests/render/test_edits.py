"""Single edits as lines: addresses by the part in which they differ."""

import pytest

from reconciler.core.diff import Edit, Key, Op
from reconciler.kinds.dashboard import Dashboard
from reconciler.render.edits import edit_lines
from reconciler.render.lines import plain

FORM = "https://forms.example.org/dashboards?dashboard=Orders&version="


def shown(before: str, after: str) -> str:
    edit = Edit(("links", Key("title", "Feedback"), "url"), Op.CHANGE, before, after)
    return plain(edit_lines((edit,), Dashboard()))


def test_two_addresses_are_shown_by_what_differs() -> None:
    assert shown(FORM + "19b85ef6", FORM + "4e0bd89e") == (
        'link "Feedback"\n  url  …version=19b85ef6 → …version=4e0bd89e\n'
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("https://a.example.org/one/two/three/four/five/six", "https://b.example.org/one/two/three/four/five/six"),
        (
            "sum(increase(a_total[7d])) / sum(increase(b_total[7d]))",
            "sum(increase(a_total[7d])) / sum(increase(c_total[7d]))",
        ),
        (FORM + "a" * 60, FORM + "b" * 60),
    ],
)
def test_other_texts_are_shown_whole(before: str, after: str) -> None:
    text = shown(before, after)
    assert f"- {before}" in text and f"+ {after}" in text
