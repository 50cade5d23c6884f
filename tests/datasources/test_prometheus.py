"""Prometheus' answers as data frames: the few things that no real server shows by itself."""

from typing import Any

import pytest

from reconciler import datasources
from reconciler.datasources import wire
from reconciler.datasources.times import moment_of


def test_numbers_that_json_cannot_say_are_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = ["1", "NaN", "+Inf", "-Inf", "1e308", "1e308"]
    series = {"metric": {"a": "b"}, "values": [[1.5 + n, text] for n, text in enumerate(texts)]}
    answer = {"data": {"resultType": "matrix", "result": [series]}}
    monkeypatch.setattr(wire, "asked", lambda source, path, data: (200, answer))
    found: Any = datasources.query({"type": "prometheus", "url": ""}, [{"refId": "A", "expr": "x"}], {}, now=1e9)
    (frame,) = found["A"]["frames"]
    assert frame["data"]["values"] == [[1500, 2500, 3500, 4500, 5500, 6500], [1, None, None, None, 1e308, 1e308]]
    assert frame["schema"]["fields"][1]["labels"] == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", 1_800_000_000.0),
        ("now-1h", 1_799_996_400.0),
        ("now/d", 1_799_971_200.0),
        ("1700000000000", 1_700_000_000.0),
        ("2026-01-05T00:00:00.000Z", 1_767_571_200.0),
    ],
)
def test_times_of_a_range(text: str, moment: float) -> None:
    assert moment_of(text, 1_800_000_000.0) == moment


def test_a_range_that_is_none_and_a_source_that_nobody_asks() -> None:
    query = {"refId": "B"}
    (found,) = datasources.query({"type": "prometheus", "url": ""}, [query], {"from": "soon"}, now=0).values()
    assert found == {"status": 400, "error": "cannot read the time 'soon'"}
    (found,) = datasources.query({"type": "loki", "url": ""}, [query], {}, now=0).values()
    assert found["status"] == 501 and "no loki" in found["error"]
