"""What a version makes of one number: every row that matches, which one wins, and what calls cost (rules 5, 6).

Calls to and from the number are rated as a month's calls are, by `rate_calls`: what is told cannot differ from a bill.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl

from transforms.account_terms import pool_terms, without_pool_terms
from transforms.allowance import UNLIMITED_SECONDS
from transforms.numbers import NUMBER_KIND
from transforms.prefixes import PrefixIndex, match_rows, number_keys
from transforms.rate_book import ANY_PLAN, RateBook, RateTableFrames, build_rate_book, row_places
from transforms.rate_calls import RatedCalls, rate_calls
from transforms.screen import DIRECTION, DISPOSITION
from transforms.timestamps import UTC_MICROS

PROBED_SECONDS: tuple[int, ...] = (1, 30, 60, 61)
LOOKED_UP: tuple[str, ...] = ("numbering_plan", "premium_prefixes", "international_rates", "plans", "toll_free_rates")
"""The tables in the order that rule 5 asks them in; the last one for calls from the number."""
_CALLER = "probe"
_TOLL_FREE = "the account's toll-free number"
_NO_DIGITS = ("emergency", "feature_code", "extension", "anonymous")
_SHOWN: dict[str, pl.DataType | type[pl.DataType]] = {
    "line": pl.Int64,
    "prefix": pl.String,
    "plan_id": pl.String,
    "name": pl.String,
    "effective_from": UTC_MICROS,
    "effective_to": UTC_MICROS,
    "rate_per_minute_micros": pl.Int64,
    "connection_fee_micros": pl.Int64,
    "minimum_seconds": pl.Int64,
    "increment_seconds": pl.Int64,
    "rounding": pl.String,
}


class Asked(NamedTuple):
    """The question: a number as it is stored, its kind, a moment, and who calls. No plan named: plan_id is empty."""

    number: str
    number_kind: str
    at: dt.datetime
    country: str
    calling_code: str
    currency: str
    plan_id: str


class Lookup(NamedTuple):
    """The rows of one table that match, longest prefix first, each with its state.

    states: `wins`, `in_force` (another row goes before), `not_yet`, `over`. is_asked: whether rule 5 comes to the
    table for this number.
    """

    table: str
    rows: pl.DataFrame
    is_asked: bool

    @property
    def winner(self) -> pl.DataFrame:
        """The row that was found, or no row."""
        return self.rows.filter(pl.col("state") == "wins")


class ProbedCalls(NamedTuple):
    """Calls of PROBED_SECONDS to the number (outbound) or from it (inbound, to a toll-free number of the account).

    outcome: call type, `plan_minutes`, or why it is not billed or suspended. rate_table and line: the row that prices
    them, if there is one. prices: duration_seconds, call_type, billable_seconds, charged_seconds,
    rate_per_minute_micros, connection_fee_micros, cost_micros; no rows where nothing is billed.
    """

    direction: str
    outcome: str
    rate_table: str | None
    line: int | None
    prices: pl.DataFrame


class Explanation(NamedTuple):
    """The lookups in the order they are asked, and the calls; has_pool: the plan has a row when the month begins."""

    lookups: tuple[Lookup, ...]
    calls: tuple[ProbedCalls, ...]
    has_pool: bool


def second_of(at: dt.datetime) -> int:
    """Whole seconds since 1970 UTC: what rows are found by."""
    return int(at.timestamp())


def caller_account(asked: Asked, plans: pl.DataFrame) -> pl.DataFrame:
    """The account that asks, as `rate_calls` needs it, but for its scopes.

    Its plan minutes are used up (pool_seconds 0), unless they have no end; null where the plan has no row in force
    when the month begins.
    """
    terms = pl.DataFrame(
        {
            "account_id": [_CALLER],
            "country": [asked.country],
            "currency": [asked.currency],
            "plan_id": [asked.plan_id],
            "calling_code": [asked.calling_code],
            "billing_start": [dt.date(1970, 1, 1)],
        }
    ).with_columns(end_of_service=pl.lit(None, dtype=pl.Date))
    no_devices = pl.DataFrame(schema={"account_id": pl.String, "devices": pl.Int64})
    pool = pl.col("pool_seconds")
    pooled = pool_terms(terms, plans, no_devices, asked.at.date().replace(day=1))
    return without_pool_terms(pooled).with_columns(
        pool_seconds=pl.when(pool < UNLIMITED_SECONDS).then(0).otherwise(pool)
    )


def probe_calls(asked: Asked) -> pl.DataFrame:
    """A call of each of PROBED_SECONDS to the number, and one from it. Grain: direction, duration."""
    outbound, inbound = (
        pl.DataFrame({"duration_seconds": PROBED_SECONDS}).with_columns(
            direction=pl.lit(direction, dtype=DIRECTION),
            source_number=pl.lit(source),
            destination_number=pl.lit(destination),
            destination_kind=pl.lit(kind, dtype=NUMBER_KIND),
        )
        for direction, source, destination, kind in (
            ("outbound", "", asked.number, asked.number_kind),
            ("inbound", asked.number, _TOLL_FREE, "e164"),
        )
    )
    return pl.concat([outbound, inbound]).with_columns(
        account_id=pl.lit(_CALLER),
        call_id=pl.format("{}", pl.int_range(pl.len())),
        source=pl.lit(""),
        disposition=pl.lit("answered", dtype=DISPOSITION),
        start_time=pl.lit(asked.at, dtype=UTC_MICROS),
    )


def _owned() -> pl.DataFrame:
    """The account's own toll-free number, so that a call from the number is billed by the toll-free table."""
    owned = {"number": [_TOLL_FREE], "account_id": [_CALLER], "kind": ["toll_free"], "owned_from": [dt.date(1, 1, 1)]}
    return pl.DataFrame(owned).with_columns(owned_until=pl.lit(None, dtype=pl.Date))


def _named(rows: pl.DataFrame, name: pl.Expr, prefix: str | None) -> pl.DataFrame:
    """Rows of any table in the columns that are shown."""
    made = rows.with_columns(name=name, prefix=pl.col(prefix) if prefix else pl.lit(""))
    return made.select(
        (pl.col(column) if column in made.columns else pl.lit(None)).cast(dtype).alias(column)
        for column, dtype in _SHOWN.items()
    )


def _candidates(tables: RateTableFrames, asked: Asked) -> dict[str, pl.DataFrame]:
    """The rows of each table that this account's calls are looked up in, whatever their prefix and time.

    Needs: international rates of the account's currency alone.
    """
    here = (pl.col("country") == asked.country) & (pl.col("currency") == asked.currency)
    own_or_any = pl.col("plan_id").is_in([ANY_PLAN, asked.plan_id])
    place = pl.concat_str("country", "region", "kind", separator=" ").str.replace_all("  ", " ").str.strip_chars()
    minutes = pl.coalesce(pl.format("{} minutes", "included_minutes"), pl.lit("unlimited minutes"))
    plans = tables.plans.filter(pl.col("plan_id") == asked.plan_id).rename(
        {"overage_rate_micros": "rate_per_minute_micros"}
    )
    return {
        "numbering_plan": _named(tables.numbering_plan, place, "prefix"),
        "premium_prefixes": _named(tables.premium_prefixes.filter(here & own_or_any), pl.col("description"), "prefix"),
        "international_rates": _named(tables.international_rates, pl.col("destination"), "prefix"),
        "plans": _named(plans, minutes, None),
        "toll_free_rates": _named(tables.toll_free_rates.filter(here), pl.lit(""), "origin_prefix"),
    }


def _matching(rows: pl.DataFrame, number: str) -> pl.DataFrame:
    """Rows whose prefix the number begins with; only the empty prefix holds what is not E.164."""
    digits = number[1:] if number.startswith("+") else ""
    begins = pl.lit(digits).str.starts_with(pl.col("prefix"))
    is_own = pl.col("plan_id").is_not_null() & (pl.col("plan_id") != ANY_PLAN)
    return (
        rows.filter(begins)
        .with_columns(length=pl.col("prefix").str.len_bytes(), is_own=is_own)
        .sort("length", "is_own", "effective_from", descending=[True, True, False], nulls_last=False)
        .drop("length", "is_own")
    )


def _with_state(rows: pl.DataFrame, second: int, winning_line: int | None) -> pl.DataFrame:
    begins = pl.col("effective_from").dt.epoch("s").fill_null(second)
    ends = pl.col("effective_to").dt.epoch("s").fill_null(second + 1)
    state = (
        pl.when(pl.col("line") == (winning_line or 0))
        .then(pl.lit("wins"))
        .when(begins > second)
        .then(pl.lit("not_yet"))
        .when(ends <= second)
        .then(pl.lit("over"))
        .otherwise(pl.lit("in_force"))
    )
    return rows.with_columns(state=state)


def _found(index: PrefixIndex, scope: int | None, number: str, second: int) -> int | None:
    """The position that `match_rows` leads to: the look-up that rates calls."""
    keys = number_keys(pl.Series([number]))
    scopes = pl.Series([-1 if scope is None else scope], dtype=pl.Int64)
    found: int | None = match_rows(index, scopes, keys, pl.Series([second], dtype=pl.Int64)).item()
    return found


def winning_lines(tables: RateTableFrames, book: RateBook, asked: Asked) -> dict[str, int | None]:
    """The line of the row that wins in each table, None where none is in force. `book` is of one account."""
    second, scopes = second_of(asked.at), book.scopes.row(0, named=True)
    lines = row_places(tables)["line"]
    found = {
        "premium_prefixes": _found(book.premium, scopes["premium_scope"], asked.number, second),
        "international_rates": _found(book.international, scopes["international_scope"], asked.number, second),
        "plans": _found(book.plans, scopes["plan_scope"], "", second),
        "toll_free_rates": _found(book.toll_free, scopes["toll_free_scope"], asked.number, second),
    }
    known = _found(book.numbering, 0, asked.number, second)
    place = None if known is None else int(tables.numbering_plan["line"][known])
    return {"numbering_plan": place, **{name: None if row is None else int(lines[row]) for name, row in found.items()}}


def _probed(direction: str, rated: RatedCalls, places: pl.DataFrame) -> ProbedCalls:
    """The probe calls of a direction: all have one outcome and one row."""
    billed, unbilled, suspended = (part.filter(pl.col("direction") == direction) for part in rated)
    first = pl.concat([billed, unbilled, suspended], how="diagonal").row(0, named=True)
    row = first["rate_row"]
    prices = billed.sort("duration_seconds").select(
        "duration_seconds",
        pl.col("call_type").cast(pl.String),
        "billable_seconds",
        (pl.col("billable_seconds") - pl.col("included_seconds")).alias("charged_seconds"),
        "rate_per_minute_micros",
        "connection_fee_micros",
        "cost_micros",
    )
    return ProbedCalls(
        direction=direction,
        outcome=str(first["outcome"]),
        rate_table=None if row is None else str(places["rate_table"][row]),
        line=None if row is None else int(places["line"][row]),
        prices=prices if row is not None else prices.clear(),
    )


def _asked_tables(asked: Asked, outbound: ProbedCalls, priced_as: str) -> set[str]:
    """Which tables rule 5 comes to for a call to the number; a call from it only asks the toll-free table."""
    tables = {"toll_free_rates"}
    if asked.number_kind not in _NO_DIGITS:
        tables |= {"numbering_plan", "premium_prefixes"}
    if outbound.outcome not in ("emergency", "feature_code"):
        tables |= {"plans"}
    if "international" in (outbound.outcome, priced_as):
        tables |= {"international_rates"}
    return tables


def explain_number(tables: RateTableFrames, asked: Asked) -> Explanation:
    """Every matching row, the winners, and the price of calls to and from the number."""
    in_currency = pl.col("currency") == asked.currency
    tables = tables._replace(international_rates=tables.international_rates.filter(in_currency))
    account = caller_account(asked, tables.plans)
    has_pool = account["pool_seconds"].item() is not None
    account = account.with_columns(pl.col("pool_seconds").fill_null(0))
    book = build_rate_book(tables, account)
    accounts = account.join(book.scopes, on="account_id", how="left", validate="1:1")
    rated = rate_calls(probe_calls(asked), accounts, book, _owned(), asked.at.date().replace(day=1))
    places = row_places(tables)
    outbound, inbound = (_probed(direction, rated, places) for direction in ("outbound", "inbound"))
    priced_as = rated.suspended.filter(pl.col("direction") == "outbound")["priced_as"].cast(pl.String)
    is_asked = _asked_tables(asked, outbound, priced_as[0] if len(priced_as) else "")
    winners, candidates = winning_lines(tables, book, asked), _candidates(tables, asked)
    second = second_of(asked.at)
    return Explanation(
        lookups=tuple(
            Lookup(
                name, _with_state(_matching(candidates[name], asked.number), second, winners[name]), name in is_asked
            )
            for name in LOOKED_UP
        ),
        calls=(outbound, inbound),
        has_pool=has_pool,
    )
