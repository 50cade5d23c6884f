"""A plan as one page that needs nothing else: filter by class, panels side by side, the layout before and after as
pictures, light and dark, for desk and telephone. Same plan, same bytes.

Must not request anything, nor let a text be anything but text.
"""

from collections.abc import Mapping, Sequence
from html import escape

from reconciler.core.description import DescribedChange, DescribedDrift, Description
from reconciler.core.diff import EditPath, Op
from reconciler.core.errors import Diagnostic
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.plan import Action, Plan
from reconciler.core.semantic import CLASSES, Row, value_at
from reconciler.core.wording import TextLine, text_lines
from reconciler.render.html_style import SCRIPT, STYLE
from reconciler.render.layout_picture import layout_pictures
from reconciler.render.lines import is_long, safe, value
from reconciler.render.ordering import by_weight, counts_text
from reconciler.render.plan_view import held_text, outcome_text, versions_text
from reconciler.render.rows import as_text, is_query, row_is_whole

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_LONGEST = 20_000
_MOST = 400
"""Rows of one object that are on the page."""
_ONLY_CHANGED = ("data source", "mappings", "overrides", "transformations")
"""What is side by side only where it differs."""


def plan_html(found: Description, *, commit: str = "") -> str:
    """The page."""
    plan = found.plan
    facts = [plan.target.url, f"organisation {plan.target.org_name or plan.target.org_id}"]
    facts += [f"Grafana {plan.target.version}"] if plan.target.version else []
    facts += [f"commit {commit}"] if commit else []
    sections = [
        *_findings("Refused", plan.refusals, "bad"),
        *_findings("Could not be read", plan.unreadable, "bad"),
        *_findings("Warnings", plan.warnings, "warn"),
        *(_drift(item) for item in found.drift),
        *(_change(item, found.body_keys.get(item.change.address.kind)) for item in by_weight(found)),
    ]
    sections += _held(plan)
    nothing = "" if sections else '<p class="none">Nothing changes.</p>'
    return "\n".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width,initial-scale=1"><title>ggrec plan</title>',
            f"<style>{STYLE}</style></head><body><header><h1>{_t(counts_text(found))}</h1>",
            f"<p class=facts>{' · '.join(_t(fact) for fact in facts)}</p>{_filter(found)}</header><main>",
            *sections,
            f"{nothing}</main><script>{SCRIPT}</script></body></html>\n",
        ]
    )


def _t(text: str) -> str:
    shown = safe(text)
    return escape(shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]}… ({len(shown):,} characters)")


def _lines(text: str) -> str:
    """A text of several lines."""
    return "<br>".join(_t(part) for part in text.rstrip("\n").split("\n"))


def _name(change_class: object) -> str:
    return str(change_class).replace(" ", "-")


def _filter(found: Description) -> str:
    boxes = [
        f'<label class="badge {_name(name)}"><input type=checkbox checked data-class="{_name(name)}"> {name} '
        f"<b>{found.classes[name]:,}</b></label>"
        for name in CLASSES
        if name in found.classes
    ]
    buttons = '<span class=some><button type=button data-show="all">all</button>'
    buttons += '<button type=button data-show="none">none</button></span>'
    return f'<div class=filter role=group aria-label="Filter by class">{"".join(boxes)}{buttons}</div>' if boxes else ""


def _findings(title: str, items: Sequence[Diagnostic], style: str) -> list[str]:
    if not items:
        return []
    found = [
        f"<li><code>{_t(f'{item.where} ' if item.where else '')}{_t(item.subject)}</code> {_t(item.message)}"
        + (f"<br><i>{_t(item.hint)}</i>" if item.hint else "")
        for item in items
    ]
    return [f'<section class="card {style}"><h2>{title} ({len(items)})</h2><ul>{"".join(found)}</ul></section>']


def _held(plan: Plan) -> list[str]:
    if not plan.held:
        return []
    since = {a: min((item.when for item in held if item.when), default="") for a, held in plan.held.items()}
    found = "".join(
        f"<li><code>{_t(str(a))}</code> {_t(held_text(plan, a, held, when=f'since {since[a]}' if since[a] else ''))}"
        for a, held in plan.held.items()
    )
    title = f"Held in Grafana, and not in the files ({len(plan.held)})"
    return [f'<section class="card held"><h2>{title}</h2><ul>{found}</ul></section>']


def _drift(item: DescribedDrift) -> str:
    drift, by = item.drift, item.drift.attribution
    facts = (versions_text(drift), by.by, f"at {by.when}" if by.when else "")
    who = " ".join(part for part in facts if part)
    messages = "".join(f"<li>“{_t(text)}”" for text in by.messages[:3])
    title = f" <span class=title>{_t(drift.title)}</span>" if drift.title else ""
    head = f"<h2><span class=sign>!</span> <code>{_t(str(drift.address))}</code>{title} <small>changed outside: "
    head += f"{_t(outcome_text(drift))}</small></h2>"
    noted = f"<p class=reason>{_t(drift.note)}</p>" if drift.note else ""
    return (
        f'<section class="card drift">{head}<p class=reason>{_t(who)}</p>{noted}<ul class=notes>{messages}</ul>'
        f"{_rows(item.rows, None, None, None)}</section>"
    )


def _change(item: DescribedChange, body_key: str | None) -> str:
    change = item.change
    action = "move" if change.action is Action.NO_OP else str(change.action)
    badges = "".join(f'<span class="badge {_name(n)}">{n} {number:,}</span>' for n, number in item.classes.items())
    title = f"<span class=title>{_t(change.title)}</span>" if change.title else ""
    source = change.resource.source if change.resource is not None else None
    place = f"<p class=reason>{_t(str(source))}</p>" if source else ""
    reason = f"<p class=reason>{_t(change.reason)}</p>" if change.reason else ""
    notes = [*(f"touches {text}" for text in item.change.touches), *change.notes]
    listed = f"<ul class=notes>{''.join(f'<li>{_t(text)}' for text in notes)}</ul>" if notes else ""
    before, after = _body(item.before, body_key), _body(item.after, body_key)
    pictures = layout_pictures(before, after) if any(_about_places(row) for row in item.rows) else ""
    return (
        f'<section class="card change {action}"><h2><span class=sign>{action}</span> '
        f"<code>{_t(str(change.address))}</code> {title}</h2><p class=badges>{badges}</p>"
        f"{reason}{place}{listed}{_rows(item.rows, before, after, body_key)}{pictures}</section>"
    )


def _about_places(row: Row) -> bool:
    return row.change_class == "layout" or bool(row.part and row_is_whole(row))


def _body(side: JsonObject | None, body_key: str | None) -> JsonObject | None:
    return as_object(side.get(body_key)) if side is not None and body_key else side


def _rows(rows: Sequence[Row], before: JsonObject | None, after: JsonObject | None, body_key: str | None) -> str:
    groups: dict[tuple[str, EditPath], list[Row]] = {}
    for row in rows[:_MOST]:
        groups.setdefault((row.subject, row.part), []).append(row)
    shown = []
    for (subject, part), members in groups.items():
        inside = "".join(_row(row) for row in members)
        head = f"<h3>{_t(subject)}</h3>" if subject else ""
        sides = _sides(part, before, after) if body_key and part[:1] in {("panels",), ("elements",)} else ""
        classes = " ".join(sorted({_name(row.change_class) for row in members}))
        shown.append(f'<div class=group data-classes="{classes}">{head}{inside}{sides}</div>')
    if len(rows) > _MOST:
        shown.append(f"<p class=reason>… and {len(rows) - _MOST:,} more: ggrec show -v</p>")
    return "".join(shown)


def _row(row: Row) -> str:
    name = f"<span class=name>{_t(row.name)}</span> " if row.name else ""
    if row.text:
        inside = f'<span class="said {row.op}">{_t(row.text)}</span>'
    elif row.op is Op.MOVE:
        inside = f"order {_t(value(row.before))} → {_t(value(row.after))}"
    elif is_long(row.before) or is_long(row.after) or is_query(row):
        inside = _texts(row.before, row.after)
    else:
        old = f"<del>{_t(value(row.before))}</del>" if row.op is not Op.ADD else ""
        new = f"<ins>{_t(value(row.after))}</ins>" if row.op is not Op.REMOVE else ""
        inside = f"{old}{' → ' if old and new else ''}{new}"
    named = _name(row.change_class)
    return f'<div class=row data-class="{named}"><i class="dot {named}"></i><div>{name}{inside}</div></div>'


def _texts(before: Json, after: Json) -> str:
    old, new = as_text(before), as_text(after)
    return f"<pre class=text>{''.join(_line(item) for item in text_lines(old, new))}</pre>"


def _line(item: TextLine) -> str:
    whole = all(marked for _, marked in item.words)
    words = "".join(f"<mark>{_t(word)}</mark>" if marked and not whole else _t(word) for word, marked in item.words)
    style = {"+": "plus", "-": "minus"}.get(item.sign, "same")
    return f"<span class={style}>{item.sign} {words}</span>"


def _sides(part: EditPath, before: JsonObject | None, after: JsonObject | None) -> str:
    """A panel as it was and as it will be, in its essentials."""
    old, new = (as_object(value_at(side, part)) if side is not None else {} for side in (before, after))
    if not old and not new:
        return ""
    facts = [_facts(panel) for panel in (old, new)]
    quiet = {name for name in _ONLY_CHANGED if facts[0].get(name) == facts[1].get(name)}
    names = [name for name in dict.fromkeys([*facts[0], *facts[1]]) if name not in quiet]
    columns = []
    for title, mine, other, style in (("before", facts[0], facts[1], "minus"), ("after", facts[1], facts[0], "plus")):
        cells = "".join(
            f"<dt>{_t(name)}</dt>"
            f"<dd{f' class={style}' if mine[name] != other.get(name) else ''}>{_lines(mine[name])}</dd>"
            for name in names
            if name in mine
        )
        columns.append(f"<div><b>{title}</b>{f'<dl>{cells}</dl>' if cells else '<p>—</p>'}</div>")
    opened = " open" if old and new else ""
    shown = f"<div class=columns>{''.join(columns)}</div>"
    return f"<details class=sides{opened}><summary>side by side</summary>{shown}</details>"


def _facts(panel: JsonObject) -> Mapping[str, str]:
    if not panel:
        return {}
    inner = as_object(panel.get("spec")) or panel
    defaults = as_object(as_object(inner.get("fieldConfig")).get("defaults"))
    found = {key: text_of(inner.get(key)) for key in ("title", "type", "description")}
    found["unit"] = text_of(defaults.get("unit"))
    steps = [as_object(step) for step in as_list(as_object(defaults.get("thresholds")).get("steps"))]
    found["thresholds"] = ", ".join(
        f"{text_of(step.get('color'))} {'base' if step.get('value') is None else value(step.get('value'))}"
        for step in steps
    )
    found["data source"] = _source(inner)
    for item in as_list(inner.get("targets")):
        target = as_object(item)
        text = next((text_of(target.get(key)) for key in ("expr", "rawSql", "query") if text_of(target.get(key))), "")
        name = f"query {text_of(target.get('refId'))}".strip()
        found[name] = text or value(target)
        if (source := _source(target)) and source != found["data source"]:
            found[f"{name}, data source"] = source
    lists = {"mappings": defaults, "overrides": as_object(inner.get("fieldConfig")), "transformations": inner}
    found |= {name: value(holder[name]) for name, holder in lists.items() if holder.get(name)}
    return {name: text for name, text in found.items() if text}


def _source(holder: JsonObject) -> str:
    source = holder.get("datasource")
    return source if isinstance(source, str) else text_of(as_object(source).get("uid"))
