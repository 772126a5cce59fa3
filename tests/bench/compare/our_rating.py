"""All of rating (`rate_calls`): order of the calls, who owns what, classification, plans, pools, matching, cost.

The dated prices are international rates here, the accounts' rate tables their currencies, and every number is abroad.
"""

from __future__ import annotations

import datetime as dt
import time
from pathlib import Path
from typing import NamedTuple

import polars as pl

from tests.bench.compare.our_matching import missing
from tests.bench.compare.task import RATE_TABLES, Outcome
from transforms.numbers import NUMBER_KIND
from transforms.rate_book import RateBook, RateTableFrames, build_rate_book
from transforms.rate_calls import rate_calls
from transforms.screen import DIRECTION, DISPOSITION
from transforms.timestamps import UTC_MICROS

__all__ = ["missing", "outcome"]
USAGE_MONTH = dt.date(2020, 1, 1)
_OWNERS = pl.DataFrame(
    schema={
        "number": pl.String,
        "account_id": pl.String,
        "kind": pl.String,
        "owned_from": pl.Date,
        "owned_until": pl.Date,
    }
)


class Loaded(NamedTuple):
    """What `rate_calls` takes."""

    calls: pl.DataFrame
    accounts: pl.DataFrame
    book: RateBook


def _instant(name: str) -> pl.Expr:
    return pl.from_epoch(pl.col(name), time_unit="s").cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def _by_the_second() -> dict[str, pl.Expr]:
    """Every second is billed: the calls' billable seconds are given."""
    return {"minimum_seconds": pl.lit(0), "increment_seconds": pl.lit(1), "rounding": pl.lit("up")}


def _tables(rates: pl.DataFrame) -> RateTableFrames:
    international = rates.select(
        "prefix",
        currency="rate_table",
        destination=pl.lit(""),
        rate_per_minute_micros="rate_micros",
        connection_fee_micros="fee_micros",
        effective_from=_instant("from_second"),
        effective_to=_instant("to_second"),
        line=pl.int_range(pl.len(), dtype=pl.Int64),
        **_by_the_second(),
    )
    plans = pl.DataFrame({"plan_id": RATE_TABLES, "currency": RATE_TABLES}).select(
        "plan_id",
        "currency",
        overage_rate_micros=pl.lit(0, dtype=pl.Int64),
        included_countries=pl.lit([], dtype=pl.List(pl.String)),
        effective_from=pl.lit(None, dtype=UTC_MICROS),
        effective_to=pl.lit(None, dtype=UTC_MICROS),
        line=pl.int_range(pl.len(), dtype=pl.Int64),
        **_by_the_second(),
    )
    numbering = pl.DataFrame({"prefix": list("123456789")}).with_columns(
        country=pl.lit("ZZ"), region=pl.lit(""), kind=pl.lit("geographic")
    )
    none = international.clear()
    premium = none.with_columns(country=pl.lit(""), plan_id=pl.lit(""), description=pl.lit(""))
    toll_free = none.rename({"prefix": "origin_prefix"}).with_columns(country=pl.lit(""))
    return RateTableFrames(international, premium.clear(), toll_free.clear(), plans, numbering)


def load(folder: Path) -> Loaded:
    """Calls as they are ingested, their accounts, the book of their prices."""
    calls = pl.read_parquet(folder / "calls.parquet").select(
        "account_id",
        "call_id",
        "destination_number",
        source=pl.lit("canonical").cast(pl.Categorical),
        direction=pl.lit("outbound", dtype=DIRECTION),
        disposition=pl.lit("answered", dtype=DISPOSITION),
        source_number=pl.lit(""),
        destination_kind=pl.lit("e164", dtype=NUMBER_KIND),
        start_time=_instant("start_second"),
        duration_seconds="billable_seconds",
    )
    accounts = calls.select("account_id").unique().sort("account_id")
    accounts = accounts.with_columns(
        country=pl.lit("AA"),
        calling_code=pl.lit("99"),
        plan_id=pl.col("account_id").str.slice(0, 3),
        currency=pl.col("account_id").str.slice(0, 3),
        billing_start=pl.lit(USAGE_MONTH),
        end_of_service=pl.lit(None, dtype=pl.Date),
        pool_seconds=pl.lit(0, dtype=pl.Int64),
    )
    book = build_rate_book(_tables(pl.read_parquet(folder / "rates.parquet")), accounts)
    return Loaded(calls, accounts.join(book.scopes, on="account_id", maintain_order="left"), book)


def outcome(folder: Path) -> Outcome:
    """Every call through every rule; the sum of the costs."""
    begin = time.perf_counter()
    loaded = load(folder)
    is_loaded = time.perf_counter()
    rated = rate_calls(loaded.calls, loaded.accounts, loaded.book, _OWNERS, USAGE_MONTH)
    amount, priced = int(rated.billed["cost_micros"].sum()), rated.billed.height
    done = time.perf_counter()
    counted = "loading: Parquet to frames, the rate book; then every rule of rating, sum"
    return Outcome(is_loaded - begin, done - is_loaded, amount, priced, loaded.calls.height - priced, counted)
