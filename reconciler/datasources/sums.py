"""What a Prometheus' answers come to, without looking at each value: how many series and values, the newest moment, the
labels. For who asks a thousand queries and shows none: making numbers of all values takes longer than asking.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import orjson

_NOT_SHOWN = frozenset({"NaN", "+Inf", "-Inf"})
_Seen = tuple[int, int | None, Mapping[str, str]]
"""Of a series: how many of its values can be shown, when the newest was, and its labels."""


def summed(answers: Iterable[tuple[int, bytes]]) -> dict[str, Any]:
    """A query's result, of the answers (status and body) to its questions: `{status, summary}` or `{status, error}`. A
    summary has `series` and `points`, `newest` (in milliseconds since 1970, None without values), `labels` (the names
    of those of the series that go on until then).
    """
    seen: list[_Seen] = []
    for status, content in answers:
        found = _series(content) if status == 200 else None
        if found is None:
            error = error_of(content) or f"Prometheus answered {status}, and nothing that is understood"
            return {"status": 502 if status == 200 else status, "error": error}
        seen += found
    newest = max((last for _, last, _ in seen if last is not None), default=None)
    labels = {name for _, last, own in seen if last is not None and last == newest for name in own}
    points = sum(number for number, _, _ in seen)
    return {
        "status": 200,
        "summary": {"series": len(seen), "points": points, "newest": newest, "labels": sorted(labels)},
    }


def error_of(content: bytes) -> str:
    """What an answer says in words that is wrong."""
    try:
        found = orjson.loads(content)
    except ValueError:
        return ""
    return str(found.get("error") or "") if isinstance(found, dict) else ""


def _series(content: bytes) -> list[_Seen] | None:
    """What an answer holds; None where it is none of Prometheus'."""
    import msgspec  # 10 ms: only who asks waits for it

    answer, series = _decoders()
    try:
        data = answer.decode(content).data
        if data.resultType == "scalar":
            return [(*_looked(b"[%b]" % bytes(data.result)), {})]
        return [(*_looked(bytes(item.values) or b"[%b]" % bytes(item.value)), item.metric) for item in
                series.decode(data.result)]  # fmt: skip
    except msgspec.DecodeError:
        return None


def _looked(values: bytes) -> tuple[int, int | None]:
    """How many of `[[moment,"value"],…]` can be shown, and when the last of them was."""
    if b"N" in values or b"I" in values:  # not a number, or infinite: letters that no other value has
        shown = [moment for moment, text in orjson.loads(values) if text not in _NOT_SHOWN]
        return len(shown), int(shown[-1] * 1000) if shown else None
    number = values.count(b"[") - 1
    if number < 1:
        return 0, None
    last = values[values.rindex(b"[") + 1 :]
    return number, int(float(last[: last.index(b",")]) * 1000)


@cache
def _decoders() -> Any:
    """Of an answer, and of its series. Values stay the bytes that they are."""
    import msgspec

    raw, none = msgspec.Raw, msgspec.Raw(b"")
    data = msgspec.defstruct("Data", [("result", raw), ("resultType", str)])
    series = msgspec.defstruct("Series", [("metric", dict[str, str]), ("values", raw, none), ("value", raw, none)])
    return (
        msgspec.json.Decoder(msgspec.defstruct("Answer", [("data", data)])),
        msgspec.json.Decoder(list[series]),  # type: ignore[valid-type]  # made just now
    )
