"""Writing documents to a search server that speaks Elasticsearch's API. A server that is away costs documents, never
the shop: what does not fit into the buffer is dropped, oldest first.
"""

import argparse
import asyncio
import json
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import httpx

from shop.documents import INDEX, MAPPING, bulk_lines
from shop.faults import DOCUMENT_FAULTS, DocumentFault

_MOST = 20_000
_AT_ONCE = 500
_HEADERS = {"Content-Type": "application/x-ndjson"}


class Bulk:
    """A buffer of documents, sent every few seconds."""

    def __init__(self, url: str, *, every: float = 5.0) -> None:
        self._http = httpx.AsyncClient(base_url=url, timeout=20, trust_env=False)
        self._waiting: deque[str] = deque(maxlen=_MOST)
        self._every = every

    def take(self, document: dict[str, Any]) -> None:
        """Keep a document until it can be sent."""
        self._waiting.append(bulk_lines(document))

    async def keep_sending(self) -> None:
        """Send what waits, until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self.send()

    async def send(self) -> bool:
        """Send what waits; False where the server is away: then it waits on."""
        while self._waiting:
            lines = list(islice(self._waiting, _AT_ONCE))
            try:
                answer = await self._http.post("/_bulk", content="".join(lines).encode(), headers=_HEADERS)
                answer.raise_for_status()
            except httpx.HTTPError:
                return False
            for _ in lines:
                self._waiting.popleft()
        return True

    async def close(self) -> None:
        """Send the rest, as far as that goes, and close."""
        await self.send()
        await self._http.aclose()


def fill(url: str, file: Path, fault: DocumentFault | None = None) -> int:
    """Make the index anew, write the backfill's documents into it (with a fault), and say how many. Raises
    httpx.HTTPError.
    """
    with httpx.Client(base_url=url, timeout=60, trust_env=False) as http, file.open(encoding="utf-8") as lines:
        http.delete(f"/{INDEX}")
        http.put(f"/{INDEX}", json=MAPPING).raise_for_status()
        count = 0
        rows: Iterator[str] = lines if fault is None else changed(lines, fault, _newest(file))
        while batch := "".join(islice(rows, 10_000)):
            http.post("/_bulk", content=batch.encode(), headers=_HEADERS).raise_for_status()
            count += batch.count("\n") // 2
        http.post(f"/{INDEX}/_refresh").raise_for_status()
        return count


def changed(lines: Iterable[str], fault: DocumentFault, newest: datetime) -> Iterator[str]:
    """The lines of a bulk request with a fault."""
    for line in islice(lines, 1, None, 2):
        document = json.loads(line)
        found = fault.change(document, newest - datetime.fromisoformat(document["@timestamp"]))
        if found is not None:
            yield from bulk_lines(found).splitlines(keepends=True)


def _newest(file: Path) -> datetime:
    with file.open(encoding="utf-8") as lines:
        return datetime.fromisoformat(max(json.loads(line)["@timestamp"] for line in islice(lines, 1, None, 2)))


def main() -> None:
    """The command: `python -m shop.search_server URL FILE` fills a search server with the backfill's documents."""
    parser = argparse.ArgumentParser(prog="shop.search_server", description=main.__doc__)
    parser.add_argument("url")
    parser.add_argument("file", type=Path, help="documents.ndjson of the backfill")
    parser.add_argument("--fault", choices=DOCUMENT_FAULTS, help="what goes wrong with them")
    given = parser.parse_args()
    fault = DOCUMENT_FAULTS[given.fault] if given.fault else None
    print(f"{fill(given.url, given.file, fault)} documents in {INDEX}")


if __name__ == "__main__":
    main()
