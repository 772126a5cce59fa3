"""What is out of the pattern of the months before: histories by hand, each threshold met and missed by the least."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest

from transforms.anomalies import (
    AMOUNT_SCHEMA,
    ANOMALY_SCHEMA,
    DESTINATION_SCHEMA,
    Anomaly,
    Thresholds,
    account_findings,
    anomaly_rows,
    category_findings,
    dear_destinations,
    destination_totals,
    new_destinations,
)

JANUARY, FEBRUARY, MARCH, APRIL = (dt.date(2020, month, 1) for month in (1, 2, 3, 4))
Amount = tuple[dt.date, str, str, str, int, int]


def amounts(*rows: Amount) -> pl.DataFrame:
    """Invoiced amounts: month, account, currency, category, cents, and 10⁻⁴ minutes."""
    return pl.DataFrame(rows, schema=AMOUNT_SCHEMA, orient="row")


def total(month: dt.date, cents: int, account: str = "A") -> Amount:
    """One line of service in USD."""
    return (month, account, "USD", "service_charge", cents, 0)


def minutes(month: dt.date, units: int) -> Amount:
    """Plan minutes of account A, which cost nothing."""
    return (month, "A", "USD", "included_minutes", 0, units)


def of_accounts(now: list[Amount], past: list[Amount], thresholds: Thresholds | None = None) -> list[Anomaly]:
    """Findings of April's accounts."""
    return account_findings(amounts(*now), amounts(*past), thresholds or Thresholds(), MARCH)


def of_categories(now: list[Amount], past: list[Amount], thresholds: Thresholds | None = None) -> list[Anomaly]:
    """Findings of April's categories."""
    return category_findings(amounts(*now), amounts(*past), thresholds or Thresholds(), MARCH)


THREE_MONTHS = [total(JANUARY, 100_00), total(FEBRUARY, 200_00), total(MARCH, 300_00)]  # 200.00 on average


@pytest.mark.parametrize(
    ("cents", "is_found"), [(599_99, False), (600_00, True), (66_67, False), (66_66, True), (200_00, False)]
)
def test_a_total_of_three_times_the_mean_of_three_months_or_a_third_of_it_is_a_finding(
    cents: int, is_found: bool
) -> None:
    assert bool(of_accounts([total(APRIL, cents)], THREE_MONTHS)) == is_found


@pytest.mark.parametrize(("cents", "is_found"), [(100_01, False), (100_00, True)])
def test_a_total_of_exactly_a_third_is_a_finding(cents: int, is_found: bool) -> None:
    assert bool(of_accounts([total(APRIL, cents)], [total(MARCH, 300_00)])) == is_found


def test_the_finding_says_value_usual_ratio_and_threshold_exactly() -> None:
    (found,) = of_accounts([total(APRIL, 700_00)], THREE_MONTHS)
    assert found == Anomaly(
        account_id="A",
        check_name="account_total",
        subject="A",
        value=Decimal("700.00"),
        usual=Decimal("200.0000000000"),
        ratio=Decimal("3.5000"),
        threshold=Decimal("3.0000"),
        unit="USD",
        message="700.00 USD invoiced; 200.00 on average of 3 months before: 3.50 times the usual",
    )


def test_a_fall_has_the_ratio_that_it_fell_below_as_its_threshold() -> None:
    (found,) = of_accounts([total(APRIL, 50_00)], THREE_MONTHS)
    assert (found.ratio, found.threshold) == (Decimal("0.2500"), Decimal("0.3333"))
    assert found.message == "50.00 USD invoiced; 200.00 on average of 3 months before: 25.00 % of the usual"


def test_a_mean_that_is_no_whole_cent_is_compared_exactly() -> None:
    past = [total(JANUARY, 100_00), total(FEBRUARY, 100_00), total(MARCH, 100_01)]  # 300.01 / 3 = 100.00333…
    assert of_accounts([total(APRIL, 300_00)], past) == []
    (found,) = of_accounts([total(APRIL, 300_01)], past)
    assert (found.usual, found.ratio) == (Decimal("100.0033333333"), Decimal("3.0000"))


@pytest.mark.parametrize(("cents", "is_found"), [(129_99, False), (130_00, True)])
def test_a_total_must_differ_by_the_minimum_however_many_times_it_is(cents: int, is_found: bool) -> None:
    assert bool(of_accounts([total(APRIL, cents)], [total(MARCH, 30_00)])) == is_found


def test_an_account_is_compared_with_the_months_that_it_was_invoiced_in() -> None:
    past = [total(JANUARY, 900_00, "B"), total(FEBRUARY, 900_00, "B"), total(MARCH, 900_00, "B"), total(MARCH, 200_00)]
    (found,) = of_accounts([total(APRIL, 600_00), total(APRIL, 900_00, "B")], past)
    assert (found.account_id, found.usual) == ("A", Decimal("200.0000000000"))


def test_a_new_account_has_no_usual_total() -> None:
    assert of_accounts([total(APRIL, 9_000_00, "NEW"), total(APRIL, 200_00)], THREE_MONTHS) == []


def test_an_account_that_is_gone_is_a_finding_once() -> None:
    assert [found.value for found in of_accounts([], THREE_MONTHS)] == [Decimal(0)]
    assert of_accounts([], THREE_MONTHS[:2]) == []


@pytest.mark.parametrize(("cents", "is_found"), [(99_99, False), (100_00, True), (-99_99, False), (-100_00, True)])
def test_where_nothing_is_usual_the_minimum_alone_decides(cents: int, is_found: bool) -> None:
    found = of_accounts([total(APRIL, cents)], [total(MARCH, 0)])
    assert [(one.ratio, one.usual) for one in found] == [(None, Decimal("0E-10"))] * is_found


def test_all_lines_of_an_account_are_its_total_credits_too() -> None:
    lines = [total(APRIL, 800_00), (APRIL, "A", "USD", "credits", -201_00, 0)]
    assert of_accounts(lines, THREE_MONTHS) == []


@pytest.mark.parametrize(("units", "is_found"), [(8_999_999, False), (9_000_000, True)])
def test_minutes_of_three_times_the_usual_are_a_finding_whatever_they_cost(units: int, is_found: bool) -> None:
    past = [minutes(MARCH, 3_000_000)]  # 300.0000 minutes; 900 are three times as many, and 600 more
    found = of_accounts([minutes(APRIL, units)], past)
    assert [(one.check_name, one.unit, one.value) for one in found] == [("minutes", "minutes", Decimal(900))] * is_found


def test_minutes_must_differ_by_their_minimum() -> None:
    past, now = [minutes(MARCH, 2_999_999)], [minutes(APRIL, 8_999_998)]  # 599.9999 minutes more
    assert of_accounts(now, past) == []
    assert len(of_accounts(now, past, Thresholds(minutes_minimum=Decimal("599.9999")))) == 1


def category(month: dt.date, cents: int, account: str = "A", currency: str = "USD") -> Amount:
    """An amount of international calls."""
    return (month, account, currency, "international", cents, 0)


@pytest.mark.parametrize(("cents", "is_found"), [(1_199_99, False), (1_200_00, True)])
def test_a_category_is_the_sum_of_all_accounts_beside_the_mean_of_its_months(cents: int, is_found: bool) -> None:
    past = [category(month, 400_00, account) for month in (JANUARY, FEBRUARY, MARCH) for account in ("A", "B")]
    past = [*past[:-1], category(MARCH, 200_00, "B")]  # 800, 800 and 600: 733.33… on average
    thresholds = Thresholds(category_total=Decimal("1.6363"), category_total_minimum=Decimal("466.66"))
    now = [category(APRIL, cents - 100_00), category(APRIL, 100_00, "B")]  # 1,200 is 1.63636… times as much
    assert bool(of_categories(now, past, thresholds)) == is_found


def test_a_category_is_found_at_twice_the_usual_and_500_more_unless_told_otherwise() -> None:
    past = [category(MARCH, 500_00)]
    assert of_categories([category(APRIL, 999_99)], past) == []
    (found,) = of_categories([category(APRIL, 1_000_00)], past)
    assert (found.account_id, found.check_name, found.subject) == (None, "category_total", "international")
    assert found.message == (
        "1,000.00 USD of international on all invoices; 500.00 in the month before: 2.00 times the usual"
    )


def test_a_category_without_a_line_was_0_in_that_month() -> None:
    past = [total(JANUARY, 1), total(FEBRUARY, 1), total(MARCH, 1), category(MARCH, 900_00)]  # 300.00 on average
    (found,) = of_categories([total(APRIL, 1), category(APRIL, 800_00)], past)
    assert (found.usual, found.value) == (Decimal("300.0000000000"), Decimal("800.00"))


def test_a_category_that_was_never_there_is_a_finding_without_a_ratio() -> None:
    (found,) = of_categories([total(APRIL, 1), category(APRIL, 500_00)], [total(MARCH, 1)])
    assert (found.usual, found.ratio) == (Decimal("0E-10"), None)
    assert found.message == "500.00 USD of international on all invoices; 0.00 in the month before"


def test_currencies_are_never_added() -> None:
    past = [category(MARCH, 600_00), category(MARCH, 600_00, "C", "CAD")]
    assert of_categories([category(APRIL, 1_100_00), category(APRIL, 600_00, "C", "CAD")], past) == []


def test_a_currency_without_a_month_before_is_not_compared() -> None:
    assert of_categories([category(APRIL, 9_000_00, "C", "CAD"), total(APRIL, 1)], [total(MARCH, 1)]) == []


Called = tuple[str, str, str]


def sums(*rows: tuple[str, str, str, int, int, int]) -> pl.DataFrame:
    """Calls summed: account, destination, prefix, calls, whole units and micros."""
    return pl.DataFrame(rows, schema=DESTINATION_SCHEMA, orient="row")


def never_called(totals: pl.DataFrame, *called: Called, threshold: str = "100") -> list[Anomaly]:
    """Dear destinations that were not called before."""
    before = pl.DataFrame(
        called, schema=dict.fromkeys(("account_id", "destination", "rate_prefix"), pl.String), orient="row"
    )
    currencies = pl.DataFrame({"account_id": ["A", "B"], "currency": ["USD", "CAD"]})
    dear = dear_destinations(totals, Decimal(threshold))
    return new_destinations(dear, before, currencies, Decimal(threshold), 2)


@pytest.mark.parametrize(("whole", "micros", "is_found"), [(99, 999_999, False), (100, 0, True)])
def test_a_destination_never_called_before_is_a_finding_from_its_cost_on(
    whole: int, micros: int, is_found: bool
) -> None:
    assert bool(never_called(sums(("A", "Cuba", "53", 14, whole, micros)))) == is_found


def test_the_finding_says_what_was_called_how_often_and_for_how_much() -> None:
    (found,) = never_called(sums(("B", "Cuba", "53", 13, 250, 0), ("B", "Cuba", "535", 1, 162, 500_000)))
    message = "412.50 CAD for 14 calls to Cuba, which it did not call in the 2 months before"
    threshold = Decimal(100)
    assert found == Anomaly("B", "new_destination", "Cuba", Decimal("412.5"), None, None, threshold, "CAD", message)


def test_what_another_account_called_is_new_to_this_one() -> None:
    assert len(never_called(sums(("A", "Cuba", "53", 1, 200, 0)), ("B", "Cuba", "53"))) == 1


def test_a_destination_that_was_called_before_is_none_however_dear() -> None:
    assert never_called(sums(("A", "Cuba", "53", 1, 9_000, 0)), ("A", "Cuba", "5")) == []


def test_a_destination_that_was_only_renamed_is_none() -> None:
    assert never_called(sums(("A", "Cuba mobile", "53", 1, 9_000, 0)), ("A", "Cuba", "53")) == []


def test_prefixes_of_a_destination_are_dear_together() -> None:
    assert len(never_called(sums(("A", "Cuba", "53", 1, 60, 0), ("A", "Cuba", "535", 1, 40, 0)))) == 1


def test_calls_are_summed_by_destination_and_prefix_and_those_without_one_are_left_out() -> None:
    rows = [("A", "Cuba", "53", 1_999_999), ("A", "Cuba", "53", 1), ("A", None, None, 5)]
    billed = pl.DataFrame(
        rows,
        schema={"account_id": pl.String, "destination": pl.String, "rate_prefix": pl.String, "cost_micros": pl.Int64},
        orient="row",
    )
    assert destination_totals(billed).rows() == [("A", "Cuba", "53", 2, 1, 1_000_000)]


def test_findings_stand_by_check_account_subject_and_unit() -> None:
    past = [*THREE_MONTHS, category(MARCH, 600_00), minutes(MARCH, 0)]
    now = [total(APRIL, 900_00), category(APRIL, 1_300_00), minutes(APRIL, 9_000_000)]
    found = [*of_categories(now, past), *of_accounts(now, past)]
    rows = anomaly_rows(found, APRIL, "run")
    assert rows.select("invoice_month", "run_id", "check_name", "account_id", "subject").rows() == [
        (APRIL, "run", "account_total", "A", "A"),
        (APRIL, "run", "category_total", None, "international"),
        (APRIL, "run", "category_total", None, "service_charge"),
        (APRIL, "run", "minutes", "A", "A"),
    ]


def test_a_month_without_findings_has_the_table_all_the_same() -> None:
    rows = anomaly_rows([], APRIL, "run")
    assert rows.is_empty()
    assert dict(rows.schema) == {
        "invoice_month": pl.Date(),
        "run_id": pl.String(),
        **{name: dtype if isinstance(dtype, pl.Decimal) else dtype() for name, dtype in ANOMALY_SCHEMA.items()},
    }
