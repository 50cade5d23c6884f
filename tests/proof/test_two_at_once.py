"""Two applies at once on one state: one after the other, or one is told that the state is in use (exit 5), never both.

100 times in `make soak`. GGREC_TEST_STATE names another place for the state than a folder (an object store's URL).
"""

import os
from itertools import groupby
from pathlib import Path

from tests.proof import mixed
from tests.proof.amount import amount
from tests.proof.interrupted import right_afterwards
from tests.proof.processes import Site


def test_one_proceeds_and_the_other_waits_outside(tmp_path: Path) -> None:
    place = os.environ.get("GGREC_TEST_STATE", "state")
    site = Site(tmp_path, place)
    locked = 0
    try:
        site.prepare()
        for number in range(amount(1, 100)):
            target = site.before if number % 2 else site.after
            codes = _both(site, target is site.after)
            assert 0 in codes.values(), codes
            assert set(codes.values()) <= {0, 5}, codes
            locked += 5 in codes.values()
            right_afterwards(site.lab, site, target, target)
            if target is site.before:
                mixed.to_adopt(site.lab)
    finally:
        site.handle.stop()
    print(f"{amount(1, 100)} times, {locked} of them told exit 5 to one")


def _both(site: Site, forward: bool) -> dict[str, int]:
    """The exit codes of two applies, of two people; their writes are not mixed."""
    site.declare(site.after if forward else site.before)
    since = len(site.handle.requests)
    processes = {login: site.begin("apply", "--auto-approve", login=login) for login in ("admin", "carol")}
    told = {login: process.communicate(timeout=120) for login, process in processes.items()}
    codes = {login: process.returncode for login, process in processes.items()}
    writers = [request.login for request in site.handle.requests[since:] if request.method != "GET"]
    turns = [login for login, _ in groupby(writers)]
    assert len(turns) == len(set(turns)), f"the writes are mixed: {turns}"
    assert writers, (codes, told)
    for login, code in codes.items():
        assert code != 5 or login not in writers, "the one that was refused wrote"
    return codes
