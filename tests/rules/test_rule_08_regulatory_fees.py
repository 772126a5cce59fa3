"""Chapter 8 of the billing rules: recovery fees and the universal service fee."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, one_time
from tests.rules.small_rates import Row, charge, fee
from transforms.fees import quarter_of

FEES = "category in ('slrrf', 'rrf', 'usf')"


def factor(quarter: str, percent: str) -> Row:
    return {"country": "US", "quarter": quarter, "factor_percent": percent}


def share(category: str, percent: str) -> Row:
    return {"country": "US", "category": category, "interstate_share_percent": percent}


CHARGES = [
    charge("hundred", "100.00"),
    charge("phone", "10.00"),
    charge("did", "5.00", "phone_numbers"),
    charge("router", "1.15", "rentals"),
    charge("number_change", "15.00", "one_time"),
    charge("goodwill", "", "credits"),
]


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """Accounts in New York (a percentage and a fee a device), Texas and New Jersey (flat), and Canada."""
    texas, jersey = {"region": "TX"}, {"region": "NJ"}
    return bill_once(
        accounts=[
            account(),
            account("TEXAS", **texas),
            account("TEXAS-USAGE", **texas),
            account("TEXAS-PART", **texas),
            account("JERSEY", **jersey),
            account("NEGATIVE"),
            account("ZERO"),
            account("CANADA", country="CA", region="ON"),
            account("HUNDRED", region="PR"),
            account("MIXED", region="PR", plan_id="pool60"),
        ],
        items=[
            item("i1", quantity=3),
            item("i2", start_date="2020-01-16"),
            item("i3", "router"),
            item("t1", account_id="TEXAS"),
            item("tp", account_id="TEXAS-PART", start_date="2020-01-16", cancel_requested_on="2020-01-17"),
            item("j1", "router", account_id="JERSEY"),
            item("z1", "hundred", account_id="ZERO", quantity=0),
            item("n1", "router", account_id="NEGATIVE"),
            item("c1", account_id="CANADA"),
            item("h1", "hundred", account_id="HUNDRED"),
            item("m1", "router", account_id="MIXED"),
        ],
        one_time_charges=[
            one_time("o1", account_id="NEGATIVE", charge_code="goodwill", unit_price="-20"),
            one_time("o2", account_id="ZERO"),
        ],
        calls=[
            call("u1", account_id="TEXAS-USAGE", seconds=3600),
            call("m1", "+442071234567", 6000, account_id="MIXED"),
            call("m2", seconds=6000, account_id="MIXED"),
        ],
        rates={
            "charges": CHARGES,
            "fees": [
                fee("slrrf", "percent", "2.5", "service_charge;rentals;credits"),
                fee("slrrf", "percent", "0", "service_charge", region="PR"),
                fee("slrrf", "flat", "0.40", region="TX"),
                fee("slrrf", "flat", "0.60", region="NJ"),
                fee("rrf", "per_device", "1.25"),
                fee("rrf", "per_device", "0", region="PR"),
            ],
            "usf_factors": [factor("2019Q4", "25"), factor("2020Q1", "21.2")],
            "usf_shares": [
                share("service_charge", "64.9"),
                share("overage", "64.9"),
                share("international", "100"),
            ],
        },
    )


def test_rule_8_1_slrrf_then_rrf_stand_before_usf(month: SmallMonth) -> None:
    assert month.lines("category", where=FEES) == [("slrrf",), ("rrf",), ("usf",)]


def test_rule_8_1_a_percentage_is_of_the_listed_base_categories_prorated_charges_included(
    month: SmallMonth,
) -> None:
    """40.00 + 4.84 (15/31 of 10.00) + 1.15 = 45.99, of which 2.5 % are 1.14975."""
    assert month.lines("quantity, unit, exact_amount, amount", where="category = 'slrrf'") == [
        ("1.0000", "each", "1.149750", "1.15")
    ]


def test_rule_8_1_a_fee_per_device_counts_service_charges_with_a_full_month_line(month: SmallMonth) -> None:
    """3 phones and the one of 16 January; no router."""
    assert month.lines("quantity, unit, unit_price, amount", where="category = 'rrf'") == [
        ("4.0000", "device", "1.250000", "5.00")
    ]


def test_rule_8_1_a_regions_own_row_replaces_the_star_of_the_same_fee(month: SmallMonth) -> None:
    assert month.lines("category, amount", "TEXAS", FEES) == [
        ("slrrf", "0.40"),
        ("rrf", "1.25"),
        ("usf", "1.37"),
    ]


def test_rule_8_1_a_flat_fee_is_due_once_on_an_invoice_with_a_recurring_line(month: SmallMonth) -> None:
    assert month.lines("quantity, unit, amount", "JERSEY", "category = 'slrrf'") == [("1.0000", "each", "0.60")]
    assert month.lines("amount", "TEXAS-USAGE", "category = 'slrrf'") == []


def test_rule_8_1_no_flat_fee_or_device_without_a_recurring_line(month: SmallMonth) -> None:
    """TEXAS-USAGE has calls only: 60 minutes of overage, and the universal service fee on them."""
    assert month.lines("category", "TEXAS-USAGE") == [("overage",), ("usf",)]


def test_rule_8_1_a_base_of_0_or_less_gives_no_line(month: SmallMonth) -> None:
    """1.15 of rentals less a credit of 20.00; and an invoice with one-time charges alone."""
    assert month.lines("category", "NEGATIVE", "category = 'slrrf'") == []
    assert month.lines("category", "ZERO", FEES) == []


def test_rule_8_2_a_base_of_100_at_64_9_percent_gives_13_75(month: SmallMonth) -> None:
    """100.00 × 64.9 % × 21.2 % = 13.7588, rounded down."""
    assert month.lines("category, quantity, unit, exact_amount, amount", "HUNDRED", FEES) == [
        ("usf", "1.0000", "each", "13.758800", "13.75")
    ]


def test_rule_8_2_international_counts_whole_overage_by_its_share_and_rentals_not_at_all(
    month: SmallMonth,
) -> None:
    """(1.00 × 100 % + 0.80 × 64.9 %) × 21.2 % = 0.3220704; the rental of 1.15 has no share."""
    assert month.lines("exact_amount, amount", "MIXED", "category = 'usf'") == [("0.322070", "0.32")]


def test_rule_8_2_prorated_charges_count_by_their_base_category(month: SmallMonth) -> None:
    """(40.00 + 4.84) × 64.9 % × 21.2 % = 6.16944592: 4 phones of 10.00 and 15/31 of one."""
    assert month.lines("exact_amount, amount", where="category = 'usf'") == [("6.169446", "6.16")]


def test_rule_8_2_a_country_without_factors_has_no_universal_service_fee(month: SmallMonth) -> None:
    assert month.lines("category", "CANADA") == [("service_charge",)]


@pytest.mark.parametrize(
    ("month", "quarter"),
    [("2020-01", "2020Q1"), ("2020-03", "2020Q1"), ("2020-04", "2020Q2"), ("2020-12", "2020Q4")],
)
def test_rule_8_2_the_factor_is_that_of_the_quarter_of_the_invoice_month(month: str, quarter: str) -> None:
    assert quarter_of(dt.date.fromisoformat(f"{month}-01")) == quarter


def test_rule_8_2_the_shipped_factor_of_february_2020_is_21_2() -> None:
    folder = Path(__file__).parents[2] / "rate_tables/2020.1"
    factors = pl.read_csv(folder / "usf_factors.csv", infer_schema=False)
    assert factors.filter(pl.col("quarter") == "2020Q1")["factor_percent"].to_list() == ["21.2"]


def test_rule_8_2_the_shipped_shares_are_the_safe_harbour_and_international_whole() -> None:
    folder = Path(__file__).parents[2] / "rate_tables/2020.1"
    shares = pl.read_csv(folder / "usf_shares.csv", infer_schema=False)
    assert dict(shares.select("category", "interstate_share_percent").rows()) == {
        "service_charge": "64.9",
        "phone_numbers": "64.9",
        "included_minutes": "64.9",
        "overage": "64.9",
        "domestic_premium": "64.9",
        "toll_free": "64.9",
        "international": "100",
    }


def test_rule_8_3_a_quarter_without_a_factor_stops_the_run_and_is_named(try_to_bill: Bill) -> None:
    month = try_to_bill(invoice_month="2020-04", items=[item("i1")], rates={"usf_factors": [factor("2020Q1", "21.2")]})
    assert month.exit_code == 2
    assert "2020Q2" in month.message
    assert not (month.warehouse / "tollbook.duckdb").exists()


def test_rule_8_3_a_month_without_such_an_invoice_is_billed(bill_whole: Bill) -> None:
    month = bill_whole(
        invoice_month="2020-04",
        accounts=[account(country="CA", region="ON"), account("QUIET")],
        items=[item("i1")],
        rates={"usf_factors": [factor("2020Q1", "21.2")]},
    )
    assert month.invoice("total") == [("24.95",)]


def test_rule_8_1_a_prorated_line_alone_is_a_recurring_line(month: SmallMonth) -> None:
    """A phone from 16 to 31 January: a flat fee, none for a device."""
    assert month.lines("category, amount", "TEXAS-PART") == [
        ("prorated_charges", "4.84"),
        ("slrrf", "0.40"),
        ("usf", "0.66"),
    ]


def test_rule_8_2_a_fee_that_comes_down_to_0_00_is_left_out(bill_whole: Bill) -> None:
    """0.05 × 64.9 % × 21.2 % = 0.0068794."""
    month = bill_whole(
        items=[item("i1", "trifle")],
        rates={
            "charges": [charge("trifle", "0.05")],
            "usf_factors": [factor("2020Q1", "21.2")],
            "usf_shares": [share("service_charge", "64.9")],
        },
    )
    assert month.lines("category, amount") == [("service_charge", "0.05")]


def test_rule_8_3_a_quarter_without_a_factor_stops_a_month_of_usage_alone(try_to_bill: Bill) -> None:
    month = try_to_bill(
        invoice_month="2020-04",
        calls=[call("c1", start_time="2020-03-10T12:00:00Z")],
        rates={"usf_factors": [factor("2020Q1", "21.2")]},
    )
    assert month.exit_code == 2
    assert month.message.startswith("tollbook: small/usf_factors.csv, column quarter: has no factor for US in 2020Q2")
    assert not (month.warehouse / "tollbook.duckdb").exists()
