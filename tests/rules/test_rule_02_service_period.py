"""Chapter 2 of the billing rules: when billing begins, when service ends, and what leaving early costs."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, number
from tests.rules.small_rates import plan
from transforms.service_period import billing_start, last_service_day


@pytest.mark.parametrize(
    ("in_contract", "service_start", "free_months", "expected"),
    [
        (None, "2020-01-31", 1, "2020-02-29"),
        (None, "2019-01-31", 1, "2019-02-28"),
        (None, "2019-12-15", 2, "2020-02-15"),
        (None, "2019-10-31", 13, "2020-11-30"),
        (None, "2020-01-15", 0, "2020-01-15"),
        (None, "2020-01-15", None, "2020-01-15"),
        ("2020-03-09", "2020-01-31", 1, "2020-03-09"),
    ],
)
def test_rule_2_1_billing_starts_on_the_contracts_day_or_after_the_free_months(
    in_contract: str | None, service_start: str, free_months: int | None, expected: str
) -> None:
    accounts = pl.DataFrame(
        {"billing_start": [in_contract], "service_start": [service_start], "free_months": [free_months]},
        schema={"billing_start": pl.String, "service_start": pl.String, "free_months": pl.Int64},
    ).with_columns(pl.col("billing_start", "service_start").str.to_date())
    assert accounts.select(billing_start()).item() == dt.date.fromisoformat(expected)


@pytest.mark.parametrize(
    ("requested", "ends"),
    [
        ("2019-07-01", "2019-07-31"),
        ("2019-07-21", "2019-07-31"),
        ("2019-07-22", "2019-08-31"),
        ("2019-07-31", "2019-08-31"),
        ("2020-02-19", "2020-02-29"),
        ("2020-02-20", "2020-03-31"),
        ("2019-12-25", "2020-01-31"),
        ("2020-01-31", "2020-02-29"),
    ],
)
def test_rule_2_3_a_request_10_days_before_the_months_end_ends_it_with_that_month(requested: str, ends: str) -> None:
    rows = pl.DataFrame({"day": [dt.date.fromisoformat(requested)]})
    assert rows.select(last_service_day(pl.col("day"), pl.lit(10))).item() == dt.date.fromisoformat(ends)


@pytest.fixture(scope="module")
def leaving(bill_once: Bill) -> SmallMonth:
    """Invoices of February 2020; accounts begin or end about it. Plan `one` includes one minute."""
    left = {"cancel_requested_on": "2020-01-21"}
    return bill_once(
        accounts=[
            account("BEGINS", plan_id="one", billing_start="2020-01-15"),
            account("NOT-YET", billing_start="", service_start="2020-01-31", free_months="1"),
            account("LEFT", **left),
            account("STAYS", cancel_requested_on="2020-01-22"),
            account("LEFT-BEFORE", cancel_requested_on="2019-12-21"),
            account("EARLY", **left, contract_end="2020-02-01", buyout_fee="300"),
            account("IN-TIME", **left, contract_end="2020-01-31", buyout_fee="300"),
            account("NO-FEE", **left, contract_end="2020-12-31"),
            account("FEE-0", **left, contract_end="2020-12-31", buyout_fee="0"),
            account("NO-END", **left, buyout_fee="300"),
            account("LATER", cancel_requested_on="2020-01-22", contract_end="2020-12-31", buyout_fee="300"),
            account("BEFORE", cancel_requested_on="2019-12-21", contract_end="2020-12-31", buyout_fee="300"),
            account("ITEMS"),
        ],
        items=[
            item("b", account_id="BEGINS"),
            item("n", account_id="NOT-YET"),
            item("l", account_id="LEFT"),
            item("s", account_id="STAYS"),
            item("i1", "ata", account_id="ITEMS", cancel_requested_on="2020-01-21"),
            item("i2", "router", account_id="ITEMS", cancel_requested_on="2020-01-22"),
        ],
        numbers=[
            number("+12125550101", account_id="ITEMS", cancel_requested_on="2020-01-21"),
            number("+12125550102", account_id="ITEMS", cancel_requested_on="2020-01-22"),
        ],
        calls=[
            call("b1", account_id="BEGINS", start_time="2020-01-14T23:59:59.999999Z"),
            call("b2", account_id="BEGINS", start_time="2020-01-15T00:00:00Z"),
            call("b3", account_id="BEGINS", start_time="2020-01-15T00:00:01Z"),
            call("b4", account_id="BEGINS", start_time="2020-01-14T20:00:00-05:00"),
            call("n1", account_id="NOT-YET"),
            call("l1", account_id="LEFT", start_time="2020-01-31T23:59:59Z"),
            call("l2", account_id="LEFT-BEFORE", start_time="2020-01-01T00:00:00Z"),
        ],
        rates={"plans": [plan("metered", "0"), plan("one", "1")]},
    )


def test_rule_2_1_nothing_is_billed_before_the_billing_start(leaving: SmallMonth) -> None:
    assert leaving.invoice("invoice_id", "NOT-YET") == []
    assert leaving.outcome("n1") == "before_billing_start"


def test_rule_2_2_calls_before_the_billing_start_are_neither_billed_nor_counted(leaving: SmallMonth) -> None:
    assert [leaving.outcome(call_id) for call_id in ("b1", "b2", "b3", "b4")] == [
        "before_billing_start",
        "included",
        "overage",
        "overage",
    ]


def test_rule_2_3_an_account_cancelled_on_21_january_has_only_its_usage_on_the_february_invoice(
    leaving: SmallMonth,
) -> None:
    assert leaving.lines("category, quantity", "LEFT") == [("overage", "1.0000")]


def test_rule_2_3_an_account_cancelled_on_22_january_is_billed_for_all_of_february(
    leaving: SmallMonth,
) -> None:
    assert leaving.lines("category, amount", "STAYS") == [("service_charge", "24.95")]


def test_rule_2_3_calls_after_the_last_day_of_service_are_not_billed(leaving: SmallMonth) -> None:
    assert leaving.outcome("l2") == "after_service_end"
    assert leaving.outcome("l1") == "overage"


def test_rule_2_3_items_and_numbers_end_as_accounts_do(leaving: SmallMonth) -> None:
    assert leaving.lines("charge_code, quantity", "ITEMS") == [("did", "1.0000"), ("router", "1.0000")]


def test_rule_2_4_leaving_a_day_before_the_contracts_end_costs_the_buyout(leaving: SmallMonth) -> None:
    assert leaving.lines(
        "category, charge_code, quantity, unit, unit_price, amount, period_start, period_end", "EARLY"
    ) == [("one_time", "buyout", "1.0000", "each", "300.000000", "300.00", "2020-01-31", "2020-02-01")]


@pytest.mark.parametrize("account_id", ["IN-TIME", "NO-FEE", "FEE-0", "NO-END", "LATER", "BEFORE"])
def test_rule_2_4_no_buyout_in_time_without_fee_or_on_another_months_invoice(
    account_id: str, leaving: SmallMonth
) -> None:
    assert leaving.lines("category", account_id) == []
