"""Two texts line by line, the changed words in them marked. The work is linear in the size: where two texts have
little in common, or much to compare, they are shown as a whole.
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
    if max(len(left), len(right)) > _MOST:
        codes.append(("replace", start, start + len(left), start, start + len(right)))
    else:
        from difflib import SequenceMatcher

        found = SequenceMatcher(None, left, right, autojunk=False).get_opcodes()
        codes += [(tag, a + start, b + start, c + start, d + start) for tag, a, b, c, d in found]
    if end:
        codes.append(("equal", len(old) - end, len(old), len(new) - end, len(new)))
    return codes
