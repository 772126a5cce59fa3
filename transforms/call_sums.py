"""Calls of a bucket summed for the run's report: when they were, and where they went."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.money import MICROS_PER_UNIT
from transforms.rate_calls import RatedCalls
from transforms.timestamps import month_start

MICROS_PER_HOUR = 3_600 * 1_000_000
NO_DESTINATION = "(none)"


def _hour_of_month(usage_month: dt.date) -> pl.Expr:
    """Whole hours between the beginning of the month and the call's start, UTC."""
    begin = int(month_start(usage_month).timestamp()) * 1_000_000
    return ((pl.col("start_time").dt.epoch("us") - begin) // MICROS_PER_HOUR).alias("hour_of_month")


def hourly_calls(rated: RatedCalls, usage_month: dt.date) -> pl.DataFrame:
    """Calls and seconds by what became of them and when they started. Grain: fate, hour_of_month (0 = 1st, 00:00 UTC).

    fate: the call type of a billed call, else the reason why it is not billed or suspended.
    """
    parts = (
        calls.group_by(pl.col(fate).alias("fate"), _hour_of_month(usage_month)).agg(
            calls=pl.len().cast(pl.Int64), seconds=pl.col("duration_seconds").sum()
        )
        for calls, fate in ((rated.billed, "call_type"), (rated.unbilled, "outcome"), (rated.suspended, "outcome"))
    )
    return pl.concat(part.cast({"fate": pl.String}) for part in parts).sort("fate", "hour_of_month")


def destination_costs(billed: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Calls that cost money by where they went. Grain: currency, call_type, destination.

    Only calls that a destination prices: international and domestic premium. Costs are summed as whole units and
    micros apart, so that no month of the dearest calls overflows.
    """
    cost = pl.col("cost_micros")
    by_account = (
        billed.filter(pl.col("call_type").is_in(["international", "domestic_premium"]))
        .group_by("account_id", "call_type", "destination")
        .agg(
            pl.len().cast(pl.Int64).alias("calls"),
            pl.col("billable_seconds").sum(),
            (cost // MICROS_PER_UNIT).sum().alias("cost_whole"),
            (cost % MICROS_PER_UNIT).sum().alias("cost_micros"),
        )
        .cast({"call_type": pl.String, "destination": pl.String})
    )
    currencies = accounts.select("account_id", "currency")
    in_currency = by_account.join(currencies, on="account_id", how="left", validate="m:1")
    return summed_destinations(in_currency.with_columns(pl.col("destination").fill_null(NO_DESTINATION)))


def summed_destinations(destinations: pl.DataFrame) -> pl.DataFrame:
    """The sums of all buckets, or accounts, put together. Grain: currency, call_type, destination."""
    keys = ["currency", "call_type", "destination"]
    sums = pl.col("calls", "billable_seconds", "cost_whole", "cost_micros").sum()
    return destinations.group_by(keys).agg(sums).sort(keys)
