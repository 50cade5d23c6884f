"""Random YAML as people write it: any layout, quotes, brackets, blocks, anchors, comments and empty lines in odd
places.
"""

from hypothesis import strategies as st

WORDS = [
    "a", "revenue", "on", "off", "yes", "12:30", "0123", "1e3", "2026-03-01",
    "a b c", "x: y", "a #b", "- a", "-1h", "*",
    "&", "!x", "%d", "@t", "{{x}}", "[x]", "it's", 'say "x"', "\\d+", "/^a\\.b/", "${values.x}", "a, b", "a?b", "é☀",
    "\u00a0", "null", "true", "~", "1", "-0.5", "", " ", "a:", ":a", "#", "---", "...", "<<", "=", "word " * 12 + "end",
    "a\tb", "🧑‍🚀", "\x07", "what's \"it\"", "?", "? a", "| a", "> a", ".*", "-- Mixed --",
]  # fmt: skip
KEYS = [
    "apiVersion", "kind", "metadata", "spec", "title", "id", "panels", "targets", "x", "name", "uid", "description",
    "on", "a b", "1", "true", "it's", 'q"q', "x: y", "#EAB839", "/^a/", "width", "options", "row", "for_each", "*k",
]  # fmt: skip
PLAIN = ["1", "-2.50", "1e+3", "null", "~", "true", "false", "", "text", "a b", "off", "1:2", "http://x/y?z#w", "$x{y}"]
BLOCKS = [
    "one",
    "two\nthree",
    "a\n\nb",
    "a\n  deeper\nb",
    "\n\nlate",
    "end \nx",
    "# no comment",
    "a: b\n- c",
    "\ttab",
    " x",
]


def _single(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _double(text: str) -> str:
    named = {'"': '\\"', "\\": "\\\\", "\t": "\\t"}
    return '"' + "".join(named.get(c, c if c.isprintable() else f"\\U{ord(c):08x}") for c in text) + '"'


class Writer:
    """Draws one text."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.lines: list[str] = []
        self.anchors: list[str] = []
        self.comments = 0

    def chance(self, of: int) -> bool:
        """True once in `of` times."""
        return self.draw(st.integers(1, of)) == of

    def pick(self, *choices: str) -> str:
        """One of them."""
        return self.draw(st.sampled_from(choices))

    def comment(self) -> str:
        """A comment, each with another text."""
        self.comments += 1
        return f"#{self.pick('', ' ', '  ')}c{self.comments}{self.pick('', ' ', ' # x', ': y', ' it is')}"

    def noise(self, indent: int) -> None:
        """Empty lines and comments."""
        while self.chance(4):
            if self.chance(2):
                self.lines.append(self.pick("", "", "  "))
            else:
                self.lines.append(" " * self.draw(st.integers(0, indent + 3)) + self.comment())

    def tail(self) -> str:
        """What may stand behind a value."""
        return self.pick(" ", "  ", "     ") + self.comment() if self.chance(5) else self.pick("", "", "", " ")

    def scalar(self) -> str:
        """A scalar on one line, outside of brackets."""
        if self.chance(2):
            return self.pick(*PLAIN)
        text = self.draw(st.sampled_from(WORDS) | st.text("ab 'é\"\\:#-,{}?", max_size=6))
        return _double(text) if "\x07" in text or "\t" in text or self.chance(2) else _single(text)

    def flow(self, depth: int, pad: str) -> str:
        """A value in brackets; `pad`: what begins its further lines."""
        if depth > 2 or self.chance(2):
            text = self.scalar()
            return text if text[:1] in {"'", '"'} else self.pick("1", "null", "a b", "off", "x")
        brackets = self.pick("[]", "{}")
        opening, closing = brackets[0], brackets[1]
        items = []
        for index in range(self.draw(st.integers(0, 3))):
            key = "" if opening == "[" else f"{self.pick(_double(f'k{index}'), f'k {index}', f'{chr(97 + index)}')}: "
            items.append(key + self.flow(depth + 1, pad))
        gap = f"  {self.comment()}\n{pad}" if self.chance(8) else f"\n{pad}" if self.chance(6) else self.pick("", " ")
        text = ""
        for index, item in enumerate(items):
            comma = "," if index < len(items) - 1 else self.pick("", ",")
            text += gap + item + comma
            gap = f" {self.comment()}\n{pad}" if self.chance(9) else f"\n{pad}" if self.chance(9) else " "
        return opening + text + (gap if items else "") + closing

    def block_text(self, indent: int) -> list[str]:
        """The header and the lines of a block of text."""
        body = self.pick(*BLOCKS)
        first = next(line for line in body.split("\n") if line)
        explicit = first[0] in " \t" or self.chance(6)
        by = 2 if explicit else self.draw(st.integers(1, 4))
        header = self.pick("|", ">") + ("2" if explicit else "") + self.pick("", "-", "+")
        ends = [""] * self.draw(st.integers(0, 2))
        return [header, *(" " * (indent + by) + line if line else "" for line in body.split("\n")), *ends]

    def continued(self, indent: int) -> list[str]:
        """A scalar over several lines."""
        kind = self.pick("plain", '"', "'")
        quote = "" if kind == "plain" else kind
        parts = [
            self.pick("one two", "three", "it is", "word " * 20 + "end") for _ in range(self.draw(st.integers(2, 4)))
        ]
        lines = [parts[0], *(self.pick("", "\n") + " " * (indent + 1) + part for part in parts[1:])]
        if kind == '"' and self.chance(3):
            lines[0] += self.pick("\\", " \\", "\\ ", "\\n")
        return "\n".join([quote + lines[0], *lines[1:-1], lines[-1] + quote]).split("\n")

    def anchor(self) -> str:
        """Perhaps an anchor."""
        if not self.chance(10):
            return ""
        self.anchors.append(f"n{len(self.anchors)}")
        return f"&{self.anchors[-1]} "

    def value(self, head: str, indent: int, depth: int) -> None:
        """A value behind `head`, the dash or key of an entry at `indent`."""
        if self.anchors and self.chance(10):
            self.lines.append(f"{head} *{self.pick(*self.anchors)}{self.tail()}")
            return
        sort = self.pick("scalar", "scalar", "flow", "block", "text", "continued") if depth < 4 else "scalar"
        if sort == "block":
            tail = self.tail()
            self.lines.append(f"{head}{self.pick(' ', '')}{tail}" if tail.strip() else head)
            self.noise(indent + 2)
            zero = not head.rstrip().endswith("-") and self.chance(4)
            self.block(indent + (0 if zero else self.draw(st.integers(1, 4))), depth + 1, sequence=zero or None)
        elif sort == "text":
            header, *rest = self.block_text(indent)
            comment = f" {self.comment()}" if self.chance(5) else ""
            self.lines += [f"{head} {self.anchor()}{header}{comment}", *rest]
        elif sort == "continued":
            first, *rest = self.continued(indent)
            self.lines += [f"{head} {first}", *rest[:-1], rest[-1] + self.tail()]
        elif sort == "flow":
            text = self.anchor() + self.flow(0, " " * (indent + self.draw(st.integers(1, 5))))
            self.lines += f"{head} {text}{self.tail()}".split("\n")
        else:
            self.lines.append(f"{head} {self.anchor()}{self.scalar()}{self.tail()}")

    def block(self, indent: int, depth: int, *, sequence: bool | None = None) -> None:
        """A mapping or list at `indent`."""
        pad = " " * indent
        if sequence if sequence is not None else self.chance(3):
            for _ in range(self.draw(st.integers(1, 3))):
                self.noise(indent)
                if depth < 4 and self.chance(2):  # "- key: value"
                    at = len(self.lines)
                    self.block(indent + 2, depth + 1)
                    first = next(i for i in range(at, len(self.lines)) if self._entry(self.lines[i]))
                    self.lines[first] = f"{pad}- {self.lines[first][indent + 2 :]}"
                else:
                    self.value(f"{pad}-", indent, depth)
            return
        for key in self.draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=4, unique=True)):
            self.noise(indent)
            plain = key not in {"1", "true", "*k", "#EAB839", "x: y"}
            text = key if plain and self.chance(2) else self.pick(_single(key), _double(key))
            if self.chance(15):
                self.lines.append(f"{pad}? {text}{self.tail()}")
                self.value(f"{pad}:", indent, 4)
            else:
                self.value(f"{pad}{text}:", indent, depth)

    @staticmethod
    def _entry(line: str) -> bool:
        return bool(line.strip()) and not line.lstrip().startswith("#")


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A YAML text of some documents; most are valid, some are not."""
    writer = Writer(draw)
    for index in range(draw(st.integers(1, 2))):
        writer.anchors = []
        writer.noise(0)
        if index or writer.chance(4):
            writer.lines.append("---" + writer.tail())
        writer.noise(0)
        writer.block(0, 0, sequence=False if writer.chance(2) else None)
        writer.noise(3)
        if writer.chance(9):
            writer.lines.append("...")
    text = "\n".join(writer.lines) + writer.pick("\n", "\n", "", "\n\n")
    return text.replace("\n", "\r\n") if writer.chance(12) else text
