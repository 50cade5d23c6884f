"""What looks like a credential outside secureJsonData: Grafana stores and shows it in plain text, and so would the
state. In a datasource it is an error, for there is a place for it; elsewhere a warning.

Must not show the value in any message.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from reconciler.core.errors import Diagnostic, Severity
from reconciler.core.json import Json
from reconciler.core.literals import literals, may_have_literals
from reconciler.core.resource import Resource
from reconciler.core.shared import Canonical, Common, Shared, written

ALONE = True
_SECRET = re.compile(
    r"(password|passwd|passphrase|secret|token|api_?key|access_?key|private_?key|client_?key|tls_?key"
    r"|http_?header_?value\d*)\Z",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(proxy-)?authorization|cookie|x-(api|auth)-(key|token)|api-?key|private-token", re.IGNORECASE)
_HEADER_WORD = re.compile(rf'"(?:{_HEADER.pattern})"')
_HEADER_PARTS = ("authorization", "cookie", "x-api-", "x-auth-", "api-key", "apikey", "private-token")
"""One of these is in each of them."""
_IN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s@:]*:[^/?#\s@]+@")
_HINT = "put it under secureJsonData as a reference: {key}: ${{env:NAME}}"
_ELSEWHERE = (
    "everybody who may see it can read it: let Grafana keep it secret, under a datasource's secureJsonData or a "
    "contact point's secureSettings"
)
_NAMED_BY = ("key", "name", "header")


def check(resources: Sequence[Resource]) -> Iterable[Diagnostic]:
    """One finding for each text that is or names a credential, in objects of every kind."""
    for resource in resources:
        yield from _datasource(resource) if resource.address.kind == "datasource" else _elsewhere(resource)
        for name, reference in sorted(resource.secrets.items()):
            for what in literals(str(reference)):
                hint = "a reference says where the secret is; take it out of the reference"
                yield _finding(resource, f"the reference of {name} has {what} in it", hint)


def _datasource(resource: Resource) -> Iterator[Diagnostic]:
    """Texts under a key that names a secret in jsonData, and what is a credential by its look in any field."""
    for path, key, text in _texts(resource.attributes, ""):
        found = next(literals(text), "a password in a URL" if _IN_URL.match(text) else None)
        if path.startswith("jsonData.") and text.strip() and _SECRET.search(key):
            message = f"{path} looks like a secret, and jsonData is readable by everybody"
            yield _finding(resource, message, _HINT.format(key=key))
        elif found == "a password in a URL":
            hint = "put the password under secureJsonData"
            if path == "url":
                hint = "write basicAuth: true, basicAuthUser, and basicAuthPassword under secureJsonData"
            yield _finding(resource, f"{path} has a password in it", hint)
        elif found is not None:
            yield _finding(resource, f"{path} has {found} in it", "put it under secureJsonData as a reference")


def _elsewhere(resource: Resource) -> Iterator[Diagnostic]:
    """What is a credential by its look, and headers that carry one."""
    if _nothing_in(resource.attributes):
        return
    for path, _, text in _texts(resource.attributes, ""):
        for what in literals(text):
            yield _finding(resource, f"{path} has {what} in it", _ELSEWHERE, Severity.WARNING)
    for path, text in _headers(resource.attributes, ""):
        if text.strip() and "$" not in text and "{{" not in text and not any(literals(text)):
            yield _finding(resource, f"{path} is a header that carries a credential", _ELSEWHERE, Severity.WARNING)


def _nothing_in(value: Json) -> bool:
    """Whether certainly nothing of either is in any text: seen from all of them in one piece, for most have nothing.
    Parts that many objects share are looked at once.
    """
    parts: list[Shared | Common] = []

    def other(item: Json) -> Any:
        if type(item) is Shared:
            if "innocent" not in item.notes:
                parts.append(item)
            return None
        if type(item) is Canonical and item.frame is not None:
            if "innocent" not in item.frame.notes:
                parts.append(item.frame)
            parts.extend(query for query in item.get("targets", ()) if "innocent" not in query.notes)
            return [item[key] for key in item.frame.own if key != "targets"]  # those are all shared
        return dict(item) if isinstance(item, Mapping) else list(item)  # type: ignore[arg-type]  # TypeError for others

    try:
        text = orjson.dumps(value, default=other, option=orjson.OPT_PASSTHROUGH_SUBCLASS).decode()
    except (TypeError, ValueError):
        return False
    return _innocent(text) and all(map(_noted_innocent, parts))


def _noted_innocent(part: Shared | Common) -> bool:
    """Whether the same holds for what many share; noted where it does."""
    found = _innocent(written(part.panel if isinstance(part, Common) else part).decode())
    if found:
        part.notes["innocent"] = True
    return found


def _innocent(text: str) -> bool:
    if may_have_literals(text):
        return False
    small = text.lower()
    return not (any(word in small for word in _HEADER_PARTS) and _HEADER_WORD.search(small))


def _headers(value: Json, path: str) -> Iterator[tuple[str, str]]:
    """The values of such headers, written as `{Authorization: …}` or as `{name: Authorization, value: …}`."""
    if isinstance(value, Mapping):
        named = any(isinstance(name := value.get(key), str) and _HEADER.fullmatch(name) for key in _NAMED_BY)
        for key, item in value.items():
            here = f"{path}.{key}" if path else key
            if isinstance(item, str):
                if (named and key == "value") or _HEADER.fullmatch(key):
                    yield here, item
            else:
                yield from _headers(item, here)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _headers(item, f"{path}[{index}]")


def _texts(value: Json, path: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text with its path and the last key on the way to it."""
    if isinstance(value, str):
        yield path, key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{path}.{name}" if path else name, name)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]", key)


def _finding(resource: Resource, message: str, hint: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    subject = str(resource.address)
    return Diagnostic("literal-secret", message, hint, where=resource.source, subject=subject, severity=severity)
