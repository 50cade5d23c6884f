"""The layout of a dashboard before and after, as two pictures: a rectangle a panel, what is new, gone or
elsewhere in colour.
"""

from collections.abc import Iterable
from html import escape

from reconciler.core.json import JsonObject, as_list, as_object, text_of
from reconciler.render.lines import safe

_COLUMN, _UNIT = 10, 5
_TITLE = 22
_MOST = 400

_Place = tuple[float, float, float, float]


def layout_pictures(before: JsonObject | None, after: JsonObject | None) -> str:
    """Both, side by side; nothing where a side is not known or has no grid."""
    old, new = _panels(before), _panels(after)
    if not old and not new:
        return ""
    known = before is not None and after is not None
    return (
        "<details class=pictures open><summary>layout before and after</summary><div class=columns>"
        f"<div><b>before</b>{_picture(old, new, 'gone' if known else '')}</div>"
        f"<div><b>after</b>{_picture(new, old, 'new' if known else '')}</div></div></details>"
    )


def _panels(model: JsonObject | None) -> dict[str, tuple[str, _Place]]:
    found: dict[str, tuple[str, _Place]] = {}
    if model is None:
        return found
    for number, panel in enumerate(_flat(model)):
        grid = as_object(panel.get("gridPos"))
        sides = [grid.get(side) for side in ("x", "y", "w", "h")]
        numbers = [float(side) for side in sides if isinstance(side, (int, float)) and abs(side) < 100_000]
        title = text_of(panel.get("title"))
        key = str(panel.get("id")) if panel.get("id") is not None else f"{panel.get('type')}/{title or number}"
        if len(numbers) == 4 and len(found) < _MOST:
            found[key] = (title, (numbers[0], numbers[1], numbers[2], numbers[3]))
    return found


def _flat(model: JsonObject) -> Iterable[JsonObject]:
    for item in as_list(model.get("panels")):
        panel = as_object(item)
        yield panel
        if not panel.get("collapsed"):
            yield from (as_object(inner) for inner in as_list(panel.get("panels")))


def _picture(mine: dict[str, tuple[str, _Place]], other: dict[str, tuple[str, _Place]], alone: str) -> str:
    if not mine:
        return "<p>—</p>"
    height = max(y + h for _, (_, y, _, h) in mine.values()) * _UNIT
    shapes = []
    for key, (title, (x, y, w, h)) in mine.items():
        there = other.get(key)
        style = alone if there is None else ("" if there[1] == (x, y, w, h) else "moved")
        label = title if len(title) <= _TITLE else f"{title[: _TITLE - 1]}…"
        letters = max(0, int(w * _COLUMN / 4.2) - 1)
        label = label if len(label) <= letters else f"{label[: max(letters - 1, 0)]}…"
        text = escape(safe(label)) if h >= 2 else ""
        shapes.append(
            f'<g class="{style}"><title>{escape(safe(title)) or "panel"}</title>'
            f'<rect x="{x * _COLUMN + 0.5:g}" y="{y * _UNIT + 0.5:g}" width="{max(w * _COLUMN - 1, 1):g}" '
            f'height="{max(h * _UNIT - 1, 1):g}" rx="1.5"/>'
            f'<text x="{x * _COLUMN + 4:g}" y="{y * _UNIT + 9:g}">{text}</text></g>'
        )
    return f'<svg viewBox="0 0 {24 * _COLUMN} {max(height, 1):g}" role="img">{"".join(shapes)}</svg>'
