"""Where a letter of a value stands in its file: through quotes, escapes, folded and literal blocks. For findings
inside queries.
"""

from reconciler.core.source import Mark

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "f": "\f"}


def mark_inside(text: str, mark: Mark, value: str, offset: int) -> Mark:
    """The place of `value[offset]`, where the value's text begins at `mark` of a file with this text. Where the file
    says it otherwise (a variable was filled in), the value's own place.
    """
    start = _index(text, mark)
    if start is None:
        return mark
    quote = text[start] if text[start] in "\"'" else ""
    place = start + 1 if quote else _after_indicator(text, start)
    for number, letter in enumerate(value):
        if letter.isspace():
            if number == offset:
                return _mark(text, place, mark)
            if place < len(text) and text[place : place + 1] == "\\" and quote == '"':
                place += 2
            while place < len(text) and text[place].isspace():
                place += 1
            continue
        while place < len(text) and text[place].isspace():
            place += 1
        found = _letter(text, place, quote)
        if found is None or found[0] != letter:
            return mark
        if number == offset:
            return _mark(text, place, mark)
        place += found[1]
    return _mark(text, place, mark) if offset >= len(value) else mark


def _letter(text: str, place: int, quote: str) -> tuple[str, int] | None:
    """The letter at a place and how many characters of the file it takes."""
    if place >= len(text):
        return None
    if quote == '"' and text[place] == "\\" and place + 1 < len(text):
        escaped = text[place + 1]
        width = {"x": 2, "u": 4, "U": 8}.get(escaped, 0)
        if width:
            try:
                return chr(int(text[place + 2 : place + 2 + width], 16)), 2 + width
            except ValueError:
                return None
        return _ESCAPES.get(escaped, escaped), 2
    if quote == "'" and text[place : place + 2] == "''":
        return "'", 2
    return text[place], 1


def _after_indicator(text: str, start: int) -> int:
    """Behind the indicator of a block (`>-`, `|2`), where there is one."""
    if text[start] not in "|>":
        return start
    end = text.find("\n", start)
    return len(text) if end < 0 else end + 1


def _index(text: str, mark: Mark) -> int | None:
    line = 1
    position = 0
    while line < mark.line:
        position = text.find("\n", position) + 1
        if position == 0:
            return None
        line += 1
    position += mark.column - 1
    return position if position < len(text) else None


def _mark(text: str, place: int, mark: Mark) -> Mark:
    line = text.count("\n", 0, place) + 1
    return Mark(mark.file, line, place - (text.rfind("\n", 0, place) + 1) + 1)
