"""The oracle against the literal examples of the billing rules: who checks the checker."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tests.oracle.contracts import Account, Thing
from tests.oracle.dialling import normalised
from tests.oracle.exact import exact, rounded_half_up
from tests.oracle.fees import tax_lines, usf_lines
from tests.oracle.lines import Line, Period
from tests.oracle.months import end_of_notice, months_later, prorated_days, quarter_of
from tests.oracle.one_time import return_lines
from tests.oracle.rating import billable_seconds, cost_of, draw_from_pool
from tests.oracle.recurring import recurring_lines
from tests.oracle.screening import utc_time
from tests.oracle.tables import PrefixTable, Tables, dated

POLICY = {"start_day_billed": "false", "low_usage_minimum_phones": "20", "restocking_percent": "25"}
POLICY_ROWS = [{"setting": name, "value": value} for name, value in POLICY.items()]
POLICY_ROWS.append({"setting": "return_window_days", "value": "30"})
PLAN = {
    "plan_id": "p",
    "currency": "USD",
    "included_minutes": "60",
    "included_per": "account",
    "included_countries": "",
    "overage_rate": "0.02",
    "minimum_seconds": "",
    "increment_seconds": "",
    "rounding": "",
    "low_usage_discount_percent": "50",
}


def tables(**rows: list[dict[str, Any]]) -> Tables:
    every: dict[str, list[dict[str, Any]]] = {"policy": POLICY_ROWS, "plans": [PLAN], "charges": [], **rows}
    copies = {name: [dated(dict(row)) for row in listed] for name, listed in every.items()}
    empty = PrefixTable({})
    return Tables("test", copies, empty, empty, empty, empty, {})


def account(**cells: str) -> Account:
    row = {"plan_id": "p", "low_usage_allowed": "", "tax_exempt_from": "", "tax_exempt_until": "", **cells}
    return Account(row, "A", "US", "TX", "USD", date(2019, 1, 1), None, [])


def charge(code: str, price: str, category: str = "service_charge", is_phone: str = "") -> dict[str, str]:
    return {
        "plan_id": "*",
        "currency": "USD",
        "charge_code": code,
        "category": category,
        "price": price,
        "is_phone": is_phone,
    }


def thing(item_id: str, code: str, quantity: int, start: date, low_usage: bool = False) -> Thing:
    return Thing(item_id, code, quantity, start, None, low_usage, "", is_item=True)


def amount_line(category: str, amount: str) -> Line:
    period = Period(date(2020, 2, 1), date(2020, 3, 1))
    return Line(category, category, period, Fraction(1), "each", None, exact(amount), category)


@pytest.mark.parametrize(
    ("seconds", "nearest_60", "up_30_6", "up_60_60", "up_30_60", "up_1_1"),
    [
        (0, 0, 0, 0, 0, 0),
        (1, 0, 30, 60, 30, 1),
        (29, 0, 30, 60, 30, 29),
        (30, 60, 30, 60, 30, 30),
        (31, 60, 36, 60, 90, 31),
        (45, 60, 48, 60, 90, 45),
        (89, 60, 90, 120, 90, 89),
        (90, 120, 90, 120, 90, 90),
    ],
)
def test_rule_6_3_the_table_of_increments(
    seconds: int, nearest_60: int, up_30_6: int, up_60_60: int, up_30_60: int, up_1_1: int
) -> None:
    assert billable_seconds(seconds, 0, 60, "nearest") == nearest_60
    assert billable_seconds(seconds, 30, 6, "up") == up_30_6
    assert billable_seconds(seconds, 60, 60, "up") == up_60_60
    assert billable_seconds(seconds, 30, 60, "up") == up_30_60
    assert billable_seconds(seconds, 1, 1, "up") == up_1_1


def test_rule_6_4_a_cost_is_rounded_once_to_micros() -> None:
    assert billable_seconds(33, 30, 6, "up") == 36
    assert cost_of("0.0185", 36) == Decimal("0.011100")
    assert cost_of("0.01", 1) == Decimal("0.000167")
    assert cost_of("0.01", 0, "0.05") == Decimal("0.050000")


def test_rule_7_4_the_call_that_ends_the_pool_is_split() -> None:
    calls = [
        {
            "start_time": datetime(2020, 1, day, tzinfo=UTC),
            "call_id": str(day),
            "source": "canonical",
            "duration_seconds": minutes * 60,
        }
        for day, minutes in ((3, 10), (1, 40), (2, 15))
    ]
    drawn = draw_from_pool(calls, account(), tables(), pool=60 * 60)
    assert [call["included_seconds"] for call in drawn] == [2400, 900, 300]
    assert [call["call_type"] for call in drawn] == ["included", "included", "overage"]
    assert [call["cost"] for call in drawn] == [Decimal(0), Decimal(0), Decimal("0.10")]


def test_rule_3_1_proration_counts_the_days_after_the_start() -> None:
    assert prorated_days(date(2020, 7, 15), start_day_billed=False) == 16
    assert prorated_days(date(2020, 6, 15), start_day_billed=False) == 15
    assert prorated_days(date(2020, 7, 31), start_day_billed=False) == 0


def test_rule_3_4_with_the_start_day_it_is_one_more() -> None:
    assert prorated_days(date(2020, 7, 15), start_day_billed=True) == 17
    assert prorated_days(date(2020, 7, 31), start_day_billed=True) == 1


def test_rule_3_3_the_next_invoice_has_the_share_and_the_full_month() -> None:
    customer = account()
    customer.things = [thing("i", "phone", 1, date(2020, 7, 15))]
    lines, _ = recurring_lines(customer, tables(charges=[charge("phone", "24.95")]), date(2020, 8, 1))
    shown = {line.category: line for line in lines if line.quantity}
    assert shown["prorated_charges"].amount == exact("12.88")
    assert shown["prorated_charges"].period == Period(date(2020, 7, 16), date(2020, 8, 1))
    assert shown["service_charge"].amount == exact("24.95")


@pytest.mark.parametrize(("requested", "ends"), [(21, date(2020, 7, 31)), (22, date(2020, 8, 31))])
def test_rule_2_3_ten_days_of_notice(requested: int, ends: date) -> None:
    assert end_of_notice(date(2020, 7, requested), 10) == ends


def test_rule_2_1_a_free_month_from_the_31st_ends_with_february() -> None:
    assert months_later(date(2020, 1, 31), 1) == date(2020, 2, 29)


@pytest.mark.parametrize(("phones", "discounted", "refused"), [(19, 0, 3), (20, 2, 1)])
def test_rule_4_2_low_usage_needs_twenty_phones(phones: int, discounted: int, refused: int) -> None:
    customer = account(low_usage_allowed="2")
    customer.things = [
        thing("a", "phone", phones - 3, date(2019, 1, 1)),
        thing("b", "phone", 3, date(2019, 1, 1), low_usage=True),
    ]
    prices = tables(charges=[charge("phone", "10.01", is_phone="true")])
    lines, units_refused = recurring_lines(customer, prices, date(2020, 2, 1))
    assert units_refused == refused
    assert sum(line.quantity for line in lines if line.unit_price == exact("5.005")) == discounted


def test_rule_8_2_the_universal_service_fee_is_rounded_down() -> None:
    share = {"country": "US", "category": "service_charge", "interstate_share_percent": "64.9"}
    factor = {"country": "US", "quarter": quarter_of(date(2020, 2, 1)), "factor_percent": "21.2"}
    lines = usf_lines(
        account(),
        tables(usf_factors=[factor], usf_shares=[share]),
        date(2020, 2, 1),
        date(2020, 2, 1),
        [amount_line("service_charge", "100.00")],
    )
    assert [(line.exact_amount, line.amount) for line in lines] == [(exact("13.7588"), exact("13.75"))]


def test_rule_9_1_tax_is_on_the_subtotal() -> None:
    row = {"country": "US", "region": "*", "tax": "state", "percent": "8.25"}
    two_lines = [amount_line("service_charge", "25.00"), amount_line("rentals", "25.00")]
    first = date(2020, 2, 1)
    assert [line.amount for line in tax_lines(account(), tables(taxes=[row]), first, first, two_lines)] == [
        exact("4.13")
    ]


def test_rule_9_2_the_last_exempt_day_is_exempt() -> None:
    row = {"country": "US", "region": "*", "tax": "state", "percent": "8.25"}
    exempt = account(tax_exempt_from="2019-01-01", tax_exempt_until="2020-02-01")
    first, second = date(2020, 2, 1), date(2020, 2, 2)
    lines = [amount_line("rentals", "25.00")]
    assert tax_lines(exempt, tables(taxes=[row]), first, first, lines) == []
    assert len(tax_lines(exempt, tables(taxes=[row]), first, second, lines)) == 1


@pytest.mark.parametrize(("received", "lines"), [("2020-01-31", ["-75.00"]), ("2020-02-01", ["-75.00", "6.00"])])
def test_rule_10_2_returned_on_day_30_and_31(received: str, lines: list[str]) -> None:
    customer = account()
    customer.equipment_returns = [
        {
            "rma_id": "r",
            "price": "100.00",
            "shipped_on": "2020-01-01",
            "received_on": received,
            "verified_on": "2020-02-05",
            "provisioning_fee": "0",
            "missing_parts_fee": "",
        }
    ]
    prices = tables(charges=[charge("rma_late_return", "6.00", "one_time")])
    made = return_lines(customer, prices, date(2020, 3, 1))
    assert [line.amount for line in made] == [exact(amount) for amount in lines]


BRAZIL = {
    "calling_code": "55",
    "international_prefix": "00",
    "national_prefix": "0",
    "national_lengths": "10;11",
    "carrier_code_digits": "2",
    "emergency_numbers": "190",
    "short_codes": "102",
}
UNITED_STATES = {
    "calling_code": "1",
    "international_prefix": "011",
    "national_prefix": "1",
    "national_lengths": "10",
    "carrier_code_digits": "",
    "emergency_numbers": "911",
    "short_codes": "411",
}


@pytest.mark.parametrize(
    ("plan", "dialled", "kept"),
    [
        (UNITED_STATES, "(212) 555-0100", "+12125550100"),
        (UNITED_STATES, "1 212 555 0100", "+12125550100"),
        (UNITED_STATES, "011 44 20 7946 0000", "+442079460000"),
        (UNITED_STATES, "411", "+1411"),
        (UNITED_STATES, "911", "911"),
        (UNITED_STATES, "2001", "2001"),
        (UNITED_STATES, "*72", "*72"),
        (UNITED_STATES, "555 0100", None),
        (UNITED_STATES, "+0125550100", None),
        (BRAZIL, "0300 123 4567", "+553001234567"),
        (BRAZIL, "0 15 11 3333 4444", "+551133334444"),
        (BRAZIL, "00 21 1 212 555 0100", "+12125550100"),
        (BRAZIL, "11 98888 7777", "+5511988887777"),
    ],
)
def test_contract_2_numbers_by_the_account_s_country(plan: dict[str, str], dialled: str, kept: str | None) -> None:
    assert normalised(dialled, plan) == kept


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2020-01-31T23:30:00-05", datetime(2020, 2, 1, 4, 30, tzinfo=UTC)),
        ("2020-01-15 10:30:00.5+0530", datetime(2020, 1, 15, 5, 0, 0, 500000, tzinfo=UTC)),
        ("2020-01-15T10:30:00Z", datetime(2020, 1, 15, 10, 30, tzinfo=UTC)),
        ("2020-01-15T10:30:00", None),
        ("2020-02-30T10:30:00Z", None),
    ],
)
def test_contract_2_times_carry_their_offset(written: str, utc: datetime | None) -> None:
    assert utc_time(written) == utc


def test_half_up_is_away_from_zero() -> None:
    assert rounded_half_up(exact("-0.125"), 2) == Decimal("-0.13")
