"""Which calls are billed, and as what: the first rule that fits (rule 5)."""

from __future__ import annotations

import polars as pl

from transforms.ownership import owners_on
from transforms.prefixes import PrefixIndex, match_rows, number_key
from transforms.rate_book import RateBook

PLAN_MINUTES = "plan_minutes"
"""Outcome of rules 5 (6) and 5 (10), until the pool decides between `included` and `overage`."""
SUSPENDED = "suspended"
UNBILLED = "unbilled"


def _in_service() -> tuple[pl.Expr, pl.Expr]:
    """Whether the call is before billing begins, and whether after the last day of service (rules 2.2, 2.3)."""
    day = pl.col("start_time").dt.date()
    return day < pl.col("billing_start"), (day > pl.col("end_of_service")).fill_null(value=False)


def early_outcome() -> pl.Expr:
    """Rules 5 (1) to 5 (6): what needs no look-up of the destination; null where one is needed.

    Gives a reason not to bill, `toll_free`, or `plan_minutes`. Needs owns_toll_free (rule 5.6).
    """
    is_before, is_after = _in_service()
    is_inbound = pl.col("direction") == "inbound"
    kind = pl.col("destination_kind")
    return (
        pl.when((pl.col("disposition") != "answered") | (pl.col("duration_seconds") == 0))
        .then(pl.lit("unanswered"))
        .when(is_before)
        .then(pl.lit("before_billing_start"))
        .when(is_after)
        .then(pl.lit("after_service_end"))
        .when(is_inbound & pl.col("owns_toll_free"))
        .then(pl.lit("toll_free"))
        .when(is_inbound)
        .then(pl.lit("inbound"))
        .when(kind == "emergency")
        .then(pl.lit("emergency"))
        .when(kind == "feature_code")
        .then(pl.lit("feature_code"))
        .when((pl.col("direction") == "internal") | (kind == "extension"))
        .then(pl.lit(PLAN_MINUTES))
    )


def _mark_toll_free(calls: pl.DataFrame, phone_owners: pl.DataFrame) -> pl.DataFrame:
    """Adds owns_toll_free: the destination is the account's toll-free number on that day (rules 5 (3), 5.6)."""
    toll_free = phone_owners.filter(pl.col("kind") == "toll_free")
    inbound = calls.select("row", "account_id", "direction", "destination_number", "start_time").filter(
        pl.col("direction") == "inbound"
    )
    owned = owners_on(inbound, "destination_number", toll_free).join(
        inbound.select("row", owner_id="account_id"), on=["row", "owner_id"], how="semi"
    )
    marked = owned.select("row", owns_toll_free=pl.lit(value=True))
    return calls.join(marked, on="row", how="left", maintain_order="left", validate="1:1").with_columns(
        pl.col("owns_toll_free").fill_null(value=False)
    )


def _match_where(
    where: pl.Series, index: PrefixIndex, scopes: pl.Series, keys: pl.Series, seconds: pl.Series
) -> pl.Series:
    """`match_rows` for some of the calls; null for the others."""
    positions = where.arg_true()
    found = match_rows(index, scopes.gather(positions), keys.gather(positions), seconds.gather(positions))
    nothing = pl.Series([None], dtype=pl.Int32).new_from_index(0, len(where))
    return nothing.scatter(positions, found) if len(positions) else nothing


def _is_abroad() -> pl.Expr:
    """Rule 5 (9): another country that the plan does not include, or no country at all.

    A short code is the billing country's own. Premium numbers of other countries are international even where
    the plan includes the country (rule 5.1).
    """
    country = pl.col("destination_country")
    is_own = (country == pl.col("country")) | (pl.col("destination_kind") == "short_code")
    is_included = pl.col("included_countries").list.contains(country).fill_null(value=False)
    is_taken = is_included & (pl.col("destination_line") != "premium")
    return (country == "") | ~(is_own | is_taken)


def late_outcome() -> pl.Expr:
    """Rules 5 (7) to 5 (10), for calls with a destination that was looked up."""
    under_own_code = pl.col("destination_number").str.starts_with(pl.lit("+") + pl.col("calling_code"))
    line = pl.col("destination_line")
    return (
        pl.when(pl.col("premium_row").is_not_null())
        .then(pl.lit("domestic_premium"))
        .when(line.is_null())
        .then(pl.lit("unknown_destination"))
        .when((line == "premium") & under_own_code)
        .then(pl.lit("no_rate"))
        .when((line == "toll_free") & under_own_code)
        .then(pl.lit("toll_free_outbound"))
        .when(_is_abroad())
        .then(pl.lit("international"))
        .otherwise(pl.lit(PLAN_MINUTES))
    )


def classify(calls: pl.DataFrame, book: RateBook, phone_owners: pl.DataFrame) -> pl.DataFrame:
    """Calls with their outcome and the row of the rate book that prices them (rules 5, 6.1).

    Grain: one row a call, order kept. Needs: the account's country, calling_code, billing_start, end_of_service
    and scopes beside each call. Adds: outcome (a call type, `plan_minutes`, an unbilled or a suspended reason)
    and rate_row (position in `book.rows`; null where none covers the call).
    """
    calls = (
        calls.with_row_index("row").pipe(_mark_toll_free, phone_owners).with_columns(outcome=early_outcome())
    )
    keys = calls.select(
        destination=number_key(pl.col("destination_number")),
        source=number_key(pl.col("source_number")),
        second=pl.col("start_time").dt.epoch("s"),
        anywhere=pl.lit(0, dtype=pl.Int64),
    )
    seconds, anywhere = keys["second"], keys["anywhere"]
    looked_up = calls["outcome"].is_null()
    known = _match_where(looked_up, book.numbering, anywhere, keys["destination"], seconds)
    plan_rows = match_rows(book.plans, calls["plan_scope"], anywhere, seconds)
    calls = calls.with_columns(
        _match_where(looked_up, book.premium, calls["premium_scope"], keys["destination"], seconds).alias(
            "premium_row"
        ),
        plan_rows.alias("plan_row"),
        book.rows["included_countries"].gather(plan_rows).alias("included_countries"),
        book.numbering_rows["country"].gather(known).alias("destination_country"),
        book.numbering_rows["kind"].gather(known).alias("destination_line"),
    ).with_columns(outcome=pl.when(pl.col("outcome").is_null()).then(late_outcome()).otherwise("outcome"))
    international = _match_where(
        calls["outcome"] == "international",
        book.international,
        calls["international_scope"],
        keys["destination"],
        seconds,
    )
    toll_free = _match_where(
        calls["outcome"] == "toll_free", book.toll_free, calls["toll_free_scope"], keys["source"], seconds
    )
    outcome = pl.col("outcome")
    return calls.with_columns(
        rate_row=pl.when(outcome == "international")
        .then(international)
        .when(outcome == "toll_free")
        .then(toll_free)
        .when(outcome == "domestic_premium")
        .then("premium_row")
        .when(outcome == PLAN_MINUTES)
        .then("plan_row")
    ).drop("row", "owns_toll_free", "premium_row", "included_countries", "destination_line")
