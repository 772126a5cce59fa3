"""Calls to their exact cost: the recipe of rules 5 to 7, for whole accounts at a time."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl

from schemas.categories import CALL_TYPES
from schemas.reasons import SUSPENDED_REASONS, UNBILLED_REASONS
from transforms.allowance import included_seconds
from transforms.charges import cost_micros
from transforms.classify import OUTCOME, PLAN_MINUTES, classify
from transforms.increments import billable_seconds
from transforms.rate_book import RateBook
from transforms.timestamps import MICROS_PER_SECOND, month_start

CALL_TYPE = pl.Enum(CALL_TYPES)
MICROS_IN_A_MONTH = 2**42  # > 31 days
MOST_RANKS = 2**21  # times MICROS_IN_A_MONTH fits Int64
SECOND_BITS, INT64_BITS = 22, 63  # 2**22 s > 31 days
_TERMS = (
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
_CLASSIFIED_BY = (
    "account_id",
    "direction",
    "disposition",
    "duration_seconds",
    "start_time",
    "source_number",
    "destination_number",
    "destination_kind",
)


class RatedCalls(NamedTuple):
    """The calls of a bucket by where they end: every call is in exactly one."""

    billed: pl.DataFrame
    unbilled: pl.DataFrame
    suspended: pl.DataFrame


def _places_by_second(account_ranks: pl.Series, starts: pl.Series) -> pl.Series | None:
    """The places by rank and start in half the time of `arg_sort`: with its place, each is one number that is sorted.

    None where a start (microseconds of the month) has parts of a second, or the number would have more than 63 bits.
    """
    place_bits = len(starts).bit_length()
    rank_bits = int(str(account_ranks.max() or 0)).bit_length()
    if rank_bits + SECOND_BITS + place_bits > INT64_BITS or bool((starts % MICROS_PER_SECOND != 0).any()):
        return None
    seconds = account_ranks * 2**SECOND_BITS + starts // MICROS_PER_SECOND
    keys: pl.Series = (seconds * 2**place_bits + pl.int_range(len(starts), eager=True)).sort()
    places: pl.Series = (keys % 2**place_bits).cast(pl.get_index_type())
    return places


def call_order(calls: pl.DataFrame, account_ranks: pl.Series, usage_month: dt.date) -> pl.Series:
    """The places of the calls by account, then start time, call id and source: as pools are used up (rule 7.1).

    Needs: account_ranks, the rank of each call's account_id, below MOST_RANKS. One integer orders almost
    all; text decides only between calls of one account that start in the same microsecond.
    """
    begin = int(month_start(usage_month).timestamp() * 1_000_000)
    starts = calls["start_time"].dt.epoch("us") - begin
    order = account_ranks * MICROS_IN_A_MONTH + starts
    places = _places_by_second(account_ranks, starts)
    if places is None:
        places = order.arg_sort()
    sorted_order = order.gather(places)
    repeats = (sorted_order == sorted_order.shift(1)).fill_null(value=False)
    tied = repeats | repeats.shift(-1).fill_null(value=False)
    if tied.any():
        at = tied.arg_true()
        within = calls[places.gather(at)].select(
            "call_id", "source", place=places.gather(at), order=order.gather(places.gather(at))
        )
        places = places.scatter(at, within.sort("order", "call_id", "source")["place"])
    return places


def account_ranks(calls: pl.DataFrame, accounts: pl.DataFrame) -> pl.Series:
    """The position of each call's account in `accounts`. Every accepted call has its account."""
    ranks = accounts.select("account_id", rank=pl.int_range(pl.len(), dtype=pl.Int64))
    return calls.select("account_id").join(ranks, on="account_id", how="left", validate="m:1", maintain_order="left")[
        "rank"
    ]


def attach_rates(calls: pl.DataFrame, book: RateBook) -> pl.DataFrame:
    """Calls with their rate row's columns; null where there is none."""
    names = [name for name in book.rows.columns if name not in ("included_countries", "line")]
    return calls.with_columns(book.rows[name].gather(calls["rate_row"]).alias(name) for name in names)


def suspend_without_rate(judged: pl.DataFrame, book: RateBook) -> pl.DataFrame:
    """A call that no row covers, or whose row has no rate, is suspended (rule 5.1). Plan minutes need none."""
    is_priced = pl.col("outcome").is_in(["toll_free", "international", "domestic_premium"])
    has_rate = book.rows["rate_per_minute_micros"].is_not_null().gather(judged["rate_row"]).fill_null(value=False)
    return judged.with_columns(
        outcome=pl.when(is_priced & ~has_rate).then(pl.lit("no_rate", dtype=OUTCOME)).otherwise("outcome")
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
            .then(pl.lit("overage", dtype=OUTCOME))
            .otherwise(pl.lit("included", dtype=OUTCOME))
            .to_physical()
            .cat.to(CALL_TYPE)  # OUTCOME begins with the call types: a cast would look up each text
        )
    )


def _price(calls: pl.DataFrame) -> pl.DataFrame:
    """Adds cost_micros, exact and rounded once (rule 6.4). Plan minutes within the pool cost nothing."""
    is_included = pl.col("call_type") == "included"
    rate = pl.when(is_included).then(0).otherwise(pl.col("rate_per_minute_micros"))
    charged_seconds = pl.col("billable_seconds") - pl.col("included_seconds")
    return calls.with_columns(rate_per_minute_micros=rate).with_columns(
        cost_micros=cost_micros(pl.col("connection_fee_micros"), pl.col("rate_per_minute_micros"), charged_seconds)
    )


def _ranked(calls: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The accounts by account_id; of more than can be ranked, those that have calls here."""
    if accounts.height > MOST_RANKS:
        accounts = accounts.join(calls.select("account_id"), on="account_id", how="semi")
    if accounts.height > MOST_RANKS:
        raise OverflowError(f"calls of {accounts.height:,} accounts at a time; at most {MOST_RANKS:,} can be ordered")
    return accounts.sort("account_id")


def rate_calls(
    calls: pl.DataFrame,
    accounts: pl.DataFrame,
    book: RateBook,
    phone_owners: pl.DataFrame,
    usage_month: dt.date,
) -> RatedCalls:
    """Accepted calls of whole accounts, each billed, not billed or suspended (rules 5, 6, 7).

    Needs: the calls as ingested; accounts by account_id with pool_seconds and the scopes of the book. Billed
    calls come in call order; money in micros of the account's currency. Suspended ones have priced_as, the outcome
    that they would have with a rate (a suspended reason where the destination decides even that).
    """
    accounts = _ranked(calls, accounts)
    ranks = account_ranks(calls, accounts)
    places = call_order(calls, ranks, usage_month)
    ordered = calls[places]
    terms = accounts.select(_TERMS)[ranks.gather(places)]
    narrow = pl.concat([ordered.select(_CLASSIFIED_BY), terms], how="horizontal")
    classified = classify(narrow, book, phone_owners)
    judged = suspend_without_rate(classified, book).with_columns(terms["pool_seconds"])
    outcome = pl.col("outcome")
    with_outcome = pl.concat([ordered, judged], how="horizontal")
    billed = with_outcome.filter(outcome.is_in([PLAN_MINUTES, *CALL_TYPES]))
    return RatedCalls(
        billed=billed.pipe(attach_rates, book).pipe(_use_pool).pipe(_price),
        unbilled=with_outcome.filter(outcome.is_in(UNBILLED_REASONS)),
        suspended=with_outcome.with_columns(classified["outcome"].alias("priced_as")).filter(
            outcome.is_in(SUSPENDED_REASONS)
        ),
    )
