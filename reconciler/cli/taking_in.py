"""One object's drift into the texts of the desired files, in memory: find the places, change the texts, expand them
again, compare. Writes no file and sends nothing.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import groupby
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from reconciler.authoring.abbreviating import Abbreviating
from reconciler.authoring.inverse import Inverse
from reconciler.authoring.places import Places, Written
from reconciler.authoring.provenance import Provenance
from reconciler.core.desired import Remembered
from reconciler.core.diff import Edit, EditPath, Key, Op
from reconciler.core.errors import Diagnostic, InvalidInput, Severity
from reconciler.core.json import JsonObject, as_object, shown, text_of
from reconciler.core.kind import LiveNames
from reconciler.core.registry import Registry
from reconciler.core.resource import Document, LiveObject, Resource
from reconciler.core.rewriting import CannotRewrite
from reconciler.core.source import Mark, MarkedDict, Path, format_path, mark_at
from reconciler.engine.accepting import Wish
from reconciler.engine.titles import Renamed, renamed_from
from reconciler.loader.anew import Anew, body_file, parse
from reconciler.loader.documents import Loaded
from reconciler.writeback.surgery import changed

_ROUNDS = 6
"""What was written out may move what follows it: so often at most."""
_MOST = 20
"""Differences that are told of an object that cannot be accepted."""
_BOM = b"\xef\xbb\xbf"
_MANIFEST = "dashboard.grafana.app/"


class Surroundings(Struct, frozen=True):
    """What expanding documents needs, and how objects are called in files."""

    registry: Registry
    values: Mapping[str, Any]
    instance: str
    names: LiveNames
    titles: Mapping[str, str]
    """What dashboards (addresses as text) are called before anything is accepted."""
    known: Sequence[Remembered] = ()
    """Dashboards that come to what they came to, whatever is written: they need not be expanded again."""

    def provenance(self, anew: Anew) -> Provenance:
        """What the documents come to."""
        documents = (*self.others(anew).documents, *(item.document for item in self.known))
        ordered = sorted(documents, key=lambda item: item.mark)
        return Provenance(ordered, self.registry, values=self.values, instance=self.instance, remembered=self.known)

    def others(self, anew: Anew) -> Loaded:
        """Without the documents of those that are known."""
        marks = {item.document.mark for item in self.known}
        loaded = anew.loaded
        return replace(loaded, documents=tuple(item for item in loaded.documents if item.mark not in marks))


class Taken(Struct, frozen=True):
    """How it ended: with these texts of files by name, or with the reasons why not. `follows` are the paths of what the
    dashboard's own links say otherwise then, for they name its title.
    """

    texts: Mapping[str, bytes]
    reasons: tuple[Diagnostic, ...] = ()
    follows: tuple[str, ...] = ()


def take_in(wish: Wish, anew: Anew, around: Surroundings) -> Taken:
    """The texts of the files with what was changed outside in one object; or all the reasons against it."""
    try:
        return _Taking(wish, anew, around).run()
    except InvalidInput as error:  # a text that is no YAML any more: never seen, and then nothing is written
        return Taken({}, error.diagnostics)


class _Taking:
    def __init__(self, wish: Wish, anew: Anew, around: Surroundings) -> None:
        self.wish, self.before, self.around = wish, anew, around
        self.anew = anew

    def run(self) -> Taken:
        provenance = self.around.provenance(self.anew)
        for late in range(_ROUNDS):
            resource = self._resource(provenance)
            left = self.wish.left(resource, self._renamed(provenance))
            if not left:
                break
            inverse = self._inverse(provenance, resource, late)
            if inverse.reasons.found:
                made = self._origins(provenance, resource, left) if resource.origin else []
                return Taken({}, _in_order([*inverse.reasons.found, *made]))
            if not inverse.changes and late > 1:
                break
            refused = self._change(inverse)
            if refused is not None:
                return Taken({}, (refused,))
            provenance = self.around.provenance(self.anew)
            wrong = self._wrong(provenance)
            if wrong:
                return Taken({}, wrong)
        resource = self._resource(provenance)
        renamed = self._renamed(provenance)
        left = self.wish.left(resource, renamed)
        if left:
            return Taken({}, self._still(provenance, left))
        texts = {file: data for file, data in self.anew.texts.items() if data != self._old(file)}
        return Taken(texts, (), self.wish.following(resource, renamed))

    def _renamed(self, provenance: Provenance) -> Renamed:
        """The dashboards that the files call otherwise by now."""
        return renamed_from(self.around.titles, provenance.resolved.resources)

    def _old(self, file: str) -> bytes | None:
        return self.before.texts.get(file)

    def _resource(self, provenance: Provenance) -> Resource:
        return next(item for item in provenance.resolved.resources if item.address == self.wish.address)

    def _wrong(self, provenance: Provenance) -> tuple[Diagnostic, ...]:
        """Errors that the new texts would bring."""
        return tuple(item for item in provenance.resolved.diagnostics if item.severity is Severity.ERROR)

    def _inverse(self, provenance: Provenance, resource: Resource, late: int) -> Inverse:
        wish, kind = self.wish, self.wish.kind
        have, want = wish.have(resource.attributes), wish.want(resource, self._renamed(provenance))
        document = self._document(resource)
        places = self._places(document) if document is not None else Places(None)
        short = Abbreviating(_sources(provenance.resolved.resources), provenance.colors)
        inverse = Inverse(provenance, resource, places, kind.identities, short, late)
        if document is not None and isinstance(document.spec.get("from"), dict):
            text, hint = "a command prints it, at every run", "change what it prints, and nothing is left to accept"
            where = mark_at(document.spec, ("from",))
            inverse.reasons.found.append(Diagnostic("from-command", text, hint, where, str(wish.address)))
            return inverse
        sides = [kind.authored(self._live(side), self.around.names) for side in (have, want)]
        if set(sides[0].secrets) != set(sides[1].secrets):
            text = "secrets were set or taken away outside, and Grafana does not tell them"
            hint = "write them as references (secureJsonData, secureSettings), or put it back: `ggrec apply`"
            inverse.reasons.found.append(Diagnostic("secret", text, hint, resource.source, str(wish.address)))
        if kind.body_key:
            inverse.model(as_object(have.get(kind.body_key)), as_object(want.get(kind.body_key)))
        inverse.spec(sides[0].spec, sides[1].spec)
        return inverse

    def _live(self, attributes: JsonObject) -> LiveObject:
        live = self.wish.live
        return LiveObject(live.kind, live.uid, attributes, keys=live.keys, meta=live.meta)

    def _document(self, resource: Resource) -> Document | None:
        """The document that declares it; None where a role does."""
        documents = self.anew.loaded.documents
        return next((item for item in documents if item.mark == resource.source and not resource.origin), None)

    def _places(self, document: Document) -> Places:
        file = document.mark.file
        values = parse(self.anew.text(file), file)
        number = next(index for index, value in enumerate(values) if _begins(value, document.mark))
        root: Path = () if document.manifest else ("spec",)
        own = Written(file, number, values[number], root)
        name = body_file(document)
        if document.manifest:
            return Places(own, model_root=("spec",))
        if not name:
            return Places(own)
        body = parse(self.anew.text(name), name)[0]
        return Places(own, Written(name, 0, body, _inner(body)))

    def _change(self, inverse: Inverse) -> Diagnostic | None:
        """Change the texts; the first change that no way of writing makes alone, if there is one."""
        texts: dict[str, bytes] = {}
        for file, changes in inverse.changes.items():
            data = self.anew.text(file)
            mark = _BOM if data.startswith(_BOM) else b""
            text = data.decode("utf-8-sig")
            for number, inside in groupby(changes, key=lambda item: item[0]):
                try:
                    text = changed(
                        text, [item for _, item in inside], document=number, parse=partial(_parsed, file=file)
                    )
                except CannotRewrite as error:
                    return self._cannot(error, inverse, file)
            texts[file] = mark + text.encode("utf-8", "surrogatepass")
        self.anew = self.anew.with_texts(texts)
        return None

    def _cannot(self, error: CannotRewrite, inverse: Inverse, file: str) -> Diagnostic:
        places = inverse.places
        written = places.body if places.body is not None and places.body.file == file else places.own
        where = mark_at(written.value, error.path) if written is not None else None
        text = f"{format_path(error.path)} cannot be changed alone: {error}"
        hint = "write it there by hand, as `ggrec drift` shows it"
        return Diagnostic("cannot-write-there", text, hint, where or Mark(file, 1, 1), str(self.wish.address))

    def _origins(self, provenance: Provenance, resource: Resource, left: tuple[Edit, ...]) -> list[Diagnostic]:
        """Where each value comes from that no file declares for this object."""
        leaves, found = list(provenance.leaves(resource)), []
        body = self.wish.kind.body_key
        for edit in left[:_MOST]:
            path = _by_index(edit.path, resource.attributes)
            if len(path) < len(edit.path):
                continue  # nothing is written there
            path = path[1:] if path[:1] == (body,) else path
            leaf = next((leaf for leaf in leaves if leaf.path[: len(path)] == path and leaf.where), None)
            if leaf is not None:
                origin = f" ({', '.join(leaf.origin)})" if leaf.origin else ""
                text = f"{leaf.label} is {shown(leaf.value)}, and is written here{origin}"
                hint = "change it here, for all that have it from here"
                found.append(Diagnostic("from-elsewhere", text, hint, leaf.where, str(self.wish.address)))
        return found

    def _still(self, provenance: Provenance, left: tuple[Edit, ...]) -> tuple[Diagnostic, ...]:
        """What would be otherwise although everything is written: worked out from something else."""
        resource = self._resource(provenance)
        found = []
        for edit in left[:_MOST]:
            files = "nothing" if edit.op is Op.ADD else shown(edit.before)
            there = "nothing" if edit.op is Op.REMOVE else shown(edit.after)
            if edit.op is Op.MOVE:
                files, there = f"the order {files}", f"the order {there}"
            text = f"{self.wish.kind.place(edit.path)} would come to {files} with it, and Grafana has {there}"
            hint = "it follows from other parts of the files (`ggrec explain` shows which): change them by hand"
            found.append(Diagnostic("comes-otherwise", text, hint, resource.source, str(self.wish.address)))
        return tuple(found)


def _by_index(path: EditPath, value: Any) -> Path:
    """A path with the indices of list items; it ends where the value has no such place."""
    steps: list[str | int] = []
    for step in path:
        if isinstance(step, Key):
            items = list(value) if isinstance(value, list | tuple) else []
            at = next((n for n, item in enumerate(items) if as_object(item).get(step.field) == step.value), None)
            if at is None:
                break
            step = at
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            break
        steps.append(step)
    return tuple(steps)


def _parsed(text: str, file: str) -> list[Any]:
    try:
        return parse(text.encode("utf-8", "surrogatepass"), file)
    except InvalidInput as error:
        raise ValueError(str(error)) from None


def _begins(value: Any, mark: Mark) -> bool:
    return isinstance(value, MarkedDict) and mark in (value.keys_at.get("apiVersion"), value.mark)


def _inner(body: MarkedDict) -> Path:
    """Where in a JSON file the model is, as `authoring.exported` finds it."""
    if text_of(body.get("apiVersion")).startswith(_MANIFEST) and isinstance(body.get("spec"), dict):
        return ("spec",)
    inner = body.get("dashboard")
    return ("dashboard",) if isinstance(inner, dict) and ("meta" in body or "title" not in body) else ()


def _sources(resources: tuple[Resource, ...]) -> dict[str, tuple[str, str]]:
    return {
        item.uid: (item.address.name, text_of(item.attributes.get("type")))
        for item in resources
        if item.address.kind == "datasource" and item.uid
    }


def _in_order(reasons: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    once = {(item.where, item.message): item for item in reasons}
    return tuple(sorted(once.values(), key=Diagnostic.sort_key))
