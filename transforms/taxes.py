"""Taxes on the overall subtotal (rules 9.1, 9.2)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.line_items import UNITS, amount_cents, draft_lines
from transforms.money import HUNDRED_PERCENT_MICROS, MICROS_PER_CENT
from transforms.regional_rows import for_the_month, rows_for_region


def is_exempt(on: dt.date) -> pl.Expr:
    """Whether a tax exemption is in force on the day, its last day included (rule 9.2)."""
    begins, ends = pl.col("tax_exempt_from"), pl.col("tax_exempt_until")
    has_one = begins.is_not_null() | ends.is_not_null()
    return has_one & (begins.is_null() | (begins <= on)) & (ends.is_null() | (ends >= on))


def tax_lines(accounts: pl.DataFrame, taxes: pl.DataFrame, lines: pl.DataFrame, invoice_month: dt.date) -> pl.DataFrame:
    """One line a tax on the subtotal; none for an exempt account, no tax on a tax (rules 9.1, 9.2).

    Needs: accounts with an invoice and is_exempt; taxes in force on the issue date; all lines above tax.
    """
    subtotals = lines.group_by("account_id").agg(subtotal_cents=pl.col("amount_cents").sum())
    taxable = accounts.filter(~pl.col("is_exempt")).join(subtotals, on="account_id", validate="1:1")
    rows = rows_for_region(taxable, taxes, ["country"], "tax")
    charged = rows.with_columns(
        category=pl.lit("tax"),
        base_category=pl.lit("tax"),
        charge_code="tax",
        quantity=pl.lit(UNITS),
        unit=pl.lit("each"),
        exact_numerator=pl.col("subtotal_cents").cast(pl.Int128)
        * MICROS_PER_CENT
        * pl.col("percent_micros").cast(pl.Int128),
        exact_denominator=pl.lit(HUNDRED_PERCENT_MICROS),
    )
    drafts = draft_lines(for_the_month(charged, invoice_month)).with_columns(amount_cents=amount_cents())
    return drafts.filter(pl.col("amount_cents") != 0)
