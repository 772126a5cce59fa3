"""Invoices of random months: sums that hold, lines that are named, rates that only raise (rules 4, 8.2, 9)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import cycle
from random import Random
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from schemas.categories import CATEGORIES, CATEGORY_CODES
from tests.properties.invoice_strategies import invoiced_months
from tests.properties.memory_month import (
    Invoiced,
    LiteralMonth,
    Terms,
    accepted_calls,
    call_costs,
    invoice,
    rate,
    shuffled_terms,
)
from tests.properties.month_strategies import IN_MEMORY

CALLED_BY_CATEGORY = {
    category.code: category
    for category in CATEGORIES
    if category.code
    in ("included_minutes", "domestic_premium", "overage", "toll_free", "international", "slrrf", "rrf", "usf")
}
RATE_COLUMNS = {
    "international_rates": ("rate_per_minute", "connection_fee"),
    "premium_prefixes": ("rate_per_minute", "connection_fee"),
    "toll_free_rates": ("rate_per_minute", "connection_fee"),
    "plans": ("overage_rate",),
}
INCREASES = st.sampled_from(("0", "0.01", "1", "0.000001"))


def invoiced(month: LiteralMonth) -> Invoiced:
    """The month's lines and invoices."""
    terms, calls = month
    return invoice(terms, rate(terms, accepted_calls(terms, calls)))


def cells(frame: pl.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """The cells of these columns, row by row."""
    return frame.select(columns).iter_rows()


def half_up(exact: Fraction) -> Decimal:
    """An exact sum of money to the cent; a tie goes away from zero."""
    cents = Decimal(int(abs(exact) * 100 + Fraction(1, 2)))
    return (-cents if exact < 0 else cents).scaleb(-2)


@IN_MEMORY
@given(invoiced_months())
def test_lines_sum_to_the_subtotal_and_with_tax_to_the_total(month: LiteralMonth) -> None:
    """And each tax is its percentage of the subtotal, rounded on its own."""
    _, lines, invoices = invoiced(month)
    percents = {row["tax"]: Fraction(str(row["percent"])) for row in month.terms.rates["taxes"]}
    assert set(lines["account_id"]) == set(invoices["account_id"])
    for account, subtotal, tax_total, total in cells(invoices, "account_id", "subtotal", "tax_total", "total"):
        listed = list(cells(lines.filter(account_id=account), "category", "charge_code", "amount"))
        taxes = [(tax, amount) for category, tax, amount in listed if category == "tax"]
        assert subtotal == sum(amount for category, _, amount in listed if category != "tax")
        assert tax_total == sum(amount for _, amount in taxes)
        assert total == subtotal + tax_total
        assert [(tax, half_up(Fraction(subtotal) * percents[tax] / 100)) for tax, _ in taxes] == taxes


@IN_MEMORY
@given(invoiced_months())
def test_an_amount_is_its_exact_value_rounded_once(month: LiteralMonth) -> None:
    """Half up, but for the universal service fee: that is rounded down (rule 8.2)."""
    columns = ("category", "amount_cents", "exact_numerator", "exact_denominator")
    for category, cents, numerator, denominator in cells(invoiced(month).lines, *columns):
        exact = Fraction(int(numerator), int(denominator) * 10**6)
        rounded = Decimal(int(exact * 100)).scaleb(-2) if category == "usf" else half_up(exact)
        assert Decimal(cents).scaleb(-2) == rounded, (category, exact)


@IN_MEMORY
@given(invoiced_months())
def test_every_line_has_a_category_and_a_label_in_both_languages(month: LiteralMonth) -> None:
    """The invoice shows the one in the account's language; usage and fees are called by their category."""
    lines, numbered, _ = invoiced(month)
    assert set(lines["category"]) | set(lines["base_category"]) <= set(CATEGORY_CODES)
    languages = {str(row["account_id"]): str(row["language"] or "en") for row in month.terms.accounts}
    wanted = []
    for account, category, english, french in cells(lines, "account_id", "category", "label_en", "label_fr"):
        assert english.strip(), category
        assert french.strip(), category
        assert CALLED_BY_CATEGORY.get(category, (category, english, french)) == (category, english, french)
        wanted.append((account, category, {"en": english, "fr": french}[languages[account]]))
    assert sorted(cells(numbered, "account_id", "category", "description")) == sorted(wanted)


@IN_MEMORY
@given(invoiced_months(), st.randoms(use_true_random=False))
def test_the_order_of_contract_and_rate_rows_changes_no_line(month: LiteralMonth, random: Random) -> None:
    shuffled = month._replace(terms=shuffled_terms(month.terms, random))
    in_order, in_another_order = invoiced(month), invoiced(shuffled)
    assert in_order.numbered.rows() == in_another_order.numbered.rows()
    assert in_order.invoices.rows() == in_another_order.invoices.rows()


def with_rates_raised(terms: Terms, increases: list[str]) -> Terms:
    """The same terms with dearer calls: each price higher by one of these in turn; no rate becomes a rate."""
    in_turn = cycle(increases)
    raised = {
        table: [
            {**row, **{column: f"{Decimal(str(row[column] or 0)) + Decimal(next(in_turn)):f}" for column in columns}}
            for row in terms.rates[table]
        ]
        for table, columns in RATE_COLUMNS.items()
    }
    return replace(terms, rates={**terms.rates, **raised})


def totals(invoiced_month: Invoiced) -> dict[str, Decimal]:
    """The total of each account's invoice."""
    return dict(cells(invoiced_month.invoices, "account_id", "total"))


@IN_MEMORY
@given(invoiced_months(), st.lists(INCREASES, min_size=1, max_size=12))
def test_rates_that_are_raised_never_lower_a_call_or_an_invoice(month: LiteralMonth, increases: list[str]) -> None:
    terms, calls = month
    dearer = with_rates_raised(terms, increases)
    rated, rated_dearer = (rate(each, accepted_calls(each, calls)) for each in (terms, dearer))
    costs, due = call_costs(rated_dearer), totals(invoice(dearer, rated_dearer))
    assert {call: cost for call, cost in call_costs(rated).items() if costs[call] < cost} == {}
    assert {account: total for account, total in totals(invoice(terms, rated)).items() if due[account] < total} == {}
