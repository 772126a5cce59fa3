"""The views that finance asks, by hand: two accounts, two months, and a dispute between them.

January of A (60 minutes, New York): 55 + 10 local minutes, so 60 of the pool and 5 beyond it at 0.02 = 0.10; a minute
to London at 0.01. B (unlimited, New Jersey) is exempt from tax and calls nobody. Two calls of A are suspended.

    February, A: 24.95 + 0.10 + 0.01 = 25.06
                 USF base (24.95 + 0.10) × 64.9 % + 0.01 = 16.26745, × 21.2 % = 3.4486994 -> 3.44
                 subtotal 28.50; sales tax 8.25 % = 2.35, New York 4 % = 1.14
    February, B: 24.95; USF base 16.19255 × 21.2 % = 3.4328206 -> 3.43; subtotal 28.38, no tax

The rerun knows area code 299 (the released minute lies beyond the pool: 0.02) and London at 0.02 (0.01 more).
"""

from __future__ import annotations

import pytest

from tests.rules.dispute import Dispute
from tests.rules.small_month import account, call, item
from tests.rules.small_rates import Row, international, numbering_rows, tax

AREA_299 = {"prefix": "1299", "country": "US", "region": "NY", "kind": "geographic"}
JAPAN, LONDON, UNKNOWN = "+81312345678", "+442071234567", "+12995550199"
BILLED = [
    call("l1", seconds=3300),
    call("l2", seconds=600, start_time="2020-01-10T23:30:00-05:00"),
    call("i1", LONDON),
]
SUSPENDED = [call("s1", UNKNOWN, start_time="2020-01-20T12:00:00Z"), call("s2", JAPAN, 120)]


def _share(category: str, percent: str) -> Row:
    return {"country": "US", "category": category, "interstate_share_percent": percent}


RATES = {
    "international_rates": [international("44", "0.01")],
    "taxes": [tax("sales", "8.25"), tax("state", "3"), tax("state", "4", "NY"), tax("state", "5", "TX")],
    "usf_factors": [{"country": "US", "quarter": "2020Q1", "factor_percent": "21.2", "source": "test"}],
    "usf_shares": [_share("service_charge", "64.9"), _share("overage", "64.9"), _share("international", "100")],
}


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Dispute:
    """Both months issued; between them the rerun, whose adjustments March takes."""
    exempt = {"region": "NJ", "tax_exempt_from": "2019-01-01"}
    dispute = Dispute(
        tmp_path_factory.mktemp("books"),
        accounts=[account(plan_id="pool60"), account("B", plan_id="unlimited", **exempt)],
        items=[item("i1"), item("i2", account_id="B")],
        calls=[*BILLED, *SUSPENDED],
        rates=RATES,
    )
    dispute.correct(
        "better", numbering_plan=[*numbering_rows(), AREA_299], international_rates=[international("44", "0.02")]
    )
    dispute.rerun("--rates", "better", "--disputed-on", "2020-02-10")
    dispute.bill("2020-03", calls=[call("f1", start_time="2020-02-10T12:00:00Z", seconds=90)])
    return dispute


def test_a_pool_shows_what_is_used_unused_and_beyond_it_and_what_it_is_worth(books: Dispute) -> None:
    minutes = "pool_minutes, used_minutes, unused_minutes, overage_minutes"
    worth = "used_percent, used_value, unused_value, overage_cost"
    query = f"select month(usage_month), plan_id, {minutes}, {worth} from plan_pool_use"
    unlimited = (None, "0.0000", None, "0.0000", None, "0.000000", None, "0.000000")
    assert books.rows(query) == [
        (1, "pool60", "60.0000", "60.0000", "0.0000", "5.0000", "100.0", "1.200000", "0.000000", "0.100000"),
        (1, "unlimited", *unlimited),
        (2, "pool60", "60.0000", "2.0000", "58.0000", "0.0000", "3.3", "0.040000", "1.160000", "0.000000"),
        (2, "unlimited", *unlimited),
    ]


def test_a_plan_s_margin_is_known_from_the_month_whose_invoices_are_there(books: Dispute) -> None:
    columns = "usage_month, plan_id, account_count, used_value, service_amount, margin"
    assert books.rows(f"select {columns} from plan_margin where plan_id = 'pool60'") == [
        ("2020-01-01", "pool60", 1, "1.200000", None, None),
        ("2020-02-01", "pool60", 1, "0.040000", "24.95", "24.910000"),
    ]


def test_tax_stands_by_region_and_percentage_and_exempt_invoices_under_none(books: Dispute) -> None:
    columns = "region, tax, percent, tax_exempt, invoice_count, subtotal, tax_amount"
    query = f"select {columns} from tax_by_jurisdiction where invoice_month = date '2020-02-01'"
    assert books.rows(query) == [
        ("NJ", None, None, True, 1, "28.38", "0.00"),
        ("NY", "sales", "8.250000", False, 1, "28.50", "2.35"),
        ("NY", "state", "4.000000", False, 1, "28.50", "1.14"),
    ]


def test_the_usf_base_is_exact_and_the_fee_is_what_was_invoiced(books: Dispute) -> None:
    columns = "invoice_id, factor_percent, base_amount, exact_amount, amount"
    query = f"select {columns} from usf_by_invoice where invoice_month = date '2020-02-01'"
    assert books.rows(query) == [
        ("A-2020-02", "21.200000", "16.2674500000", "3.448699", "3.44"),
        ("B-2020-02", "21.200000", "16.1925500000", "3.432821", "3.43"),
    ]


def test_a_quarter_sums_its_invoices_of_both_months_without_adjustments(books: Dispute) -> None:
    """March has 16.19255 twice: A's adjustments are in no base (rule 12.3)."""
    columns = "quarter, invoice_count, base_amount, exact_amount, amount, rounding"
    assert books.rows(f"select {columns} from usf_by_quarter") == [
        ("2020Q1", 4, "64.8451000000", "13.747162", "13.73", "-0.017162")
    ]


def test_a_base_line_shows_its_share(books: Dispute) -> None:
    columns = "base_category, amount, interstate_share_percent, base_amount"
    assert books.rows(f"select {columns} from usf_base_lines where invoice_id = 'A-2020-02'") == [
        ("service_charge", "24.95", "64.900000", "16.1925500000"),
        ("included_minutes", "0.00", "0.000000", "0E-10"),
        ("overage", "0.10", "64.900000", "0.0649000000"),
        ("international", "0.01", "100.000000", "0.0100000000"),
    ]


def test_a_category_stands_beside_its_month_before_also_when_it_is_gone(books: Dispute) -> None:
    columns = "invoice_month, previous_amount, amount, difference, change_percent"
    query = f"select {columns} from revenue_month_over_month where category = '{{}}'"
    assert books.rows(query.format("international")) == [
        ("2020-02-01", None, "0.01", "0.01", None),
        ("2020-03-01", "0.01", None, "-0.01", "-100.0"),
    ]
    assert books.rows(query.format("usf")) == [
        ("2020-02-01", None, "6.87", "6.87", None),
        ("2020-03-01", "6.87", "6.86", "-0.01", "-0.1"),
    ]


def test_a_day_is_that_of_the_start_in_utc(books: Dispute) -> None:
    """l2 starts at 23:30 in New York on the 10th, so on the 11th; it is 5 minutes in the pool and 5 beyond."""
    columns = "usage_month, day, call_type, call_count, duration_seconds, billable_seconds, cost"
    assert books.rows(f"select {columns} from usage_by_day") == [
        ("2020-01-01", "2020-01-10", "included", 1, 3300, 3300, "0.000000"),
        ("2020-01-01", "2020-01-10", "international", 1, 60, 60, "0.010000"),
        ("2020-01-01", "2020-01-11", "overage", 1, 600, 600, "0.100000"),
        ("2020-02-01", "2020-02-10", "included", 1, 90, 120, "0.000000"),
    ]


def test_adjustments_show_what_was_allowed_and_taken_by_cause(books: Dispute) -> None:
    columns = (
        "base_category, cause, account_count, difference, allowed_difference, taken_difference, waiting_difference"
    )
    query = f"select {columns} from adjustments_by_cause where base_category <> 'usf'"
    assert books.rows(query) == [
        ("international", "rate_version", 1, "0.01", "0.01", "0.01", "0.00"),
        ("overage", "released", 1, "0.02", "0.02", "0.02", "0.00"),
    ]


def test_suspended_calls_show_what_was_released_and_an_estimate_of_what_waits(books: Dispute) -> None:
    columns = "reason, call_type, call_count, released_count, released_cost, waiting_count, waiting_seconds"
    query = f"select {columns}, mean_rate_per_minute, estimated_value from suspended_value"
    assert books.rows(query) == [
        ("no_rate", "international", 1, 0, "0.000000", 1, 120, "0.010000", "0.020000"),
        ("unknown_destination", None, 1, 1, "0.020000", 0, 0, "0.010000", "0.000000"),
    ]
