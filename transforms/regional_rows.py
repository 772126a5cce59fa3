"""Rows of fees and taxes that apply to an account on a day (rules 8.1, 9.1)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.plans import at_midnight, in_force
from transforms.timestamps import add_months


def rows_in_force(rows: pl.DataFrame, day: dt.date) -> pl.DataFrame:
    """The rows in force at the day's first instant."""
    return rows.filter(in_force(at_midnight(pl.lit(day))))


def rows_for_region(accounts: pl.DataFrame, rows: pl.DataFrame, keys: list[str], code: str) -> pl.DataFrame:
    """Each account's rows: a region's own row replaces `*` for the same code (rules 8.1, 9.1).

    Grain: account, code. Needs: rows with country, region; `keys` are the columns that must be equal.
    """
    renamed = rows.rename({"region": "row_region"})
    return (
        accounts.join(renamed, on=keys, how="inner")
        .filter((pl.col("row_region") == "*") | (pl.col("row_region") == pl.col("region")))
        .sort("account_id", code, pl.col("row_region") == "*")
        .unique(["account_id", code], keep="first", maintain_order=True)
    )


def for_the_month(lines: pl.DataFrame, invoice_month: dt.date) -> pl.DataFrame:
    """Lines with the invoice month as their period."""
    return lines.with_columns(
        period_start=pl.lit(invoice_month),
        period_end=pl.lit(add_months(invoice_month, 1)),
        item_id=pl.lit(""),
    )
