"""How much memory a plan takes for each dashboard more. A slope and no sum: what an interpreter and its libraries take
differs between machines and versions, what is kept of each dashboard does not.
"""

from pathlib import Path

from benchmarks import estate
from tests.limits.sites import Site, empty_peak

FEW, MANY = 60, 140
"""Both more than a page of the list holds (about 48): with one page only, a second would count as if it were kept."""
NO_OP = 0.04
"""Megabytes for each dashboard of a plan that proves that nothing has changed: so 10,000 take no 400 MB."""
FULL = 0.1
"""The same of a plan that reads every body of about 43 kB. Parsed bodies that were kept would be four times as much."""
BEYOND = 75.0
"""Megabytes beyond an empty interpreter that a plan of few dashboards takes."""


def test_memory_grows_little_with_each_dashboard(tmp_path: Path) -> None:
    base = empty_peak(tmp_path)
    found: dict[str, list[float]] = {"plan": [], "full": []}
    for boards in (FEW, MANY):
        size = estate.Size(dashboards=boards, folders=4, teams=1, annotations=1, form="exported")
        site = Site.applied(tmp_path / str(boards), size)
        try:
            site.peak("validate")  # a process of its own has a cache of its own
            found["plan"].append(site.peak("plan"))
            found["full"].append(site.peak("plan", "--full"))
        finally:
            site.stop()
    for command, most in (("plan", NO_OP), ("full", FULL)):
        few, many = found[command]
        assert few - base < BEYOND, (base, found)
        assert (many - few) / (MANY - FEW) < most, (base, found)
