"""The envelope that every document has: apiVersion, kind, metadata.name, spec. Knows no kind."""

from collections.abc import Iterable
from typing import Any

from reconciler.core.address import NAME
from reconciler.core.closest import closest
from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, mark_at, own_mark
from reconciler.loader.text import shown

API_VERSION = "ggrec/v1"
_DASHBOARDS = "dashboard.grafana.app/"
_SUPPORTED = ("v0alpha1", "v1beta1", "v1")
_FOLDER = "grafana.app/folder"
_KEYS = ("apiVersion", "kind", "metadata", "spec")
_NAME_HINT = "1 to 40 of A-Z a-z 0-9 _ - : it is the uid in Grafana"


def suggestion(word: str, known: Iterable[str]) -> str:
    """`did you mean 'x'?` where something is close, else what there is to choose from."""
    names = sorted(known)
    close = closest(word, names)
    return f"did you mean '{close}'?" if close else f"known: {', '.join(names)}"


def open_envelope(value: Any, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """The document in a marked value, or everything that is wrong with its envelope."""
    if not isinstance(value, MarkedDict):
        where = own_mark(value) or Mark(file, 1, 1)
        hint = "begin with `apiVersion: ggrec/v1`, `kind: …`"
        return None, [Diagnostic("not-a-document", "a document must be a mapping", hint, where)]
    version = value.get("apiVersion")
    if isinstance(version, str) and version.startswith(_DASHBOARDS):
        return _manifest(value, version.removeprefix(_DASHBOARDS), file)
    problems = _envelope_problems(value)
    if problems:
        return None, problems
    metadata, spec = value["metadata"], value["spec"]
    return Document(value["kind"], metadata["name"], metadata, spec, _beginning(value, file)), []


def _beginning(value: MarkedDict, file: str) -> Mark:
    """The place that stands for the whole document."""
    return value.keys_at.get("apiVersion") or value.mark or Mark(file, 1, 1)


def _envelope_problems(value: MarkedDict) -> list[Diagnostic]:
    found: list[Diagnostic] = []

    def fail(code: str, message: str, hint: str, *path: str, key: bool = False) -> None:
        found.append(Diagnostic(code, message, hint, mark_at(value, path, key=key)))

    for key in value:
        if key not in _KEYS:
            fail("unknown-key", f"unknown key '{key}'", suggestion(key, _KEYS), key, key=True)
    for key in _KEYS:
        if key not in value:
            fail("missing-key", f"'{key}' is missing", f"a document has {', '.join(_KEYS)}")
    version, kind = value.get("apiVersion"), value.get("kind")
    if "apiVersion" in value and version != API_VERSION:
        fail("api-version", f"apiVersion is {shown(version)}", f"write `apiVersion: {API_VERSION}`", "apiVersion")
    if "kind" in value and not (isinstance(kind, str) and kind):
        fail("kind-not-text", f"kind is {shown(kind)}, not the name of a kind", "as in `kind: Folder`", "kind")
    for key in ("metadata", "spec"):
        if key in value and not isinstance(value[key], MarkedDict):
            hint = {"metadata": "as in `metadata: {name: orders}`"}.get(key, "indent what belongs to it under `spec:`")
            fail("not-a-mapping", f"{key} must be a mapping, and is {shown(value[key])}", hint, key)
    metadata = value.get("metadata")
    if isinstance(metadata, MarkedDict):
        found += name_problems(metadata)
    return found


def name_problems(metadata: MarkedDict) -> list[Diagnostic]:
    """What is wrong with `metadata.name`."""
    if "name" not in metadata:
        return [Diagnostic("missing-name", "metadata.name is missing", _NAME_HINT, metadata.mark)]
    name, where = metadata["name"], mark_at(metadata, ("name",))
    if isinstance(name, (int, float)):  # true and false too
        text = f"metadata.name is {shown(name)}, not a text"
        return [Diagnostic("name-not-text", text, "quote it if that is the name", where)]
    if not isinstance(name, str):
        return [Diagnostic("name-not-text", f"metadata.name is {shown(name)}, not a text", _NAME_HINT, where)]
    if "for_each" in metadata and "${" in name:
        return []  # the name is each entry's: authoring checks what it becomes
    if not NAME.match(name):
        long = f" ({len(name)} characters)" if len(name) > 40 else ""
        return [Diagnostic("bad-name", f"metadata.name {shown(name)}{long} is not a name", _NAME_HINT, where)]
    return []


def _manifest(value: MarkedDict, version: str, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """A manifest as Grafana's own tools write it: the name is the uid, the folder an annotation.

    The document's `spec` holds only `folder` (from the annotation); the model is its `body`, as it is.
    """
    problems = _manifest_problems(value, version)
    if problems:
        return None, problems
    metadata, spec = value["metadata"], value["spec"]
    annotations = metadata.get("annotations")
    envelope = MarkedDict(mark=spec.mark)
    if isinstance(annotations, MarkedDict) and annotations.get(_FOLDER):
        envelope.take(_FOLDER, annotations, annotations[_FOLDER], as_key="folder")
    kept = MarkedDict(mark=metadata.mark)
    kept.take("name", metadata, metadata["name"])
    return Document("Dashboard", metadata["name"], kept, envelope, _beginning(value, file), spec, manifest=True), []


def _manifest_problems(value: MarkedDict, version: str) -> list[Diagnostic]:
    where = mark_at(value, ("apiVersion",))
    if version.startswith("v2"):
        text = f"dashboards of {_DASHBOARDS}{version} (schema v2) are not supported yet"
        hint = "export it as 'Classic' (v1), or move the file out of the desired folder"
        return [Diagnostic("schema-v2", text, hint, where)]
    if version not in _SUPPORTED:
        text = f"apiVersion is '{_DASHBOARDS}{version}', which is not known here"
        return [Diagnostic("api-version", text, f"known: {', '.join(_SUPPORTED)}", where)]
    found: list[Diagnostic] = []
    if value.get("kind") != "Dashboard":
        at = mark_at(value, ("kind",))
        text = f"kind is {shown(value['kind'])}" if "kind" in value else "'kind' is missing"
        found.append(Diagnostic("bad-manifest", text, "a manifest of one dashboard has `kind: Dashboard`", at))
    for key in ("metadata", "spec"):
        if not isinstance(value.get(key), MarkedDict):
            text = f"{key} must be a mapping" if key in value else f"'{key}' is missing"
            hint = "a dashboard manifest has apiVersion, kind, metadata and spec: is the file complete?"
            found.append(Diagnostic("bad-manifest", text, hint, mark_at(value, (key,))))
    metadata = value.get("metadata")
    if not isinstance(metadata, MarkedDict):
        return found
    folder = mark_at(metadata, ("annotations", _FOLDER))
    annotations = metadata.get("annotations")
    if annotations is not None and not isinstance(annotations, MarkedDict):
        text = f"metadata.annotations must be a mapping, and is {shown(annotations)}"
        found.append(Diagnostic("bad-manifest", text, "remove it, or indent what belongs to it", folder))
    elif annotations and not isinstance(annotations.get(_FOLDER, ""), str):
        text = f"the annotation {_FOLDER} is {shown(annotations[_FOLDER])}, not a text"
        found.append(Diagnostic("bad-manifest", text, "it holds the folder's name, in quotes", folder))
    return found + name_problems(metadata)
