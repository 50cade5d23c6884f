"""What changes in a file, as `diff -u` prints it, without secrets that stand in it."""

from difflib import unified_diff

from reconciler.cli.hiding import WrittenSecrets
from reconciler.loader.yaml import parse_yaml
from reconciler.render.lines import Line, Span, line, safe

_STYLES = {"+": "add", "-": "remove", "@": "dim"}


def difference_lines(old: bytes, new: bytes, name: str, called: str) -> list[Line]:
    """The lines that differ, with three around them; `called` is the new one's name. None where no line differs."""
    written = WrittenSecrets(item for text in (old, new) for item in parse_yaml(text, name)[0])
    before, after = (text.decode("utf-8-sig").splitlines() for text in (old, new))
    return [
        line(Span(safe(written.hidden(text)), _STYLES.get(text[:1], "plain")))
        for text in unified_diff(before, after, name, called, lineterm="")
    ]
