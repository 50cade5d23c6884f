"""The envelope that every document has: apiVersion, kind, metadata.name, spec. Knows no kind."""

from difflib import get_close_matches
from typing import Any

from reconciler.core.address import NAME
from reconciler.core.errors import Diagnostic
from reconciler.core.resource import Document
from reconciler.core.source import Mark, MarkedDict, mark_at

API_VERSION = "ggrec/v1"
_DASHBOARDS = "dashboard.grafana.app/"
_FOLDER = "grafana.app/folder"
_KEYS = ("apiVersion", "kind", "metadata", "spec")


def suggestion(word: str, known: list[str] | tuple[str, ...]) -> str:
    """`did you mean 'x'?` where something is close, else what there is to choose from."""
    close = get_close_matches(word, known, 1, 0.6)
    return f"did you mean '{close[0]}'?" if close else f"known: {', '.join(sorted(known))}"


def open_envelope(value: Any, file: str) -> tuple[Document | None, list[Diagnostic]]:
    """The document in a marked value, or everything that is wrong with its envelope."""
    if not isinstance(value, MarkedDict):
        where = getattr(value, "mark", None) or Mark(file, 1, 1)
        hint = "begin with `apiVersion: ggrec/v1`, `kind: …`"
        return None, [Diagnostic("not-a-document", "a document must be a mapping", hint, where)]
    version = value.get("apiVersion")
    if isinstance(version, str) and version.startswith(_DASHBOARDS):
        return _manifest(value, version.removeprefix(_DASHBOARDS))
    problems = _envelope_problems(value)
    if problems:
        return None, problems
    metadata, spec = value["metadata"], value["spec"]
    mark = value.keys_at.get("apiVersion") or value.mark or Mark(file, 1, 1)
    return Document(value["kind"], metadata["name"], metadata, spec, mark), []


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
    version = value.get("apiVersion")
    if "apiVersion" in value and version != API_VERSION:
        fail("api-version", f"apiVersion is {version!r}", f"write `apiVersion: {API_VERSION}`", "apiVersion")
    if "kind" in value and not isinstance(value["kind"], str):
        fail("kind-not-text", f"kind is {value['kind']!r}, not a text", "as in `kind: Folder`", "kind")
    for key in ("metadata", "spec"):
        if key in value and not isinstance(value[key], MarkedDict):
            fail("not-a-mapping", f"{key} must be a mapping", "indent what belongs to it", key)
    metadata = value.get("metadata")
    if isinstance(metadata, MarkedDict):
        found += _name_problems(metadata)
    return found


def _name_problems(metadata: MarkedDict) -> list[Diagnostic]:
    hint = "1 to 40 of A-Z a-z 0-9 _ - : it is the uid in Grafana"
    if "name" not in metadata:
        return [Diagnostic("missing-name", "metadata.name is missing", hint, metadata.mark)]
    name = metadata["name"]
    if not isinstance(name, str):
        text = f"metadata.name is {name!r}, not a text"
        return [Diagnostic("name-not-text", text, f'quote it: name: "{name}"', mark_at(metadata, ("name",)))]
    if not NAME.match(name):
        long = f" ({len(name)} characters)" if len(name) > 40 else ""
        text = f"metadata.name '{name}'{long} is not a name"
        return [Diagnostic("bad-name", text, hint, mark_at(metadata, ("name",)))]
    return []


def _manifest(value: MarkedDict, version: str) -> tuple[Document | None, list[Diagnostic]]:
    """A manifest as Grafana's own tools write it: the name is the uid, the folder an annotation."""
    where = mark_at(value, ("apiVersion",))
    if version not in {"v0alpha1", "v1beta1", "v1"}:
        text = f"dashboards of {_DASHBOARDS}{version} (schema v2) are not supported yet"
        return None, [Diagnostic("schema-v2", text, "export it as 'Classic' (v1), or leave it out", where)]
    metadata, spec = value.get("metadata"), value.get("spec")
    if value.get("kind") != "Dashboard" or not isinstance(metadata, MarkedDict) or not isinstance(spec, MarkedDict):
        text = "a dashboard manifest has kind: Dashboard, metadata and spec"
        return None, [Diagnostic("bad-manifest", text, "is the file complete?", where)]
    problems = _name_problems(metadata)
    if problems:
        return None, problems
    annotations = metadata.get("annotations")
    envelope = MarkedDict(mark=spec.mark)
    if isinstance(annotations, MarkedDict) and annotations.get(_FOLDER):
        envelope.take(_FOLDER, annotations, annotations[_FOLDER], as_key="folder")
    kept = MarkedDict(mark=metadata.mark)
    kept.take("name", metadata, metadata["name"])
    mark = where or Mark("", 1, 1)
    return Document("Dashboard", metadata["name"], kept, envelope, mark, spec, manifest=True), []
