"""Run `ggrec` with everything that it sends written down: `recorder.py OUT ARGUMENTS…`, with OUT a file of one JSON
object a line: connection, method, path (with its query), headers, body.

Listens at Python's sockets, so that it does not matter by which library ggrec talks. Slower than ggrec itself: for the
unmeasured warm-up only. The credentials are not written down.
"""

import atexit
import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_OURS = {"accept", "content-type", "x-grafana-org-id"}
_METHODS = (b"GET ", b"POST ", b"PUT ", b"PATCH ", b"DELETE ")


class Recorder:
    """What went out over each connection, in order."""

    def __init__(self) -> None:
        self.order: list[int] = []
        self.sent: dict[int, bytearray] = {}
        self._of: dict[Any, int] = {}

    def listen(self) -> None:
        """From now on hear every socket's bytes."""
        for name in ("send", "sendall", "sendmsg"):
            setattr(socket.socket, name, self._heard(name))

    def _heard(self, name: str) -> Any:
        plain = getattr(socket.socket, name)
        recorder = self

        def heard(this: socket.socket, data: Any, *rest: Any) -> Any:
            whole = b"".join(bytes(part) for part in data) if name == "sendmsg" else bytes(data)
            result = plain(this, data, *rest)
            recorder.add(this, whole if result is None else whole[:result])
            return result

        return heard

    def add(self, this: socket.socket, data: bytes) -> None:
        """Bytes that left by a socket."""
        key = (this.fileno(), this.getsockname() if this.family in {socket.AF_INET, socket.AF_INET6} else "")
        number = self._of.setdefault(key, len(self._of))
        kept = self.sent.setdefault(number, bytearray())
        if data.startswith(_METHODS):
            self.order.append(number)
        kept += data

    def requests(self) -> Iterator[dict[str, Any]]:
        """All requests, in the order in which they began."""
        lines = {number: _parsed(number, bytes(data)) for number, data in self.sent.items()}
        for number in self.order:
            found = next(lines[number], None)
            if found is not None:
                yield found


def _parsed(number: int, data: bytes) -> Iterator[dict[str, Any]]:
    while data:
        head, _, data = data.partition(b"\r\n\r\n")
        first, *fields = head.decode("latin-1").split("\r\n")
        method, path, *_ = first.split(" ")
        headers = {key.lower(): value.strip() for key, _, value in (field.partition(":") for field in fields)}
        length = int(headers.get("content-length", "0"))
        body, data = data[:length], data[length:]
        ours = {key: value for key, value in headers.items() if key in _OURS}
        yield {"connection": number, "method": method, "path": path, "headers": ours, "body": body.decode()}


def main() -> None:
    """Run ggrec, and write down what it sent when it ends."""
    out, *arguments = sys.argv[1:]
    recorder = Recorder()
    recorder.listen()

    def keep() -> None:
        with Path(out).open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(request) + "\n" for request in recorder.requests())

    atexit.register(keep)
    sys.argv = ["ggrec", *arguments]
    from reconciler.cli import main as ggrec

    ggrec()


if __name__ == "__main__":
    main()
