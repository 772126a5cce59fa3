"""What `rates explain` says of a number is what a bill does with it, and what a plain look at the tables finds."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from flows.month import frames_of_rates
from tests.properties.memory_month import LiteralMonth, Terms, accepted_calls, rate
from tests.properties.month_strategies import DESTINATIONS, IN_MEMORY, STARTS, months
from transforms.explain import Asked, Explanation, explain_number
from transforms.rate_book import row_places

EARLY = ("unanswered", "before_billing_start", "after_service_end", "inbound")
CALLS_AN_EXAMPLE = 8


def question(terms: Terms, account_id: str, number: str, kind: str, at: dt.datetime) -> Asked:
    account = terms.month.accounts.filter(pl.col("account_id") == account_id).row(0, named=True)
    names = ("country", "calling_code", "currency", "plan_id")
    return Asked(number, kind, at, **{name: account[name] for name in names})


def explained(terms: Terms, asked: Asked) -> Explanation:
    return explain_number(frames_of_rates(terms.month.rates), asked)


@IN_MEMORY
@given(months())
def test_the_winner_is_the_row_that_rates_the_call(month: LiteralMonth) -> None:
    """And the call's type, and why it is not billed or suspended."""
    terms, calls = month
    rated = rate(terms, accepted_calls(terms, calls))
    places = row_places(terms.month.rate_book_tables).rows()
    ended = pl.concat([rated.unbilled, rated.suspended, rated.billed], how="diagonal")
    judged = ended.filter(~pl.col("outcome").cast(pl.String).is_in(EARLY) & (pl.col("direction") != "internal"))
    for call in judged.head(CALLS_AN_EXAMPLE).iter_rows(named=True):
        is_inbound = call["direction"] == "inbound"
        side = "source" if is_inbound else "destination"
        asked = question(terms, call["account_id"], call[f"{side}_number"], call[f"{side}_kind"], call["start_time"])
        told = explained(terms, asked).calls[is_inbound]
        line, table = (None, None) if call["rate_row"] is None else places[call["rate_row"]]
        assert (told.outcome, told.rate_table, told.line) == (call["outcome"], table, line)
        assert told.prices.is_empty() == (line is None or call["call_type"] is None)


def fits(row: dict[str, Any], prefix: str, asked: Asked) -> bool:
    digits = asked.number[1:] if asked.number.startswith("+") else ""
    begins, ends = row.get("effective_from"), row.get("effective_to")
    is_in_force = (begins is None or begins <= asked.at) and (ends is None or asked.at < ends)
    here = row.get("currency", asked.currency) == asked.currency
    mine = row.get("plan_id", "*") in ("*", asked.plan_id)
    return digits.startswith(prefix) and is_in_force and here and mine


def plain_winner(terms: Terms, table: str, asked: Asked) -> int | None:
    """The line that a person finds who reads the whole table."""
    column = {"toll_free_rates": "origin_prefix", "plans": ""}.get(table, "prefix")
    is_national = table in ("premium_prefixes", "toll_free_rates")
    found = [
        (len(row.get(column, "")), row.get("plan_id", "*") != "*", row["line"])
        for row in getattr(terms.month.rates, table).iter_rows(named=True)
        if fits(row, row.get(column, ""), asked) and (not is_national or row["country"] == asked.country)
        if table != "plans" or row["plan_id"] == asked.plan_id
    ]
    return max(found)[2] if found else None


@IN_MEMORY
@given(
    months(),
    st.lists(st.tuples(st.sampled_from(DESTINATIONS), st.sampled_from(STARTS)), min_size=1, max_size=5),
)
def test_the_winners_are_those_of_a_plain_look_at_every_row(
    month: LiteralMonth, numbers: list[tuple[str, str]]
) -> None:
    """The listing names every row that matches, and the first one in force is the winner."""
    terms, _ = month
    account_id = str(terms.accounts[0]["account_id"])
    for number, start in numbers:
        kind = "e164" if number.startswith("+") else "extension"
        asked = question(terms, account_id, number, kind, dt.datetime.fromisoformat(start))
        for lookup in explained(terms, asked).lookups:
            expected = plain_winner(terms, lookup.table, asked)
            in_force = lookup.rows.filter(pl.col("state").is_in(["wins", "in_force"]))["line"].to_list()
            assert lookup.winner["line"].to_list() == ([] if expected is None else [expected])
            assert in_force[:1] == lookup.winner["line"].to_list()
