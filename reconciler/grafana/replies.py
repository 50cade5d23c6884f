"""What came of one attempt to send a request, free of any HTTP library: an answer, or none. Values only."""

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct, field


class Reply(Struct, frozen=True):
    """An answer as it came. The names of `headers` are in lower case."""

    status: int
    content: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def media_type(self) -> str:
        """The content type without its parameters, "" where there is none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Loss(Struct, frozen=True):
    """No complete answer. `reason` and `hint` are for people and hold no secret.

    `sent` tells that the request may have arrived all the same; `lasting` that another try would end alike.
    """

    reason: str
    hint: str
    sent: bool
    lasting: bool = False


Outcome: TypeAlias = Reply | Loss
