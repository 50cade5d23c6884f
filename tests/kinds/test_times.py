"""Moments: every zone and its clock changes, what is refused and how it is put."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.kinds._times import SECONDS, as_written, milliseconds, rfc3339

ZONES = sorted(available_timezones())
YEAR_1, YEAR_10000 = -62_135_596_800_000, 253_402_300_800_000


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-01T09:00:00Z", 1_772_355_600_000),
        ("2026-03-01t09:00:00z", 1_772_355_600_000),
        ("2026-03-01 09:00:00Z", 1_772_355_600_000),
        ("2026-03-01T09:00Z", 1_772_355_600_000),
        ("2026-03-01T14:45:00+05:45", 1_772_355_600_000),
        ("2026-03-01T07:00:00.123Z", 1_772_348_400_123),
        ("2026-03-01T07:00:00.1239Z", 1_772_348_400_123),
        ("2026-03-01T07:00:00.5-00:00", 1_772_348_400_500),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1971-01-01T00:00:00Z", 31_536_000_000),
        (1_700_000_000_000, 1_700_000_000_000),
        (-SECONDS, -SECONDS),
    ],
)
def test_moments_are_read(text: str | int, value: int) -> None:
    assert milliseconds(text) == value


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("2026-03-01T09:00:00", "has no zone, so it would mean another moment on every machine: write 2026-03-01T09:0"),
        ("2026-03-01 09:00", "has no zone, so it would mean another moment on every machine: write 2026-03-01 09:00Z"),
        ("2026-03-01", "'2026-03-01' is a day, not a moment: write 2026-03-01T00:00:00Z"),
        (
            1_700_000_000,
            "1700000000 looks like seconds, and Grafana would take it for a moment around 1970: write 1",
        ),
        (0, "0 looks like seconds, and Grafana would take it for a moment around 1970: write 2026-03-01T09:00:00Z or"),
        (1_700_000_000_000_000, "1700000000000000 is beyond the year 9999 (in microseconds, or finer?)"),
        ("1700000000000", "'1700000000000' is not a time: write 2026-03-01T09:00:00Z or"),
        ("yesterday", "'yesterday' is not a time"),
        ("", "'' is not a time"),
        ("2026-02-30T00:00:00Z", "'2026-02-30T00:00:00Z' is not a time (day is out of range for month)"),
        ("2026-03-01T24:30:00Z", "'2026-03-01T24:30:00Z' is not a time (hour must be in 0..23)"),
        ("2026-03-01T00:00:00+25:00", "is not a time (offset must be"),
        ("٢٠٢٦-03-01T09:00:00Z", "03-01T09:00:00Z' is not a time: write"),
        ("2026-03-01T09:00:00Z\n", "is not a time"),
        (True, "not a time"),
        (1.7e12, "not a time"),
        (None, "not a time"),
        ([1], "not a time"),
    ],
)
def test_what_is_no_moment_is_refused_with_what_to_write(value: object, message: str) -> None:
    with pytest.raises(ValueError) as caught:
        milliseconds(value)
    assert message in str(caught.value)


def test_seconds_are_recognised_up_to_the_limit() -> None:
    with pytest.raises(ValueError, match="looks like seconds"):
        milliseconds(SECONDS - 1)
    assert milliseconds(SECONDS) == SECONDS


@given(st.integers(YEAR_1, YEAR_10000 - 1))
def test_writing_and_reading_keep_the_millisecond(value: int) -> None:
    assert milliseconds(rfc3339(value)) == value
    assert as_written(value) == rfc3339(value)


def test_where_the_calendar_ends_the_number_stands() -> None:
    assert as_written(YEAR_10000) == YEAR_10000


@given(
    st.datetimes(datetime(1975, 1, 1), datetime(2037, 12, 31), allow_imaginary=False),
    st.sampled_from(ZONES),
    st.sampled_from([0, 1]),
)
def test_every_zone_at_any_time_and_both_folds(moment: datetime, zone: str, fold: int) -> None:
    local = moment.replace(tzinfo=ZoneInfo(zone), fold=fold, microsecond=moment.microsecond // 1000 * 1000)
    offset = local.utcoffset()
    assert offset is not None
    if offset.total_seconds() % 60:  # a zone of local mean time: RFC 3339 has no seconds in offsets
        return
    expected = (local - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    assert milliseconds(local.isoformat(timespec="milliseconds")) == expected


def _set_back(zone: ZoneInfo) -> list[datetime]:
    """The days of two years on which clocks are set back."""
    days = [datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(2 * 366)]
    offsets = [day.astimezone(zone).utcoffset() or timedelta() for day in days]
    return [days[i] for i in range(len(days) - 1) if offsets[i] > offsets[i + 1]]


def test_an_hour_that_comes_twice_is_two_moments_in_every_zone() -> None:
    seen = 0
    for name in ZONES:
        zone = ZoneInfo(name)
        for day in _set_back(zone):
            for minute in range(0, 24 * 60, 15):
                wall = (day + timedelta(minutes=minute)).astimezone(zone)
                first, second = wall.replace(fold=0), wall.replace(fold=1)
                apart = (first.utcoffset() or timedelta()) - (second.utcoffset() or timedelta())
                found = milliseconds(second.isoformat()) - milliseconds(first.isoformat())
                assert found == apart // timedelta(milliseconds=1), (name, wall)
                seen += bool(apart)
    assert seen > 100


def test_the_machines_zone_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    before = milliseconds("2026-03-01T09:00:00Z"), rfc3339(1_772_355_600_123)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    try:
        assert (milliseconds("2026-03-01T09:00:00Z"), rfc3339(1_772_355_600_123)) == before
    finally:
        monkeypatch.undo()
        time.tzset()
