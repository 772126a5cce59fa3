"""Calls of a bucket summed for the report."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.call_sums import destination_costs, hourly_calls, summed_destinations
from transforms.classify import OUTCOME
from transforms.rate_calls import CALL_TYPE, RatedCalls
from transforms.timestamps import UTC_MICROS

JANUARY = dt.date(2020, 1, 1)


def _calls(column: str, *rows: tuple[str, str, int]) -> pl.DataFrame:
    times = [dt.datetime.fromisoformat(text) for _, text, _ in rows]
    return pl.DataFrame(
        {
            column: [fate for fate, _, _ in rows],
            "start_time": pl.Series(times, dtype=UTC_MICROS),
            "duration_seconds": pl.Series([seconds for *_, seconds in rows], dtype=pl.Int64),
        }
    )


def test_calls_are_counted_by_fate_and_hour_of_the_month() -> None:
    billed = _calls(
        "call_type",
        ("overage", "2020-01-01T00:59:59.999999+00:00", 60),
        ("overage", "2020-01-01T00:00:00+00:00", 30),
        ("included", "2020-01-31T23:00:00+00:00", 5),
    ).cast({"call_type": CALL_TYPE})
    unbilled = _calls("outcome", ("inbound", "2020-01-02T01:00:00+00:00", 7)).cast({"outcome": OUTCOME})
    suspended = _calls("outcome", ("no_rate", "2020-01-02T01:00:00+00:00", 8)).cast({"outcome": OUTCOME})
    assert hourly_calls(RatedCalls(billed, unbilled, suspended), JANUARY).rows() == [
        ("inbound", 25, 1, 7),
        ("included", 743, 1, 5),
        ("no_rate", 25, 1, 8),
        ("overage", 0, 2, 90),
    ]


def test_destinations_are_summed_by_currency_without_overflow() -> None:
    dear = 9 * 10**18
    billed = pl.DataFrame(
        {
            "account_id": ["A", "A", "B", "A", "A"],
            "call_type": ["international", "international", "international", "domestic_premium", "overage"],
            "destination": ["Chile", "Chile", "Chile", None, None],
            "billable_seconds": [60, 60, 60, 30, 60],
            "cost_micros": [dear, dear, 1_500_000, 250_000, 1],
        }
    )
    accounts = pl.DataFrame({"account_id": ["A", "B"], "currency": ["USD", "BRL"]})
    found = destination_costs(billed, accounts)
    assert found.rows() == [
        ("BRL", "international", "Chile", 1, 60, 1, 500_000),
        ("USD", "domestic_premium", "(none)", 1, 30, 0, 250_000),
        ("USD", "international", "Chile", 2, 120, 2 * 9 * 10**12, 0),
    ]
    assert summed_destinations(pl.concat([found, found])).rows()[0] == (
        *("BRL", "international", "Chile"),
        *(2, 120, 2, 1_000_000),
    )
