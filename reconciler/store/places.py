"""From an address to the place where a state is kept. Object stores are only imported where one is named."""

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.core.errors import StoreFailed
from reconciler.store.blobs import Blobs, LocalBlobs

_MEMORY: dict[str, Any] = {}
"""Stores in memory by URL, so that two that name the same are the same."""


class Options(Struct, frozen=True):
    """What an object store needs beyond its URL; None: what the environment says (AWS_ENDPOINT_URL, AWS_REGION …)."""

    endpoint: str | None = None
    region: str | None = None
    allow_http: bool = False
    path_style: bool | None = None
    ca: Path | None = None
    credentials: tuple[str, str] | None = None
    retries: int = 4

    def __repr__(self) -> str:
        return f"Options(endpoint={self.endpoint!r}, region={self.region!r})"  # the credentials are secret


def folder(path: Path) -> Blobs:
    """A folder."""
    return LocalBlobs(path)


def object_store(url: str, options: Options, environment: Mapping[str, str]) -> Blobs:
    """What a URL such as `s3://bucket/prefix` names. Nothing is asked yet. Raises StoreFailed where the options do not
    fit.
    """
    from reconciler.store.object_blobs import ObjectBlobs  # takes a moment to import

    scheme = urlsplit(url).scheme
    if scheme == "memory":
        from obstore.store import MemoryStore

        return ObjectBlobs(_MEMORY.setdefault(url, MemoryStore()), url)
    from obstore.exceptions import BaseError
    from obstore.store import from_url

    config = _s3(options, environment) if scheme == "s3" else {}
    try:
        store = from_url(  # type: ignore[call-overload]  # each scheme has a type of its own
            url,
            config=config or None,
            client_options=_client(options, environment),
            retry_config={"max_retries": options.retries, "retry_timeout": timedelta(seconds=45)},
        )
    except (BaseError, ValueError, OSError) as error:
        said = re.search(r"error: ([A-Z]\w+ must be specified)", str(error))
        why = said[1] if said else type(error).__name__
        hint = "see docs/state.md for what the environment must say"
        raise StoreFailed.one("state-options", f"{url} cannot be used with these options ({why})", hint=hint) from None
    return ObjectBlobs(store, url, must_prove=scheme == "s3")


def _s3(options: Options, environment: Mapping[str, str]) -> dict[str, Any]:
    endpoint = options.endpoint or environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    path_style = options.path_style if options.path_style is not None else bool(endpoint)
    config: dict[str, Any] = {"virtual_hosted_style_request": not path_style}
    if endpoint:
        config["endpoint"] = endpoint
    if options.region:
        config["region"] = options.region
    elif not environment.get("AWS_REGION") and environment.get("AWS_DEFAULT_REGION"):
        config["region"] = environment["AWS_DEFAULT_REGION"]
    if options.credentials is not None:
        config["access_key_id"], config["secret_access_key"] = options.credentials
    return config


def _client(options: Options, environment: Mapping[str, str]) -> dict[str, Any]:
    allowed = options.allow_http or environment.get("AWS_ALLOW_HTTP", "").lower() in {"1", "true"}
    client: dict[str, Any] = {"timeout": "20s", "connect_timeout": "5s"}
    if allowed:
        client["allow_http"] = True
    if options.ca is not None:
        try:
            client["root_certificate"] = options.ca.read_bytes()
        except OSError as error:
            text = f"the authority's file {options.ca} cannot be read: {error.strerror or error}"
            raise StoreFailed.one("state-options", text, hint="`state.ca` is relative to ggrec.yaml") from None
    return client
