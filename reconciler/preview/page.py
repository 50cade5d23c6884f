"""Pages: a dashboard in Grafana's proportions (24 columns, 30 px a row and 8 px between), and the index of all."""

from collections.abc import Iterator
from html import escape

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.preview.panel import card
from reconciler.preview.site import Page, RoleMenu, Site
from reconciler.preview.style import CSS, SCRIPT

_CELL, _GAP, _COLUMNS = 30, 8, 24
_SAYS = (
    "A picture of the declaration, drawn without Grafana and without data: shapes are marks for the type of each "
    "panel, not values."
)
_HIDDEN = 2

Block = tuple[JsonObject | None, list[JsonObject]]


def site_files(site: Site) -> dict[str, str]:
    """The files of a site by name: `index.html`, and `<uid>.html` for each dashboard."""
    files = {"index.html": _index(site)}
    for page in site.pages:
        files[f"{page.uid}.html"] = _page(site, page)
    return files


def _document(title: str, body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "script-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{CSS}</style></head><body>{body}<script>{SCRIPT}</script></body></html>\n"
    )


def _page(site: Site, page: Page) -> str:
    blocks = "".join(_block(site, page, row, panels) for row, panels in _blocks(page.model))
    return _document(
        f"{page.title} · {site.name}",
        _header(site, page) + _roles(site) + f'<main><p class="note">{_SAYS} {escape(site.note)}</p>{blocks}</main>',
    )


def _header(site: Site, page: Page) -> str:
    crumbs = " / ".join([f'<a href="index.html">{escape(site.name)}</a>', *map(escape, page.folders)])
    state = f'<span class="state">{escape(page.state)}</span>' if page.state else ""
    about = " ".join(
        part for part in (text_of(page.model.get("description")), page.origin and f"({page.origin})") if part
    )
    theme = '<button id="theme" class="spread" type="button">light / dark</button>'
    gone = [f'<span class="chip gone">removed: <b>{escape(title)}</b></span>' for title in page.removed]
    bar = "".join([*_variables(page.model), *_links(site, page), *_events(page.model), *gone, theme])
    return (
        f'<div class="top"><div class="crumbs">{crumbs}</div><h1>{escape(page.title)}</h1>{state}'
        f'<p class="lead">{escape(about)}</p><div class="bar">{bar}</div></div>'
    )


def _variables(model: JsonObject) -> Iterator[str]:
    for item in map(as_object, as_list(as_object(model.get("templating")).get("list"))):
        label = text_of(item.get("label")) or text_of(item.get("name"))
        current = as_object(item.get("current")).get("text")
        shown = " + ".join(map(str, as_list(current))) or (str(current) if isinstance(current, str) else "")
        hidden = item.get("hide") == _HIDDEN
        title = escape(text_of(item.get("description")) or text_of(item.get("query")))
        more = " (hidden)" if hidden else ""
        style = "chip hidden" if hidden else "chip"
        yield f'<span class="{style}" title="{title}">{escape(label)}{more}: <b>{escape(shown)}</b></span>'


def _links(site: Site, page: Page) -> Iterator[str]:
    for link in map(as_object, as_list(page.model.get("links"))):
        title, url = text_of(link.get("title")), text_of(link.get("url"))
        tip = escape(text_of(link.get("tooltip")) or url)
        if link.get("type") == "dashboards":
            wanted = {text_of(tag) for tag in as_list(link.get("tags"))}
            found = [other for other in site.pages if wanted <= other.tags and other.uid != page.uid]
            if link.get("asDropdown"):
                yield f'<span class="away" title="{tip}">{escape(title)} ▾ {len(found)}</span>'
            else:
                yield from (
                    f'<a href="{escape(other.uid)}.html" title="{tip}">{escape(other.title)}</a>' for other in found
                )
            continue
        target = site.page(_uid_in(url))
        if target is None:
            yield f'<span class="away" title="{escape(url)}">{escape(title)} ↗</span>'
        else:
            here = ' aria-current="page"' if target.uid == page.uid else ""
            yield f'<a href="{escape(target.uid)}.html" title="{tip}"{here}>{escape(title)}</a>'


def _uid_in(url: str) -> str:
    """The uid in Grafana's own address of a dashboard."""
    return url.removeprefix("/d/").partition("/")[0].partition("?")[0] if url.startswith("/d/") else ""


def _events(model: JsonObject) -> Iterator[str]:
    names = [
        text_of(item.get("name"))
        for item in map(as_object, as_list(as_object(model.get("annotations")).get("list")))
        if item.get("builtIn") != 1
    ]
    if names:
        yield f'<span class="chip" title="annotation queries">marks: <b>{escape(", ".join(names))}</b></span>'


def _roles(site: Site) -> str:
    """The switcher: each role opens with its home, and lists its dashboards."""
    return (
        f'<nav class="roles"><b>Roles</b>{"".join(_role(site, role) for role in site.roles)}</nav>'
        if site.roles
        else ""
    )


def _role(site: Site, role: RoleMenu) -> str:
    found = [page for uid in role.dashboards if (page := site.page(uid))]
    listed = ""
    for page in found:
        home = " · home" if page.uid == role.home else ""
        listed += f'<li><a href="{escape(page.uid)}.html">{escape(page.title)}</a>{home}</li>'
    return f'<details><summary>{escape(role.title)}</summary><div class="pop"><ul>{listed}</ul></div></details>'


def _blocks(model: JsonObject) -> Iterator[Block]:
    """The panels before the first row, then each row with what belongs to it, in reading order."""
    panels = sorted((as_object(panel) for panel in as_list(model.get("panels"))), key=_place)
    for legacy in map(as_object, as_list(model.get("rows"))):
        panels.append({"type": "row", "title": legacy.get("title"), "panels": legacy.get("panels", [])})
    row: JsonObject | None = None
    inside: list[JsonObject] = []
    for panel in panels:
        if panel.get("type") != "row":
            inside.append(panel)
            continue
        if row is not None or inside:
            yield row, inside
        row, inside = panel, sorted(map(as_object, as_list(panel.get("panels"))), key=_place)
    if row is not None or inside:
        yield row, inside


def _whole(value: Json, fallback: int) -> int:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0 else fallback


def _place(panel: JsonObject) -> tuple[int, int]:
    place = as_object(panel.get("gridPos"))
    return _whole(place.get("y"), 0), _whole(place.get("x"), 0)


def _block(site: Site, page: Page, row: JsonObject | None, panels: list[JsonObject]) -> str:
    top = min((_place(panel)[0] for panel in panels), default=0)
    cards, bottom = [], 0
    for panel in panels:
        place = as_object(panel.get("gridPos"))
        y, x = _place(panel)
        width = min(_COLUMNS, max(1, _whole(place.get("w"), _whole(panel.get("span"), 6) * 2)))
        height = max(1, _whole(place.get("h"), 8))
        x = min(x, _COLUMNS - width)
        bottom = max(bottom, y - top + height)
        left, share = x / _COLUMNS * 100, width / _COLUMNS * 100
        css = (f"left:calc({left:.4f}% + {_GAP // 2}px);width:calc({share:.4f}% - {_GAP}px);"
               f"top:{(y - top) * (_CELL + _GAP)}px;height:{height * (_CELL + _GAP) - _GAP}px")  # fmt: skip
        number = panel.get("id")
        changed = page.changed.get(number, "") if isinstance(number, int) else ""
        drawn = card(panel, site.sources, css, changed)
        cards.append(drawn.replace('class="card', 'class="card late', 1) if x + width > _COLUMNS - 4 and x else drawn)
    grid = f'<div class="grid" style="height:{bottom * (_CELL + _GAP)}px">{"".join(cards)}</div>' if cards else ""
    return _row(row, grid, len(panels)) if row is not None else grid


def _row(row: JsonObject, grid: str, number: int) -> str:
    folded = row.get("collapsed") is True
    notes = [f"{number} panels, folded" if folded else ""]
    if row.get("repeat"):
        notes.append(f"repeats for ${text_of(row.get('repeat'))}")
    note = ", ".join(filter(None, notes))
    small = f"<small>({escape(note)})</small>" if note else ""
    opened = "" if folded else " open"
    return f'<details class="row"{opened}><summary>{escape(text_of(row.get("title")))}{small}</summary>{grid}</details>'


def _index(site: Site) -> str:
    places: dict[tuple[str, ...], list[Page]] = {}
    for page in site.pages:
        places.setdefault(page.folders, []).append(page)
    sections = "".join(_folder(folders, pages) for folders, pages in sorted(places.items()))
    theme = '<button id="theme" class="spread" type="button">light / dark</button>'
    gone = "".join(f'<span class="chip gone">deleted: <b>{escape(text)}</b></span>' for text in site.deleted)
    bar = f'<div class="bar"><span class="chip">{len(site.pages)} dashboards</span>{gone}{theme}</div>'
    head = f'<div class="top"><h1>{escape(site.name)}</h1>{bar}</div>'
    body = f'<main><p class="note">{_SAYS} {escape(site.note)}</p><div class="tree">{sections}</div></main>'
    return _document(site.name, head + _roles(site) + body)


def _folder(folders: tuple[str, ...], pages: list[Page]) -> str:
    listed = "".join(_entry(page) for page in sorted(pages, key=lambda page: page.title))
    return f"<section><h2>{escape(' / '.join(folders) or 'Dashboards')}</h2><ul>{listed}</ul></section>"


def _entry(page: Page) -> str:
    number = sum(len(panels) for _, panels in _blocks(page.model))
    state = f' <span class="state">{escape(page.state)}</span>' if page.state else ""
    more = f" {escape(page.origin)}" if page.origin else ""
    link = f'<a href="{escape(page.uid)}.html">{escape(page.title)}</a>'
    return f"<li>{link}{state} <small>{number} panels{more}</small></li>"
