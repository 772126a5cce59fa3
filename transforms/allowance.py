"""Plan minutes: the pool of an account, and which calls it covers (rules 7.1, 7.2, 5.5)."""

from __future__ import annotations

import polars as pl

from transforms.money import SECONDS_PER_MINUTE

UNLIMITED_SECONDS = 2**62


def pool_seconds(included_minutes: pl.Expr, included_per: pl.Expr, devices: pl.Expr) -> pl.Expr:
    """Seconds a month in the pool of an account; no minutes named is unlimited (rule 7.1).

    A pool beyond `UNLIMITED_SECONDS` is that: the calls of a bucket, all together, cannot use it up.
    """
    each = included_minutes * SECONDS_PER_MINUTE
    most_shares = UNLIMITED_SECONDS // pl.max_horizontal(each, 1)
    shares = pl.when(included_per == "device").then(devices).otherwise(1)
    return (
        pl.when(included_minutes.is_null())
        .then(pl.lit(UNLIMITED_SECONDS, dtype=pl.Int64))
        .otherwise(each * pl.min_horizontal(shares, most_shares))
    )


def included_seconds(billable_seconds: pl.Expr, takes_pool: pl.Expr) -> pl.Expr:
    """The part of each call within its account's pool (rule 7.2).

    Needs: calls account after account, each in the order of start time, call id, source; account_id, pool_seconds.
    Example: a pool of 3600 s and calls of 2400, 900, 600 s give 2400, 900, 300.
    """
    asked = pl.when(takes_pool).then(billable_seconds).otherwise(0)
    before = asked.cum_sum() - asked  # of this account and those that stand before it
    is_first = pl.col("account_id").ne_missing(pl.col("account_id").shift(1))
    asked_before = before - pl.when(is_first).then(before).forward_fill()
    left = pl.max_horizontal(pl.col("pool_seconds") - asked_before, 0)
    return pl.min_horizontal(asked, left)
