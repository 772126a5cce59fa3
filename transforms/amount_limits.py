"""Invoices whose figures are beyond what an invoice can hold: found before anything is published, never wrapped."""

from __future__ import annotations

import polars as pl

from schemas.limits import HIGHEST_INVOICE_CENTS, HIGHEST_LINE_UNITS
from transforms.money import MICROS_PER_UNIT

_UNITS = 10_000  # quantities are kept in 10⁻⁴ units


def _lines_beyond(lines: pl.DataFrame) -> pl.DataFrame:
    price_limit = pl.col("unit_denominator").fill_null(1).cast(pl.Int128) * HIGHEST_LINE_UNITS * MICROS_PER_UNIT
    problem = (
        pl.when(pl.col("amount_cents").abs() > HIGHEST_INVOICE_CENTS)
        .then(pl.lit("amount"))
        .when(pl.col("quantity").fill_null(0).abs() >= HIGHEST_LINE_UNITS * _UNITS)
        .then(pl.lit("quantity"))
        .when(pl.col("unit_numerator").fill_null(0).abs() >= price_limit)
        .then(pl.lit("unit_price"))
    )
    return (
        lines.select("account_id", "category", "charge_code", problem.alias("column"))
        .filter(pl.col("column").is_not_null())
        .sort("account_id", "category", "charge_code")
    )


def invoices_beyond(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines that an invoice cannot hold; where there are none, accounts whose lines together are too much.

    Grain: a line, or an account (category and charge_code null). Needs: lines with amount_cents, where `bounded`
    has put what does not fit. Gives: account_id, category, charge_code, column (amount, quantity, unit_price).
    """
    beyond = _lines_beyond(lines)
    if not beyond.is_empty():
        return beyond
    sums = lines.group_by("account_id").agg(cents=pl.col("amount_cents").abs().cast(pl.Int128).sum())
    return (
        sums.filter(pl.col("cents") > HIGHEST_INVOICE_CENTS)
        .select(
            "account_id",
            category=pl.lit(None, dtype=pl.String),
            charge_code=pl.lit(None, dtype=pl.String),
            column=pl.lit("amount"),
        )
        .sort("account_id")
    )
