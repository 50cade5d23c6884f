"""A real `kill -9` of a real process, at random moments of a mixed apply: nothing is lost, nothing is there twice, the
next plan is right and the next apply converges. 200 times in `make soak`.
"""

import random
import time
from collections import Counter
from pathlib import Path

from tests.proof import mixed
from tests.proof.amount import amount, seed
from tests.proof.interrupted import prepared, right_afterwards
from tests.proof.processes import Site


def test_killed_anywhere_nothing_is_lost_and_nothing_doubled(tmp_path: Path) -> None:
    moments = random.Random(seed())
    site = Site(tmp_path)
    phases: Counter[str] = Counter()
    try:
        site.prepare()
        here = site.before
        for number in range(amount(2, 200)):
            target = site.after if here is site.before else site.before
            phase = _killed(site, target is site.after, moments)
            phases[phase] += 1
            here = moments.choice((site.before, site.after))
            try:
                right_afterwards(site.lab, site, here, target)
            except AssertionError as error:
                raise AssertionError(f"kill {number}, while {phase} (GGREC_SEED={seed()}): {error}") from error
            if here is site.before:
                mixed.to_adopt(site.lab)
    finally:
        site.handle.stop()
    print(f"killed while {dict(phases)} (GGREC_SEED={seed()})")


def _killed(site: Site, forward: bool, moments: random.Random) -> str:
    """Apply, and kill it after a random number of requests; the result says what it was about."""
    site.declare(site.after if forward else site.before)
    began = len(site.handle.requests)
    enough = began + moments.randrange(0, prepared().requests)
    process = site.begin("apply", "--auto-approve")
    while len(site.handle.requests) <= enough and process.poll() is None:
        time.sleep(0.0005)  # waiting for a number of requests, not for time to pass
    ended = process.poll() is not None
    process.kill()
    out, error = process.communicate()
    sent = site.handle.requests[began:]
    if ended:
        assert process.returncode == 0, out + error
        return "ended"
    return "writing" if any(request.method != "GET" for request in sent) else "reading"
