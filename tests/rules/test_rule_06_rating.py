"""Chapter 6 of the billing rules: the rate row, billable seconds and the cost of one call."""

from __future__ import annotations

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, number
from tests.rules.small_rates import charge, international, plan, premium, toll_free
from transforms.charges import cost_micros
from transforms.increments import billable_seconds

TOLL_FREE = "+18005550100"


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
def test_rule_6_3_the_table_of_billable_seconds(
    seconds: int, nearest_60: int, up_30_6: int, up_60_60: int, up_30_60: int, up_1_1: int
) -> None:
    increments = pl.DataFrame(
        {
            "duration": [seconds] * 5,
            "minimum": [0, 30, 60, 30, 1],
            "increment": [60, 6, 60, 60, 1],
            "rounding": ["nearest", "up", "up", "up", "up"],
        }
    )
    names = ("duration", "minimum", "increment", "rounding")
    found = increments.select(billable_seconds(*(pl.col(name) for name in names))).to_series().to_list()
    assert found == [nearest_60, up_30_6, up_60_60, up_30_60, up_1_1]


@pytest.mark.parametrize(
    ("seconds", "minimum", "increment", "rounding", "billed"),
    [
        (10, 30, 60, "nearest", 30),
        (0, 30, 60, "nearest", 30),
        (45, 30, 60, "nearest", 60),
        (2, 0, 6, "nearest", 0),
        (3, 0, 6, "nearest", 6),
        (7, 0, 6, "up", 12),
        (2_147_483_647, 0, 60, "nearest", 2_147_483_640),
        (2_147_483_647, 30, 6, "up", 2_147_483_652),
    ],
)
def test_rule_6_2_nearest_takes_the_minimum_too_and_up_adds_whole_increments_to_it(
    seconds: int, minimum: int, increment: int, rounding: str, billed: int
) -> None:
    calls = pl.DataFrame({"duration": [seconds]})
    found = calls.select(billable_seconds(pl.col("duration"), pl.lit(minimum), pl.lit(increment), pl.lit(rounding)))
    assert found.item() == billed


@pytest.mark.parametrize(
    ("fee", "rate", "seconds", "cost"),
    [
        (0, 18_500, 36, 11_100),
        (0, 10_000, 1, 167),
        (0, 1, 30, 1),
        (0, 1, 29, 0),
        (0, 3, 10, 1),
        (0, 10_000, 60, 10_000),
        (50_000, 10_000, 60, 60_000),
        (50_000, 10_000, 0, 50_000),
        (0, 9_999_999_999, 2_147_483_640, 357_913_939_964_208_606),
    ],
)
def test_rule_6_4_the_cost_is_rounded_once_half_up_to_6_decimals(fee: int, rate: int, seconds: int, cost: int) -> None:
    """In micros: 0.0185 for 36 s is 0.011100; 0.01 for 1 s is 0.000167; half a micro is one."""
    calls = pl.DataFrame({"fee": [fee], "rate": [rate], "seconds": [seconds]})
    assert calls.select(cost_micros(pl.col("fee"), pl.col("rate"), pl.col("seconds"))).item() == cost


@pytest.fixture(scope="module")
def rated(bill_once: Bill) -> SmallMonth:
    """Calls over nested and dated prefixes. The deck in CAD is another."""
    inbound = {"direction": "inbound"}
    change = "2020-01-16T12:00:00Z"
    return bill_once(
        accounts=[account(), account("CAN", country="CA", region="ON", plan_id="ca")],
        numbers=[number(TOLL_FREE, kind="toll_free"), number("+18335550100", kind="toll_free")],
        calls=[
            call("nested-44", "+442071234567"),
            call("nested-447", "+447712345678"),
            call("nested-4479", "+447900123456"),
            call("short", "+4479001"),
            call("cad", "+447900123456", account_id="CAN", source_number="+14165550100"),
            call("before", "+4930123456", start_time="2020-01-16T11:59:59.999999Z", seconds=120),
            call("after", "+4930123456", start_time="2020-01-16T12:00:00Z"),
            call("not-yet", "+4989123456", start_time="2020-01-10T00:00:00Z"),
            call("by-then", "+4989123456", start_time="2020-01-20T00:00:00Z"),
            call("from-us", TOLL_FREE, source_number="+12125550123", **inbound),
            call("from-pr", TOLL_FREE, source_number="+17872345678", **inbound),
            call("from-nobody", TOLL_FREE, source_number="", **inbound),
            call("from-extension", TOLL_FREE, source_number="1787", **inbound),
            call("example", "+5511912345678", 33),
            call("29", "+442071234567", 29),
            call("6-decimals", "+12425550100"),
            call("fee", "+81312345678", 20),
            call("one-second", "+33123456789", 1),
            call("premium", "+17875550123", 45),
        ],
        rates={
            "plans": [plan("metered", "0"), {**plan("ca", "0"), "currency": "CAD"}],
            "charges": [
                charge("did", "5.00", "phone_numbers"),
                charge("did", "5.00", "phone_numbers", currency="CAD"),
            ],
            "premium_prefixes": [
                premium("787555", "1787555", "0.35", minimum_seconds=60, increment_seconds=60, rounding="up"),
                premium("900", "1900", "2", currency="CAD", country="CA"),
            ],
            "toll_free_rates": [toll_free("", "0.019"), toll_free("1", "0.020"), toll_free("1787", "0.05")],
            "international_rates": [
                international("44790010", "9"),
                international("44", "0.01"),
                international("4479", "0.06"),
                international("447", "0.05"),
                international("447", "0.99", currency="CAD"),
                international("49", "0.01", effective_to=change),
                international("49", "0.02", effective_from=change),
                international("4989", "0.08", effective_from=change),
                international("55119", "0.0185", minimum_seconds=30, increment_seconds=6, rounding="up"),
                international("1242", "0.036485"),
                international("81", "0.01", connection_fee="0.05"),
                international("33", "0.01", minimum_seconds=1, increment_seconds=1, rounding="up"),
            ],
        },
    )


@pytest.mark.parametrize(
    ("call_id", "prefix", "rate"),
    [
        ("nested-44", "44", "0.010000"),
        ("nested-447", "447", "0.050000"),
        ("nested-4479", "4479", "0.060000"),
        ("short", "4479", "0.060000"),
        ("cad", "447", "0.990000"),
        ("from-us", "1", "0.020000"),
        ("from-pr", "1787", "0.050000"),
        ("from-nobody", "", "0.019000"),
        ("from-extension", "", "0.019000"),
        ("premium", "1787555", "0.350000"),
    ],
)
def test_rule_6_1_the_longest_prefix_of_the_right_table_and_currency_wins(
    call_id: str, prefix: str, rate: str, rated: SmallMonth
) -> None:
    columns = "rate_prefix, rate_per_minute"
    assert rated.billed(columns, f"call_id = '{call_id}'") == [(prefix, rate)]


def test_rule_6_1_a_number_shorter_than_a_prefix_does_not_match_it(rated: SmallMonth) -> None:
    """+4479001 is no number of 44790010, though padded with a zero it would be."""
    assert rated.billed("destination_number, rate_prefix", "call_id = 'short'") == [("+4479001", "4479")]


def test_rule_6_1_a_call_is_rated_whole_by_its_start_also_over_a_price_change(rated: SmallMonth) -> None:
    columns = "call_id, rate_per_minute, cost"
    assert rated.billed(columns, "call_id in ('before', 'after')") == [
        ("after", "0.020000", "0.020000"),
        ("before", "0.010000", "0.020000"),
    ]


def test_rule_6_1_a_longer_prefix_that_is_not_yet_in_force_leaves_the_shorter_one(rated: SmallMonth) -> None:
    columns = "call_id, rate_prefix, rate_per_minute"
    assert rated.billed(columns, "call_id in ('not-yet', 'by-then')") == [
        ("by-then", "4989", "0.080000"),
        ("not-yet", "49", "0.010000"),
    ]


def test_rule_6_3_a_call_under_30_seconds_is_free_to_the_nearest_minute(rated: SmallMonth) -> None:
    assert rated.billed(where="call_id = '29'") == [("international", 0, "0.000000")]


def test_rule_6_3_a_brazilian_mobile_is_rounded_up_in_6_seconds_from_30(rated: SmallMonth) -> None:
    """33 s are 36 s, at 0.0185 a minute 0.011100."""
    assert rated.billed(where="call_id = 'example'") == [("international", 36, "0.011100")]


def test_rule_6_4_1_second_at_0_01_costs_0_000167(rated: SmallMonth) -> None:
    assert rated.billed(where="call_id = 'one-second'") == [("international", 1, "0.000167")]


def test_rule_6_4_the_connection_fee_is_due_also_at_0_billable_seconds(rated: SmallMonth) -> None:
    columns = "billable_seconds, connection_fee, cost"
    assert rated.billed(columns, "call_id = 'fee'") == [(0, "0.050000", "0.050000")]


def test_rule_6_5_rates_of_7_decimals_are_refused_in_every_table(try_to_bill: Bill) -> None:
    month = try_to_bill(
        calls=[call("c1")],
        rates={
            "international_rates": [
                international("44", "0.0123456"),
                international("447", "0.01", connection_fee="0.0000001"),
                international("49", "0.012345"),
            ],
            "premium_prefixes": [premium("787555", "1787555", "0.1234567")],
            "toll_free_rates": [toll_free("", "0.0190001")],
            "plans": [plan("metered", "0", overage_rate="0.0200001")],
        },
    )
    assert month.exit_code == 2
    for place in (
        "international_rates.csv, line 2, column rate_per_minute",
        "international_rates.csv, line 3, column connection_fee",
        "premium_prefixes.csv, line 2, column rate_per_minute",
        "toll_free_rates.csv, line 2, column rate_per_minute",
        "plans.csv, line 2, column overage_rate",
    ):
        assert place in month.message
    assert "international_rates.csv, line 4" not in month.message


def test_rule_6_5_a_rate_of_6_decimals_is_kept_to_the_last(rated: SmallMonth) -> None:
    columns = "rate_per_minute, cost"
    assert rated.billed(columns, "call_id = '6-decimals'") == [("0.036485", "0.036485")]
