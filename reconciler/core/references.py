"""Who refers to what: the words in which kinds tell it, and which references a plan would leave dangling. Pure.

A reference is by a text (a uid, or a name that Grafana resolves too). What counts is the world after the plan: whoever
is deleted with it, or updated so that it no longer refers, has let go.
"""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

HOME = "its home dashboard"
"""Where a home dashboard is referred to: protection tells these from other references."""
LIBRARY_PANEL = "library-panel"
"""What dashboards call a library panel in their references: the kind of that name."""


class Reference(Struct, frozen=True):
    """That something refers to an object of `kind` by `text`, and `where` in it, in words ("panel 'Orders', query
    A"). `part`: to which part of the object (a panel's id; "": to all of it).
    """

    kind: str
    text: str
    where: str
    part: str = ""


class Referrer(Struct, frozen=True):
    """An object that refers to others: `subject` as people call it ("dashboard 'Orders' (orders)"), `key` is
    `kind:uid`, `holder` the key of an object of a kind of ours that it is a part of (an alert rule, of its group).
    """

    key: str
    subject: str
    references: tuple[Reference, ...]
    holder: str = ""


class Content(Struct, frozen=True):
    """Something that lies in another object, directly or not: `parent` is the uid of the folder it lies in. Without a
    uid it stands for `count` things that were not told one by one. `holder` is the key (`kind:uid`) of an object of a
    kind of ours with which it goes and moves.
    """

    kind: str
    uid: str = ""
    title: str = ""
    parent: str = ""
    count: int = 1
    holder: str = ""

    @property
    def key(self) -> str:
        """`kind:uid`, as plans know it."""
        return f"{self.kind}:{self.uid}"

    def __str__(self) -> str:
        kind = self.kind.replace("-", " ")
        if not self.uid:
            return f"{self.count} {kind}{'' if self.count == 1 else 's'}"
        return f"{kind} '{self.title}' ({self.uid})" if self.title and self.title != self.uid else f"{kind} {self.uid}"


Group = tuple[str, str]
"""What many objects have in common, as others refer to it: ("dashboard-tag", "shop")."""

Gone = Mapping[tuple[str, str], str]
"""What others may refer to and will not find any more: (kind, text) → the address text of the object."""


def dangling(referrers: Iterable[Referrer], gone: Gone) -> dict[str, list[tuple[str, str]]]:
    """For each address that goes: who still refers to it and where, in a stable order, each place once."""
    found: dict[str, set[tuple[str, str]]] = {}
    for referrer in referrers:
        for reference in referrer.references:
            address = gone.get((reference.kind, reference.text))
            if address is not None:
                found.setdefault(address, set()).add((referrer.subject, reference.where))
    return {address: sorted(places) for address, places in sorted(found.items())}


def datasources_in(model: JsonObject) -> Iterator[Reference]:
    """The datasources that a dashboard's (or a library panel's) model names: of its panels, their queries, variables
    and annotation queries; by uid, or as old dashboards do by name. Grafana looks a text up as a uid first, then as a
    name, in both forms.
    """
    for where, holder in _holders(model):
        value = holder.get("datasource")
        text = text_of(value) or text_of(as_object(value).get("uid"))
        if text:
            yield Reference("datasource", text, where)


def _holders(model: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    for where, panel in panels_in(model):
        yield where, panel
        for target in map(as_object, as_list(panel.get("targets"))):
            yield f"{where}, query {text_of(target.get('refId')) or '?'}", target
    for key, what in (("templating", "variable"), ("annotations", "annotation query")):
        for item in map(as_object, as_list(as_object(model.get(key)).get("list"))):
            yield f"{what} '{text_of(item.get('name'))}'", item


def panels_in(model: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """All panels of a model with how people call them; those inside rows too, also in the rows of very old ones."""
    queue: list[Json] = [*as_list(model.get("panels"))]
    for row in map(as_object, as_list(model.get("rows"))):
        queue += as_list(row.get("panels"))
    for panel in map(as_object, queue):
        yield f"panel '{text_of(panel.get('title')) or panel.get('id')}'", panel
        for inner in map(as_object, as_list(panel.get("panels"))):
            yield f"panel '{text_of(inner.get('title')) or inner.get('id')}'", inner
