"""Calls of a bucket summed for the run's report: when they were, and where they went."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.classify import OUTCOME
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


def _keyed(calls: pl.DataFrame, fate: str, usage_month: dt.date) -> pl.LazyFrame:
    """Fate and hour of each call as one whole number, which groups in two thirds of the time of both.

    fate: an Enum that OUTCOME is or begins with.
    """
    key = pl.col(fate).to_physical().cast(pl.Int64) * HOURS_APART + _hour_of_month(usage_month)
    return calls.lazy().select("duration_seconds", key=key)


def hourly_calls(rated: RatedCalls, usage_month: dt.date) -> pl.DataFrame:
    """Calls and seconds by what became of them and when they started. Grain: fate, hour_of_month (0 = 1st, 00:00 UTC).

    fate: the call type of a billed call, else the reason why it is not billed or suspended.
    """
    fates = ((rated.billed, "call_type"), (rated.unbilled, "outcome"), (rated.suspended, "outcome"))
    sums = (
        pl.concat([_keyed(calls, fate, usage_month) for calls, fate in fates])
        .group_by("key")
        .agg(calls=pl.len().cast(pl.Int64), seconds=pl.col("duration_seconds").sum())
        .collect()
    )
    return sums.select(
        fate=(pl.col("key") // HOURS_APART).cast(pl.UInt8).cat.to(OUTCOME).cast(pl.String),
        hour_of_month=pl.col("key") % HOURS_APART,
        calls="calls",
        seconds="seconds",
    ).sort("fate", "hour_of_month")


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
