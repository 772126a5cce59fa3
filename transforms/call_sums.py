"""Calls of a bucket summed for the run's report: when they were, and where they went."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.money import MICROS_PER_UNIT
from transforms.rate_calls import RatedCalls
from transforms.timestamps import month_start

MICROS_PER_HOUR = 3_600 * 1_000_000
HOURS_APART = 2**10  # > 31 days
NO_DESTINATION = "(none)"


def _hour_of_month(usage_month: dt.date) -> pl.Expr:
    """Whole hours between the beginning of the month and the call's start, UTC."""
    begin = int(month_start(usage_month).timestamp()) * 1_000_000
    return ((pl.col("start_time").dt.epoch("us") - begin) // MICROS_PER_HOUR).alias("hour_of_month")


def _by_hour(calls: pl.DataFrame, fate: str, usage_month: dt.date) -> pl.DataFrame:
    """Fate (an Enum) and hour make one whole number, which groups in two thirds of the time of both."""
    code = pl.col(fate).to_physical().cast(pl.Int64)
    sums = calls.group_by(key=code * HOURS_APART + _hour_of_month(usage_month)).agg(
        calls=pl.len().cast(pl.Int64), seconds=pl.col("duration_seconds").sum()
    )
    return sums.select(
        fate=(pl.col("key") // HOURS_APART).cast(pl.UInt8).cat.to(calls.schema[fate]).cast(pl.String),
        hour_of_month=pl.col("key") % HOURS_APART,
        calls="calls",
        seconds="seconds",
    )


def hourly_calls(rated: RatedCalls, usage_month: dt.date) -> pl.DataFrame:
    """Calls and seconds by what became of them and when they started. Grain: fate, hour_of_month (0 = 1st, 00:00 UTC).

    fate: the call type of a billed call, else the reason why it is not billed or suspended.
    """
    parts = [
        _by_hour(calls, fate, usage_month)
        for calls, fate in ((rated.billed, "call_type"), (rated.unbilled, "outcome"), (rated.suspended, "outcome"))
    ]
    return pl.concat(parts).sort("fate", "hour_of_month")


def destination_costs(billed: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Calls that cost money by where they went. Grain: currency, call_type, destination.

    Only calls that a destination prices: international and domestic premium. Costs are summed as whole units and
    micros apart, so that no month of the dearest calls overflows.
    """
    cost = pl.col("cost_micros")
    narrow = billed.select("account_id", "call_type", "destination", "billable_seconds", "cost_micros")
    priced = narrow.filter(pl.col("call_type").is_in(["international", "domestic_premium"]))
    currencies = accounts.select("account_id", "currency")
    costs = (
        priced.join(currencies, on="account_id", how="left", validate="m:1")
        .group_by("currency", "call_type", "destination")
        .agg(
            pl.len().cast(pl.Int64).alias("calls"),
            pl.col("billable_seconds").sum(),
            (cost // MICROS_PER_UNIT).sum().alias("cost_whole"),
            (cost % MICROS_PER_UNIT).sum().alias("cost_micros"),
        )
        .cast({"call_type": pl.String, "destination": pl.String})
    )
    return summed_destinations(costs.with_columns(pl.col("destination").fill_null(NO_DESTINATION)))


def summed_destinations(destinations: pl.DataFrame) -> pl.DataFrame:
    """The sums of all buckets, or accounts, put together. Grain: currency, call_type, destination."""
    keys = ["currency", "call_type", "destination"]
    sums = pl.col("calls", "billable_seconds", "cost_whole", "cost_micros").sum()
    return destinations.group_by(keys).agg(sums).sort(keys)
