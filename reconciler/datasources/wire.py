"""Asking a server over HTTP: a status and the JSON of its answer, whatever happens."""

import base64
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

import orjson

_TIMEOUT = 30
UNREACHABLE = 502
"""The status of a server that did not answer."""


def asked(
    source: Mapping[str, Any], path: str, data: bytes | None = None, *, form: str = "application/x-www-form-urlencoded"
) -> tuple[int, dict[str, Any]]:
    """GET, or POST where there is something to send, at a path of a source, signed in as the source says. A server
    that cannot be reached answers UNREACHABLE, and `error` says why.
    """
    url = f"{str(source['url']).rstrip('/')}/{path}"
    headers = {"Content-Type": form} if data is not None else {}
    if source.get("basicAuth"):
        password = (source.get("secrets") or {}).get("basicAuthPassword", "")
        pair = f"{source.get('basicAuthUser') or ''}:{password}"
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data, headers), timeout=_TIMEOUT) as answer:
            return answer.status, _object(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _object(error.read())
    except (OSError, ValueError) as error:
        return UNREACHABLE, {"error": f"cannot reach {url}: {getattr(error, 'reason', error)}"}


def _object(content: bytes) -> dict[str, Any]:
    """The JSON of an answer; empty where it is no object."""
    try:
        found = orjson.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
