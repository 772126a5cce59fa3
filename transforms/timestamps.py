"""Times as switches write them to UTC, kept to the microsecond (rule 1.4, contract §2)."""

from __future__ import annotations

import datetime as dt
from functools import cache
from typing import Literal, NamedTuple

import polars as pl

from schemas.source_spec import EPOCH_UNITS, Times

UTC_MICROS = pl.Datetime("us", "UTC")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_ISO_WITH_OFFSET = (
    rf"^[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(?:\.[0-9]{{1,6}})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)$"
)
_PLAIN_LENGTH = len("2020-01-15T10:30:00Z")
_MANY = 10_000
"""Fewer times are read before the library that reads them quickest is there."""
FIRST_YEAR = 1000
MICROS_PER_SECOND = 1_000_000
BEFORE_A_CHANGE = dt.timedelta(hours=25)
"""Time enough to be in the offset that held before clocks were moved, also where a whole day was left out."""
_SECONDS_TO_YEAR_10000 = 253_402_300_800


def iso_instant(text: pl.Expr) -> pl.Expr:
    """`YYYY-MM-DD[T ]HH:MM:SS[.1-6 digits](Z|±HH[:MM]|±HHMM)` as an instant; null where it is not one."""
    written = pl.when(text.str.contains(_ISO_WITH_OFFSET)).then(text.str.replace(" ", "T", literal=True))
    return written.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False, cache=False
    )


def _read_plain(texts: pl.Series) -> pl.Series | None:
    """Instants of texts as long as `2020-01-15T10:30:00Z` that end with Z; None where one of them is no time."""
    import pyarrow as pa

    try:  # its reader takes nothing of this length but YYYY-MM-DD[T ]HH:MM:SSZ
        read = texts.to_arrow(compat_level=pl.CompatLevel.oldest()).cast(pa.timestamp("us", tz="UTC"))
    except pa.ArrowInvalid:
        return None
    return pl.Series(texts.name, read, dtype=UTC_MICROS)


def parse_instants(texts: pl.Series) -> pl.Series:
    """Each text's instant (UTC); null where the text is none. Many that are plain `…T…Z` text take the short way."""
    text = pl.col("text")
    frame = texts.rename("text").to_frame()
    if len(texts) >= _MANY:
        is_plain = (text.str.len_bytes() == _PLAIN_LENGTH) & text.str.ends_with("Z") & (text >= "1")  # FIRST_YEAR
        others = frame.select(~is_plain.fill_null(value=True)).to_series().arg_true()
        read = _read_plain(frame["text"].scatter(others, None))
        if read is not None:
            return read.scatter(others, frame[others].select(iso_instant(text).alias("text"))["text"])
    return frame.select(iso_instant(text).alias("text"))["text"]


def _formatted(text: pl.Expr, formats: tuple[str, ...]) -> pl.Expr:
    """The text by the one format that fits; null where none does, or where two read it differently."""
    readings = [text.str.to_datetime(one.replace("%z", "%#z"), time_unit="us", strict=False) for one in formats]
    if len(readings) == 1:
        return readings[0]
    read = pl.coalesce(*readings)
    agree = [(reading == read).fill_null(value=True) for reading in readings]
    return pl.when(pl.all_horizontal(*agree) & (read.dt.year() >= FIRST_YEAR)).then(read)


def _epoch_instants(text: pl.Expr, unit: str, offset_seconds: int) -> pl.Expr:
    """Numbers of seconds, milliseconds or microseconds since 1970, less the offset; null beyond the year 9999."""
    digits = {"s": 6, "ms": 3, "us": 0}[unit]
    pattern = r"^([0-9]{1,17})" + (r"(?:\.([0-9]{1," + str(digits) + r"}))?$" if digits else "$")
    whole = text.str.extract(pattern, 1).cast(pl.Int64, strict=False)
    is_near = whole < (_SECONDS_TO_YEAR_10000 + offset_seconds) * (MICROS_PER_SECOND // EPOCH_UNITS[unit])
    micros = pl.when(is_near).then(whole) * EPOCH_UNITS[unit]
    if digits:
        part = text.str.extract(pattern, 2).fill_null("").str.pad_end(digits, "0").cast(pl.Int64, strict=False)
        micros = micros + part
    instants = (micros - offset_seconds * MICROS_PER_SECOND).cast(pl.Datetime("us"))
    return pl.when(instants.dt.year() >= FIRST_YEAR).then(instants).dt.replace_time_zone("UTC")


class Readings(NamedTuple):
    """How times in odd local hours can be read, UTC; null where the hour is not odd.

    `first` and `second`: the hour occurs twice. `shifted`: it never occurs, and this is the time as if the clocks had
    not been moved.
    """

    first: pl.Series
    second: pl.Series
    shifted: pl.Series


class Instants(NamedTuple):
    """Times as they were read, UTC; null where there is none, or where a local hour is odd: then there are readings."""

    instant: pl.Series
    odd: Readings | None = None


def _no_instants(count: int) -> pl.Series:
    return pl.Series([None], dtype=UTC_MICROS).new_from_index(0, count)


def _in_utc(naive: pl.Expr, zone: str, which: Literal["earliest", "latest", "null"]) -> pl.Expr:
    return naive.dt.replace_time_zone(zone, ambiguous=which, non_existent="null").dt.convert_time_zone("UTC")


def parse_local_times(texts: pl.Series, formats: tuple[str, ...], zone: str) -> Instants:
    """Each local time's instant, and the readings of those in hours that occur twice or never.

    An hour that never occurs is read by the offset of the day before: 02:30 becomes 03:30 summer time.
    """
    naive = pl.col("naive")
    frame = texts.rename("text").to_frame().select(naive=_formatted(pl.col("text"), formats))
    instants = frame.select(instant=_in_utc(naive, zone, "null"))["instant"]
    if instants.null_count() == frame["naive"].null_count():
        return Instants(instants)
    odd = (instants.is_null() & frame["naive"].is_not_null()).arg_true()
    none = _no_instants(len(instants))
    readings = frame[odd].select(
        first=_in_utc(naive, zone, "earliest"),
        second=_in_utc(naive, zone, "latest"),
        shifted=_in_utc(naive - BEFORE_A_CHANGE, zone, "earliest") + BEFORE_A_CHANGE,
    )
    first, second, shifted = (none.clone().scatter(odd, readings[name]) for name in readings.columns)
    return Instants(instants, Readings(first, second, shifted.zip_with(first.is_null(), none)))


def instants_of(texts: pl.Series, times: Times) -> Instants:
    """Each text's instant as the source writes times; null where the text is empty or none."""
    is_empty = texts == ""
    if is_empty.all():
        return Instants(_no_instants(len(texts)))
    text = pl.col("t")
    filled = texts.to_frame("t").select(pl.when(text != "").then(text))["t"] if is_empty.any() else texts.alias("t")
    if times.epoch is not None:
        read = _epoch_instants(text, times.epoch, times.epoch_offset_seconds)
        return Instants(filled.to_frame("t").select(read.alias("t"))["t"])
    if times.zone is not None:
        return parse_local_times(filled, times.formats, times.zone)
    if times.formats:
        return Instants(filled.to_frame("t").select(_formatted(text, times.formats).alias("t"))["t"])
    return Instants(parse_instants(filled))


def month_start(month: dt.date) -> dt.datetime:
    """The first instant of the month that the date is in, UTC."""
    return dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)


def add_months(month: dt.date, count: int) -> dt.date:
    """The first day of the month `count` months away."""
    index = month.year * 12 + month.month - 1 + count
    return dt.date(index // 12, index % 12 + 1, 1)


@cache
def in_usage_month(usage_month: dt.date) -> pl.Expr:
    """A call belongs to the month of its start in UTC (rule 1.4)."""
    return pl.col("start_time").is_between(
        month_start(usage_month), month_start(add_months(usage_month, 1)), closed="left"
    )
