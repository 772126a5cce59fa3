"""The times of records; what a source takes for local hours that occur twice or never, and that it was taken."""

from __future__ import annotations

import polars as pl

from schemas.source_spec import ANSWER_TIME, TIME_FIELDS, SourceSpec, Times
from transforms.timestamps import UTC_MICROS, Instants, instants_of

TWICE_FLAG, NEVER_FLAG = "is_local_hour_twice", "is_local_hour_never"
TWICE_DETAIL, NEVER_DETAIL = " (that local hour occurs twice)", " (that local hour never occurs)"


def _taken(
    read: Instants, times: Times, not_before: pl.Series | None = None, near: pl.Series | None = None
) -> pl.Series:
    """The instants with those of odd hours that the source takes.

    Of the two readings of an end or an answer, the one is taken that is not before the start and is nearer to where
    it must have been: the source's choice is about starts, and a call must not become an hour longer by it.
    """
    if read.odd is None:
        return read.instant
    none = pl.lit(None, dtype=UTC_MICROS)
    if times.twice == "reject":
        twice = none
    elif near is None or not_before is None:
        twice = pl.col(times.twice)
    else:
        expected = pl.coalesce("near", "not_before")
        is_first = ((pl.col("first") - expected).abs() <= (pl.col("second") - expected).abs()) & (
            pl.col("first") >= pl.col("not_before")
        )
        twice = pl.when(is_first.fill_null(value=times.twice == "first")).then("first").otherwise("second")
    shifted = pl.col("shifted") if times.never == "forward" else none
    readings = {"instant": read.instant, **read.odd._asdict(), "not_before": not_before, "near": near}
    frame = pl.DataFrame({name: series for name, series in readings.items() if series is not None})
    return frame.select(taken=pl.coalesce("instant", twice, shifted))["taken"]


def with_times(records: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Records with their times as instants (UTC), null where the text is empty or cannot be read.

    Needs: start_text, end_text, answer_text, duration_seconds. Adds start_time, end_time, answer_time; where an
    hour was odd also is_local_hour_twice and is_local_hour_never.
    """
    of_start, of_end, of_answer = (source.times_of(name) for name in TIME_FIELDS)
    start, end = instants_of(records["start_text"], of_start), instants_of(records["end_text"], of_end)
    answer = instants_of(records["answer_text"], of_answer)
    odd = [read.odd for read in (start, end, answer) if read.odd is not None]
    if not odd:
        return records.with_columns(
            start.instant.alias("start_time"), end.instant.alias("end_time"), answer.instant.alias(ANSWER_TIME)
        )
    started = _taken(start, of_start)
    answered = _taken(answer, of_answer, started, started)
    talks_from = answered.zip_with(answered.is_not_null(), started)
    ended = _taken(end, of_end, started, talks_from + (records["duration_seconds"] * 1_000_000).cast(pl.Duration("us")))
    read = pl.DataFrame({"start_time": started, "end_time": ended, ANSWER_TIME: answered})
    return records.hstack(read).with_columns(
        _any_of([readings.first for readings in odd]).alias(TWICE_FLAG),
        _any_of([readings.shifted for readings in odd]).alias(NEVER_FLAG),
    )


def _any_of(readings: list[pl.Series]) -> pl.Series:
    found = readings[0].is_not_null()
    for reading in readings[1:]:
        found = found | reading.is_not_null()
    return found
