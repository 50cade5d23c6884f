"""The catalogue of metrics as a page: what each is, who uses it, what nobody uses, what is used and not declared."""

from collections.abc import Iterable, Mapping, Sequence

from reconciler.core.address import Address
from reconciler.core.metric import Catalogue, IndexField, Metric

Who = Mapping[tuple[str, str], Sequence[tuple[Address, str]]]
"""By datasource and name: the dashboards that ask, and where in them."""


def metrics_page(
    catalogue: Catalogue, declared: Who, undeclared: Who, *, roles: Mapping[Address, Sequence[str]]
) -> str:
    """The page, as markdown. `roles` are the titles of the roles that see a dashboard."""
    parts = ["# Metrics", _summary(catalogue, declared, undeclared)]
    for owner in sorted({metric.owner for metric in catalogue.metrics}):
        parts.append(f"## {owner or 'Nobody in particular'}")
        for metric in catalogue.metrics:
            if metric.owner == owner:
                parts.append(_metric(metric, declared.get((metric.datasource, metric.name), ()), roles))
    for index in sorted({found.index for found in catalogue.fields}):
        parts.append(f"## Index {index}")
        parts.append(_fields([found for found in catalogue.fields if found.index == index], declared))
    if undeclared:
        parts.append("## Used and not declared")
        parts.append("\n".join(f"- `{name}` ({source}): {_places(who)}" for (source, name), who in undeclared.items()))
    return "\n\n".join(parts) + "\n"


def _summary(catalogue: Catalogue, declared: Who, undeclared: Who) -> str:
    unused = [metric.name for metric in catalogue.metrics if (metric.datasource, metric.name) not in declared]
    text = f"{len(catalogue.metrics)} metrics and {len(catalogue.fields)} fields are declared"
    text += (
        f"; {len(undeclared)} more are asked for and not declared." if undeclared else "; nothing else is asked for."
    )
    names = ", ".join(f"`{name}`" for name in unused)
    return f"{text} Asked for by no dashboard: {names}." if unused else f"{text} Every metric is on a dashboard."


def _metric(metric: Metric, who: Sequence[tuple[Address, str]], roles: Mapping[Address, Sequence[str]]) -> str:
    facts = [str(metric.type), *([metric.unit] if metric.unit else []), f"on {metric.datasource}"]
    lines = [f"### {metric.name}", f"{metric.help or 'No description.'} ({', '.join(facts)})"]
    if metric.labels:
        rows = (f"| `{label}` | {_values(metric, label)} |" for label in metric.labels)
        lines.append("\n".join(["| label | values |", "|---|---|", *rows]))
    if not who:
        return "\n\n".join([*lines, "On no dashboard."])
    lines.append("\n".join(_used(who)))
    seen = sorted({title for address, _ in who for title in roles.get(address, ())})
    return "\n\n".join([*lines, *([f"Seen by: {', '.join(seen)}."] if seen else [])])


def _values(metric: Metric, label: str) -> str:
    found = metric.labels[label]
    if found.values is not None:
        return ", ".join(_cell(value) for value in found.values)
    return f"as in {_cell(found.example)}" if found.example else "any"


def _used(who: Sequence[tuple[Address, str]]) -> Iterable[str]:
    for address in dict.fromkeys(address for address, _ in who):
        places = [place for at, place in who if at == address]
        shown = "; ".join(_cell(place) for place in places[:6])
        more = f" and {len(places) - 6} more" if len(places) > 6 else ""
        yield f"- {address}: {shown}{more}"


def _fields(found: Sequence[IndexField], declared: Who) -> str:
    counts = {item.name: len(declared.get((item.datasource, item.name), ())) or "–" for item in found}
    rows = [f"| `{item.name}` | {item.type} | {_cell(item.help)} | {counts[item.name]} |" for item in found]
    return "\n".join(["| field | type | what | queries |", "|---|---|---|---|", *rows])


def _places(who: Sequence[tuple[Address, str]]) -> str:
    return "; ".join(f"{address} {_cell(place)}" for address, place in who[:3]) + (" …" if len(who) > 3 else "")


def _cell(text: str) -> str:
    """A text that breaks no table and no page."""
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
