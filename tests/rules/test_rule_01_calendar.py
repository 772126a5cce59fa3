"""Chapter 1 of the billing rules: what an invoice carries, its dates, and whose policy applies when."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, returned
from tests.rules.small_rates import POLICY, policy_changing
from transforms.timestamps import in_usage_month, parse_instants


@pytest.fixture(scope="module")
def january_in_february(bill_once: Bill) -> SmallMonth:
    """A phone, and 5 minutes of calls in January 2020, one of them over the month's end."""
    return bill_once(
        accounts=[account(), account("NOTHING"), account("FREE"), account("UNANSWERED")],
        items=[item("i1"), item("i2", "free", account_id="FREE")],
        calls=[
            call("c1", seconds=240),
            call("c2", seconds=60, start_time="2020-01-31T23:59:30Z"),
            call("c3", seconds=60, start_time="2020-02-01T00:00:00Z"),
            call("c4", seconds=0, account_id="UNANSWERED"),
        ],
    )


def test_rule_1_1_recurring_charges_are_for_the_month_and_usage_is_of_the_month_before(
    january_in_february: SmallMonth,
) -> None:
    assert january_in_february.lines("category, period_start, period_end") == [
        ("service_charge", "2020-02-01", "2020-03-01"),
        ("overage", "2020-01-01", "2020-02-01"),
    ]


def test_rule_1_2_the_issue_date_is_the_1st_unless_named(january_in_february: SmallMonth) -> None:
    assert january_in_february.invoice("invoice_id, issue_date") == [("A-2020-02", "2020-02-01")]


@pytest.mark.parametrize("day", ["2020-01-31", "2020-02-08", "2020-03-01", "2019-02-01"])
def test_rule_1_2_any_day_but_the_1st_to_the_7th_is_refused(day: str, try_to_bill: Bill) -> None:
    month = try_to_bill(items=[item("i1")], issue_date=day)
    assert month.exit_code == 2
    assert day in month.message
    assert not (month.warehouse / "tollbook.duckdb").exists()


def test_rule_1_3_an_invoice_of_7_february_is_due_on_the_22nd_and_paid_on_the_10th(bill_whole: Bill) -> None:
    month = bill_whole(items=[item("i1")], issue_date="2020-02-07")
    assert month.invoice("issue_date, due_date, autopay_date, dispute_until") == [
        ("2020-02-07", "2020-02-22", "2020-02-10", "2020-02-22")
    ]


def test_rule_1_3_an_invoice_of_1_february_is_due_on_the_16th(january_in_february: SmallMonth) -> None:
    assert january_in_february.invoice("due_date, autopay_date, dispute_until") == [
        ("2020-02-16", "2020-02-10", "2020-02-16")
    ]


@pytest.mark.parametrize(
    ("start", "is_january"),
    [
        ("2019-12-31T23:59:59.999999Z", False),
        ("2020-01-01T00:00:00Z", True),
        ("2020-01-31T23:59:59.999999Z", True),
        ("2020-02-01T00:00:00Z", False),
        ("2020-02-01T00:30:00+01:00", True),
        ("2020-01-31T20:00:00-05:00", False),
        ("2019-12-31 20:30:00-0330", True),
    ],
)
def test_rule_1_4_a_call_belongs_to_the_month_of_its_start_in_utc(start: str, is_january: bool) -> None:
    calls = pl.DataFrame({"start_time": parse_instants(pl.Series([start]))})
    assert calls.select(in_usage_month(dt.date(2020, 1, 1))).item() is is_january


def test_rule_1_4_a_call_over_the_months_end_belongs_whole_to_the_month_it_started_in(
    january_in_february: SmallMonth,
) -> None:
    assert january_in_february.billed("call_id, billable_seconds, usage_month") == [
        ("c1", 240, "2020-01-01"),
        ("c2", 60, "2020-01-01"),
    ]
    assert january_in_february.outcome("c3") == "outside_month"


def test_rule_1_5_an_account_without_a_line_before_fees_has_no_invoice(
    january_in_february: SmallMonth,
) -> None:
    assert january_in_february.rows("select account_id from invoices order by 1") == [("A",), ("FREE",)]


def test_rule_1_5_a_line_of_0_00_makes_an_invoice(january_in_february: SmallMonth) -> None:
    assert january_in_february.lines("category, quantity, amount", "FREE") == [("service_charge", "1.0000", "0.00")]
    assert january_in_february.invoice("subtotal, total", "FREE") == [("0.00", "0.00")]


@pytest.fixture(scope="module")
def changing_policy(bill_once: Bill) -> SmallMonth:
    """A month in which every setting changes; the invoice is of 3 February 2020."""
    return bill_once(
        issue_date="2020-02-03",
        accounts=[
            account(),
            account("EARLY", cancel_requested_on="2020-01-24"),
            account("LATE", cancel_requested_on="2020-01-25"),
            account("PHONES", low_usage_allowed="1"),
            account("STARTS"),
        ],
        items=[
            item("from-15", start_date="2020-01-15"),
            item("from-20", start_date="2020-01-20"),
            item("from-15b", account_id="STARTS", start_date="2020-01-15"),
            item("from-16", account_id="STARTS", start_date="2020-01-16"),
            item("e", account_id="EARLY"),
            item("l", account_id="LATE"),
            item("p", account_id="PHONES", quantity=2, low_usage="true"),
        ],
        equipment_returns=[
            returned("r1", shipped_on="2020-01-01", received_on="2020-01-09", verified_on="2020-01-20"),
            returned("r2", shipped_on="2020-01-01", received_on="2020-01-10", verified_on="2020-01-20"),
        ],
        rates={
            "policy": policy_changing(
                {
                    "issue_day_last": ("1", "2020-02-03", "3"),
                    "due_days": ("15", "2020-02-03", "20"),
                    "dispute_days": ("15", "2020-02-03", "30"),
                    "autopay_day": ("10", "2020-02-03", "12"),
                    "start_day_billed": ("false", "2020-01-16", "true"),
                    "cancellation_notice_days": ("10", "2020-01-25", "5"),
                    "low_usage_minimum_phones": ("2", "2020-02-02", "20"),
                    "restocking_percent": ("25", "2020-01-10", "10"),
                    "return_window_days": ("30", "2020-01-10", "7"),
                }
            ),
            "plans": [
                {
                    "plan_id": "metered",
                    "currency": "USD",
                    "included_minutes": 0,
                    "included_per": "account",
                    "overage_rate": "0.02",
                    "low_usage_discount_percent": "50",
                }
            ],
        },
    )


def test_rule_1_5_an_invoices_dates_follow_the_policy_of_the_issue_date(changing_policy: SmallMonth) -> None:
    assert changing_policy.invoice("due_date, autopay_date, dispute_until") == [
        ("2020-02-23", "2020-02-12", "2020-03-04")
    ]


def test_rule_1_5_whether_the_start_day_is_billed_follows_the_items_start(
    changing_policy: SmallMonth,
) -> None:
    assert changing_policy.lines("period_start, description", where="category = 'prorated_charges'") == [
        ("2020-01-16", "phone (16/31)"),
        ("2020-01-20", "phone (12/31)"),
    ]


def test_rule_4_1_two_start_dates_are_two_prorated_lines_also_where_policy_gives_both_16_days(
    changing_policy: SmallMonth,
) -> None:
    """15 January without its start day and 16 January with it are both billed from the 16th."""
    assert changing_policy.lines("quantity, description", "STARTS", "category = 'prorated_charges'") == [
        ("1.0000", "phone (16/31)"),
        ("1.0000", "phone (16/31)"),
    ]


def test_rule_1_5_notice_follows_the_day_of_the_request(changing_policy: SmallMonth) -> None:
    """7 days before the end are too late under 10 days' notice; 6 days are enough under 5."""
    assert changing_policy.lines("category", "EARLY") == [("service_charge",)]
    assert changing_policy.lines("category", "LATE") == []


def test_rule_1_5_the_least_number_of_phones_is_that_of_the_1st_of_the_invoice_month(
    changing_policy: SmallMonth,
) -> None:
    assert changing_policy.lines("unit_price, quantity", "PHONES") == [
        ("24.950000", "1.0000"),
        ("12.475000", "1.0000"),
    ]


def test_rule_1_5_restocking_and_return_window_are_those_of_the_day_received(
    changing_policy: SmallMonth,
) -> None:
    assert changing_policy.lines("charge_code, amount", where="category in ('credits', 'one_time')") == [
        ("rma_late_return", "6.00"),
        ("r1", "-75.00"),
        ("r2", "-90.00"),
    ]


def test_rule_1_5_a_policy_without_a_row_on_the_day_it_decides_refuses_the_run(try_to_bill: Bill) -> None:
    rows = [row for row in POLICY if row["setting"] != "due_days"]
    later = {"setting": "due_days", "value": "15", "effective_from": "2020-02-02"}
    month = try_to_bill(items=[item("i1")], rates={"policy": [*rows, later]})
    assert month.exit_code == 2
    assert "due_days" in month.message
    assert "2020-02-01" in month.message


def test_rule_1_5_policy_is_shipped_as_the_guide_has_it_each_row_with_unit_source_and_begin() -> None:
    shipped = pl.read_csv(Path(__file__).parents[2] / "rate_tables/2020.1/policy.csv", infer_schema=False)
    assert dict(shipped.select("setting", "value").rows()) == {
        "issue_day_last": "7",
        "due_days": "15",
        "autopay_day": "10",
        "dispute_days": "15",
        "start_day_billed": "false",
        "cancellation_notice_days": "10",
        "low_usage_minimum_phones": "20",
        "restocking_percent": "25",
        "return_window_days": "30",
    }
    assert shipped.select("unit", "source", "effective_from").null_count().row(0) == (0, 0, 0)
