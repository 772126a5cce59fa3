"""Chapter 3 of the billing rules: part months, on the invoice after."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, item, number
from tests.rules.small_rates import charge, policy
from transforms.recurring import prorated_days

PRORATED = "category = 'prorated_charges'"


@pytest.fixture(scope="module")
def august(bill_once: Bill) -> SmallMonth:
    """The invoices of August 2020: July has 31 days."""
    return bill_once(
        invoice_month="2020-08",
        accounts=[
            account(),
            account("LATER", billing_start="2020-07-20"),
            account("EDGES"),
            account("ENDS"),
            account("TIE"),
        ],
        items=[
            item("i1", start_date="2020-07-15"),
            item("l1", account_id="LATER", start_date="2020-07-15"),
            item("l2", "ata", account_id="LATER", start_date="2020-07-22"),
            item("e1", account_id="EDGES", start_date="2020-07-01"),
            item("e2", "ata", account_id="EDGES", start_date="2020-07-31"),
            item("e3", "router", account_id="EDGES", start_date="2020-08-01"),
            item("e4", "seat", account_id="EDGES", start_date="2020-08-02"),
            item("e5", "free", account_id="EDGES", start_date="2020-06-15"),
            item("x1", account_id="ENDS", start_date="2020-07-15", cancel_requested_on="2020-07-20"),
            item("x2", "ata", account_id="ENDS", start_date="2020-07-15", cancel_requested_on="2020-06-20"),
            item("x3", "router", account_id="ENDS", cancel_requested_on="2020-07-22"),
            item("t1", "tie", account_id="TIE", start_date="2020-07-30"),
        ],
        numbers=[number("+12125550101", account_id="ENDS", start_date="2020-07-30")],
        rates={
            "charges": [
                charge("phone", "24.95", is_phone="true"),
                charge("ata", "31.00"),
                charge("router", "4.00", "rentals"),
                charge("seat", "60.00", "contact_center"),
                charge("free", "0.00"),
                charge("did", "3.10", "phone_numbers"),
                charge("tie", "0.155"),
            ]
        },
    )


def test_rule_3_1_a_start_on_15_july_is_billed_for_16_days_of_july_and_all_of_august(
    august: SmallMonth,
) -> None:
    assert august.lines("category, description, period_start, period_end, amount") == [
        ("service_charge", "phone", "2020-08-01", "2020-09-01", "24.95"),
        ("prorated_charges", "phone (16/31)", "2020-07-16", "2020-08-01", "12.88"),
    ]


def test_rule_3_1_two_devices_added_on_15_june_are_billed_for_15_days_of_30(bill_whole: Bill) -> None:
    month = bill_whole(invoice_month="2020-07", items=[item("i1", quantity=2, start_date="2020-06-15")])
    assert month.lines("description, quantity, amount", where=PRORATED) == [("phone (15/30)", "2.0000", "24.95")]


@pytest.mark.parametrize(
    ("start", "days_in_month", "days"),
    [
        ("2020-07-15", 31, 16),
        ("2020-06-15", 30, 15),
        ("2020-07-02", 31, 29),
        ("2020-07-31", 31, 0),
        ("2020-02-28", 29, 1),
        ("2019-02-28", 28, 0),
    ],
)
def test_rule_3_2_the_start_day_itself_is_not_billed(start: str, days_in_month: int, days: int) -> None:
    rows = pl.DataFrame({"start": [dt.date.fromisoformat(start)]})
    share = prorated_days(pl.col("start"), days_in_month, start_day_billed=pl.lit(value=False))
    assert rows.select(share).item() == days


def test_rule_3_2_a_start_on_the_1st_is_a_full_month_and_one_on_the_last_day_gives_no_line(
    august: SmallMonth,
) -> None:
    assert august.lines("category, charge_code", "EDGES") == [
        ("service_charge", "ata"),
        ("service_charge", "free"),
        ("service_charge", "phone"),
        ("rentals", "router"),
    ]


def test_rule_3_3_24_95_for_16_of_31_days_is_12_88(august: SmallMonth) -> None:
    assert august.lines("unit_price, exact_amount, amount", where=PRORATED) == [("24.950000", "12.877419", "12.88")]


def test_rule_3_3_half_a_cent_is_rounded_up(august: SmallMonth) -> None:
    """0.155 for 1 of 31 days is 0.005."""
    assert august.lines("exact_amount, amount", "TIE", PRORATED) == [("0.005000", "0.01")]


@pytest.mark.parametrize(
    ("start", "days"),
    [("2020-07-15", 17), ("2020-07-31", 1), ("2020-07-02", 30), ("2020-06-15", 17)],
)
def test_rule_3_4_with_the_start_day_billed_there_is_one_day_more(start: str, days: int) -> None:
    rows = pl.DataFrame({"start": [dt.date.fromisoformat(start)]})
    assert rows.select(prorated_days(pl.col("start"), 31, start_day_billed=pl.lit(value=True))).item() == days


def test_rule_3_4_the_convention_is_one_policy_row(bill_whole: Bill) -> None:
    month = bill_whole(
        invoice_month="2020-08",
        items=[item("i1", start_date="2020-07-15"), item("i2", start_date="2020-07-31")],
        rates={"policy": policy(start_day_billed="true")},
    )
    assert month.lines("description, period_start, amount", where=PRORATED) == [
        ("phone (17/31)", "2020-07-15", "13.68"),
        ("phone (1/31)", "2020-07-31", "0.80"),
    ]


def test_rule_3_5_an_items_start_is_the_later_of_its_own_and_the_billing_start(august: SmallMonth) -> None:
    assert august.lines("charge_code, period_start, description", "LATER", PRORATED) == [
        ("ata", "2020-07-23", "ata (9/31)"),
        ("phone", "2020-07-21", "phone (11/31)"),
    ]


def test_rule_3_5_an_item_that_started_and_ended_in_july_has_the_prorated_line_only(
    august: SmallMonth,
) -> None:
    assert august.lines("category, charge_code, amount", "ENDS", "charge_code = 'phone'") == [
        ("prorated_charges", "phone", "12.88")
    ]


def test_rule_3_5_an_item_that_ends_before_its_start_is_never_billed(august: SmallMonth) -> None:
    assert august.lines("category", "ENDS", "charge_code = 'ata'") == []


def test_rule_3_5_an_item_that_ends_on_31_august_is_billed_for_august(august: SmallMonth) -> None:
    assert august.lines("category, amount", "ENDS", "charge_code = 'router'") == [("rentals", "4.00")]


def test_rule_3_5_numbers_are_prorated_as_items_are(august: SmallMonth) -> None:
    assert august.lines("category, base_category, amount", "ENDS", "charge_code = 'did'") == [
        ("phone_numbers", "phone_numbers", "3.10"),
        ("prorated_charges", "phone_numbers", "0.10"),
    ]


def test_rule_3_5_an_item_told_of_too_late_is_not_caught_up(august: SmallMonth) -> None:
    """It started on 15 June: the part of June is not on the invoice of August."""
    assert august.lines("category, description", "EDGES", "charge_code = 'free'") == [("service_charge", "free")]
