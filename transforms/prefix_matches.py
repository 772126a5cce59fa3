"""Every row whose prefix a number begins with, for a person to see why the longest in force was taken (rule 6.1)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.prefixes import OPEN_SECOND
from transforms.rate_book import ANY_PLAN


def digits_of(number: str) -> str:
    """The digits that prefixes are looked up in; none for what is not E.164."""
    return number[1:] if number.startswith("+") else ""


def _in_force_at(start_time: dt.datetime) -> pl.Expr:
    second = int(start_time.timestamp())
    begins = pl.col("effective_from").dt.epoch("s").fill_null(0) <= second
    return begins & (pl.col("effective_to").dt.epoch("s").fill_null(OPEN_SECOND) > second)


def matching_rows(rows: pl.DataFrame, prefix: str, number: str, start_time: dt.datetime | None) -> pl.DataFrame:
    """Rows whose `prefix` column the number begins with, longest first; a plan's own before `*`, newer before older.

    Grain: a row of `rows`. Adds: in_force at the start of the call; true throughout where the table has no dates.
    """
    digits = pl.lit(digits_of(number))
    found = rows.filter(digits.str.starts_with(pl.col(prefix)))
    if start_time is None or "effective_from" not in rows.columns:
        return found.with_columns(in_force=pl.lit(value=True)).sort(pl.col(prefix).str.len_bytes(), descending=True)
    is_general = [pl.col("plan_id") == ANY_PLAN] if "plan_id" in rows.columns else []
    newest = pl.col("effective_from").dt.epoch("s").fill_null(0)
    keys = [pl.col(prefix).str.len_bytes(), *is_general, newest]
    return found.with_columns(in_force=_in_force_at(start_time)).sort(
        keys, descending=[True, *(False for _ in is_general), True]
    )
