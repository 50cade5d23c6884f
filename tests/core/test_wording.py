"""Texts line by line: both can be read out of what is shown, the changed words are marked, and the work is bounded."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.core.promql import canonical
from reconciler.core.wording import _opcodes, text_lines

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


def test_of_a_long_text_only_what_changed_is_shown() -> None:
    old = [f"# line {n}" for n in range(5_000)]
    new = ["first", *old[:9], "another", *old[10:2_500], *old[2_600:], "last"]
    lines = text_lines("\n".join(old), "\n".join(new))
    signed = [line.text for line in lines if line.sign == "+"], [line.text for line in lines if line.sign == "-"]
    assert signed == (["first", "another", "last"], ["# line 9", *old[2_500:2_600]])
    shown = [line for line in lines if line.sign == " "]
    folded = sum(int(line.text.split()[1].replace(",", "")) for line in shown if line.text.startswith("… "))
    assert folded + sum(not line.text.startswith("… ") for line in shown) == 4_899
    assert len(lines) < 130


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 900), max_size=700), st.randoms(use_true_random=False))
def test_both_long_texts_are_there(numbers: list[int], random: Random) -> None:
    before = [f"line {n}" for n in (*numbers, *range(301))]
    after = list(before)
    for _ in range(9):
        at = random.randrange(len(after))
        after[at : at + random.randrange(3)] = [f"line {random.randrange(1_000)}"] * random.randrange(3)
    codes = _opcodes(before, after)
    assert [code[1] for code in codes[1:]] == [code[2] for code in codes[:-1]]
    assert [text for _, a, b, _, _ in codes for text in before[a:b]] == before
    assert [text for _, _, _, c, d in codes for text in after[c:d]] == after
    assert all(before[a:b] == after[c:d] for tag, a, b, c, d in codes if tag == "equal")


def test_too_much_to_compare_is_one_replacement() -> None:
    before = "\n".join("xy"[n % 2] for n in range(1_000))
    after = "\n".join("xyz"[n % 3] for n in range(1, 1_000)) + "\nend"
    signs = "".join(line.sign for line in text_lines(before, after))
    assert signs == "-" * 1_000 + "+" * 1_000
