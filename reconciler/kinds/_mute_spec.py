"""What a MuteTiming document says, as a pydantic model: imported only where documents are checked."""

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from reconciler.kinds._intervals import MONTHS, WEEKDAYS, canonical

_SHORTEST = 28
"""Days of a month, as Grafana reckons where one end counts from the end."""
_TIME = r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$"


def _number(text: str, what: str) -> int:
    if not re.fullmatch(r"-?[0-9]{1,4}", text):
        raise ValueError(f"'{text}' is no {what}: write a number, or a range as in `1:5`")
    return int(text)


def _weekdays(text: str) -> str:
    first, last = _ends(text)
    for day in (first, last):
        if day.lower() not in WEEKDAYS:
            raise ValueError(f"'{day}' is no weekday: {', '.join(WEEKDAYS)}, or a range as in `monday:friday`")
    if WEEKDAYS.index(first.lower()) > WEEKDAYS.index(last.lower()):
        raise ValueError(f"a week begins with sunday: write `{first}:saturday` and `sunday:{last}` instead")
    return canonical("weekdays", text)


def _days_of_month(text: str) -> str:
    first, last = (_number(part, "day of the month") for part in _ends(text))
    for day in (first, last):
        if not 1 <= abs(day) <= 31:
            raise ValueError(f"there is no day {day} in a month: 1 to 31, or -1 to -31 from its end")
    if first < 0 < last:
        raise ValueError(f"from the end of a month ({first}) to a day of it ({last}): write both in one way")
    if first + _SHORTEST * (first < 0) > last + _SHORTEST * (last < 0):
        raise ValueError(f"day {last} is before day {first} in every month, or in a short one")
    return canonical("days_of_month", text)


def _months(text: str) -> str:
    numbers = [
        MONTHS.index(part.lower()) + 1 if part.lower() in MONTHS else _number(part, "month") for part in _ends(text)
    ]
    if not all(1 <= number <= 12 for number in numbers):
        raise ValueError("a year has the months 1 to 12, or january to december")
    if numbers[0] > numbers[1]:
        raise ValueError("a range of months stays within a year: write two, as in `11:12` and `1:2`")
    return canonical("months", text)


def _years(text: str) -> str:
    first, last = (_number(part, "year") for part in _ends(text))
    if not 0 < first <= last:
        raise ValueError("a year, or a range of years as in `2026:2028`")
    return canonical("years", text)


def _ends(text: str) -> tuple[str, str]:
    first, colon, last = text.partition(":")
    return first, last if colon else first


class TimeSpec(BaseModel):
    """A part of a day."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    start_time: str = Field(pattern=_TIME, description="As in `08:30`; quote it.")
    end_time: str = Field(pattern=_TIME, description="Later than it; `24:00` is the end of the day.")

    @model_validator(mode="after")
    def _order(self) -> "TimeSpec":
        if self.start_time >= self.end_time:
            raise ValueError("ends before it begins: over midnight it takes two, until `24:00` and from `00:00`")
        return self


class IntervalSpec(BaseModel):
    """A time that all that is written applies to; what is not written is any."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    times: list[TimeSpec] | None = Field(default=None, description="Parts of a day: `start_time` and `end_time`.")
    weekdays: list[Annotated[str, AfterValidator(_weekdays)]] | None = Field(
        default=None, description="`sunday` to `saturday`, or ranges: `monday:friday`."
    )
    days_of_month: list[Annotated[str, AfterValidator(_days_of_month)]] | None = Field(
        default=None, description='Texts: `"1"`, `"1:5"`; `"-3:-1"` are the last three.'
    )
    months: list[Annotated[str, AfterValidator(_months)]] | None = Field(
        default=None, description='Texts: `january`, `"1"`, or ranges.'
    )
    years: list[Annotated[str, AfterValidator(_years)]] | None = Field(
        default=None, description='Texts: `"2026"`, or ranges: `"2026:2028"`.'
    )
    location: str | None = Field(
        default=None, min_length=1, description="The time zone: `Europe/Berlin`, `UTC`, `Local`. Omitted: UTC."
    )


class MuteTimingSpec(BaseModel):
    """What a MuteTiming document says."""

    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)

    name: str | None = Field(
        default=None, min_length=1, max_length=190, description="As Grafana shows it. Omitted: metadata.name."
    )
    time_intervals: list[IntervalSpec] = Field(description="It holds in each of these times. Empty: never.")
