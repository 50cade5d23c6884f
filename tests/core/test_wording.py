"""Texts line by line: both can be read out of what is shown, the changed words are marked, and the work is bounded."""

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.promql import canonical
from reconciler.core.wording import text_lines

TEXT = st.lists(st.sampled_from(["a", "b c", "b d", ""]), max_size=6).map("\n".join)


@settings(max_examples=100, deadline=None)
@given(TEXT, TEXT)
def test_both_texts_are_there(before: str, after: str) -> None:
    lines = text_lines(before, after)
    if any(line.text.startswith("… ") for line in lines):
        return
    for sign, text in (("-", before), ("+", after)):
        assert [line.text for line in lines if line.sign in {" ", sign}] == text.split("\n")


def test_the_changed_word_is_marked() -> None:
    old, new = text_lines("rate(x[5m])", "rate(x[1m])")
    assert [word for word, marked in old.words if marked] == ["5m"]
    assert [word for word, marked in new.words if marked] == ["1m"]


def test_the_form_of_a_query() -> None:
    assert canonical("sum(rate(x[5m])) / on (b, a) group_left c") == canonical("sum(rate(x[5m]))/on(a,b)group_left() c")
    assert canonical('x{a="by (z, a)"}') != canonical('x{a="by (a, z)"}')
    assert canonical("x{$filter}") is None and canonical("not promql (") is None
    assert canonical("quantile($q, x)") is not None != canonical("quantile($p, x)")
    assert canonical("rate(x[$a])") != canonical("rate(x[$b])")


def test_too_much_to_compare_is_one_replacement() -> None:
    before = "\n".join("xy"[n % 2] for n in range(1_000))
    after = "\n".join("xyz"[n % 3] for n in range(1, 1_000)) + "\nend"
    signs = "".join(line.sign for line in text_lines(before, after))
    assert signs == "-" * 1_000 + "+" * 1_000
