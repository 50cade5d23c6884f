"""Bytes under keys in an object store: S3 and what speaks its protocol, GCS, Azure, memory; through obstore.

Nothing here is appended to or locked: the store's conditional writes (If-None-Match, If-Match) are all there is. An
object without bytes counts as absent, for no store lets us delete conditionally.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError, NotSupportedError, PreconditionError

from reconciler.store.blobs import Blob
from reconciler.store.object_errors import Failure, not_conditional

T = TypeVar("T")

_MISSING = (FileNotFoundError,)
_REFUSED = (AlreadyExistsError, PreconditionError)


class ObjectBlobs:
    """An object store with a prefix. `must_prove`: the store only claims to be conditional, as servers that speak S3
    do, so before the first lock it has to show it.
    """

    workers = 8

    def __init__(self, store: Any, location: str, *, must_prove: bool = False) -> None:
        self._store = store
        self._location = location
        self._must_prove = must_prove

    @property
    def location(self) -> str:
        """The URL."""
        return self._location

    def read(self, key: str) -> Blob | None:
        """GET."""

        def get() -> Blob | None:
            found = obstore.get(self._store, key)
            data = bytes(found.bytes())
            return Blob(data, _version(found.meta)) if data else None

        return self._ask("read", key, get)

    def put(self, key: str, data: bytes) -> None:
        """PUT."""
        self._ask("write", key, lambda: obstore.put(self._store, key, data, use_multipart=False))

    def create(self, key: str, data: bytes) -> str | None:
        """PUT with If-None-Match; where a released lock lies, with the If-Match of that."""
        made = self._conditional(key, data, "create")
        if made is None:
            there = self._head(key)
            if there is not None and there[0] == 0:
                made = self._conditional(key, data, _condition(there[1]))
        if made is None:
            return self._own(key, data)
        if self._must_prove:
            self._prove(key, data, made)
        return made

    def swap(self, key: str, data: bytes, version: str) -> str | None:
        """PUT with If-Match."""
        return self._conditional(key, data, _condition(version)) or self._own(key, data)

    def take_away(self, key: str, version: str) -> bool:
        """PUT nothing, with If-Match: what is empty is absent."""
        return self._conditional(key, b"", _condition(version)) is not None or self.read(key) is None

    def log(self, key: str) -> None:
        """Objects cannot be appended to."""

    def list(self, prefix: str) -> tuple[str, ...]:
        """LIST, every page."""
        return tuple(self.sizes(prefix))

    def sizes(self, prefix: str) -> Mapping[str, int]:
        """The same with the sizes, which LIST tells."""

        def walk() -> Mapping[str, int]:
            pages = obstore.list(self._store, prefix=prefix.rstrip("/"))
            return dict(sorted((str(item["path"]), int(item["size"])) for page in pages for item in page))

        return self._ask("list", prefix, walk) or {}

    def delete(self, keys: Sequence[str]) -> None:
        """DELETE, many in one request where the store can."""
        if keys:
            self._ask("delete", keys[0], lambda: obstore.delete(self._store, list(keys)))

    def _conditional(self, key: str, data: bytes, mode: Any) -> str | None:
        def put() -> str | None:
            try:
                return _version(obstore.put(self._store, key, data, mode=mode, use_multipart=False))
            except NotSupportedError as error:
                raise not_conditional(self._location) from error
            except _REFUSED:
                return None

        return self._ask("write", key, put)

    def _head(self, key: str) -> tuple[int, str] | None:
        def head() -> tuple[int, str]:
            found = obstore.head(self._store, key)
            return found["size"], _version(found)

        return self._ask("read", key, head)

    def _own(self, key: str, data: bytes) -> str | None:
        """The version of one's own bytes: the write was refused because it had happened, and its answer was lost."""
        found = self.read(key)
        return found.version if found is not None and found.data == data else None

    def _prove(self, key: str, data: bytes, version: str) -> None:
        """Both conditions must be refused where they do not hold; writing the same bytes again does no harm."""
        again = self._conditional(key, data, "create")
        other = None if again else self._conditional(key, data, {"e_tag": '"00000000000000000000000000000000"'})
        if again or other:
            self.take_away(key, version)
            raise not_conditional(self._location)
        self._must_prove = False

    def _ask(self, what: str, key: str, call: Callable[[], T]) -> T | None:
        """The result, None where there is no such object. Raises StoreFailed for everything else, in our words."""
        try:
            return call()
        except (BaseError, OSError) as error:
            failure = Failure(what, f"{self._location}/{key}", error)
            if isinstance(error, _MISSING) and not failure.no_bucket:
                return None
            raise failure.error() from None


def _version(meta: Any) -> str:
    """ETag, and where a store tells them apart by it (GCS), the generation."""
    parts = [str(meta.get("e_tag") or ""), str(meta.get("version") or "")]
    return "\n".join(parts)


def _condition(version: str) -> dict[str, str]:
    tag, _, number = version.partition("\n")
    return {name: text for name, text in (("e_tag", tag), ("version", number)) if text}
