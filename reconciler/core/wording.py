"""Two texts line by line, the changed words in them marked. The work is bounded: long texts are taken apart at what
each has once, and where much is left to compare even so, it is shown as a whole.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

_MOST = 300
"""Lines or words a side between the first and the last difference that are still compared with one another."""
_WORD = r"\w+|\s+|[^\w\s]"
_LONGEST = 4_000
"""Characters of a line whose words are compared."""


class TextLine(Struct, frozen=True):
    """One line: `sign` is " ", "-" or "+"; `words` are its parts, each with whether it is what changed."""

    sign: str
    words: tuple[tuple[str, bool], ...]

    @property
    def text(self) -> str:
        """The line as it is."""
        return "".join(word for word, _ in self.words)


def text_lines(before: str | None, after: str | None) -> list[TextLine]:
    """What happens to a text, line by line; None: it was or will be not there. Long stretches without a change are one
    line that says how many there are.
    """
    old = [] if before is None else before.split("\n")
    new = [] if after is None else after.split("\n")
    result: list[TextLine] = []
    for tag, a, b, c, d in _opcodes(old, new):
        if tag == "equal":
            result += [TextLine(" ", ((text, False),)) for text in _folded(old[a:b])]
            continue
        left, right = old[a:b], new[c:d]
        marked = [_words(x, y) for x, y in zip(left, right, strict=True)] if len(left) == len(right) else None
        result += [TextLine("-", marked[i][0] if marked else ((text, False),)) for i, text in enumerate(left)]
        result += [TextLine("+", marked[i][1] if marked else ((text, False),)) for i, text in enumerate(right)]
    return result


def _folded(kept: list[str]) -> list[str]:
    if len(kept) <= 3:
        return kept
    number = len(kept) - 2
    return [kept[0], f"… {number:,} line{'' if number == 1 else 's'} unchanged", kept[-1]]


def _words(old: str, new: str) -> tuple[tuple[tuple[str, bool], ...], tuple[tuple[str, bool], ...]]:
    if max(len(old), len(new)) > _LONGEST:
        return ((old, False),), ((new, False),)
    left, right = re.findall(_WORD, old), re.findall(_WORD, new)
    codes = _opcodes(left, right)
    before = tuple(("".join(left[a:b]), tag != "equal") for tag, a, b, _, _ in codes if a < b)
    after = tuple(("".join(right[c:d]), tag != "equal") for tag, _, _, c, d in codes if c < d)
    if not any(tag == "equal" and "".join(left[a:b]).strip() for tag, a, b, _, _ in codes):
        return ((old, False),), ((new, False),)
    return before, after


def _opcodes(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """As difflib's, of what lies between the same beginning and the same end; too much of it is one replacement."""
    short = min(len(old), len(new))
    start = 0
    while start < short and old[start] == new[start]:
        start += 1
    end = 0
    while end < short - start and old[-1 - end] == new[-1 - end]:
        end += 1
    left, right = old[start : len(old) - end], new[start : len(new) - end]
    codes: list[tuple[str, int, int, int, int]] = [("equal", 0, start, 0, start)] if start else []
    if max(len(left), len(right)) <= _MOST:
        from difflib import SequenceMatcher

        found = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        codes += [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in found]
    elif anchors := _anchors(left, right):
        a = c = 0
        for mine, theirs in (*anchors, (len(left), len(right))):
            codes += [
                (tag, i + a + start, j + a + start, k + c + start, m + c + start)
                for tag, i, j, k, m in _opcodes(left[a:mine], right[c:theirs])
            ]
            if mine < len(left):
                codes.append(("equal", mine + start, mine + start + 1, theirs + start, theirs + start + 1))
            a, c = mine + 1, theirs + 1
    else:
        codes.append(("replace", start, start + len(left), start, start + len(right)))
    if end:
        codes.append(("equal", len(old) - end, len(old), len(new) - end, len(new)))
    return _joined(codes)


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Where what both sides have exactly once is in both, as much of it as is in the same order."""
    from bisect import bisect_left
    from collections import Counter

    there = {text: number for number, text in enumerate(new)}
    once, again = Counter(old), Counter(new)
    pairs = [(number, there[text]) for number, text in enumerate(old) if once[text] == again[text] == 1]
    ends: list[int] = []
    tails: list[int] = []
    before: list[int] = []
    for at, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        tails[length : length + 1] = [at]
        before.append(tails[length - 1] if length else -1)
    found: list[tuple[int, int]] = []
    at = tails[-1] if tails else -1
    while at >= 0:
        found.append(pairs[at])
        at = before[at]
    return found[::-1]


def _joined(codes: Sequence[tuple[str, int, int, int, int]]) -> list[tuple[str, int, int, int, int]]:
    """With what is the same and adjoining as one."""
    result: list[tuple[str, int, int, int, int]] = []
    for tag, a, b, c, d in codes:
        if result and tag == "equal" == result[-1][0]:
            result[-1] = (tag, result[-1][1], b, result[-1][3], d)
        elif a < b or c < d:
            result.append((tag, a, b, c, d))
    return result
