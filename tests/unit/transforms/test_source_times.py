"""Times and durations as sources write them: zones whose clocks are moved, epochs, fractions, formats."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from schemas.source_spec import Durations, SourceSpec, Template, Times
from transforms.durations import duration_seconds, seconds_between
from transforms.local_hours import NEVER_FLAG, TWICE_FLAG, with_times
from transforms.timestamps import in_usage_month, instants_of

SECONDS = "%Y-%m-%d %H:%M:%S"


def _local(zone: str, twice: str = "reject", never: str = "reject") -> Times:
    return Times(zone, (SECONDS,), twice=twice, never=never)


def _records(start: str, end: str = "", seconds: int | None = None, answer: str = "") -> pl.DataFrame:
    schema = {"start_text": pl.String, "end_text": pl.String, "answer_text": pl.String, "duration_seconds": pl.Int64}
    return pl.DataFrame([(start, end, answer, seconds)], schema=schema, orient="row")


def _shown(instant: dt.datetime | None) -> str | None:
    return None if instant is None else f"{instant:%Y-%m-%d %H:%M:%S}"


def _read(records: pl.DataFrame, times: Times) -> dict[str, str | None]:
    row = with_times(records, SourceSpec("s", times=times)).row(0, named=True)
    return {name: _shown(row[name]) for name in ("start_time", "end_time", "answer_time")}


@pytest.mark.parametrize(
    ("zone", "text", "twice", "utc"),
    [
        ("America/New_York", "2020-11-01 01:30:00", "first", "2020-11-01 05:30:00"),
        ("America/New_York", "2020-11-01 01:30:00", "second", "2020-11-01 06:30:00"),
        ("America/New_York", "2020-11-01 01:30:00", "reject", None),
        ("America/New_York", "2020-11-01 00:59:59", "reject", "2020-11-01 04:59:59"),
        ("America/New_York", "2020-11-01 02:00:00", "reject", "2020-11-01 07:00:00"),
        ("America/Sao_Paulo", "2019-02-16 23:30:00", "first", "2019-02-17 01:30:00"),
        ("America/Sao_Paulo", "2019-02-16 23:30:00", "second", "2019-02-17 02:30:00"),
        ("America/Sao_Paulo", "2020-02-16 23:30:00", "reject", "2020-02-17 02:30:00"),
    ],
)
def test_an_hour_that_occurs_twice_is_the_one_that_the_source_takes(
    zone: str, text: str, twice: str, utc: str | None
) -> None:
    assert _read(_records(text), _local(zone, twice=twice))["start_time"] == utc


@pytest.mark.parametrize(
    ("zone", "text", "never", "utc"),
    [
        ("America/New_York", "2020-03-08 02:30:00", "forward", "2020-03-08 07:30:00"),
        ("America/New_York", "2020-03-08 02:30:00", "reject", None),
        ("America/New_York", "2020-03-08 03:30:00", "reject", "2020-03-08 07:30:00"),
        ("America/Sao_Paulo", "2018-11-04 00:30:00", "forward", "2018-11-04 03:30:00"),
        ("America/Sao_Paulo", "2018-11-04 00:30:00", "reject", None),
        ("Pacific/Apia", "2011-12-30 12:00:00", "forward", "2011-12-30 22:00:00"),
    ],
)
def test_an_hour_that_never_occurs_is_read_as_if_clocks_had_not_moved(
    zone: str, text: str, never: str, utc: str | None
) -> None:
    assert _read(_records(text), _local(zone, never=never))["start_time"] == utc


@pytest.mark.parametrize(
    ("start", "end", "flags"),
    [
        ("2020-11-01 01:30:00", "2020-11-01 02:10:00", (True, False)),
        ("2020-11-01 00:30:00", "2020-11-01 01:10:00", (True, False)),
        ("2020-03-08 02:30:00", "2020-03-08 03:40:00", (False, True)),
    ],
)
def test_what_was_taken_for_an_odd_hour_is_told(start: str, end: str, flags: tuple[bool, bool]) -> None:
    times = _local("America/New_York", twice="first", never="forward")
    read = with_times(_records(start, end, 600), SourceSpec("s", times=times))
    assert read.select(TWICE_FLAG, NEVER_FLAG).row(0) == flags


@pytest.mark.parametrize(
    ("twice", "start", "end", "seconds", "ends_at"),
    [
        ("first", "2020-11-01 01:50:00", "2020-11-01 01:10:00", 1200, "2020-11-01 06:10:00"),  # over the change
        ("second", "2020-11-01 00:50:00", "2020-11-01 01:10:00", 1200, "2020-11-01 05:10:00"),  # before the change
        ("first", "2020-11-01 00:50:00", "2020-11-01 01:10:00", 4800, "2020-11-01 06:10:00"),  # 80 minutes
        ("first", "2020-11-01 01:10:00", "2020-11-01 01:20:00", 600, "2020-11-01 05:20:00"),
        ("second", "2020-11-01 01:10:00", "2020-11-01 01:20:00", 600, "2020-11-01 06:20:00"),
        ("first", "2020-11-01 01:50:00", "2020-11-01 01:20:00", None, "2020-11-01 06:20:00"),
    ],
)
def test_the_end_of_a_call_is_the_reading_that_its_seconds_lead_to(
    twice: str, start: str, end: str, seconds: int | None, ends_at: str
) -> None:
    read = _read(_records(start, end, seconds), _local("America/New_York", twice=twice))
    assert read["end_time"] == ends_at


@pytest.mark.parametrize(
    ("zone", "text", "month"),
    [
        ("America/New_York", "2020-01-31 18:59:59", 1),
        ("America/New_York", "2020-01-31 19:00:00", 2),
        ("Asia/Kolkata", "2020-02-01 05:29:59", 1),
        ("Asia/Kolkata", "2020-02-01 05:30:00", 2),
    ],
)
def test_a_call_belongs_to_the_utc_month_that_its_local_start_is_in(zone: str, text: str, month: int) -> None:
    read = with_times(_records(text), SourceSpec("s", times=_local(zone)))
    assert read.select(in_usage_month(dt.date(2020, month, 1))).item()


@pytest.mark.parametrize(
    ("times", "text", "utc"),
    [
        (Times(epoch="s"), "1579084200", "2020-01-15T10:30:00+00:00"),
        (Times(epoch="s"), "1579084200.25", "2020-01-15T10:30:00.250000+00:00"),
        (Times(epoch="s"), "1579084200.1234567", None),
        (Times(epoch="s"), "1579084200000", None),  # milliseconds: beyond the year 9999
        (Times(epoch="s"), "2020-01-15 10:30:00", None),
        (Times(epoch="s"), "-1", None),
        (Times(epoch="s"), "99999999999999999999", None),
        (Times(epoch="ms"), "1579084200250", "2020-01-15T10:30:00.250000+00:00"),
        (Times(epoch="ms"), "1579084200250.5", "2020-01-15T10:30:00.250500+00:00"),
        (Times(epoch="us"), "1579084200123456", "2020-01-15T10:30:00.123456+00:00"),
        (Times(epoch="us"), "1579084200123456.5", None),
        (Times(epoch="s", epoch_offset_seconds=62167219200), "63746303400", "2020-01-15T10:30:00+00:00"),
        (Times(epoch="s", epoch_offset_seconds=62167219200), "63746303400.5", "2020-01-15T10:30:00.500000+00:00"),
        (Times("UTC", (SECONDS,)), "1579084200", None),
        (Times("UTC", ("%Y%m%d%H%M%S%.f",)), "20200115103000.123", "2020-01-15T10:30:00.123000+00:00"),
        (Times("UTC", ("%Y%m%d%H%M%S%.f",)), "20200115103000", "2020-01-15T10:30:00+00:00"),
        (Times("UTC", ("%d/%m/%Y %I:%M:%S %p",)), "05/01/2020 10:30:00 PM", "2020-01-05T22:30:00+00:00"),
        (Times("UTC", ("%d/%m/%Y %I:%M:%S %p",)), "25/13/2020 10:30:00 PM", None),
        (Times(None, ("%Y-%m-%dT%H:%M:%S%z",)), "2020-01-15T12:30:00+0200", "2020-01-15T10:30:00+00:00"),
        (Times(None, ("%Y-%m-%dT%H:%M:%S%z",)), "2020-01-15T10:30:00Z", "2020-01-15T10:30:00+00:00"),
        (Times(), "2020-01-15T10:30:00.5-05:00", "2020-01-15T15:30:00.500000+00:00"),
    ],
)
def test_a_time_is_read_as_its_source_writes_times(times: Times, text: str, utc: str | None) -> None:
    instant = instants_of(pl.Series([text]), times).instant.item()
    assert (None if instant is None else instant.isoformat()) == utc


def test_of_several_formats_each_text_takes_the_one_that_fits() -> None:
    times = Times("UTC", (SECONDS, "%Y%m%d %H:%M:%S", "%Y/%m/%d %H:%M"))
    texts = pl.Series(["2020-01-15 10:30:00", "20200115 10:30:00", "2020/1/15 10:30", "15.1.2020 10:30"])
    ten_thirty = dt.datetime(2020, 1, 15, 10, 30, tzinfo=dt.UTC)
    assert instants_of(texts, times).instant.to_list() == [ten_thirty, ten_thirty, ten_thirty, None]


def test_a_text_that_two_formats_read_differently_is_no_time() -> None:
    times = Times("UTC", ("%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"))  # no TOML may say so: the last guard
    read = instants_of(pl.Series(["03/04/2020 10:30", "04/04/2020 10:30", "13/04/2020 10:30"]), times).instant
    assert [_shown(instant) for instant in read] == [None, "2020-04-04 10:30:00", "2020-04-13 10:30:00"]


@pytest.mark.parametrize(
    ("unit", "rounding", "text", "seconds"),
    [
        ("s", None, "60", 60),
        ("s", None, "60.5", None),
        ("s", "up", "60.000001", 61),
        ("s", "nearest", "60.5", 61),
        ("s", "nearest", "60.499999", 60),
        ("s", "down", "60.999999", 60),
        ("s", "up", "2147483647.1", None),
        ("s", "up", "18446744073710", None),  # would be a small number again in 64 bits of microseconds
        ("ms", "up", "18446744073709561", None),
        ("ms", "up", "60001", 61),
        ("ms", "up", "60000", 60),
        ("ms", "down", "60999", 60),
        ("us", "nearest", "60500000", 61),
        ("us", "nearest", "60.5", None),
        ("clock", None, "1:02:03", 3723),
        ("clock", None, "62:03", 3723),
        ("clock", None, "100:00:01", 360001),
        ("clock", None, "1:62:03", None),
        ("clock", None, "0:00:60", None),
        ("clock", "up", "0:00:01.5", 2),
        ("clock", None, "60", None),
        ("s", None, "-6", None),
        ("ms", "up", "-6", None),
    ],
)
def test_a_duration_becomes_whole_seconds_as_its_source_rounds(
    unit: str, rounding: str | None, text: str, seconds: int | None
) -> None:
    read = pl.DataFrame({"text": [text]}).select(duration_seconds(pl.col("text"), Durations(unit, rounding)))
    assert read.item() == seconds


@pytest.mark.parametrize(
    ("millis", "rounding", "seconds"),
    [(60_500, "nearest", 61), (60_499, "nearest", 60), (60_001, "up", 61), (60_999, "down", 60), (-1, "nearest", -1)],
)
def test_seconds_between_two_times_are_rounded_the_same_way(millis: int, rounding: str, seconds: int) -> None:
    begins = dt.datetime(2020, 1, 15, tzinfo=dt.UTC)
    times = pl.DataFrame({"begins": [begins], "ends": [begins + dt.timedelta(milliseconds=millis)]})
    assert times.select(seconds_between(pl.col("begins"), pl.col("ends"), rounding)).item() == seconds


def test_a_field_may_have_times_of_its_own() -> None:
    source = SourceSpec(
        "s",
        times=Times(epoch="us"),
        field_times={"end_time": Times(epoch="s", epoch_offset_seconds=62167219200)},
        fields={"call_id": (Template("{id}"),)},
    )
    row = with_times(_records("1579084200123456", "63746303465", 60), source).row(0, named=True)
    assert row["start_time"] == dt.datetime(2020, 1, 15, 10, 30, 0, 123456, tzinfo=dt.UTC)
    assert row["end_time"] == dt.datetime(2020, 1, 15, 10, 31, 5, tzinfo=dt.UTC)
