"""Each record accepted, or set aside with the first reason that fits (rules 13.1, 13.3; contract §2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import polars as pl

from schemas.reasons import DIRECTIONS, DISPOSITIONS
from schemas.source_spec import ANSWER_TIME, TIME_FIELDS, SourceSpec
from transforms.delimited import IS_MALFORMED
from transforms.durations import MAXIMUM_DURATION, duration_seconds, seconds_between
from transforms.local_hours import NEVER_DETAIL, NEVER_FLAG, TWICE_DETAIL, TWICE_FLAG, with_times
from transforms.numbers import NUMBER_KIND, normalise_numbers
from transforms.ownership import find_accounts, owners_of
from transforms.source_fields import OTHER_ROW, OTHER_ROW_DETAIL
from transforms.timestamps import in_usage_month

DIRECTION = pl.Enum(DIRECTIONS)
DISPOSITION = pl.Enum(DISPOSITIONS)
LONG_CALL_SECONDS = 24 * 3600
_TEXT_NAMES = {
    "start_time": "start_text",
    "end_time": "end_text",
    ANSWER_TIME: "answer_text",
    "duration_seconds": "duration_text",
}
_SHOWN_NAMES = {**{text: name for name, text in _TEXT_NAMES.items()}, "named_account": "account_id"}


@dataclass(frozen=True, eq=False)
class Directory:
    """Whom records can belong to.

    accounts: account_id, country, bucket. phone_owners: number, account_id, kind, owned_from, owned_until
    (last day, null = open). dialing_plans: as the rate version has them.
    """

    accounts: pl.DataFrame
    phone_owners: pl.DataFrame
    dialing_plans: pl.DataFrame


def _parse_fields(texts: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Typed columns beside the text; null where the text is empty or cannot be read."""
    direction = pl.col("direction")
    if source.direction_words:
        direction = direction.str.to_lowercase().replace(dict(source.direction_words))
    return (
        texts.with_row_index("row")
        .rename(_TEXT_NAMES)
        .pipe(_without_empty_times, source)
        .with_columns(
            named_account=pl.col("account_id"),
            duration_seconds=duration_seconds(pl.col("duration_text"), source.durations),
            direction_code=direction.cast(DIRECTION, strict=False),
            disposition_code=pl.col("disposition").cast(DISPOSITION, strict=False),
        )
        .pipe(_with_other_dispositions, source)
        .pipe(with_times, source)
        .pipe(_duration_from_times, source)
    )


def _without_empty_times(records: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Times that only say that there is none, as `0` for a call that was not connected, become empty."""
    words = {_TEXT_NAMES[name]: list(source.times_of(name).empty) for name in TIME_FIELDS}
    return records.with_columns(
        pl.when(pl.col(text).is_in(empty)).then(pl.lit("")).otherwise(text).alias(text)
        for text, empty in words.items()
        if empty
    )


def _duration_from_times(records: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Seconds from the answer, or the start, to the end where records have no duration; no answer is 0 seconds."""
    if source.durations.unit != "times":
        return records
    has_answer = ANSWER_TIME in source.fields
    begins = pl.col(ANSWER_TIME if has_answer else "start_time")
    between = seconds_between(begins, pl.col("end_time"), source.durations.rounding)
    seconds = pl.when((pl.col("answer_text") == "") & has_answer).then(0).otherwise(between)
    is_duration = (seconds >= 0) & (seconds < MAXIMUM_DURATION)
    return records.with_columns(
        duration_seconds=pl.when(is_duration).then(seconds), duration_text=seconds.cast(pl.String).fill_null("")
    )


def _with_other_dispositions(records: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Dispositions read whatever their case and by the source's words too, where some are not written as ours."""
    texts, as_written = records["disposition"], records["disposition_code"]
    if not source.disposition_words and as_written.null_count() == (texts == "").sum():
        return records
    read = texts.str.to_lowercase().replace(source.disposition_words).cast(DISPOSITION, strict=False)
    if source.disposition_otherwise is not None:
        is_other = (texts != "") & read.is_null()
        read = pl.Series([source.disposition_otherwise], dtype=DISPOSITION).zip_with(is_other, read)
    return records.with_columns(read.alias("disposition_code"))


def _attach_numbers(records: pl.DataFrame, source: SourceSpec, directory: Directory) -> pl.DataFrame:
    """Numbers normalised by the account's country; an anonymous word of the source is an empty source."""
    text = pl.col("source_number")
    if anonymous := [word.lower() for word in source.anonymous_words]:
        text = pl.when(text.str.to_lowercase().is_in(anonymous)).then(pl.lit("")).otherwise(text)
    sides = pl.concat(records.select("country", text=side) for side in (text, "destination_number"))
    numbers = normalise_numbers(sides, directory.dialing_plans)
    from_numbers, to_numbers = numbers.head(records.height), numbers.tail(records.height)
    destination_kinds = to_numbers["number_kind"]
    if (is_missing := destination_kinds == "anonymous").any():
        destination_kinds = pl.Series(["bad"], dtype=NUMBER_KIND).zip_with(is_missing, destination_kinds)
    return records.with_columns(
        from_numbers["number"].alias("source_number"),
        from_numbers["number_kind"].alias("source_kind"),
        to_numbers["number"].alias("destination_number"),
        destination_kinds.alias("destination_kind"),
    )


def _faults() -> tuple[tuple[str, pl.Expr], ...]:
    """Each reason and what it is about, in the order of the contract."""
    has_end = pl.col("end_text") != ""
    return (
        ("malformed_row", pl.col(IS_MALFORMED)),
        ("missing_call_id", pl.col("call_id") == ""),
        ("unknown_direction", (pl.col("direction") != "") & pl.col("direction_code").is_null()),
        ("bad_start_time", pl.col("start_time").is_null()),
        ("negative_duration", pl.col("duration_text").str.starts_with("-")),
        ("bad_duration", pl.col("duration_seconds").is_null()),
        ("bad_end_time", has_end & pl.col("end_time").is_null()),
        ("end_before_start", has_end & (pl.col("end_time") < pl.col("start_time"))),
        ("unknown_disposition", (pl.col("disposition") != "") & pl.col("disposition_code").is_null()),
        ("unknown_account", pl.col("country").is_null()),
        ("bad_number", (pl.col("source_kind") == "bad") | (pl.col("destination_kind") == "bad")),
    )


@cache
def reject_reason() -> pl.Expr:
    """The first reason that fits, in the order of the contract; null for a record that is accepted."""
    return pl.coalesce(*(pl.when(is_fault).then(pl.lit(reason)) for reason, is_fault in _faults()))


@cache
def _is_set_aside(usage_month: dt.date, *, has_other_rows: bool) -> pl.Expr:
    """Whether a record has a reason to be rejected, of its own or its source's, or is another month's."""
    is_other = [pl.col(OTHER_ROW).is_not_null()] if has_other_rows else []
    return pl.any_horizontal(*(is_fault for _, is_fault in _faults()), ~in_usage_month(usage_month), *is_other)


@cache
def reject_detail() -> pl.Expr:
    """The value that the reason is about, for a person."""
    reason = pl.col("reason")
    by_reason = {
        "unknown_direction": "direction",
        "bad_start_time": "start_text",
        "negative_duration": "duration_text",
        "bad_duration": "duration_text",
        "bad_end_time": "end_text",
        "end_before_start": "end_text",
        "unknown_disposition": "disposition",
        "unknown_account": "named_account",
    }
    nobody_named = (reason == "unknown_account") & (pl.col("named_account") == "")
    detail: Any = pl.when((reason == "bad_number") | nobody_named).then(
        pl.format("source_number {}, destination_number {}", pl.col("source_number"), pl.col("destination_number"))
    )
    for name, column in by_reason.items():
        shown = _SHOWN_NAMES.get(column, column)
        detail = detail.when(reason == name).then(pl.format(shown + " {}", pl.col(column)))
    explained: pl.Expr = detail.otherwise(None)
    return explained


def fill_defaults(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """Records with direction, disposition and end, where they leave them empty (contract §2).

    Needs: row, direction_code, disposition_code, start_time, end_time, duration_seconds, account_id, both kinds of
    number and the destination number.
    """
    lasted = (pl.col("duration_seconds") * 1_000_000).cast(pl.Duration("us"))
    direction, disposition = pl.col("direction_code"), pl.col("disposition_code")
    if records["direction_code"].null_count():
        direction = pl.coalesce(direction, _inferred_direction(records, directory))
    if records["disposition_code"].null_count():
        answered, missed = pl.lit("answered", dtype=DISPOSITION), pl.lit("no_answer", dtype=DISPOSITION)
        disposition = pl.coalesce(disposition, pl.when(pl.col("duration_seconds") > 0).then(answered).otherwise(missed))
    return records.with_columns(
        end_time=pl.coalesce("end_time", pl.col("start_time") + lasted), direction=direction, disposition=disposition
    )


def _inferred_direction(records: pl.DataFrame, directory: Directory) -> pl.Expr:
    """Inbound to the account's own number, internal between extensions, else outbound."""
    inferred = records.lazy().filter(pl.col("direction_code").is_null())
    own = (
        owners_of(inferred, "destination_number", directory.phone_owners.lazy(), "account_id")
        .filter(pl.col("owner_id") == pl.col("account_id"))
        .select("row")
        .collect()
    )
    is_own = pl.repeat(value=False, n=records.height, dtype=pl.Boolean, eager=True).scatter(own["row"], values=True)
    both_extensions = (pl.col("source_kind") == "extension") & (pl.col("destination_kind") == "extension")
    return (
        pl.when(pl.lit(is_own))
        .then(pl.lit("inbound", dtype=DIRECTION))
        .when(both_extensions)
        .then(pl.lit("internal", dtype=DIRECTION))
        .otherwise(pl.lit("outbound", dtype=DIRECTION))
    )


def screen(texts: pl.DataFrame, source: SourceSpec, directory: Directory, usage_month: dt.date) -> pl.DataFrame:
    """Canonical text to typed records, each judged.

    Grain: one row a record, order kept. Adds: outcome (null = accepted; `rejected`, `outside_month`), reason,
    detail, bucket, and the typed columns of a call. `duration_seconds` is null only where it cannot be
    read by itself; a duplicate is found later, over all files of the source.
    """
    return (
        texts.pipe(_parse_fields, source)
        .pipe(find_accounts, source, directory.phone_owners, directory.dialing_plans)
        .pipe(_attach_accounts, directory)
        .pipe(_attach_numbers, source, directory)
        .pipe(_judge, usage_month)
        .pipe(fill_defaults, directory)
    )


def _attach_accounts(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """Adds country and bucket of each record's account; null where it is nobody's."""
    named = records.select("account_id")
    found = named.join(directory.accounts, on="account_id", how="left", maintain_order="left", validate="m:1")
    return records.hstack(found.drop("account_id"))


def _judge(records: pl.DataFrame, usage_month: dt.date) -> pl.DataFrame:
    """Adds outcome, reason and detail. Nearly all records have none, so only the others are looked at one by one."""
    columns = records.columns
    is_aside = _is_set_aside(usage_month, has_other_rows=OTHER_ROW in columns)
    places = records.select(is_aside=is_aside).to_series().arg_true()
    is_rejected, is_outside = pl.col("reason").is_not_null(), ~in_usage_month(usage_month)
    outcome = pl.when(is_rejected).then(pl.lit("rejected")).when(is_outside).then(pl.lit("outside_month"))
    judged = records[places].lazy().with_columns(reason=reject_reason())
    if OTHER_ROW in columns:
        judged = judged.with_columns(reason=_reason_of_other_rows())
    explained = judged.with_columns(outcome=outcome).pipe(_explain, columns).collect()
    nothing = pl.repeat(None, records.height, dtype=pl.String, eager=True)
    return records.with_columns(
        nothing.clone().scatter(places, explained[name]).alias(name) for name in ("outcome", "reason", "detail")
    )


def _reason_of_other_rows() -> pl.Expr:
    """Rows that are no call, or a leg that is not billed, have that as their reason, unless they are malformed."""
    return pl.when(pl.col(IS_MALFORMED)).then("reason").otherwise(pl.coalesce(OTHER_ROW, "reason"))


def _odd_hour() -> pl.Expr:
    """Why a time that looks well is refused."""
    is_time = pl.col("reason").is_in(["bad_start_time", "bad_end_time"])
    return (
        pl.when(is_time & pl.col(TWICE_FLAG))
        .then(pl.lit(TWICE_DETAIL))
        .when(is_time & pl.col(NEVER_FLAG))
        .then(pl.lit(NEVER_DETAIL))
        .otherwise(pl.lit(""))
    )


def _explain(aside: pl.LazyFrame, columns: Collection[str]) -> pl.LazyFrame:
    """Outcome, detail and reason of records set aside; the reason of one outside the month is its outcome."""
    starts = pl.format("starts {}", pl.col("start_time").dt.to_string("%Y-%m-%dT%H:%M:%SZ"))
    is_outside = pl.col("outcome") == "outside_month"
    detail = reject_detail()
    if TWICE_FLAG in columns:
        detail = detail + _odd_hour()
    if OTHER_ROW in columns:
        detail = pl.when(pl.col("reason") == pl.col(OTHER_ROW)).then(OTHER_ROW_DETAIL).otherwise(detail)
    return aside.select(
        "outcome", detail=pl.when(is_outside).then(starts).otherwise(detail), reason=pl.coalesce("reason", "outcome")
    )


def warning_flags(source: SourceSpec, columns: Collection[str]) -> dict[str, pl.Expr]:
    """What is worth a warning in an accepted record, though it is billed as it stands (contract §2).

    Where the source tells when a call was answered, its seconds are those from there to the end, and a call that
    was not answered has none to compare. Odd local hours are looked for only where `columns`, those of the records,
    tell of some.
    """
    seconds = pl.col("duration_seconds")
    begins = pl.col(ANSWER_TIME if ANSWER_TIME in source.fields else "start_time")
    talked = (pl.col("end_time") - begins).dt.total_microseconds()
    is_answered = pl.col("disposition") == "answered"
    odd_hours = {
        kind: pl.col(flag)
        for kind, flag in (("local_hour_twice", TWICE_FLAG), ("local_hour_never", NEVER_FLAG))
        if flag in columns
    }
    is_mismatch = (pl.col("end_text") != "") & (talked != seconds * 1_000_000).fill_null(value=False)
    return {
        "duration_mismatch": is_mismatch if source.durations.can_differ else pl.lit(value=False),
        "long_call": seconds >= LONG_CALL_SECONDS,
        "unanswered_with_seconds": ~is_answered & (seconds > 0),
        "answered_without_seconds": is_answered & (seconds == 0),
        "second_party": pl.col("second_party"),
        **odd_hours,
    }
