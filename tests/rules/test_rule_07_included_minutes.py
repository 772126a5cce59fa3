"""Chapter 7 of the billing rules: the minutes of the plan, and the minutes above it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item
from tests.rules.small_rates import plan
from transforms.allowance import included_seconds
from transforms.rate_calls import call_order


def test_rule_7_4_a_pool_of_60_minutes_and_calls_of_40_15_and_10() -> None:
    calls = pl.DataFrame({"account_id": "A", "pool_seconds": 3600, "billable_seconds": [2400, 900, 600]})
    asked = included_seconds(pl.col("billable_seconds"), pl.lit(value=True))
    assert calls.select(asked).to_series().to_list() == [2400, 900, 300]


def test_rule_7_2_calls_that_take_no_plan_minutes_leave_the_pool_to_others() -> None:
    calls = pl.DataFrame(
        {
            "account_id": ["A", "A", "B", "B"],
            "pool_seconds": [60, 60, 60, 60],
            "billable_seconds": [600, 60, 120, 60],
            "takes_pool": [False, True, True, True],
        }
    )
    asked = included_seconds(pl.col("billable_seconds"), pl.col("takes_pool"))
    assert calls.select(asked).to_series().to_list() == [0, 60, 60, 0]


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """Calls of January 2020 on plans with and without limits."""
    noon, one = {"start_time": "2020-01-10T12:00:00Z"}, {"start_time": "2020-01-10T13:00:00Z"}
    devices = "per-device"
    calls = [
        call("3rd", seconds=600, start_time="2020-01-10T15:00:00Z"),
        call("2nd", seconds=900, start_time="2020-01-10T14:00:00Z"),
        call("c2", account_id="TIES", **noon),
        call("c10", account_id="TIES", **noon),
        call("1st", seconds=2400, start_time="2020-01-10T13:00:00Z"),
        call("s1", account_id="SPLIT", seconds=100, **noon),
        call("s2", account_id="SPLIT", seconds=31, **one),
        call("s3", account_id="SPLIT", seconds=20, **one),
        call("u1", account_id="UNLIMITED", seconds=2_000_000, **noon),
        call("u2", account_id="UNLIMITED", seconds=2_000_000, **noon),
        call("d1", account_id="DEVICES", seconds=6000, **noon),
        call("z1", account_id="ZERO", seconds=20, **noon),
        call("n1", account_id="NEW", seconds=3600, start_time="2020-01-31T12:00:00Z"),
    ]
    return bill_once(
        accounts=[
            account(plan_id="pool60"),
            account("TIES", plan_id="one"),
            account("SPLIT", plan_id="two-30-6"),
            account("UNLIMITED", plan_id="unlimited"),
            account("DEVICES", plan_id=devices, billing_start="2020-01-10"),
            account("ZERO", plan_id="one"),
            account("NEW", plan_id="pool60", billing_start="2020-01-31"),
        ],
        items=[
            item("i1", account_id="DEVICES", quantity=3),
            item("i2", "ata", account_id="DEVICES", start_date="2020-01-31"),
            item("i3", account_id="DEVICES", start_date="2020-02-01"),
            item("i4", account_id="DEVICES", cancel_requested_on="2020-01-05"),
            item("i5", account_id="DEVICES", cancel_requested_on="2019-12-05"),
            item("i6", "seat", account_id="DEVICES", quantity=50),
        ],
        calls=calls,
        rates={
            "plans": [
                plan("pool60", "60"),
                plan("one", "1"),
                plan("two-30-6", "2", minimum_seconds=30, increment_seconds=6, rounding="up"),
                plan("unlimited", "", overage_rate=""),
                plan(devices, "10", included_per="device"),
            ]
        },
    )


def test_rule_7_1_calls_use_the_pool_in_order_of_start_time_not_of_the_file(month: SmallMonth) -> None:
    columns = "call_id, call_type, billable_seconds, included_seconds, cost"
    assert month.billed(columns, "account_id = 'A'") == [
        ("1st", "included", 2400, 2400, "0.000000"),
        ("2nd", "included", 900, 900, "0.000000"),
        ("3rd", "overage", 600, 300, "0.100000"),
    ]


def test_rule_7_4_60_minutes_are_included_and_5_cost_0_10(month: SmallMonth) -> None:
    assert month.lines("category, quantity, amount") == [
        ("included_minutes", "60.0000", "0.00"),
        ("overage", "5.0000", "0.10"),
    ]


def test_rule_7_1_calls_of_one_start_use_the_pool_in_order_of_call_id(month: SmallMonth) -> None:
    """By code points c10 stands before c2."""
    assert month.billed("call_id, call_type", "account_id = 'TIES'") == [
        ("c10", "included"),
        ("c2", "overage"),
    ]


def test_rule_7_1_the_pool_per_device_counts_devices_in_service_on_any_day_of_the_month(
    month: SmallMonth,
) -> None:
    """3 phones, the ATA of the 31st and the phone that ends on the 31st: 5 × 10 minutes, not prorated."""
    assert month.billed("billable_seconds, included_seconds", "account_id = 'DEVICES'") == [(6000, 3000)]


def test_rule_7_1_the_pool_is_never_prorated(month: SmallMonth) -> None:
    assert month.outcome("n1") == "included"


def test_rule_7_1_no_minutes_named_is_unlimited(month: SmallMonth) -> None:
    """2,000,000 s are 33,333 minutes to the nearest minute: 1,999,980 s."""
    columns = "call_type, included_seconds, cost"
    assert month.billed(columns, "account_id = 'UNLIMITED'") == [
        ("included", 1_999_980, "0.000000"),
        ("included", 1_999_980, "0.000000"),
    ]


def test_rule_7_2_a_call_over_the_end_of_the_pool_is_split_and_the_rest_not_rounded_again(
    month: SmallMonth,
) -> None:
    """Of 120 s the first call takes 102; of the second's 36 s, 18 are included and 18 cost 0.006."""
    columns = "call_id, call_type, billable_seconds, included_seconds, cost"
    assert month.billed(columns, "account_id = 'SPLIT'") == [
        ("s1", "included", 102, 102, "0.000000"),
        ("s2", "overage", 36, 18, "0.006000"),
        ("s3", "overage", 30, 0, "0.010000"),
    ]


def test_rule_7_2_a_call_without_overage_seconds_is_included(month: SmallMonth) -> None:
    columns = "call_type, billable_seconds, rate_table, rate_prefix, rate_per_minute"
    assert month.billed(columns, "call_id = 'z1'") == [("included", 0, "plans", None, "0.000000")]


def test_rule_7_1_minutes_are_not_carried_over(bill_whole: Bill) -> None:
    """The account had no calls before: March has 60 minutes again, not 120."""
    month = bill_whole(
        invoice_month="2020-04",
        accounts=[account(plan_id="pool60")],
        calls=[call("c1", seconds=3660, start_time="2020-03-31T00:00:00Z")],
    )
    assert month.lines("category, quantity") == [("included_minutes", "60.0000"), ("overage", "1.0000")]


def test_rule_7_1_calls_of_one_start_use_the_pool_in_order_of_call_id_then_source(bill_whole: Bill) -> None:
    """asterisk stands before canonical, though its file stands after: A's calls have one id, B's have two."""
    header = "call_id,account_id,source_number,destination_number,start_time,duration_seconds\n"
    cells = "+12125550100,+12125550199,2020-01-10T12:00:00Z,60\n"
    asterisk = (
        '"{}","+12125550100","+12125550199","","","SIP/1","SIP/2","Dial","","2020-01-10 12:00:00",'
        '"2020-01-10 12:00:00","2020-01-10 12:01:00",60,60,"ANSWERED","DOCUMENTATION","{}",""\n'
    )
    month = bill_whole(
        accounts=[account(plan_id="one"), account("B", plan_id="one")],
        call_files={
            "a.csv": f"{header}same,A,{cells}m,B,{cells}",
            "asterisk/Master.csv": asterisk.format("A", "same") + asterisk.format("B", "z"),
        },
        rates={"plans": [plan("one", "1")]},
    )
    columns = "call_id, source, call_type"
    assert month.rows(f"select {columns} from billed_calls order by account_id, included_seconds desc") == [
        ("same", "asterisk", "included"),
        ("same", "canonical", "overage"),
        ("m", "canonical", "included"),
        ("z", "asterisk", "overage"),
    ]


def test_rule_7_1_the_order_of_calls_is_start_time_then_call_id_then_source() -> None:
    start = dt.datetime(2020, 1, 10, 12, tzinfo=dt.UTC)
    calls = pl.DataFrame(
        {
            "start_time": [start + dt.timedelta(microseconds=1), start, start, start],
            "call_id": ["a", "c2", "c10", "c10"],
            "source": ["a", "a", "z", "b"],
        },
        schema_overrides={"start_time": pl.Datetime("us", "UTC")},
    )
    ordered = calls[call_order(calls, pl.Series([0, 0, 0, 0]), dt.date(2020, 1, 1))]
    assert ordered.select("call_id", "source").rows() == [("c10", "b"), ("c10", "z"), ("c2", "a"), ("a", "a")]


def test_rule_7_3_limited_minutes_without_an_overage_price_are_refused(try_to_bill: Bill) -> None:
    month = try_to_bill(calls=[call("c1")], rates={"plans": [plan("metered", "0", overage_rate="")]})
    assert month.exit_code == 2
    assert "plans.csv, line 2, column overage_rate" in month.message


def test_rule_7_3_a_minute_of_overage_costs_0_02_in_the_plans_that_are_shipped() -> None:
    shipped = pl.read_csv(Path(__file__).parents[2] / "rate_tables/2020.1/plans.csv", infer_schema=False)
    limited = shipped.filter(pl.col("included_minutes").fill_null("") != "")
    assert limited["overage_rate"].unique().to_list() == ["0.02"]
