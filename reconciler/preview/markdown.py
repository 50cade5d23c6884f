"""The markdown of text panels, as far as dashboards use it: everything else is shown as it stands. All HTML is
escaped.
"""

import re
from html import escape

_RULES = (
    (re.compile(r"`([^`]+)`"), r"<code>\1</code>"),
    (re.compile(r"\*\*(.+?)\*\*"), r"<strong>\1</strong>"),
    (re.compile(r"(?<![\w*])\*([^*\s][^*]*)\*(?!\w)"), r"<em>\1</em>"),
    (re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)"), r'<span class="away" title="\2">\1</span>'),
)


def markdown(text: str) -> str:
    """Markdown as HTML: headings, lists, tables, paragraphs; links are shown and lead nowhere."""
    result: list[str] = []
    lines = text.split("\n")
    while lines:
        line = lines.pop(0)
        if not line.strip():
            continue
        heading = re.match(r"(#{1,6})\s+(.*)", line)
        if heading:
            level = min(6, len(heading.group(1)) + 2)
            result.append(f"<h{level}>{_inline(heading.group(2))}</h{level}>")
        elif line.lstrip().startswith("|"):
            result.append(_table([line, *_taken(lines, r"\s*\|")]))
        elif re.match(r"\s*[-*]\s+", line):
            result.append(_list([line, *_taken(lines, r"\s*[-*]\s+")], "ul"))
        elif re.match(r"\s*\d+\.\s+", line):
            result.append(_list([line, *_taken(lines, r"\s*\d+\.\s+")], "ol"))
        else:
            rest = _taken(lines, r"(?!\s*$)(?!\s*[|#])(?!\s*[-*]\s)(?!\s*\d+\.\s)")
            result.append(f"<p>{_inline(' '.join([line, *rest]))}</p>")
    return "".join(result)


def _taken(lines: list[str], pattern: str) -> list[str]:
    """The next lines that look alike, taken off."""
    found = []
    while lines and re.match(pattern, lines[0]):
        found.append(lines.pop(0))
    return found


def _inline(text: str) -> str:
    result = escape(text)
    for pattern, replacement in _RULES:
        result = pattern.sub(replacement, result)
    return result


def _list(lines: list[str], tag: str) -> str:
    items = [re.sub(r"\s*(?:[-*]|\d+\.)\s+", "", line, count=1) for line in lines]
    return f"<{tag}>" + "".join(f"<li>{_inline(item)}</li>" for item in items) + f"</{tag}>"


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
    ruled = len(rows) > 1 and all(re.fullmatch(r":?-+:?", cell) for cell in rows[1])
    body = rows[2:] if ruled else rows
    head = "".join(f"<th>{_inline(cell)}</th>" for cell in rows[0]) if ruled else ""
    cells = ["<tr>" + "".join(f"<td>{_inline(cell)}</td>" for cell in row) + "</tr>" for row in body]
    return "<table>" + (f"<thead><tr>{head}</tr></thead>" if head else "") + f"<tbody>{''.join(cells)}</tbody></table>"
