"""Chapter 4 of the billing rules: the low-usage discount, and which day decides a price."""

from __future__ import annotations

import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, one_time
from tests.rules.small_rates import charge, fee, international, plan, tax


@pytest.fixture(scope="module")
def low_usage(bill_once: Bill) -> SmallMonth:
    """The low-usage discount of the plan is 12.5 %: a phone of 24.95 costs 21.83125."""
    flagged = {"low_usage": "true"}
    return bill_once(
        accounts=[
            account("TWENTY", low_usage_allowed="20"),
            account("NINETEEN", low_usage_allowed="19"),
            account("SPLIT", low_usage_allowed="3"),
            account("ATAS", low_usage_allowed="5"),
            account("OTHERS", low_usage_allowed="1"),
            account("PART", low_usage_allowed="1"),
            account("NONE-OFF", plan_id="no-discount", low_usage_allowed="1"),
        ],
        items=[
            item("i1", account_id="TWENTY", quantity=20, **flagged),
            item("i1", account_id="NINETEEN", quantity=19, **flagged),
            item("i2", account_id="NINETEEN", quantity=1, start_date="2020-02-02"),
            item("i10", account_id="SPLIT", quantity=2, **flagged),
            item("i2", account_id="SPLIT", quantity=2, **flagged),
            item("i3", account_id="SPLIT", quantity=16),
            item("i1", "ata", account_id="ATAS", quantity=20, **flagged),
            item("a1", "seat", account_id="OTHERS", **flagged),
            item("a2", account_id="OTHERS", cancel_requested_on="2019-12-01", **flagged),
            item("a3", account_id="OTHERS", quantity=20),
            item("a4", account_id="OTHERS", **flagged),
            item("p1", account_id="PART", start_date="2020-01-15", **flagged),
            item("p2", account_id="PART", quantity=19),
            item("n1", account_id="NONE-OFF", quantity=20, **flagged),
        ],
        rates={
            "plans": [plan("metered", "0", low_usage_discount_percent="12.5"), plan("no-discount", "0")],
        },
    )


def test_rule_4_2_20_phones_may_have_the_discount_and_its_price_is_not_rounded_before_it_is_multiplied(
    low_usage: SmallMonth,
) -> None:
    """20 × 21.83125 = 436.625 → 436.63; from a rounded price it would be 436.60."""
    assert low_usage.lines("quantity, unit_price, exact_amount, amount", "TWENTY") == [
        ("20.0000", "21.831250", "436.625000", "436.63")
    ]


def test_rule_4_2_with_19_phones_the_full_price_applies_and_a_warning_is_recorded(
    low_usage: SmallMonth,
) -> None:
    assert low_usage.lines("quantity, unit_price", "NINETEEN") == [("19.0000", "24.950000")]
    assert ("NINETEEN",) in low_usage.rows("select account_id from warnings where kind = 'low_usage_not_allowed'")


def test_rule_4_2_above_the_allowed_number_an_item_is_split_in_order_of_item_id(
    low_usage: SmallMonth,
) -> None:
    """i10 stands before i2: 2 units of i10 and 1 of i2 have the discount, 17 have not."""
    assert low_usage.lines("quantity, unit_price", "SPLIT") == [
        ("17.0000", "24.950000"),
        ("3.0000", "21.831250"),
    ]
    assert ("SPLIT", "1 units at the full price") in low_usage.rows(
        "select account_id, detail from warnings where kind = 'low_usage_not_allowed'"
    )


def test_rule_4_2_only_charges_that_are_phones_count_as_phones(low_usage: SmallMonth) -> None:
    assert low_usage.lines("quantity, unit_price", "ATAS") == [("20.0000", "10.000000")]


def test_rule_4_2_items_of_other_categories_or_without_a_line_take_nothing_from_the_allowance(
    low_usage: SmallMonth,
) -> None:
    assert low_usage.lines("charge_code, quantity, unit_price", "OTHERS") == [
        ("phone", "20.0000", "24.950000"),
        ("phone", "1.0000", "21.831250"),
        ("seat", "1.0000", "60.000000"),
    ]
    assert low_usage.rows("select * from warnings where account_id = 'OTHERS' and kind like 'low%'") == []


def test_rule_4_2_prorated_lines_follow(low_usage: SmallMonth) -> None:
    """21.83125 × 16/31 = 11.2677… → 11.27."""
    assert low_usage.lines("unit_price, amount", "PART", "category = 'prorated_charges'") == [("21.831250", "11.27")]


def test_rule_4_2_units_at_a_discount_of_0_percent_stand_in_the_line_of_the_others(
    low_usage: SmallMonth,
) -> None:
    assert low_usage.lines("quantity, unit_price", "NONE-OFF") == [("20.0000", "24.950000")]


@pytest.fixture(scope="module")
def dated_prices(bill_once: Bill) -> SmallMonth:
    """A month issued on 3 February 2020, in which every price changes on some day."""

    def until(day: str) -> dict[str, str]:
        return {"effective_to": day}

    def since(day: str) -> dict[str, str]:
        return {"effective_from": day}

    phone, change = {"is_phone": "true"}, "number_change"
    return bill_once(
        issue_date="2020-02-03",
        accounts=[
            account(plan_id="p"),
            account("FROM-16", plan_id="p", billing_start="2020-01-16"),
            account("CHANGES", plan_id="q"),
        ],
        account_plans=[
            {"account_id": "CHANGES", "plan_id": "p", "effective_from": "2020-01-01"},
            {"account_id": "CHANGES", "plan_id": "r", "effective_from": "2020-02-01"},
        ],
        items=[
            item("i1"),
            item("i2", start_date="2020-01-15"),
            item("i3", start_date="2020-01-20"),
            item("i4", account_id="CHANGES"),
            item("i5", account_id="CHANGES", start_date="2020-01-15"),
        ],
        one_time_charges=[
            one_time("o1", charge_date="2020-01-15"),
            one_time("o2", charge_date="2020-01-16"),
            one_time("o3", account_id="FROM-16", charge_date="2019-12-20"),
        ],
        calls=[
            call("c1", "+442071234567", start_time="2020-01-15T23:59:59.999999Z"),
            call("c2", "+442071234567", start_time="2020-01-16T00:00:00Z"),
            call("c3", "+14165550100", start_time="2020-01-15T12:00:00Z"),
            call("c4", "+14165550100", start_time="2020-01-17T12:00:00Z"),
            call("c5", seconds=900, start_time="2020-01-15T12:00:00Z"),
            call("c6", seconds=31, start_time="2020-01-17T12:00:00Z"),
            call("f1", account_id="FROM-16", seconds=1800, start_time="2020-01-17T12:00:00Z"),
        ],
        rates={
            "charges": [
                charge("phone", "20.00", **phone, **until("2020-01-16")),
                charge("phone", "24.95", **phone, **since("2020-01-16"), **until("2020-02-01")),
                charge("phone", "30.00", **phone, **since("2020-02-01")),
                charge("phone", "1.00", plan_id="r", **phone),
                charge(change, "15.00", "one_time", **until("2020-01-16")),
                charge(change, "18.00", "one_time", **since("2020-01-16")),
            ],
            "plans": [
                plan("p", "10", included_countries="CA", **until("2020-01-16")),
                plan(
                    "p",
                    "20",
                    overage_rate="0.03",
                    minimum_seconds="30",
                    increment_seconds="6",
                    rounding="up",
                    **since("2020-01-16"),
                ),
                plan("q", "0"),
                plan("r", "0"),
            ],
            "international_rates": [
                international("44", "0.01", **until("2020-01-16")),
                international("44", "0.02", **since("2020-01-16")),
                international("1416", "0.50"),
            ],
            "fees": [
                fee("rrf", "flat", "1.00", **until("2020-02-03")),
                fee("rrf", "flat", "2.00", **since("2020-02-03")),
            ],
            "taxes": [tax("state", "10", **until("2020-02-03")), tax("state", "0", **since("2020-02-03"))],
            "usf_factors": [
                {"country": "US", "quarter": "2019Q4", "factor_percent": "25"},
                {"country": "US", "quarter": "2020Q1", "factor_percent": "20"},
            ],
            "usf_shares": [
                {"country": "US", "category": "one_time", "interstate_share_percent": "0"}
                | {"effective_to": "2020-02-03"},
                {"country": "US", "category": "one_time", "interstate_share_percent": "100"}
                | {"effective_from": "2020-02-03"},
            ],
        },
    )


def test_rule_4_4_a_full_month_costs_the_price_of_the_1st_of_the_month(dated_prices: SmallMonth) -> None:
    assert dated_prices.lines("quantity, unit_price", where="category = 'service_charge'") == [("3.0000", "30.000000")]


def test_rule_4_4_a_prorated_line_costs_the_price_of_the_items_start(dated_prices: SmallMonth) -> None:
    assert dated_prices.lines("period_start, unit_price", where="category = 'prorated_charges'") == [
        ("2020-01-16", "20.000000"),
        ("2020-01-21", "24.950000"),
    ]


def test_rule_4_4_one_time_charges_have_the_price_and_period_of_their_date_or_the_billing_start(
    dated_prices: SmallMonth,
) -> None:
    columns, only = "period_start, period_end, amount", "category = 'one_time'"
    assert dated_prices.lines(columns, where=only) == [
        ("2020-01-15", "2020-01-16", "15.00"),
        ("2020-01-16", "2020-01-17", "18.00"),
    ]
    assert dated_prices.lines(columns, "FROM-16", only) == [("2020-01-16", "2020-01-17", "18.00")]


def test_rule_4_4_the_pool_is_that_of_the_1st_of_the_usage_month_or_the_billing_start(
    dated_prices: SmallMonth,
) -> None:
    """A has 10 minutes, those of 1 January; FROM-16 has 20, those of 16 January."""
    pools = "select account_id, sum(included_seconds)::int from billed_calls group by 1 order by 1"
    assert dated_prices.rows(pools) == [("A", 600), ("FROM-16", 1200)]


def test_rule_4_4_call_rates_are_those_of_the_calls_start(dated_prices: SmallMonth) -> None:
    assert dated_prices.billed("call_id, cost", "destination = 'to 44'") == [
        ("c1", "0.010000"),
        ("c2", "0.020000"),
    ]


def test_rule_4_4_included_countries_are_those_of_the_calls_start(dated_prices: SmallMonth) -> None:
    assert dated_prices.outcome("c3") == "included"
    assert dated_prices.outcome("c4") == "international"


def test_rule_4_4_plan_increments_and_overage_price_are_those_of_the_calls_start(
    dated_prices: SmallMonth,
) -> None:
    """900 s to the nearest minute at 0.02; 31 s on 30/6 are 36 s at 0.03."""
    columns = "call_id, billable_seconds, rate_per_minute"
    assert dated_prices.billed(columns, "call_id in ('c5', 'c6')") == [
        ("c5", 900, "0.020000"),
        ("c6", 36, "0.030000"),
    ]


def test_rule_4_4_fees_shares_and_taxes_are_those_of_the_issue_date_and_the_usf_factor_of_the_quarter(
    dated_prices: SmallMonth,
) -> None:
    """USF: 15.00 + 18.00 one-time, whole, at 20 %."""
    assert dated_prices.lines("category, amount", where="category in ('rrf', 'usf', 'tax')") == [
        ("rrf", "2.00"),
        ("usf", "6.60"),
    ]


def test_rule_4_4_the_plan_is_found_by_the_same_dates(dated_prices: SmallMonth) -> None:
    """CHANGES has plan r from 1 February: the full month costs its price, the part of January that of p."""
    assert dated_prices.lines("category, unit_price", "CHANGES", "category <> 'rrf'") == [
        ("service_charge", "1.000000"),
        ("prorated_charges", "20.000000"),
    ]


@pytest.fixture(scope="module")
def discounted_first(bill_once: Bill) -> SmallMonth:
    """One flagged unit may be cheaper; i2 stands before i10 in the file, and after it by code points."""
    flagged = {"low_usage": "true"}
    return bill_once(
        accounts=[account(low_usage_allowed="1")],
        items=[
            item("i2", **flagged, billing_group="second"),
            item("i10", **flagged, billing_group="tenth"),
            item("i3", quantity=18),
        ],
        rates={"plans": [plan("metered", "0", low_usage_discount_percent="12.5")]},
    )


def test_rule_4_2_the_discount_goes_to_items_in_order_of_item_id_by_code_points(discounted_first: SmallMonth) -> None:
    assert discounted_first.lines("billing_group, unit_price") == [
        ("second", "24.950000"),
        ("tenth", "21.831250"),
        (None, "24.950000"),
    ]


def test_rule_4_4_a_one_time_charge_costs_what_the_plan_of_its_date_says_not_that_of_a_day_before(
    bill_whole: Bill,
) -> None:
    """Charged on 31 December, due from 1 January on, when billing begins: under plan p, not metered."""
    month = bill_whole(
        accounts=[account(billing_start="2020-01-01")],
        account_plans=[{"account_id": "A", "plan_id": "p", "effective_from": "2020-01-01"}],
        one_time_charges=[one_time("o1", charge_date="2019-12-31")],
        rates={
            "plans": [plan("metered", "0"), plan("p", "0")],
            "charges": [
                charge("number_change", "15.00", "one_time"),
                charge("number_change", "12.00", "one_time", plan_id="p"),
            ],
        },
    )
    assert month.lines("period_start, amount") == [("2020-01-01", "12.00")]


def test_rule_4_1_a_unit_price_is_shown_rounded_half_up_and_not_multiplied_so(bill_whole: Bill) -> None:
    """24.950001 at 50 % is 12.4750005; 20 of it are 249.50001."""
    month = bill_whole(
        accounts=[account(low_usage_allowed="20")],
        items=[item("i1", quantity=20, low_usage="true")],
        rates={
            "plans": [plan("metered", "0", low_usage_discount_percent="50")],
            "charges": [charge("phone", "24.950001", is_phone="true")],
        },
    )
    assert month.lines("unit_price, exact_amount, amount") == [("12.475001", "249.500010", "249.50")]
