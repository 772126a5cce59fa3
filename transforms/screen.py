"""Each record accepted, or set aside with the first reason that fits (rules 13.1, 13.3; contract §2)."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

import polars as pl

from schemas.reasons import DIRECTIONS, DISPOSITIONS
from schemas.source_spec import ANSWER_TIME, SourceSpec
from transforms.delimited import IS_MALFORMED
from transforms.numbers import NUMBER_KIND, normalise_numbers
from transforms.ownership import find_accounts, owners_on
from transforms.timestamps import UTC_MICROS, in_usage_month, parse_instants, parse_local_times

DIRECTION = pl.Enum(DIRECTIONS)
DISPOSITION = pl.Enum(DISPOSITIONS)
MAXIMUM_DURATION, DURATION_DIGITS = 2**31, 10
LONG_CALL_SECONDS = 24 * 3600
_SHOWN_NAMES = {
    "start_text": "start_time",
    "end_text": "end_time",
    "duration_text": "duration_seconds",
    "named_account": "account_id",
}


class Directory(NamedTuple):
    """Whom records can belong to.

    accounts: account_id, country, bucket. phone_owners: number, account_id, kind, owned_from, owned_until
    (last day, null = open). dialing_plans: as the rate version has them.
    """

    accounts: pl.DataFrame
    phone_owners: pl.DataFrame
    dialing_plans: pl.DataFrame


def _instants(texts: pl.Series, source: SourceSpec) -> pl.Series:
    if (texts == "").all():
        return pl.Series(texts.name, [None], dtype=UTC_MICROS).new_from_index(0, len(texts))
    texts = texts.to_frame("t").select(pl.when(pl.col("t") != "").then(pl.col("t")))["t"]
    if source.time_format is None or source.time_zone is None:
        return parse_instants(texts)
    return parse_local_times(texts, source.time_format, source.time_zone)


def _parse_fields(records: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Typed columns beside the text; null where the text is empty or cannot be read."""
    renamed = records.rename({"start_time": "start_text", "end_time": "end_text", "duration_seconds": "duration_text"})
    direction = pl.col("direction")
    return renamed.with_columns(
        _instants(renamed["start_text"], source).alias("start_time"),
        _instants(renamed["end_text"], source).alias("end_time"),
        _instants(renamed[ANSWER_TIME], source).alias(ANSWER_TIME),
        duration_seconds=duration_seconds(pl.col("duration_text")),
        direction_code=(direction.replace(source.direction_words) if source.direction_words else direction).cast(
            DIRECTION, strict=False
        ),
        disposition_code=_dispositions(records["disposition"], source),
    )


def duration_seconds(text: pl.Expr) -> pl.Expr:
    """Seconds of 1 to 10 digits below 2**31; null where the text is none (contract §2)."""
    seconds = text.cast(pl.Int64, strict=False)  # reads digits with a sign or without, and nothing else
    has_sign = text.str.starts_with("+") | text.str.starts_with("-")
    return pl.when((seconds < MAXIMUM_DURATION) & (text.str.len_bytes() <= DURATION_DIGITS) & ~has_sign).then(seconds)


def _dispositions(texts: pl.Series, source: SourceSpec) -> pl.Series:
    """Each text's disposition, whatever its case; null where it is empty or unknown."""
    if not source.disposition_words:
        as_written = texts.cast(DISPOSITION, strict=False)
        if as_written.null_count() == (texts == "").sum():
            return as_written
    lowered = texts.str.to_lowercase()
    return lowered.replace(source.disposition_words).cast(DISPOSITION, strict=False)


def _attach_numbers(records: pl.DataFrame, source: SourceSpec, directory: Directory) -> pl.DataFrame:
    """Numbers normalised by the account's country; an anonymous word of the source is an empty source."""
    sources = records.select("country", text="source_number")
    anonymous = [word.lower() for word in source.anonymous_words]
    if anonymous:
        is_anonymous = pl.col("text").str.to_lowercase().is_in(anonymous)
        sources = sources.with_columns(text=pl.when(is_anonymous).then(pl.lit("")).otherwise("text"))
    texts = pl.concat([sources, records.select("country", text="destination_number")], rechunk=True)
    read = normalise_numbers(texts, directory.dialing_plans)
    from_numbers, to_numbers = read.head(records.height), read.tail(records.height)
    destination_kinds = to_numbers["number_kind"]
    if (is_missing := destination_kinds == "anonymous").any():
        destination_kinds = pl.Series(["bad"], dtype=NUMBER_KIND).zip_with(is_missing, destination_kinds)
    return records.with_columns(
        from_numbers["number"].alias("source_number"),
        from_numbers["number_kind"].alias("source_kind"),
        to_numbers["number"].alias("destination_number"),
        destination_kinds.alias("destination_kind"),
    )


def reject_reason() -> pl.Expr:
    """The first reason that fits, in the order of the contract; null for a record that is accepted."""
    has_end = pl.col("end_text") != ""
    bad_number = (pl.col("source_kind") == "bad") | (pl.col("destination_kind") == "bad")
    return (
        pl.when(pl.col(IS_MALFORMED))
        .then(pl.lit("malformed_row"))
        .when(pl.col("call_id") == "")
        .then(pl.lit("missing_call_id"))
        .when((pl.col("direction") != "") & pl.col("direction_code").is_null())
        .then(pl.lit("unknown_direction"))
        .when(pl.col("start_time").is_null())
        .then(pl.lit("bad_start_time"))
        .when(pl.col("duration_text").str.starts_with("-"))
        .then(pl.lit("negative_duration"))
        .when(pl.col("duration_seconds").is_null())
        .then(pl.lit("bad_duration"))
        .when(has_end & pl.col("end_time").is_null())
        .then(pl.lit("bad_end_time"))
        .when(has_end & (pl.col("end_time") < pl.col("start_time")))
        .then(pl.lit("end_before_start"))
        .when((pl.col("disposition") != "") & pl.col("disposition_code").is_null())
        .then(pl.lit("unknown_disposition"))
        .when(pl.col("country").is_null())
        .then(pl.lit("unknown_account"))
        .when(bad_number)
        .then(pl.lit("bad_number"))
    )


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


def _fill_defaults(records: pl.DataFrame, directory: Directory) -> pl.DataFrame:
    """Direction, disposition and end where the record leaves them empty (contract §2)."""
    lasted = (pl.col("duration_seconds") * 1_000_000).cast(pl.Duration("us"))
    filled = records.with_columns(end_time=pl.coalesce("end_time", pl.col("start_time") + lasted))
    direction, disposition = pl.col("direction_code"), pl.col("disposition_code")
    if records["direction_code"].null_count():
        direction = pl.coalesce(direction, _inferred_direction(records, directory))
    if records["disposition_code"].null_count():
        answered, missed = pl.lit("answered", dtype=DISPOSITION), pl.lit("no_answer", dtype=DISPOSITION)
        disposition = pl.coalesce(disposition, pl.when(pl.col("duration_seconds") > 0).then(answered).otherwise(missed))
    return filled.with_columns(direction=direction, disposition=disposition)


def _inferred_direction(records: pl.DataFrame, directory: Directory) -> pl.Expr:
    """Inbound to the account's own number, internal between extensions, else outbound."""
    inferred = records.filter(pl.col("direction") == "")
    own = (
        owners_on(inferred, "destination_number", directory.phone_owners)
        .join(inferred.select("row", "account_id"), on="row")
        .filter(pl.col("owner_id") == pl.col("account_id"))
    )
    both_extensions = (pl.col("source_kind") == "extension") & (pl.col("destination_kind") == "extension")
    return (
        pl.when(pl.col("row").is_in(own["row"].implode()))
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
    records = (
        texts.with_row_index("row")
        .with_columns(named_account=pl.col("account_id"))
        .pipe(_parse_fields, source)
        .pipe(find_accounts, source, directory.phone_owners, directory.dialing_plans)
        .join(directory.accounts, on="account_id", how="left", maintain_order="left", validate="m:1")
        .pipe(_attach_numbers, source, directory)
        .with_columns(reason=reject_reason())
    )
    is_rejected = pl.col("reason").is_not_null()
    is_outside = ~in_usage_month(usage_month)
    outcome = pl.when(is_rejected).then(pl.lit("rejected")).when(is_outside).then(pl.lit("outside_month"))
    return records.with_columns(outcome=outcome).pipe(_explain).pipe(_fill_defaults, directory)


def _explain(records: pl.DataFrame) -> pl.DataFrame:
    """Adds detail, what a set-aside record is about; the reason of a record outside the month is its outcome."""
    places = records["outcome"].is_not_null().arg_true()
    aside = records[places]
    starts = pl.format("starts {}", pl.col("start_time").dt.to_string("%Y-%m-%dT%H:%M:%SZ"))
    is_outside = pl.col("outcome") == "outside_month"
    explained = aside.select(
        detail=pl.when(is_outside).then(starts).otherwise(reject_detail()), reason=pl.coalesce("reason", "outcome")
    )
    nothing = pl.repeat(None, records.height, dtype=pl.String, eager=True)
    return records.with_columns(
        nothing.scatter(places, explained["detail"]).alias("detail"),
        records["reason"].clone().scatter(places, explained["reason"]).alias("reason"),
    )


def warning_flags(source: SourceSpec) -> dict[str, pl.Expr]:
    """What is worth a warning in an accepted record, though it is billed as it stands (contract §2).

    Where the source tells when a call was answered, its seconds are those from there to the end, and a call that
    was not answered has none to compare.
    """
    seconds = pl.col("duration_seconds")
    begins = pl.col(ANSWER_TIME if ANSWER_TIME in source.fields else "start_time")
    talked = (pl.col("end_time") - begins).dt.total_microseconds()
    is_answered = pl.col("disposition") == "answered"
    return {
        "duration_mismatch": (pl.col("end_text") != "") & (talked != seconds * 1_000_000).fill_null(value=False),
        "long_call": seconds >= LONG_CALL_SECONDS,
        "unanswered_with_seconds": ~is_answered & (seconds > 0),
        "answered_without_seconds": is_answered & (seconds == 0),
        "second_party": pl.col("second_party"),
    }
