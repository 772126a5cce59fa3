"""Chapter 9 of the billing rules: taxes, exemption, sums that add up on paper, one currency."""

from __future__ import annotations

import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, one_time, returned
from tests.rules.small_rates import Row, charge, fee, international, plan, premium, tax, toll_free


def canadian_tax(code: str, percent: str, region: str = "*") -> Row:
    return {**tax(code, percent, region), "country": "CA"}


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """25.00 twice, in several places, at 8.25 % and more; issued on 3 February 2020."""
    exempt = {"tax_exempt_from": "2020-01-01"}
    places = {
        "A": {},
        "NEGATIVE": {},
        "QUEBEC": {"country": "CA", "region": "QC"},
        "ONTARIO": {"country": "CA", "region": "ON"},
        "JERSEY": {"region": "NJ"},
        "LAST-DAY": {**exempt, "tax_exempt_until": "2020-02-03"},
        "DAY-AFTER": {**exempt, "tax_exempt_until": "2020-02-02"},
        "FIRST-DAY": {"tax_exempt_from": "2020-02-03"},
        "EXEMPT-NJ": {"region": "NJ", "tax_exempt_from": "2020-01-01"},
        "NOT-YET": {"tax_exempt_from": "2020-02-04"},
        "OPEN": {"tax_exempt_until": "2020-12-31"},
        "BRAZIL": {"country": "BR", "region": "SP"},
    }
    return bill_once(
        issue_date="2020-02-03",
        accounts=[
            *(account(name, **cells) for name, cells in places.items()),
            account("CALLS"),
        ],
        items=[
            item(f"i-{charge_code}", charge_code, account_id=name)
            for name in places
            if name != "NEGATIVE"
            for charge_code in ("one", "other")
        ],
        one_time_charges=[
            one_time("o1", account_id="NEGATIVE", charge_code="goodwill", unit_price="-50"),
        ],
        calls=[
            call("c1", "+442071234567", 60, account_id="CALLS"),
            call("c2", "+442071234567", 60, account_id="CALLS"),
            call("c3", "+442071234567", 60, account_id="CALLS"),
            call("c4", seconds=60, account_id="CALLS"),
        ],
        rates={
            "charges": [
                charge("one", "25.00"),
                charge("other", "25.00", "rentals"),
                charge("goodwill", "", "credits"),
            ],
            "international_rates": [international("44", "0.005")],
            "fees": [fee("rrf", "flat", "10.00", region="NJ")],
            "taxes": [
                tax("state", "8.25"),
                tax("state", "6.625", "NJ"),
                tax("city", "1", "NJ"),
                canadian_tax("gst", "5"),
                canadian_tax("gst", "0", "ON"),
                canadian_tax("qst", "9.975", "QC"),
                canadian_tax("hst", "13", "ON"),
            ],
        },
    )


def test_rule_9_1_8_25_percent_on_25_00_and_25_00_is_4_13(month: SmallMonth) -> None:
    """4.125, rounded half up; a line at a time it would be 2.06 twice."""
    assert month.invoice("subtotal, tax_total, total") == [("50.00", "4.13", "54.13")]
    assert month.lines("charge_code, exact_amount, amount", where="category = 'tax'") == [("state", "4.125000", "4.13")]


def test_rule_9_1_each_tax_is_on_the_subtotal_and_none_on_a_tax(month: SmallMonth) -> None:
    """GST 5 % of 50.00 and QST 9.975 % of 50.00, not of 52.50."""
    assert month.lines("charge_code, amount", "QUEBEC", "category = 'tax'") == [
        ("gst", "2.50"),
        ("qst", "4.99"),
    ]


def test_rule_9_1_a_regions_row_replaces_the_star_of_the_same_tax_and_0_00_is_left_out(
    month: SmallMonth,
) -> None:
    assert month.lines("charge_code, amount", "ONTARIO", "category = 'tax'") == [("hst", "6.50")]


def test_rule_9_1_fees_are_taxed_too(month: SmallMonth) -> None:
    """60.00 with the fee: 1 % and 6.625 %."""
    assert month.lines("charge_code, amount", "JERSEY", "category = 'tax'") == [
        ("city", "0.60"),
        ("state", "3.98"),
    ]


def test_rule_9_1_a_negative_subtotal_has_negative_tax_rounded_away_from_zero(month: SmallMonth) -> None:
    assert month.invoice("subtotal, tax_total, total", "NEGATIVE") == [("-50.00", "-4.13", "-54.13")]


def test_rule_9_1_a_country_without_tax_rows_has_no_tax_and_a_warning(month: SmallMonth) -> None:
    assert month.invoice("tax_total, tax_exempt", "BRAZIL") == [("0.00", False)]
    assert month.rows("select account_id from warnings where kind = 'no_tax_rows'") == [("BRAZIL",)]


@pytest.mark.parametrize(
    ("account_id", "tax_total", "is_exempt"),
    [
        ("LAST-DAY", "0.00", True),
        ("DAY-AFTER", "4.13", False),
        ("FIRST-DAY", "0.00", True),
        ("NOT-YET", "4.13", False),
        ("OPEN", "0.00", True),
        ("A", "4.13", False),
    ],
)
def test_rule_9_2_an_account_exempt_on_the_issue_date_has_no_tax(
    account_id: str, tax_total: str, is_exempt: bool, month: SmallMonth
) -> None:
    assert month.invoice("tax_total, tax_exempt", account_id) == [(tax_total, is_exempt)]


def test_rule_9_2_an_exempt_account_pays_fees(month: SmallMonth) -> None:
    assert month.lines("category, amount", "EXEMPT-NJ", "category in ('rrf', 'tax')") == [("rrf", "10.00")]


def test_rule_9_3_a_usage_line_is_the_sum_of_exact_costs_rounded_once(month: SmallMonth) -> None:
    """3 × 0.005 = 0.015 → 0.02; call by call it would be 0.03."""
    assert month.lines("exact_amount, amount", "CALLS", "category = 'international'") == [("0.015000", "0.02")]


def test_rule_9_3_subtotal_tax_and_total_are_sums_of_the_lines_as_shown(month: SmallMonth) -> None:
    """0.02 and 0.02 are 0.04, though 0.035 is exact."""
    assert month.invoice("subtotal, tax_total, total", "CALLS") == [("0.04", "0.00", "0.04")]


def test_rule_9_4_the_currency_of_an_invoice_is_the_plans(month: SmallMonth) -> None:
    assert month.rows("select distinct currency from invoices") == [("USD",)]


def test_rule_9_4_tables_with_rows_but_none_in_the_currency_refuse_the_run(try_to_bill: Bill) -> None:
    """Rows for the account's country, or in a table without a country column, in CAD alone."""
    month = try_to_bill(
        calls=[call("c1")],
        rates={
            "international_rates": [international("44", "0.01", currency="CAD")],
            "premium_prefixes": [premium("900", "1900", "2", currency="CAD")],
            "toll_free_rates": [toll_free("", "0.02", currency="CAD")],
            "charges": [charge("phone", "24.95", currency="CAD")],
            "fees": [fee("rrf", "flat", "2.00", currency="CAD")],
        },
    )
    assert month.exit_code == 2
    for table in ("international_rates", "premium_prefixes", "toll_free_rates", "charges", "fees"):
        assert f"{table}.csv" in month.message


def test_rule_9_4_rows_of_other_countries_do_not_count(bill_whole: Bill) -> None:
    canadian = {"currency": "CAD", "country": "CA"}
    rates = {
        "premium_prefixes": [premium("900", "1900", "2", **canadian)],
        "toll_free_rates": [toll_free("", "0.02", **canadian)],
        "fees": [fee("rrf", "flat", "2.00", **canadian)],
    }
    assert bill_whole(calls=[call("c1")], rates=rates).exit_code == 0


def test_rule_9_4_a_needed_charge_without_a_price_refuses_the_run(try_to_bill: Bill) -> None:
    rows = [charge("phone", ""), charge("ata", "10.00")]
    month = try_to_bill(items=[item("i1")], rates={"charges": rows})
    assert month.exit_code == 2
    assert "charges.csv" in month.message
    assert "phone" in month.message


def test_rule_9_4_a_plan_whose_currency_changes_is_refused(try_to_bill: Bill) -> None:
    plans = [
        plan("metered", "0", effective_to="2020-01-15"),
        {**plan("metered", "0", effective_from="2020-01-15"), "currency": "CAD"},
    ]
    month = try_to_bill(calls=[call("c1")], rates={"plans": plans})
    assert month.exit_code == 2
    assert "plans.csv, line 3, column currency" in month.message


def test_rule_9_4_a_change_to_a_plan_in_another_currency_is_refused(try_to_bill: Bill) -> None:
    month = try_to_bill(
        account_plans=[{"account_id": "A", "plan_id": "canadian", "effective_from": "2020-02-01"}],
        calls=[call("c1")],
        rates={"plans": [plan("metered", "0"), {**plan("canadian", "0"), "currency": "CAD"}]},
    )
    assert month.exit_code == 2
    assert "account_plans.csv, line 2, column plan_id" in month.message


def test_rule_9_4_the_missing_currency_and_the_country_are_named(try_to_bill: Bill) -> None:
    rates = {"international_rates": [international("44", "0.01", currency="CAD")]}
    month = try_to_bill(calls=[call("c1")], rates=rates)
    assert month.message.splitlines() == [
        "tollbook: small/international_rates.csv, column currency: has no row in USD for accounts in US, but rows in "
        "other currencies ('USD'); add the USD rows in a new rate version"
    ]
    assert not (month.warehouse / "tollbook.duckdb").exists()


@pytest.mark.parametrize(
    ("inputs", "needed"),
    [
        ({"items": [item("i1", start_date="2020-01-15")]}, "'phone' on 2020-01-15 for item i1"),
        ({"items": [item("i2")]}, "'phone' on 2020-02-01 for item i2"),
        ({"one_time_charges": [one_time("o1")]}, "'number_change' on 2020-01-10 for one-time charge o1"),
        (
            {"equipment_returns": [returned("r1", shipped_on="2019-12-01", received_on="2020-01-12")]},
            "'rma_late_return' on 2020-01-12 for late return r1",
        ),
    ],
)
def test_rule_9_4_a_price_not_in_force_on_the_day_is_named_with_what_needs_it(
    inputs: dict[str, list[Row]], needed: str, try_to_bill: Bill
) -> None:
    """Every price ended with 2019."""
    charges = [
        charge("phone", "24.95", effective_to="2020-01-01"),
        charge("number_change", "15.00", "one_time", effective_to="2020-01-01"),
        charge("rma_late_return", "6.00", "one_time", effective_to="2020-01-01"),
    ]
    month = try_to_bill(**inputs, rates={"charges": charges})
    code, _, rest = needed.partition(" on ")
    day, _, what = rest.partition(" for ")
    assert month.exit_code == 2
    assert (
        f"small/charges.csv, column price: has no price in USD in force on {day} for {what} of account A "
        f"(plan metered) ({code}); add the row to a new rate version, or mend the contract"
    ) in month.message
    assert not (month.warehouse / "tollbook.duckdb").exists()


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ({"effective_to": "2020-01-10"}, "2020-01-10"),  # over when the call begins
        ({"effective_from": "2020-01-02"}, "2020-01-10"),  # no minutes on the 1st of the usage month
    ],
)
@pytest.mark.parametrize("destination", ["+12125550199", "+442071234567", "2001"])
def test_rule_9_4_a_plan_without_a_row_in_force_that_a_call_needs_is_named(
    dates: dict[str, str], day: str, destination: str, try_to_bill: Bill
) -> None:
    """A call abroad needs the plan's included countries at its start, and none of its minutes."""
    month = try_to_bill(calls=[call("c1", destination)], rates={"plans": [plan("metered", "0", **dates)]})
    if "effective_from" in dates and destination.startswith("+44"):
        assert month.exit_code == 0
        return
    assert month.exit_code == 2
    assert month.message.splitlines() == [
        f"tollbook: small/plans.csv, column effective_from: has no row of the plan in force on {day}, when account A "
        "calls ('metered'); add the row to a new rate version"
    ]
    assert not (month.warehouse / "tollbook.duckdb").exists()
