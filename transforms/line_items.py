"""The shape that every invoice line has before it is numbered, and how its amount is rounded (rule 4.1)."""

from __future__ import annotations

from typing import Any

import polars as pl

from schemas.categories import CATEGORY_CODES
from transforms.money import MICROS_PER_CENT, bounded, divide_half_up

UNITS = 10_000
"""Quantities are kept in 10⁻⁴ units, as invoices show them."""

DRAFT_SCHEMA: dict[str, Any] = {
    "account_id": pl.String,
    "category": pl.String,
    "base_category": pl.String,
    "charge_code": pl.String,
    "billing_group": pl.String,
    "label_en": pl.String,
    "label_fr": pl.String,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "quantity": pl.Int64,
    "unit": pl.String,
    "unit_numerator": pl.Int128,
    "unit_denominator": pl.Int64,
    "exact_numerator": pl.Int128,
    "exact_denominator": pl.Int64,
    "item_id": pl.String,
}
"""A line before rounding: money in micros as numerator over denominator, quantity in 10⁻⁴ units."""


def draft_lines(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines in the shape of DRAFT_SCHEMA; a column that the kind of line has not is null."""
    return lines.select(
        (pl.col(name) if name in lines.columns else pl.lit(None)).cast(dtype).alias(name)
        for name, dtype in DRAFT_SCHEMA.items()
    )


def amount_cents() -> pl.Expr:
    """Amount of a line in cents, half up from the exact value, never from a rounded column."""
    return bounded(
        divide_half_up(pl.col("exact_numerator"), pl.col("exact_denominator").cast(pl.Int128) * MICROS_PER_CENT)
    )


def round_lines(drafts: pl.DataFrame) -> pl.DataFrame:
    """Lines with amount_cents; those with neither quantity nor exact amount are left out (rule 4.1)."""
    is_nothing = (pl.col("quantity") == 0) & (pl.col("exact_numerator") == 0)
    is_empty_credit = pl.col("category") == "credits"
    lines = drafts.filter(~is_nothing).with_columns(amount_cents=amount_cents())
    return lines.filter(~(is_empty_credit & (pl.col("amount_cents") == 0)))


def line_order() -> list[pl.Expr]:
    """Sort keys of an invoice: category, group by name then none, code, period, dearer first, item (rule 4.1)."""
    rank = pl.col("category").replace_strict(
        list(CATEGORY_CODES), list(range(len(CATEGORY_CODES))), return_dtype=pl.Int64
    )
    has_no_group = pl.col("billing_group").is_null()
    dearer_first = 0 - pl.col("unit_numerator").fill_null(0) * (10**8 // pl.col("unit_denominator").fill_null(1))
    group, code = pl.col("billing_group").fill_null(""), pl.col("charge_code")
    return [
        pl.col("account_id"),
        rank,
        has_no_group,
        group,
        code,
        pl.col("period_start"),
        dearer_first,
        pl.col("item_id"),
    ]
