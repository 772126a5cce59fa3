"""Chapter 10 of the billing rules: changes, credits and returned equipment."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, one_time, returned
from tests.rules.small_rates import charge


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """The February invoices of one-time charges and returns about January 2020."""
    return bill_once(
        accounts=[
            account(),
            account("DATES"),
            account("STARTS", billing_start="2020-01-20"),
            account("LATER", billing_start="2020-02-01"),
            account("CREDITS"),
            account("RETURNS"),
            account("FEES"),
            account("NOT-YET"),
        ],
        one_time_charges=[
            one_time("o1"),
            one_time("o2", quantity=3, description="Three numbers"),
            one_time("o3", unit_price="9.50"),
            one_time("d1", account_id="DATES", charge_date="2019-12-31", unit_price="1"),
            one_time("d2", account_id="DATES", charge_date="2020-01-01", unit_price="2"),
            one_time("d3", account_id="DATES", charge_date="2020-01-31", unit_price="3"),
            one_time("d4", account_id="DATES", charge_date="2020-02-01", unit_price="4"),
            one_time("s1", account_id="STARTS", charge_date="2019-11-30"),
            one_time("l1", account_id="LATER"),
            one_time("c1", account_id="CREDITS", quantity=-1),
            one_time("c2", account_id="CREDITS", charge_code="goodwill", quantity=2, unit_price="-5"),
            one_time("c3", account_id="CREDITS", quantity=-2, unit_price="-5"),
        ],
        equipment_returns=[
            returned("day-30", account_id="RETURNS", shipped_on="2020-01-01", received_on="2020-01-31")
            | {"verified_on": "2020-01-31"},
            returned("day-31", account_id="RETURNS", shipped_on="2019-12-01", received_on="2020-01-01")
            | {"verified_on": "2020-01-15"},
            returned("fees", account_id="FEES", provisioning_fee="10.00", missing_parts_fee="5.50"),
            returned("none", account_id="FEES", price="20.00", missing_parts_fee="15.01"),
            returned("half", account_id="FEES", price="0.02"),
            returned("n1", account_id="NOT-YET", verified_on=""),
            returned("n2", account_id="NOT-YET", received_on="", verified_on=""),
            returned("n3", account_id="NOT-YET", verified_on="2020-02-01"),
            returned("n4", account_id="NOT-YET", shipped_on="2019-12-01", received_on="2019-12-30")
            | {"verified_on": "2019-12-31"},
        ],
        rates={
            "charges": [
                charge("number_change", "15.00", "one_time"),
                charge("goodwill", "", "credits"),
                charge("rma_late_return", "6.00", "one_time", effective_to="2020-01-16"),
                charge("rma_late_return", "8.00", "one_time", effective_from="2020-01-16"),
            ]
        },
    )


def test_rule_10_1_a_change_costs_15_00_or_the_price_of_its_contract_row(month: SmallMonth) -> None:
    assert month.lines("description, quantity, unit, unit_price, amount") == [
        ("number_change", "1.0000", "each", "15.000000", "15.00"),
        ("Three numbers", "3.0000", "each", "15.000000", "45.00"),
        ("number_change", "1.0000", "each", "9.500000", "9.50"),
    ]


def test_rule_10_1_a_charge_is_on_the_invoice_of_the_month_after_its_date(month: SmallMonth) -> None:
    assert month.lines("period_start, amount", "DATES") == [("2020-01-01", "2.00"), ("2020-01-31", "3.00")]


def test_rule_10_1_a_charge_before_the_billing_start_is_on_the_invoice_after_that(month: SmallMonth) -> None:
    assert month.lines("period_start, period_end, amount", "STARTS") == [("2020-01-20", "2020-01-21", "15.00")]
    assert month.lines("amount", "LATER") == []


def test_rule_10_1_negative_rows_are_credits(month: SmallMonth) -> None:
    """2 × −5 and −1 × 15 are negative; −2 × −5 is not."""
    assert month.lines("category, charge_code, quantity, unit_price, amount", "CREDITS") == [
        ("one_time", "number_change", "-2.0000", "-5.000000", "10.00"),
        ("credits", "goodwill", "1.0000", "-10.000000", "-10.00"),
        ("credits", "number_change", "1.0000", "-15.000000", "-15.00"),
    ]


def test_rule_10_2_100_00_back_on_day_30_is_75_00_and_on_day_31_costs_6_00_more(month: SmallMonth) -> None:
    """The late fee is the price of 15 January, the day of verification."""
    columns = "category, charge_code, quantity, unit_price, amount, period_start"
    assert month.lines(columns, "RETURNS") == [
        ("one_time", "rma_late_return", "1.0000", "6.000000", "6.00", "2020-01-15"),
        ("credits", "day-30", "1.0000", "-75.000000", "-75.00", "2020-01-31"),
        ("credits", "day-31", "1.0000", "-75.000000", "-75.00", "2020-01-15"),
    ]


def test_rule_10_2_fees_are_taken_off_down_to_0_and_half_a_cent_is_rounded_up(month: SmallMonth) -> None:
    """100 − 25 − 10 − 5.50 = 59.50; 20 − 5 − 15.01 < 0: no line; 0.02 − 0.005 = 0.015 → 0.02."""
    assert month.lines("charge_code, amount", "FEES") == [("fees", "-59.50"), ("half", "-0.02")]


def test_rule_10_2_only_what_was_verified_in_january_is_on_the_february_invoice(month: SmallMonth) -> None:
    assert month.invoice("invoice_id", "NOT-YET") == []


@pytest.mark.parametrize(
    ("charge_code", "price"),
    [
        ("caller_id_change", "15.00"),
        ("e911_change", "15.00"),
        ("number_change", "15.00"),
    ],
)
def test_rule_10_1_a_change_of_caller_id_e911_or_number_is_shipped_at_15_00(charge_code: str, price: str) -> None:
    assert shipped_prices(charge_code) == [price]


def test_rule_10_2_a_late_return_is_shipped_at_6_00() -> None:
    assert shipped_prices("rma_late_return") == ["6.00"]


def shipped_prices(charge_code: str) -> list[str]:
    """Prices of a charge in USD, of any plan and any time."""
    shipped = pl.read_csv(Path(__file__).parents[2] / "rate_tables/2020.1/charges.csv", infer_schema=False)
    rows = shipped.filter((pl.col("charge_code") == charge_code) & (pl.col("currency") == "USD"))
    return rows["price"].to_list()
