"""What came back for a query: an error, nothing, or how many series, and how fresh. Reads Grafana's data frames, or
their sum, where whoever asked tells no more.
"""

from collections.abc import Sequence

from msgspec import Struct

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

_NOT_IMPLEMENTED = 501


class Answer(Struct, frozen=True):
    """One query's answer. `newest` is the time of its newest value, in milliseconds since 1970 (None: it has no
    times).
    """

    error: str = ""
    series: int = 0
    points: int = 0
    newest: int | None = None
    labels: frozenset[str] = frozenset()
    """The names of the labels of those of its series that go on until the newest value."""
    unasked: bool = False
    """Whether nobody here can ask such a datasource (501): then nothing is known of it."""

    @property
    def has_data(self) -> bool:
        """Whether there is anything to show."""
        return not self.error and self.points > 0


def answers_of(body: JsonObject, references: Sequence[str]) -> dict[str, Answer]:
    """The answers to the queries of one request, by their letters."""
    results = as_object(body.get("results"))
    whole = text_of(body.get("message"))
    return {reference: _answer(as_object(results.get(reference)), whole) for reference in references}


def _last(times: Sequence[Json], column: Sequence[Json]) -> int | None:
    """The time of the newest value of a column. Rows need not be in order: documents come with the newest first."""
    if None in column:
        times = [time for time, value in zip(times, column, strict=False) if value is not None]
    try:
        return int(max(times))  # type: ignore[type-var, arg-type]  # numbers, or we see it
    except (TypeError, ValueError):
        return None


def _answer(result: JsonObject, whole: str) -> Answer:
    error = text_of(result.get("error")) or ("" if result else whole or "Grafana gave no answer to this query")
    if error:
        return Answer(error=" ".join(error.split())[:300], unasked=result.get("status") == _NOT_IMPLEMENTED)
    if "summary" in result:
        return _told(as_object(result["summary"]))
    series = points = 0
    stamped: list[tuple[int | None, frozenset[str]]] = []
    for frame in map(as_object, as_list(result.get("frames"))):
        fields = [as_object(item) for item in as_list(as_object(frame.get("schema")).get("fields"))]
        columns = [as_list(item) for item in as_list(as_object(frame.get("data")).get("values"))]
        times = next(
            (column for field, column in zip(fields, columns, strict=False) if field.get("type") == "time"), None
        )
        for field, column in zip(fields, columns, strict=False):
            if field.get("type") == "time" and len(fields) > 1:
                continue
            number = len(column) - column.count(None)
            series += 1
            points += number
            if number:
                stamped.append((_last(times or (), column), frozenset(as_object(field.get("labels")))))
    newest = max((last for last, _ in stamped if last is not None), default=None)
    labels = frozenset[str]().union(*(labels for last, labels in stamped if last == newest))
    return Answer("", series, points, newest, labels)


def _told(summary: JsonObject) -> Answer:
    """What a sum says (reconciler.datasources.sums)."""
    series, points, newest = summary.get("series"), summary.get("points"), summary.get("newest")
    return Answer(
        series=series if isinstance(series, int) else 0,
        points=points if isinstance(points, int) else 0,
        newest=newest if isinstance(newest, int) else None,
        labels=frozenset(map(text_of, as_list(summary.get("labels")))),
    )
