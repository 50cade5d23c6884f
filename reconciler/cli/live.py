"""Running the checks against real datasources: how many at once, until when, nothing asked twice; and what to say of
it.
"""

import asyncio
import time
from collections.abc import Sequence

from msgspec import Struct, field

from reconciler.checking.live import Asked, Panel, ask, panels_of, request_of, variables, with_cost
from reconciler.checking.queries import sources_in
from reconciler.checking.variables import Value
from reconciler.core.address import Address
from reconciler.core.errors import ServerError, Unauthorized, Unreachable
from reconciler.core.json import canonical_bytes
from reconciler.core.ports import Asker
from reconciler.core.resource import Resource

MOST_VALUES = 20
"""Values of one variable that `--matrix` tries."""


class Limits(Struct, frozen=True):
    """What a check may take. Seconds; `at_once` requests side by side."""

    at_once: int = 4
    deadline: float | None = None


class Checked(Struct):
    """What came of one dashboard: its panels, variables that could not be told, and what was not asked any more."""

    address: Address
    asked: list[Asked] = field(default_factory=list)
    variables: dict[str, str] = field(default_factory=dict)
    unasked: int = 0
    tried: dict[str, str] = field(default_factory=dict)
    """With `--matrix`: the values that were tried, where not the first ones."""


class LiveCheck:
    """One run over some dashboards."""

    def __init__(self, asker: Asker, resources: Sequence[Resource], limits: Limits) -> None:
        self._asker = asker
        self._sources = sources_in(resources)
        self._places = asyncio.Semaphore(limits.at_once)
        self._until = None if limits.deadline is None else time.monotonic() + limits.deadline
        self._known: dict[bytes, Asked] = {}

    async def dashboards(self, chosen: Sequence[Resource], *, matrix: bool = False) -> list[Checked]:
        """Ask everything of these dashboards. Raises where Grafana cannot be asked at all."""
        return list(await asyncio.gather(*(self._dashboard(resource, matrix=matrix) for resource in chosen)))

    async def _dashboard(self, resource: Resource, *, matrix: bool) -> Checked:
        found = Checked(resource.address)
        panels = panels_of(resource, self._sources)
        try:
            async with self._places:
                values, found.variables = await self._asker.ask(variables(resource, self._sources))
        except (Unauthorized, Unreachable):
            raise
        except ServerError as error:
            found.variables, found.unasked = {"": str(error).partition("\n")[0]}, len(panels)
            return found
        selections = [values, *(_each(values) if matrix else ())]
        for number, selection in enumerate(selections):
            wanted = panels if not number else [p for p in panels if _uses(p, selection, values)]
            for result in await asyncio.gather(*(self._panel(panel, selection) for panel in wanted)):
                if result is None:
                    found.unasked += 1
                else:
                    found.asked.append(result)
        return found

    async def _panel(self, panel: Panel, values: dict[str, Value]) -> Asked | None:
        request = request_of(panel, values)
        key = canonical_bytes(request.body)  # type: ignore[arg-type]  # no secret is in a query
        if key in self._known:
            known = self._known[key]
            return Asked(panel, known.answers, values, known.took)
        async with self._places:
            if self._until is not None and time.monotonic() >= self._until:
                return None
            began = time.monotonic()
            asked = await self._asker.ask(ask(panel, values, request))
            took = time.monotonic() - began
        asked = with_cost(asked, took=took)
        self._known[key] = asked
        return asked


def _each(values: dict[str, Value]) -> list[dict[str, Value]]:
    """Each value of each variable by itself, the others as they are when the dashboard is opened."""
    found = []
    for name, value in values.items():
        if value.multi:
            found += [{**values, name: Value((one,), True)} for one in value.values[:MOST_VALUES]]
    return found


def _uses(panel: Panel, selection: dict[str, Value], values: dict[str, Value]) -> bool:
    """Whether a panel's request is another one with this selection."""
    return request_of(panel, selection).body != request_of(panel, values).body
