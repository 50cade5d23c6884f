"""What looks like a credential outside secureJsonData is an error: Grafana stores and shows it in plain text, and so
would the state.

Must not show the value in any message.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reconciler.core.errors import Diagnostic
from reconciler.core.json import Json
from reconciler.core.resource import Resource

_SECRET = re.compile(
    r"(password|passwd|passphrase|secret|token|api_?key|access_?key|private_?key|client_?key|tls_?key"
    r"|http_?header_?value\d*)\Z",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/?#\s@:]*:[^/?#\s@]+@")
_HINT = "put it under secureJsonData as a reference: {key}: ${{env:NAME}}"


def check(resources: Sequence[Resource]) -> Iterable[Diagnostic]:
    """One finding for each text under a key that names a secret in jsonData, and for a password in a URL."""
    for resource in resources:
        for path, key, text in _texts(resource.attributes.get("jsonData"), "jsonData"):
            if text.strip() and _SECRET.search(key):
                message = f"{path} looks like a secret, and jsonData is readable by everybody"
                yield _finding(resource, message, _HINT.format(key=key))
            elif _IN_URL.match(text):
                yield _finding(resource, f"{path} has a password in it", "put the password under secureJsonData")
        url = resource.attributes.get("url")
        if isinstance(url, str) and _IN_URL.match(url):
            hint = "write basicAuth: true, basicAuthUser, and basicAuthPassword under secureJsonData"
            yield _finding(resource, "url has a password in it", hint)


def _texts(value: Json, path: str, key: str = "") -> Iterator[tuple[str, str, str]]:
    """Every text with its path and the last key on the way to it."""
    if isinstance(value, str):
        yield path, key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, f"{path}.{name}", name)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]", key)


def _finding(resource: Resource, message: str, hint: str) -> Diagnostic:
    return Diagnostic("literal-secret", message, hint, where=resource.source, subject=str(resource.address))
