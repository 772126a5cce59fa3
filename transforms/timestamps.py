"""Times as switches write them to UTC, kept to the microsecond (rule 1.4, contract §2)."""

from __future__ import annotations

import datetime as dt

import polars as pl

UTC_MICROS = pl.Datetime("us", "UTC")
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_ISO_WITH_OFFSET = (
    rf"^[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}[T ]{_CLOCK}(?:\.[0-9]{{1,6}})?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)$"
)


def iso_instant(text: pl.Expr) -> pl.Expr:
    """`YYYY-MM-DD[T ]HH:MM:SS[.1-6 digits](Z|±HH[:MM]|±HHMM)` as an instant; null where it is not one."""
    written = pl.when(text.str.contains(_ISO_WITH_OFFSET)).then(text.str.replace(" ", "T", literal=True))
    return written.str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False, cache=False
    )


def parse_instants(texts: pl.Series) -> pl.Series:
    """Each text's instant (UTC); null where the text is none. Plain `…T…Z` text takes the short way."""
    text = pl.col("text")
    is_plain = text.str.contains(rf"^[1-9][0-9]{{3}}-[0-9]{{2}}-[0-9]{{2}}T{_CLOCK}Z$").fill_null(value=True)
    plain = text.str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", strict=False, cache=False)
    frame = texts.rename("text").to_frame().with_columns(is_plain=is_plain)
    others = (~frame["is_plain"]).arg_true()
    instants = frame.select(pl.when("is_plain").then(plain).dt.replace_time_zone("UTC").alias("text"))["text"]
    if len(others) == 0:
        return instants
    return instants.scatter(others, frame[others].select(iso_instant(text).alias("text"))["text"])


def parse_local_times(texts: pl.Series, time_format: str, time_zone: str) -> pl.Series:
    """Each local time's instant (UTC); null where it is none, or where the clocks ran twice or not at all."""
    frame = texts.rename("text").to_frame()
    naive = pl.col("text").str.to_datetime(time_format, time_unit="us", strict=False)
    instants = naive.dt.replace_time_zone(time_zone, ambiguous="null", non_existent="null")
    return frame.select(instants.dt.convert_time_zone("UTC").alias("text"))["text"]


def month_start(month: dt.date) -> dt.datetime:
    """The first instant of the month that the date is in, UTC."""
    return dt.datetime(month.year, month.month, 1, tzinfo=dt.UTC)


def add_months(month: dt.date, count: int) -> dt.date:
    """The first day of the month `count` months away."""
    index = month.year * 12 + month.month - 1 + count
    return dt.date(index // 12, index % 12 + 1, 1)


def in_usage_month(usage_month: dt.date) -> pl.Expr:
    """A call belongs to the month of its start in UTC (rule 1.4)."""
    return pl.col("start_time").is_between(
        month_start(usage_month), month_start(add_months(usage_month, 1)), closed="left"
    )
