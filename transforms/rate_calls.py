"""Calls to their exact cost: the recipe of rules 5 to 7, for whole accounts at a time."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl

from schemas.categories import CALL_TYPES
from schemas.reasons import SUSPENDED_REASONS, UNBILLED_REASONS
from transforms.allowance import included_seconds
from transforms.charges import cost_micros
from transforms.classify import PLAN_MINUTES, classify
from transforms.increments import billable_seconds
from transforms.rate_book import RateBook
from transforms.timestamps import month_start

MICROS_IN_A_MONTH = 2**42  # > 31 days
_ACCOUNT_COLUMNS = (
    "account_id",
    "account_rank",
    "country",
    "calling_code",
    "billing_start",
    "end_of_service",
    "pool_seconds",
    "international_scope",
    "premium_scope",
    "toll_free_scope",
    "plan_scope",
)


class RatedCalls(NamedTuple):
    """The calls of a bucket by where they end: every call is in exactly one."""

    billed: pl.DataFrame
    unbilled: pl.DataFrame
    suspended: pl.DataFrame


def in_call_order(calls: pl.DataFrame, usage_month: dt.date) -> pl.DataFrame:
    """Calls by account, then start time, call id and source: the order that pools are used up in (rule 7.1).

    Needs: account_rank (rank of account_id). One integer orders almost all; text decides only between calls of
    one account that start in the same microsecond.
    """
    begin = int(month_start(usage_month).timestamp() * 1_000_000)
    key = pl.col("account_rank") * MICROS_IN_A_MONTH + pl.col("start_time").dt.epoch("us") - begin
    keyed = calls.with_columns(call_order=key).sort("call_order")
    order = keyed["call_order"]
    repeats = (order == order.shift(1)).fill_null(value=False)
    tied = repeats | repeats.shift(-1).fill_null(value=False)
    if tied.any():
        places = tied.arg_true()
        ordered = keyed.with_row_index("place").filter(tied).sort("call_order", "call_id", "source")["place"]
        index = pl.int_range(keyed.height, dtype=pl.UInt32, eager=True).scatter(places, ordered)
        keyed = keyed[index]
    return keyed.drop("call_order")


def attach_accounts(calls: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Calls with what their account decides (rule 4.4). Every accepted call has its account."""
    return calls.join(
        accounts.select(_ACCOUNT_COLUMNS), on="account_id", how="left", validate="m:1", maintain_order="left"
    )


def attach_rates(calls: pl.DataFrame, book: RateBook) -> pl.DataFrame:
    """Calls with their rate row; no row, or a row without a rate, suspends the call (rule 5.1)."""
    columns = [
        book.rows[name].gather(calls["rate_row"]).alias(name)
        for name in book.rows.columns
        if name != "included_countries"
    ]
    is_priced = pl.col("outcome").is_in(["toll_free", "international", "domestic_premium"])
    return calls.with_columns(columns).with_columns(
        outcome=pl.when(is_priced & pl.col("rate_per_minute_micros").is_null())
        .then(pl.lit("no_rate"))
        .otherwise("outcome")
    )


def _use_pool(calls: pl.DataFrame) -> pl.DataFrame:
    """Adds billable_seconds, included_seconds and the call type of calls that take plan minutes (rule 7.2)."""
    takes_pool = pl.col("outcome") == PLAN_MINUTES
    is_split = pl.col("billable_seconds") > pl.col("included_seconds")
    return (
        calls.with_columns(
            billable_seconds=billable_seconds(
                pl.col("duration_seconds"),
                pl.col("minimum_seconds"),
                pl.col("increment_seconds"),
                pl.col("rounding"),
            )
        )
        .with_columns(included_seconds=included_seconds(pl.col("billable_seconds"), takes_pool))
        .with_columns(
            call_type=pl.when(~takes_pool)
            .then("outcome")
            .when(is_split)
            .then(pl.lit("overage"))
            .otherwise(pl.lit("included"))
        )
    )


def _price(calls: pl.DataFrame) -> pl.DataFrame:
    """Adds cost_micros, exact and rounded once (rule 6.4). Plan minutes within the pool cost nothing."""
    is_included = pl.col("call_type") == "included"
    rate = pl.when(is_included).then(0).otherwise(pl.col("rate_per_minute_micros"))
    charged_seconds = pl.col("billable_seconds") - pl.col("included_seconds")
    return calls.with_columns(rate_per_minute_micros=rate).with_columns(
        cost_micros=cost_micros(
            pl.col("connection_fee_micros"), pl.col("rate_per_minute_micros"), charged_seconds
        )
    )


def rate_calls(
    calls: pl.DataFrame,
    accounts: pl.DataFrame,
    book: RateBook,
    phone_owners: pl.DataFrame,
    usage_month: dt.date,
) -> RatedCalls:
    """Accepted calls of whole accounts, each billed, not billed or suspended (rules 5, 6, 7).

    Needs: the calls as ingested; accounts with pool_seconds and the scopes of the book. Billed calls come in
    call order; money in micros of the account's currency.
    """
    judged = (
        calls.pipe(attach_accounts, accounts)
        .pipe(in_call_order, usage_month)
        .pipe(classify, book, phone_owners)
        .pipe(attach_rates, book)
    )
    outcome = pl.col("outcome")
    billed = judged.filter(outcome.is_in([PLAN_MINUTES, *CALL_TYPES])).pipe(_use_pool).pipe(_price)
    return RatedCalls(
        billed=billed,
        unbilled=judged.filter(outcome.is_in(UNBILLED_REASONS)),
        suspended=judged.filter(outcome.is_in(SUSPENDED_REASONS)),
    )
