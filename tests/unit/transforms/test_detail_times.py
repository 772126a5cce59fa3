"""Times in the billed call details: from texts of days and seconds, the same as each written by itself."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from transforms.call_details import _time_texts

NAMES = ("start_time", "end_time")
MIDNIGHT = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def told(starts: list[dt.datetime], ends: list[dt.datetime]) -> list[tuple[str, ...]]:
    dtype = pl.Datetime("us", "UTC")
    calls = pl.DataFrame({"start_time": starts, "end_time": ends}, schema=dict.fromkeys(NAMES, dtype))
    texts = [text.alias(name) for name, text in zip(NAMES, _time_texts(calls, *NAMES), strict=True)]
    return calls.select(texts).rows()


def one_by_one(starts: list[dt.datetime], ends: list[dt.datetime]) -> list[tuple[str, ...]]:
    return [tuple(f"{time:%F %T}" for time in pair) for pair in zip(starts, ends, strict=True)]


@pytest.mark.parametrize(
    "begin",
    [MIDNIGHT, dt.datetime(1969, 12, 31, 23, 59, tzinfo=dt.UTC), dt.datetime(2020, 2, 28, 23, 30, tzinfo=dt.UTC)],
    ids=str,
)
@pytest.mark.parametrize("last_for", [dt.timedelta(0), dt.timedelta(hours=25), dt.timedelta(days=40_000)], ids=str)
def test_every_time_is_written_as_by_itself(begin: dt.datetime, last_for: dt.timedelta) -> None:
    steps = [dt.timedelta(seconds=1), dt.timedelta(microseconds=999_999), dt.timedelta(minutes=37, seconds=59)]
    starts = [begin + step * count for step in steps for count in range(200)]
    ends = [start + last_for for start in starts]
    assert told(starts, ends) == one_by_one(starts, ends)


def test_no_calls_have_no_times() -> None:
    assert told([], []) == []
