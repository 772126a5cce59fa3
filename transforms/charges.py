"""The exact cost of one call (rule 6.4)."""

from __future__ import annotations

import polars as pl

from transforms.money import SECONDS_PER_MINUTE, divide_half_up


def usage_micros(rate_per_minute_micros: pl.Expr, billable_seconds: pl.Expr) -> pl.Expr:
    """Rate × seconds ÷ 60, rounded half up to the micro.

    Whole minutes are taken out before the division, so that the product fits Int64 at the largest
    rate (10⁴ a minute) and the longest call (2³¹ s).
    Example: 36 s at 0.0185 a minute is 11,100 micros; 1 s at 0.01 is 167.
    """
    whole_minutes = billable_seconds // SECONDS_PER_MINUTE
    odd_seconds = billable_seconds % SECONDS_PER_MINUTE
    return rate_per_minute_micros * whole_minutes + divide_half_up(
        rate_per_minute_micros * odd_seconds, SECONDS_PER_MINUTE
    )


def cost_micros(connection_fee_micros: pl.Expr, rate_per_minute_micros: pl.Expr, billable_seconds: pl.Expr) -> pl.Expr:
    """Connection fee, due also at 0 billable seconds, plus usage (rule 6.4)."""
    return connection_fee_micros + usage_micros(rate_per_minute_micros, billable_seconds)
