"""Calls of a rerun beside the issued ones: what differs, and why (rule 12.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import polars as pl

from schemas.reasons import SUSPENDED_REASONS
from transforms.money import decimal_of_micros
from transforms.rate_book import RateBook
from transforms.rate_calls import RatedCalls
from transforms.timestamps import UTC_MICROS

CALL_KEY: tuple[str, ...] = ("account_id", "source", "call_id")
PLACE: tuple[str, ...] = ("source_file", "source_line")
CONTENT: tuple[str, ...] = (
    "direction",
    "disposition",
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
)
RATING: tuple[str, ...] = ("billable_seconds", "rate_table", "rate_prefix", "destination", "connection_fee")
_MONEY = pl.Decimal(18, 6)
JUDGED_SCHEMA: dict[str, Any] = {
    **dict.fromkeys((*CALL_KEY, "source_file"), pl.String),
    "source_line": pl.Int64,
    **dict.fromkeys(CONTENT[:4], pl.String),
    "start_time": UTC_MICROS,
    "end_time": UTC_MICROS,
    "duration_seconds": pl.Int64,
    "call_type": pl.String,
    "reason": pl.String,
    "billable_seconds": pl.Int64,
    "included_seconds": pl.Int64,
    **dict.fromkeys(("rate_table", "rate_prefix", "destination"), pl.String),
    **dict.fromkeys(("connection_fee", "rate_per_minute", "cost"), _MONEY),
    "rate_line": pl.Int64,
}
"""A call and what became of it: call_type where it is billed, reason where it is not. rate_line: of the row's file."""
COMPARED: tuple[str, ...] = tuple(name for name in JUDGED_SCHEMA if name not in (*CALL_KEY, *PLACE, "rate_line"))
DIFFERENCE_SCHEMA: dict[str, Any] = dict.fromkeys(
    (*CALL_KEY, "cause", "column", "issued_value", "corrected_value", "note"), pl.String
)
TYPES: tuple[str, ...] = ("call_type", "call_type_after")
"""What the call was billed as, and what it would be; null where it is not billed."""


class Step(NamedTuple):
    """One thing that changed between two judgements of the same calls, and what tells calls that came or went.

    new_files, gone_files: names of files whose bytes only the later or only the earlier judgement knows; a call of
    another file that is in one only has the step's cause. same_pools: accounts with the same plan minutes in both.
    """

    cause: str
    new_files: Sequence[str]
    gone_files: Sequence[str]
    same_pools: pl.Series


def in_utc(calls: pl.DataFrame) -> pl.DataFrame:
    """The calls with their times in UTC, to the microsecond."""
    return calls.with_columns(pl.col("start_time", "end_time").dt.convert_time_zone("UTC").dt.cast_time_unit("us"))


def judged_columns(calls: pl.DataFrame) -> pl.DataFrame:
    """The calls in the shape of JUDGED_SCHEMA; a column that they have not is null."""
    return calls.select(
        (pl.col(name) if name in calls.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in JUDGED_SCHEMA.items()
    )


def judged_calls(rated: RatedCalls, book: RateBook) -> pl.DataFrame:
    """Rated calls in the shape of JUDGED_SCHEMA. Grain: a call."""
    money = {
        "connection_fee": decimal_of_micros(pl.col("connection_fee_micros")),
        "rate_per_minute": decimal_of_micros(pl.col("rate_per_minute_micros")),
        "cost": decimal_of_micros(pl.col("cost_micros")),
    }
    billed = rated.billed.with_columns(**money)
    if "line" in book.rows.columns:
        billed = billed.with_columns(rate_line=book.rows["line"].gather(billed["rate_row"]))
    others = [part.with_columns(reason="outcome") for part in (rated.unbilled, rated.suspended)]
    outside = [judged_columns(part.select(*CALL_KEY, *PLACE, *CONTENT, "reason")) for part in others]
    return pl.concat([judged_columns(billed), *outside])


def without(calls: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """The calls but for those of the keys. Order kept."""
    return calls.join(keys, on=CALL_KEY, how="anti", maintain_order="left")


def released_keys(issued: pl.DataFrame, corrected: pl.DataFrame) -> pl.DataFrame:
    """Keys of calls that were suspended and are not any more (rules 5.1, 12.3)."""
    is_suspended = pl.col("reason").is_in(SUSPENDED_REASONS).fill_null(value=False)
    was = issued.filter(is_suspended).select(CALL_KEY)
    return was.join(corrected.filter(~is_suspended), on=CALL_KEY, how="semi").sort(CALL_KEY)


def _after(name: str) -> pl.Expr:
    return pl.col(f"{name}_after")


def _differs(names: Sequence[str]) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).ne_missing(_after(name)) for name in names)


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """Calls that differ in a compared column, both judgements beside one another. Grain: CALL_KEY."""
    here = before.with_columns(was_there=pl.lit(value=True))
    there = after.rename({name: f"{name}_after" for name in JUDGED_SCHEMA if name not in CALL_KEY})
    there = there.with_columns(is_there=pl.lit(value=True))
    both = here.join(there, on=CALL_KEY, how="full", coalesce=True, validate="1:1")
    is_one_sided = pl.col("was_there").is_null() | pl.col("is_there").is_null()
    return both.filter(is_one_sided | _differs(COMPARED))


def _cause(step: Step) -> pl.Expr:
    """Why a call of `_changed` differs within this step."""
    suspended = [pl.lit(reason) for reason in SUSPENDED_REASONS]
    was_suspended = pl.col("reason").is_in(pl.concat_list(suspended)).fill_null(value=False)
    is_suspended = _after("reason").is_in(pl.concat_list(suspended)).fill_null(value=False)
    is_new_file, is_gone_file = (
        _after("source_file").is_in(list(step.new_files)),
        pl.col("source_file").is_in(list(step.gone_files)),
    )
    by_pool = ~_differs(RATING) & _differs(["included_seconds"]) & pl.col("account_id").is_in(step.same_pools.implode())
    known, known_gone = pl.lit(step.cause), pl.lit("call_removed" if step.cause == "call_added" else step.cause)
    return (
        pl.when(pl.col("was_there").is_null())
        .then(pl.when(is_new_file).then(pl.lit("call_added")).otherwise(known))
        .when(pl.col("is_there").is_null())
        .then(pl.when(is_gone_file).then(pl.lit("call_removed")).otherwise(known_gone))
        .when(was_suspended & ~is_suspended)
        .then(pl.lit("released"))
        .when(_differs(CONTENT))
        .then(pl.when(is_new_file).then(pl.lit("call_added")).otherwise(known))
        .when(by_pool)
        .then(pl.lit("pool_order"))
        .otherwise(pl.lit(step.cause))
    )


def _text(name: str, *, is_time: bool) -> pl.Expr:
    if is_time:
        return pl.col(name).dt.to_string("%Y-%m-%d %H:%M:%S%.6fZ")
    return pl.col(name).cast(pl.String)


def _long(changed: pl.DataFrame, more: Sequence[str]) -> pl.DataFrame:
    """One row a column that differs. Where a call is in one judgement only, or another record, also its place."""
    is_other_record = pl.col("was_there").is_null() | pl.col("is_there").is_null() | _differs(CONTENT)
    parts = []
    for name in (*PLACE, *COMPARED):
        is_told = pl.col(name).ne_missing(_after(name))
        rows = changed.filter(is_told & is_other_record if name in PLACE else is_told)
        is_time = JUDGED_SCHEMA[name] == UTC_MICROS
        parts.append(
            rows.select(
                *CALL_KEY,
                pl.lit(name).alias("column"),
                _text(name, is_time=is_time).alias("issued_value"),
                _text(f"{name}_after", is_time=is_time).alias("corrected_value"),
                *more,
            )
        )
    return pl.concat(parts)


def step_differences(before: pl.DataFrame, after: pl.DataFrame, step: Step) -> pl.DataFrame:
    """Columns of calls that this step changed, with its cause. Grain: CALL_KEY, column."""
    return _long(_changed(before, after).with_columns(cause=_cause(step)), ["cause"])


def category_causes(before: pl.DataFrame, after: pl.DataFrame, step: Step) -> pl.DataFrame:
    """Why usage costs other money after this step. Grain: account_id, category, cause; with the number of calls."""
    changed = _changed(before, after).with_columns(cause=_cause(step))
    sides = [
        changed.filter(pl.col("cost").ne_missing(_after("cost"))).select("account_id", "cause", category=category)
        for category in (pl.col("call_type"), _after("call_type"))
    ]
    return (
        pl.concat(sides)
        .drop_nulls("category")
        .group_by("account_id", "category", "cause")
        .agg(calls=pl.len().cast(pl.Int64))
        .sort("account_id", "category", "cause")
    )


def call_note(version: str, pool: str, program: str) -> pl.Expr:
    """What lies behind a call's difference: the rate row with file and line, the record, the program.

    Needs a call of `_changed` with its cause, and account_note: what differs in the account's contract.
    """
    place = pl.format("{} line {}", _after("source_file"), _after("source_line"))
    gone = pl.format("{} line {}", "source_file", "source_line")
    row = pl.format(f"{version}/{{}}.csv line {{}}", _after("rate_table"), _after("rate_line"))
    no_row = pl.format(f"{version}: {{}}", pl.coalesce(_after("reason"), pl.lit("no rate row")))
    cause = pl.col("cause")
    return (
        pl.when(cause == "rate_version")
        .then(pl.coalesce(row, no_row))
        .when(cause == "released")
        .then(pl.format("{} (was {})", pl.coalesce(row, no_row), "reason"))
        .when(cause == "call_added")
        .then(place)
        .when(cause == "call_removed")
        .then(gone)
        .when(cause == "account_data")
        .then(pl.coalesce("account_note", pl.lit("contracts")))
        .when(cause == "pool_order")
        .then(pl.lit(pool))
        .otherwise(pl.lit(program))
    )


def call_differences(
    issued: pl.DataFrame,
    corrected: pl.DataFrame,
    causes: pl.DataFrame,
    released: pl.DataFrame,
    account_notes: pl.DataFrame,
    note: pl.Expr,
) -> pl.DataFrame:
    """Every difference between issued and corrected calls in the shape of DIFFERENCE_SCHEMA, and the call's TYPES.

    Grain: CALL_KEY, column. Needs: causes, what each step changed (CALL_KEY, column, cause), in the order of the
    steps: the last that changed a column is its cause; released keys; account_notes (account_id, account_note).
    """
    changed = _changed(issued, corrected)
    last = causes.group_by(*CALL_KEY, "column", maintain_order=True).agg(pl.col("cause").last())
    is_released = released.with_columns(is_released=pl.lit(value=True))
    wide = ["rate_table_after", "rate_line_after", "reason_after", "reason", "source_file", "source_line"]
    needed = [*wide, "source_file_after", "source_line_after", *TYPES]
    kept = changed.select(*CALL_KEY, *(pl.col(name).alias(f"note_{name}") for name in needed))
    rows = (
        _long(changed, [])
        .join(last, on=[*CALL_KEY, "column"], how="left", validate="1:1")
        .join(is_released, on=CALL_KEY, how="left", validate="m:1")
        .with_columns(cause=pl.when(pl.col("is_released")).then(pl.lit("released")).otherwise("cause"))
        .with_columns(pl.col("cause").fill_null(pl.col("cause").first().over(CALL_KEY)))
        .join(kept, on=CALL_KEY, how="left", validate="m:1")
        .rename({f"note_{name}": name for name in needed})
        .join(account_notes, on="account_id", how="left", validate="m:1")
    )
    return (
        rows.with_columns(note=note)
        .select(*(pl.col(name).cast(dtype) for name, dtype in DIFFERENCE_SCHEMA.items()), *TYPES)
        .sort(*CALL_KEY, "column")
    )


def notes_by_category(differences: pl.DataFrame) -> pl.DataFrame:
    """What lies behind calls whose cost differs, most calls first. Grain: account_id, category, cause, note; calls."""
    costs = differences.filter(pl.col("column") == "cost").with_row_index("call")
    keys = ["account_id", "category", "cause", "note"]
    sides = [costs.select("call", *keys[:1], *keys[2:], category=name) for name in TYPES]
    return (
        pl.concat(sides)
        .drop_nulls("category")
        .unique()
        .group_by(keys)
        .agg(calls=pl.len())
        .sort("account_id", "category", "cause", "calls", "note", descending=[False, False, False, True, False])
    )
