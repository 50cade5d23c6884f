"""Times as Grafana writes them back: names small, months as numbers, no leading zeros, a range of one as one. Pure."""

from reconciler.core.json import Json, JsonObject, as_list, as_object, text_of

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_LISTS = ("weekdays", "days_of_month", "months", "years")


def canonical(sort: str, text: str) -> str:
    """A day, month or year, or a range of them, in Grafana's form."""
    first, colon, last = text.partition(":")
    ends = [_one(sort, part) for part in ((first, last) if colon else (first,))]
    return ends[0] if len(ends) == 1 or ends[0] == ends[1] else ":".join(ends)


def _one(sort: str, text: str) -> str:
    small = text.strip().lower()
    if sort == "months" and small in MONTHS:
        return str(MONTHS.index(small) + 1)
    number = small.removeprefix("-")
    return str(int(small)) if sort != "weekdays" and number.isascii() and number.isdigit() else small


def full(value: JsonObject) -> JsonObject:
    """One time interval with all that can be said of it: what is empty means any, and is no less than what is not."""
    lists: dict[str, Json] = {
        sort: [canonical(sort, text_of(item)) for item in as_list(value.get(sort))] for sort in _LISTS
    }
    times: list[Json] = [_time(as_object(item)) for item in as_list(value.get("times"))]
    rest = {key: item for key, item in value.items() if key not in {"times", "location", *_LISTS}}
    return {**rest, "times": times, **lists, "location": text_of(value.get("location"))}


def slim(value: JsonObject) -> JsonObject:
    """The same without what is empty."""
    return {key: item for key, item in full(value).items() if item not in ([], "")}


def _time(value: JsonObject) -> JsonObject:
    return {"start_time": text_of(value.get("start_time")), "end_time": text_of(value.get("end_time"))}
