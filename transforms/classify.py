"""Which calls are billed, and as what: the first rule that fits (rule 5)."""

from __future__ import annotations

from functools import cache

import polars as pl

from schemas.categories import CALL_TYPES
from schemas.reasons import SUSPENDED_REASONS, UNBILLED_REASONS
from transforms.ownership import owners_of
from transforms.prefixes import match_numbers, match_rows, number_keys
from transforms.rate_book import RateBook

PLAN_MINUTES = "plan_minutes"
"""Outcome of rules 5 (6) and 5 (10), until the pool decides between `included` and `overage`."""
OUTCOME = pl.Enum((*CALL_TYPES, PLAN_MINUTES, *UNBILLED_REASONS, *SUSPENDED_REASONS))
_ZERO, _FALSE = pl.Series([0], dtype=pl.Int64), pl.Series([False])
_JUDGED = ("row", "outcome", "rate_row", "plan_row")
_PLAN_NEEDS = ("row", "outcome", "start_second", "plan_scope")
_TOLL_FREE_NEEDS = ("row", "outcome", "start_second", "source_number", "toll_free_scope")
_DESTINATION_NEEDS = (
    *_PLAN_NEEDS,
    "destination_number",
    "destination_kind",
    "country",
    "calling_code",
    "premium_scope",
    "international_scope",
)


def _none_of(calls: pl.DataFrame) -> pl.Series:
    return _FALSE.new_from_index(0, calls.height)


def _in_service() -> tuple[pl.Expr, pl.Expr]:
    """Whether the call is before billing begins, and whether after the last day of service (rules 2.2, 2.3)."""
    day = pl.col("start_time").dt.date()
    return day < pl.col("billing_start"), (day > pl.col("end_of_service")).fill_null(value=False)


def _is(outcome: str) -> pl.Expr:
    return pl.lit(outcome, dtype=OUTCOME)  # typed: text would be written a call and read again


@cache
def early_outcome() -> pl.Expr:
    """Rules 5 (1) to 5 (6): what needs no look-up of the destination; null where one is needed.

    Gives a reason not to bill, `toll_free`, or `plan_minutes`. Needs owns_toll_free (rule 5.6).
    """
    is_before, is_after = _in_service()
    is_inbound = pl.col("direction") == "inbound"
    kind = pl.col("destination_kind")
    return (
        pl.when((pl.col("disposition") != "answered") | (pl.col("duration_seconds") == 0))
        .then(_is("unanswered"))
        .when(is_before)
        .then(_is("before_billing_start"))
        .when(is_after)
        .then(_is("after_service_end"))
        .when(is_inbound & pl.col("owns_toll_free"))
        .then(_is("toll_free"))
        .when(is_inbound)
        .then(_is("inbound"))
        .when(kind == "emergency")
        .then(_is("emergency"))
        .when(kind == "feature_code")
        .then(_is("feature_code"))
        .when((pl.col("direction") == "internal") | (kind == "extension"))
        .then(_is(PLAN_MINUTES))
    )


def _mark_toll_free(calls: pl.DataFrame, phone_owners: pl.DataFrame) -> pl.DataFrame:
    """Adds owns_toll_free: the destination is the account's toll-free number on that day (rules 5 (3), 5.6)."""
    toll_free = phone_owners.lazy().filter(pl.col("kind") == "toll_free")
    inbound = calls.lazy().filter(pl.col("direction") == "inbound")
    owned = (
        owners_of(inbound, "destination_number", toll_free, "account_id")
        .filter(pl.col("owner_id") == pl.col("account_id"))
        .select("row")
        .collect()
    )
    owns = _none_of(calls).scatter(owned["row"], values=True)
    return calls.with_columns(owns.alias("owns_toll_free"))


def _is_abroad(calls: pl.DataFrame, book: RateBook) -> pl.Series:
    """Rule 5 (9): another country that the plan does not include, or no country at all.

    A short code is the billing country's own. Premium numbers of other countries are international even where
    the plan includes the country (rule 5.1).
    """
    country = pl.col("destination_country")
    is_own = (country == pl.col("country")) | (pl.col("destination_kind") == "short_code")
    others = calls.select((~is_own).fill_null(value=False).alias("is_other"))["is_other"].arg_true()
    foreign = calls.select("destination_country", "destination_line", "plan_row")[others].with_columns(
        book.rows["included_countries"].gather(calls["plan_row"].gather(others))
    )
    is_included = pl.col("included_countries").list.contains(country).fill_null(value=False)
    is_taken = is_included & (country != "") & (pl.col("destination_line") != "premium")
    abroad = foreign.select((~is_taken).alias("is_abroad"))["is_abroad"]
    return _none_of(calls).scatter(others, abroad)


def _is_under_own_code(calls: pl.DataFrame) -> pl.Series:
    """Whether a premium or toll-free destination is under the billing country's calling code."""
    special = calls["destination_line"].is_in(["premium", "toll_free"]).fill_null(value=False).arg_true()
    begins = pl.col("destination_number").str.starts_with(pl.lit("+") + pl.col("calling_code"))
    under = calls.select("destination_number", "calling_code")[special].select(begins.alias("is_under"))["is_under"]
    return _none_of(calls).scatter(special, under)


def late_outcome(calls: pl.DataFrame, book: RateBook) -> pl.Series:
    """Rules 5 (7) to 5 (10), for calls with a destination that was looked up."""
    line = pl.col("destination_line")
    is_under_own_code, is_abroad = _is_under_own_code(calls), _is_abroad(calls, book)
    outcome = (
        pl.when(pl.col("premium_row").is_not_null())
        .then(_is("domestic_premium"))
        .when(line.is_null())
        .then(_is("unknown_destination"))
        .when((line == "premium") & is_under_own_code)
        .then(_is("no_rate"))
        .when((line == "toll_free") & is_under_own_code)
        .then(_is("toll_free_outbound"))
        .when(is_abroad)
        .then(_is("international"))
        .otherwise(_is(PLAN_MINUTES))
    )
    return calls.select(outcome.alias("outcome"))["outcome"]


def _plan_rows(calls: pl.DataFrame, book: RateBook) -> pl.Series:
    """The row of the account's plan in force at each call's start (rule 4.4)."""
    anywhere = _ZERO.new_from_index(0, calls.height)
    return match_rows(book.plans, calls["plan_scope"], anywhere, calls["start_second"])


def _judge_destinations(calls: pl.DataFrame, book: RateBook) -> pl.DataFrame:
    """Calls whose destination decides: outcome, rate_row and plan_row (rules 5 (7) to 5 (10))."""
    keys = number_keys(calls["destination_number"])
    seconds = calls["start_second"]
    anywhere = _ZERO.new_from_index(0, calls.height)
    known = match_rows(book.numbering, anywhere, keys, seconds)
    plan_rows = _plan_rows(calls, book)
    judged = calls.with_columns(
        match_rows(book.premium, calls["premium_scope"], keys, seconds).alias("premium_row"),
        plan_rows.alias("plan_row"),
        book.numbering_rows["country"].gather(known).alias("destination_country"),
        book.numbering_rows["kind"].gather(known).alias("destination_line"),
    )
    judged = judged.with_columns(late_outcome(judged, book).alias("outcome"))
    abroad = (judged["outcome"] == "international").arg_true()
    international = pl.Series([None], dtype=pl.Int32).new_from_index(0, judged.height)
    if len(abroad):
        found = match_rows(
            book.international,
            calls["international_scope"].gather(abroad),
            keys.gather(abroad),
            seconds.gather(abroad),
        )
        international = international.scatter(abroad, found)
    outcome = pl.col("outcome")
    return judged.with_columns(
        rate_row=pl.when(outcome == "international")
        .then(international)
        .when(outcome == "domestic_premium")
        .then("premium_row")
        .when(outcome == PLAN_MINUTES)
        .then("plan_row")
    ).select(_JUDGED)


def _judge_toll_free(calls: pl.DataFrame, book: RateBook) -> pl.DataFrame:
    """Calls to the account's toll-free numbers: their rate row by the source (rule 6.1)."""
    asked = calls.lazy().select(scope="toll_free_scope", number="source_number", second="start_second")
    rows = match_numbers(book.toll_free, asked)
    return calls.with_columns(rows.alias("rate_row"), plan_row=pl.lit(None, dtype=pl.Int32)).select(_JUDGED)


def _judge_plan_minutes(calls: pl.DataFrame, book: RateBook) -> pl.DataFrame:
    """Internal calls and calls to extensions: the plan's row prices them (rules 5 (6), 5.5)."""
    rows = _plan_rows(calls, book)
    return calls.with_columns(rows.alias("rate_row"), rows.alias("plan_row")).select(_JUDGED)


def classify(calls: pl.DataFrame, book: RateBook, phone_owners: pl.DataFrame) -> pl.DataFrame:
    """What becomes of each call, and the row of the rate book that prices it (rules 5, 6.1).

    Grain: one row a call, order kept. Needs: the account's country, calling_code, billing_start, end_of_service
    and scopes beside each call. Gives: outcome (a call type, `plan_minutes`, an unbilled or a suspended reason),
    rate_row (position in `book.rows`; null where none covers the call), plan_row (null where not looked up, or
    where the plan has no row in force).
    """
    early = (
        calls.with_row_index("row")
        .pipe(_mark_toll_free, phone_owners)
        .with_columns(outcome=early_outcome(), start_second=pl.col("start_time").dt.epoch("s"))
    )
    outcome = pl.col("outcome")
    is_toll_free, is_plan = outcome == "toll_free", outcome == PLAN_MINUTES
    nothing = pl.lit(None, dtype=pl.Int32)
    is_unbilled = outcome.is_not_null() & ~is_toll_free & ~is_plan
    judged = [
        early.select("row", "outcome").filter(is_unbilled).with_columns(rate_row=nothing, plan_row=nothing),
        _judge_toll_free(early.select(_TOLL_FREE_NEEDS).filter(is_toll_free), book),
        _judge_plan_minutes(early.select(_PLAN_NEEDS).filter(is_plan), book),
        _judge_destinations(early.select(_DESTINATION_NEEDS).filter(outcome.is_null()), book),
    ]
    return pl.concat(judged).sort("row").drop("row")
