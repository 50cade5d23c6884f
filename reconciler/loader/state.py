"""Where a state outside the file system is: the URL and the options of an object store. Secrets stay references."""

from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct

from reconciler.core.resource import SecretRef

SCHEMES = ("s3", "gs", "az", "memory")


class RemoteState(Struct, frozen=True):
    """An object store and a prefix in it. What is None comes from the environment, as the store's own tools have it."""

    url: str
    endpoint: str | None = None
    region: str | None = None
    allow_http: bool = False
    path_style: bool | None = None
    ca: Path | None = None
    access_key_id: SecretRef | None = None
    secret_access_key: SecretRef | None = None


def remote_problem(url: str) -> str:
    """Why a URL names no place for a state; "" where it does. Credentials in it are never quoted."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "it is malformed"
    if parts.username is not None or parts.password is not None:
        return "it carries credentials, which would end up in logs"
    if parts.query or parts.fragment:
        return "it carries a query or a fragment"
    if parts.scheme not in SCHEMES:
        return f"its scheme is '{parts.scheme}', and not one of {', '.join(SCHEMES[:3])}"
    if not parts.netloc and parts.scheme != "memory":
        return "it names no bucket"
    return ""
