"""Usage of the month before: one line a category (rules 4.1, 9.3)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from schemas.categories import CATEGORIES
from transforms.line_items import UNITS, draft_lines
from transforms.money import BEYOND, MICROS_PER_UNIT, SECONDS_PER_MINUTE, bounded, divide_half_up
from transforms.timestamps import add_months

TOTALS_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "account_id": pl.String,
    "category": pl.String,
    "call_count": pl.Int64,
    "charged_seconds": pl.Int64,
    "cost_whole": pl.Int64,
    "cost_micros": pl.Int64,
}


def call_totals(billed: pl.DataFrame) -> pl.DataFrame:
    """Sums of the billed calls. Grain: account, category.

    A split call counts its included seconds under `included_minutes` and the rest under `overage`. Costs are
    summed as whole units and micros apart. Where the dearest call times all calls would not fit, they are summed in
    Int128, and `BEYOND` stands for what is beyond any invoice.
    """
    cost = pl.col("cost_micros")
    whole = cost // MICROS_PER_UNIT
    dearest = int(str(billed["cost_micros"].max() or 0)) // MICROS_PER_UNIT
    whole_sum = whole.sum() if dearest * billed.height < BEYOND else bounded(whole.cast(pl.Int128).sum())
    by_type = billed.group_by("account_id", "call_type").agg(
        pl.len().cast(pl.Int64).alias("call_count"),
        (pl.col("billable_seconds") - pl.col("included_seconds")).sum().alias("charged_seconds"),
        whole_sum.alias("cost_whole"),
        (cost % MICROS_PER_UNIT).sum().alias("cost_micros"),
        pl.col("included_seconds").sum(),
    )
    by_type = by_type.with_columns(category=pl.col("call_type").cast(pl.String))
    charged = by_type.filter(pl.col("category") != "included")
    included = (
        by_type.filter(pl.col("category").is_in(["included", "overage"]))
        .group_by("account_id")
        .agg(
            category=pl.lit("included_minutes"),
            call_count=pl.col("call_count").sum(),
            charged_seconds=pl.col("included_seconds").sum(),
            cost_whole=pl.lit(0, dtype=pl.Int64),
            cost_micros=pl.lit(0, dtype=pl.Int64),
        )
    )
    totals = pl.concat(
        [part.select(pl.col(name).cast(dtype) for name, dtype in TOTALS_SCHEMA.items()) for part in (charged, included)]
    )
    return totals.sort("account_id", "category")


def usage_lines(totals: pl.DataFrame, usage_month: dt.date) -> pl.DataFrame:
    """One line an account and category: minutes shown to 4 decimals, the amount from the exact costs (rule 9.3)."""
    labels = pl.DataFrame(CATEGORIES, schema=["category", "label_en", "label_fr"], orient="row")
    exact = pl.col("cost_whole").cast(pl.Int128) * MICROS_PER_UNIT + pl.col("cost_micros").cast(pl.Int128)
    lines = totals.join(labels, on="category", how="left", validate="m:1", maintain_order="left").with_columns(
        base_category="category",
        charge_code="category",
        period_start=pl.lit(usage_month),
        period_end=pl.lit(add_months(usage_month, 1)),
        quantity=bounded(divide_half_up(pl.col("charged_seconds").cast(pl.Int128) * UNITS, SECONDS_PER_MINUTE)),
        unit=pl.lit("minute"),
        exact_numerator=exact,
        exact_denominator=pl.lit(1),
        item_id=pl.lit(""),
    )
    return draft_lines(lines)
