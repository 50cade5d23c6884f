"""Texts that are worked out from a dashboard's title: links that name it, the titles of its views. A title that
somebody changed by hand and that the files then say too (`drift accept`) is no reason to write them: they stay as they
are in Grafana, which every plan says (they are held), and become what is declared with the next write of their object.
Pure.

Must not hide a title that is changed in the files: Grafana has another one then, and what names it is written with it.
Nor what somebody made of such a text by hand.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from urllib.parse import quote

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.core.address import Address
from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of
from reconciler.core.plan import Change
from reconciler.core.resource import Resource
from reconciler.core.state import Held, ResourceState

Renamed = Mapping[str, tuple[str, str]]
"""Dashboards (their addresses as text): what they were called, and what they are called now."""
_STAMP = "[0-9a-f]{8}"
_LINK = re.compile(r"links\[(\d+)\]\.(.+)")


def renamed_by_hand(
    resources: Iterable[tuple[Resource, ResourceState, str]], live_title: Callable[[Address], str]
) -> Renamed:
    """Those whose title the files and Grafana say alike, otherwise than it was applied. Each with its entry and the key
    of its body.
    """
    found: dict[str, tuple[str, str]] = {}
    for resource, entry, body in resources:
        title = title_in(resource.attributes, body)
        if title and entry.title and title != entry.title and live_title(resource.address) == title:
            found[str(resource.address)] = (entry.title, title)
    return found


def title_in(attributes: JsonObject, body: str) -> str:
    """The title of a dashboard by its attributes."""
    return text_of(as_object(attributes.get(body)).get("title"))


def titles_of(resources: Iterable[Resource], body: str = "dashboard") -> dict[str, str]:
    """What the dashboards among them are called, by their addresses as text."""
    found = ((str(resource.address), title_in(resource.attributes, body)) for resource in resources)
    return {address: title for address, title in found if title}


def renamed_from(before: Mapping[str, str], resources: Iterable[Resource]) -> Renamed:
    """Those that are called otherwise than `before` (see `titles_of`)."""
    now = titles_of(resources)
    return {a: (old, now[a]) for a, old in before.items() if a in now and now[a] != old}


class Titles(Struct, frozen=True):
    """Which texts of one object may wait, and which do already."""

    resource: Resource
    body: str
    renamed: Renamed
    waiting: tuple[Held, ...] = ()
    applied: JsonObject = field(default_factory=dict)
    """What was declared when they began to wait, normalised: only as long as that is declared they do."""

    def left(self, wanted: JsonObject, there: JsonObject, observed: JsonObject | None = None) -> dict[str, str]:
        """By path the texts of `there` that say a former title where `wanted` says the present one. With `observed`
        only those that are as they were then: nobody touched them.
        """
        mine, theirs = as_object(wanted.get(self.body)), as_object(there.get(self.body))
        before = theirs if observed is None else as_object(observed.get(self.body))
        found: dict[str, str] = {}
        title = text_of(theirs.get("title"))
        if "title" in self.resource.titled and title == before.get("title"):
            found |= {"title": title} if self._is_former("title", mine.get("title"), title) else {}
        untouched = [link for link in as_list(theirs.get("links")) if link in as_list(before.get("links"))]
        links = as_list(mine.get("links"))
        for index, at in self._pairs(mine, untouched):
            link, other = as_object(links[index]), as_object(untouched[at])
            found |= {f"links[{index}].{key}": text_of(text) for key, text in other.items() if text != link[key]}
        return found

    def anew(self, wanted: JsonObject, there: JsonObject) -> JsonObject:
        """`there` with the present titles in such texts, links in whatever order."""
        body = dict(as_object(there.get(self.body)))
        mine, theirs = as_object(wanted.get(self.body)), list(as_list(body.get("links")))
        if "title" in self.left(wanted, there):
            body["title"] = mine.get("title")
        for index, at in self._pairs(mine, theirs):
            theirs[at] = as_list(mine.get("links"))[index]
        return {**there, self.body: {**body, "links": theirs} if "links" in body else body}

    def put(self, value: JsonObject, texts: Mapping[str, str]) -> JsonObject:
        """Attributes with other texts at these paths."""
        if not texts:
            return value
        body = dict(as_object(value.get(self.body)))
        links = list(as_list(body.get("links")))
        for path, text in texts.items():
            parts = _LINK.fullmatch(path)
            if parts is None:
                body[path] = text
            elif int(parts[1]) < len(links):
                links[int(parts[1])] = {**as_object(links[int(parts[1])]), parts[2]: text}
        return {**value, self.body: {**body, "links": links} if "links" in body else body}

    def waits(self, change: Change, texts: Mapping[str, str], *, still: bool = False) -> Change:
        """A change that sends nothing, with these texts left and held; `still`: those that waited before, too."""
        assert change.resource is not None
        earlier = {item.path: item for item in self.waiting}
        held: dict[str, Held] = dict(earlier) if still else {}
        for path, text in texts.items():
            known = earlier.get(f"{self.body}.{path}")
            why = f"names the former title of {self.resource.titled[path]}"
            held[f"{self.body}.{path}"] = Held(f"{self.body}.{path}", why=why, behind=known.behind if known else text)
        there = {path.removeprefix(f"{self.body}."): item.behind for path, item in held.items()}
        others = tuple(item for item in change.held if not item.behind)
        meant = self.put(change.resource.attributes, there)
        return replace(change, held=(*others, *held.values()), resource=replace(change.resource, attributes=meant))

    def _pairs(self, mine: JsonObject, others: Sequence[Json]) -> list[tuple[int, int]]:
        """The links whose texts name a title, each with the one among others that it is."""
        keys: dict[int, list[str]] = {}
        for path in self.resource.titled:
            parts = _LINK.fullmatch(path)
            if parts is not None:
                keys.setdefault(int(parts[1]), []).append(parts[2])
        links, free, found = as_list(mine.get("links")), list(range(len(others))), []
        for index, titled in keys.items():
            link = as_object(links[index]) if index < len(links) else {}
            at = next((n for n in free if self._same(index, titled, link, others[n])), None)
            if at is not None:
                free.remove(at)
                found.append((index, at))
        return found

    def _same(self, index: int, keys: Sequence[str], mine: JsonObject, other: Json) -> bool:
        """Whether two links are one, but for a former title or an older stamp."""
        theirs = as_object(other)
        if mine.keys() != theirs.keys():
            return False
        return all(
            theirs[key] == text or (key in keys and self._is_former(f"links[{index}].{key}", text, theirs[key]))
            for key, text in mine.items()
        )

    def _is_former(self, path: str, now: Json, other: Json) -> bool:
        if not isinstance(now, str) or not isinstance(other, str) or now == other:
            return False
        if any(item.path == f"{self.body}.{path}" and item.behind == other for item in self.waiting):
            then = self._at(path, self.applied)
            return then == now or self._names_former(path, now, then)
        return self._names_former(path, now, other)

    def _at(self, path: str, value: JsonObject) -> str:
        body, parts = as_object(value.get(self.body)), _LINK.fullmatch(path)
        if parts is None:
            return text_of(body.get(path))
        links = as_list(body.get("links"))
        return text_of(as_object(links[int(parts[1])]).get(parts[2])) if int(parts[1]) < len(links) else ""

    def _names_former(self, path: str, now: str, other: str) -> bool:
        titles = self.renamed.get(self.resource.titled[path])
        if titles is None:
            return False
        (before, plain), (quoted, url) = titles, (quote(title, safe="") for title in titles)
        older = {url: re.escape(quoted)}
        older[plain] = re.escape(before) if plain != url else f"{re.escape(before)}|{older[url]}"
        stamps = {self.resource.stamp: _STAMP} if self.resource.stamp else {}
        return _said_with(now, other, stamps | older) and not _said_with(now, other, stamps)


def _said_with(now: str, other: str, words: Mapping[str, str]) -> bool:
    """Whether `other` is `now` with some of these words in their other form (a pattern)."""
    if not words:
        return now == other
    parts = re.split("(" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")", now)
    pattern = "".join(f"(?:{re.escape(part)}|{words[part]})" if part in words else re.escape(part) for part in parts)
    return re.fullmatch(pattern, other) is not None
