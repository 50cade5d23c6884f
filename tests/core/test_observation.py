"""When what was verified may be believed: a model of a Grafana with several replicas whose clocks differ, on which
anything may happen between and during reads. Whenever the rule says that nothing changed, nothing has.
"""

import math
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from reconciler.core.observation import Beacon, Observed, distrust, http_date, members_of

MARGIN = 10.0
SKEW = (MARGIN - 2) / 2
"""How far a replica's clock may be off, so that two of them differ by less than the margin and the second that a
stamp is cut to.
"""


@dataclass
class Model:
    """What Grafana holds. `objects`: uid → (folder, content, stamp in seconds); folders have stamps only."""

    skews: tuple[float, ...]
    now: float = 1_000_000.0
    objects: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    folders: dict[str, int] = field(default_factory=dict)
    contents: int = 0

    def clock(self, replica: int) -> int:
        return math.floor(self.now + self.skews[replica % len(self.skews)])

    def do(self, step: tuple[Any, ...]) -> None:
        name, uid, folder, replica = step
        stamp = self.clock(replica)
        self.contents += 1
        if name == "wait":
            self.now += replica * 0.7
        elif name in {"save", "create", "restore"}:  # a restore is a save of an older body
            place = self.objects[uid][0] if uid in self.objects else folder
            self.objects[uid] = (place, self.contents, stamp)
        elif name == "resave" and uid in self.objects:
            self.objects[uid] = (*self.objects[uid][:2], stamp)
        elif name == "move" and uid in self.objects:
            self.objects[uid] = (folder, self.objects[uid][1], stamp)
        elif name == "rename":
            self.folders[folder] = stamp
        elif name == "delete":
            self.objects.pop(uid, None)
        elif name == "recreate" and uid in self.objects:
            self.objects[uid] = (self.objects[uid][0], self.contents, stamp)

    def beacon(self, replica: int) -> Beacon:
        stamps = [*(stamp for *_, stamp in self.objects.values()), *self.folders.values()]
        return Beacon(max(stamps, default=0) * 1_000_000, self.clock(replica), self.members())

    def members(self) -> str:
        return members_of({uid: folder for uid, (folder, *_) in self.objects.items()})

    def content(self) -> dict[str, tuple[str, int]]:
        return {uid: (folder, content) for uid, (folder, content, _) in self.objects.items()}


_STEP = st.tuples(
    st.sampled_from(["wait", "wait", "save", "create", "resave", "move", "rename", "delete", "recreate", "restore"]),
    st.sampled_from("abc"),
    st.sampled_from("xy"),
    st.integers(0, 40),
)
_LIFE = st.lists(
    st.tuples(st.lists(_STEP, max_size=5), st.lists(_STEP, max_size=2), st.integers(0, 3)), min_size=2, max_size=8
)
_SKEWS = st.tuples(*[st.floats(-SKEW, SKEW) for _ in range(3)])


def believed(model: Model, life: list[Any], margin: float) -> tuple[int, int]:
    """Live through it: how often the rule believed, and how often it was wrong."""
    verified: dict[str, tuple[str, int]] = {}
    before: Observed | None = None
    times = wrong = 0
    for between, during, replica in life:
        for step in between:
            model.do(step)
        now = model.beacon(replica)
        if before is not None and not distrust(before, now, margin=margin):
            times += 1
            wrong += model.content() != verified
        else:
            for step in during:  # while the list is read
                model.do(step)
            before, verified = Observed(structs.replace(now, members=model.members())), model.content()
    return times, wrong


CREATED_BEHIND_THE_BEACON = [
    ([("delete", "a", "x", 0)], [("save", "a", "x", 0)], 0),
    ([("delete", "a", "x", 0)], [], 0),
]
"""Created while the list is read, behind the beacon's back, and gone by the next look: found by this test."""


@given(_SKEWS, _LIFE)
@example((0.0, 0.0, 0.0), CREATED_BEHIND_THE_BEACON)
@settings(max_examples=400, deadline=None)
def test_what_is_believed_is_so(skews: tuple[float, ...], life: list[Any]) -> None:
    model = Model(skews)
    for uid in "ab":
        model.do(("create", uid, "x", 0))
    model.now += 60
    assert believed(model, life, MARGIN)[1] == 0


def test_it_is_believed_at_all() -> None:
    """A quiet Grafana is believed at the second look."""
    model = Model((0.0,))
    model.do(("create", "a", "x", 0))
    model.now += 60
    assert believed(model, [([], [], 0)] * 3, MARGIN) == (2, 0)


QUIET = ([], [], 0)
SAVED = ("save", "a", "x", 0)


@pytest.mark.parametrize(
    ("skews", "life", "why"),
    [
        ((0.0,), [([SAVED], [], 0), ([SAVED], [], 0)], "two saves in one second"),
        ((0.0,), [([], [SAVED], 0), QUIET], "a save while the list is read"),
        (
            (4.0, -4.0),
            [([("save", "a", "x", 0)], [], 0), ([("wait", "a", "x", 4), ("save", "b", "x", 1)], [], 0)],
            "clocks that differ",
        ),
        (
            (0.0,),
            [([SAVED], [], 0), ([("delete", "a", "x", 0), ("create", "a", "x", 0)], [], 0)],
            "deleted and created again",
        ),
    ],
)
def test_without_the_margin_it_would_be_wrong(skews: tuple[float, ...], life: list[Any], why: str) -> None:
    def lived(margin: float) -> tuple[int, int]:
        model = Model(skews)
        for uid in "ab":
            model.do(("create", uid, "x", 0))
        return believed(model, life, margin)

    assert lived(MARGIN)[1] == 0
    then = Beacon(1_000_000_000_000, 1_000_000, "m")
    assert "only 0 s old" in distrust(Observed(then), then, margin=0)  # the shortest margin holds whatever is asked for


@given(st.integers(0, 4_000_000_000))
def test_a_date_is_read(seconds: int) -> None:
    assert http_date(formatdate(seconds, usegmt=True)) == seconds


@pytest.mark.parametrize("text", ["", "yesterday", "Thu, 32 Foo 2026 10:00:00 GMT", "Thu, 26 Nov 2026 10:00:00 CET"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert http_date(text) is None


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.sampled_from("mn"), st.sampled_from("mn"))
def test_anything_unexpected_is_distrusted(stamp: int, at: int, one: str, other: str) -> None:
    then = Beacon(stamp * 1_000_000, at, one)
    assume(not distrust(Observed(then), then, margin=MARGIN))
    changed = (
        structs.replace(then, members=then.members + other),
        structs.replace(then, stamp=(stamp + 1) * 1_000_000),
        structs.replace(then, stamp=(stamp - 1) * 1_000_000),
        structs.replace(then, at=at - 1),
        structs.replace(then, stamp=None),
    )
    assert all(distrust(Observed(then), now, margin=MARGIN) for now in changed)
