"""How much memory a command takes for each dashboard more, and how much one with few takes beyond an empty
interpreter.
"""

import shutil
from pathlib import Path

from benchmarks import estate
from tests.cli.command import PROJECT, Folder
from tests.limits.sites import Site, empty_peak

FEW, MANY = 50, 150
"""Both more than a page of the list holds (about 48), so that no page's own size counts as growth, and far enough apart
that it does not matter when garbage was last looked for (0.2 MB).
"""
NO_OP = 0.025
"""Megabytes for each dashboard of a plan that proves that nothing has changed: what the index and the beacon hold."""
FULL = 0.03
"""The same of a plan that reads every body, of 43 kB each: none is kept parsed (that would be 0.15 and more), and no
page as bytes (0.06).
"""
CREATE = 0.03
"""The same of an apply that creates every dashboard: a body is loaded, sent, read back and let go."""
COLD = 0.08
"""The same of a first reading of the files, of 45 kB each when expanded: what the index holds of them, and what
they have in common. All of them at once would be 0.3.
"""
BEYOND = 45.0
"""Megabytes beyond an empty interpreter, as the system counts them."""


def test_memory_grows_little_with_each_dashboard(tmp_path: Path) -> None:
    base = empty_peak(tmp_path)
    commands = {("plan",): NO_OP, ("plan", "--full"): FULL}
    held: dict[tuple[str, ...], list[float]] = {command: [] for command in commands}
    for boards in (FEW, MANY):
        size = estate.Size(dashboards=boards, folders=4, teams=1, annotations=1, form="exported")
        site = Site.applied(tmp_path / str(boards), size)
        try:
            site.peak("validate")  # a process of its own has a cache of its own
            for command in commands:
                held[command].append(site.held(*command))
                assert boards > FEW or site.peak(*command) - base < BEYOND, command
        finally:
            site.stop()
    for command, most in commands.items():
        few, many = held[command]
        assert (many - few) / (MANY - FEW) < most, held


def test_creating_everything_keeps_no_bodies(tmp_path: Path) -> None:
    held, few, many = [], 36, 96  # both more than the bodies that are kept at hand
    for boards in (few, many):
        site = Site.empty(
            tmp_path / str(boards), estate.Size(boards, folders=4, teams=1, annotations=1, form="exported")
        )
        try:
            site.peak("validate")  # the cache of the files is not what is measured
            held.append(site.held("apply", "--auto-approve"))
            assert len(site.handle.world.orgs[1].dashboards) == boards
        finally:
            site.stop()
    assert (held[1] - held[0]) / (many - few) < CREATE, held


def test_reading_files_for_the_first_time_holds_one_dashboard_at_a_time(tmp_path: Path) -> None:
    held = []
    for boards in (30, 90):
        folder = tmp_path / str(boards)
        estate.write(folder, estate.Size(dashboards=boards, folders=4, teams=1, annotations=1, form="mixed"))
        site = Site(Folder(folder), None)
        site.folder.write("ggrec.yaml", PROJECT.format(url="http://127.0.0.1:1"))
        site.peak("validate")  # what is said of ggrec.yaml is kept
        shutil.rmtree(folder / ".ggrec" / "cache")
        held.append(site.held("validate"))
    assert (held[1] - held[0]) / 60 < COLD, held
