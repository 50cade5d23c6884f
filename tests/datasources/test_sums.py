"""The sum of a Prometheus' answers says what its data frames would say."""

from typing import Any

import orjson
import pytest

from reconciler.checking.answers import answers_of
from reconciler.datasources.prometheus import frames_of
from reconciler.datasources.sums import summed

ANSWERS: dict[str, Any] = {
    "two series, one ended": ("matrix", [
        {"metric": {"__name__": "x", "a": "b"}, "values": [[1.5, "1"], [61.5, "2e+06"], [121.781, "-0.5"]]},
        {"metric": {"c": "d"}, "values": [[1.5, "1"]]},
    ]),
    "what cannot be shown": ("matrix", [
        {"metric": {"a": "b"}, "values": [[1, "1"], [61, "NaN"], [121, "+Inf"]]},
        {"metric": {"Nan": "Inf"}, "values": [[1, "NaN"], [121, "-Inf"]]},
    ]),
    "nothing": ("matrix", []),
    "a moment": ("vector", [
        {"metric": {"a": '{"metric":[['}, "value": [9.25, "7"]},
        {"metric": {}, "value": [9.25, "NaN"]},
    ]),
    "a scalar": ("scalar", [9.25, "7"]),
    "a scalar that is none": ("scalar", [9.25, "NaN"]),
}  # fmt: skip


@pytest.mark.parametrize("name", ANSWERS)
@pytest.mark.parametrize("spaced", [False, True])
def test_a_sum_says_what_the_frames_say(name: str, spaced: bool) -> None:
    kind, result = ANSWERS[name]
    answer = {"status": "success", "data": {"resultType": kind, "result": result}}
    content = orjson.dumps(answer, option=orjson.OPT_INDENT_2 if spaced else 0)
    results = {
        "sum": summed([(200, content)]),
        "frames": {"status": 200, "frames": frames_of(answer, "A", "x")},
    }
    found = answers_of({"results": results}, ["sum", "frames"])
    assert found["sum"] == found["frames"]
    assert (found["sum"].series, found["sum"].has_data) == (
        1 if kind == "scalar" else len(result),
        name not in {"nothing", "a scalar that is none"},
    )


def test_range_and_moment_are_one_sum() -> None:
    answers = [(200, orjson.dumps({"data": dict(zip(("resultType", "result"), ANSWERS[name], strict=True))}))
               for name in ("two series, one ended", "a moment")]  # fmt: skip
    summary = summed(answers)["summary"]
    assert summary == {"series": 4, "points": 5, "newest": 121_781, "labels": ["__name__", "a"]}


@pytest.mark.parametrize(
    ("status", "content", "wanted"),
    [
        (400, b'{"status":"error","error":"parse error"}', {"status": 400, "error": "parse error"}),
        (503, b"<html>", {"status": 503, "error": "Prometheus answered 503, and nothing that is understood"}),
        (200, b"<html>", {"status": 502, "error": "Prometheus answered 200, and nothing that is understood"}),
        (200, b'{"data":{"resultType":"matrix","result":[{"metr', None),
        (200, b'{"data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"1"]],]}}', None),
    ],
)
def test_what_is_no_answer_of_prometheus_is_an_error(status: int, content: bytes, wanted: Any) -> None:
    found = summed([(status, content)])
    assert found == (wanted or {"status": 502, "error": "Prometheus answered 200, and nothing that is understood"})
