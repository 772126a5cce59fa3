"""Chapter 13 of the billing rules: every row in one place, sums that balance, duplicates and conflicts."""

from __future__ import annotations

import polars as pl
import pytest

from flows import rating
from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item
from tests.rules.small_rates import tax

HEADER = (
    "call_id,account_id,direction,source_number,destination_number,start_time,end_time,duration_seconds,"
    "disposition,note\n"
)
ROW = "A,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,2020-01-10T12:01:00Z,60,answered"
FILES = {
    "a.csv": HEADER
    + f"same,{ROW},first\n"
    + f"same,{ROW},other columns do not count\n"
    + "same,A,,(212) 555-0100,011 1 212 555 0199,2020-01-10T13:00:00+01:00,,60,ANSWERED,read the same\n"
    + f"same,{ROW.replace(',60,', ',61,')},conflict\n"
    + f"same,{ROW.replace(',60,', ',61,')},like line 5\n"
    + f"once,{ROW},\n"
    + "rejected,A,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,,-5,,\n"
    + "outside,A,outbound,+12125550100,+12125550199,2020-02-10T12:00:00Z,,7,,\n"
    + "nobody,ZZ,outbound,+12125550100,+12125550199,2020-01-10T12:00:00Z,,11,,\n"
    + "suspended,A,outbound,+12125550100,+12995550199,2020-01-10T12:00:00Z,,13,,\n"
    + "unbilled,A,outbound,+12125550100,911,2020-01-10T12:00:00Z,,17,,\n"
    + "foreign,A,outbound,+12125550100,+442071234567,2020-01-10T12:00:00Z,,90,,\n"
    + "malformed,A\n",
    "b.csv": HEADER + f"once,{ROW},in a later file\n" + "once,A,,,,,,,,rejected rows are no repeats\n",
    "asterisk/Master.csv": (
        '"A","+12125550100","+12125550199","","","SIP/1","SIP/2","Dial","","2020-01-10 12:00:00",'
        '"2020-01-10 12:00:00","2020-01-10 12:01:00",60,60,"ANSWERED","DOCUMENTATION","same",""\n'
    ),
}


@pytest.fixture(scope="module")
def month(bill_once: Bill) -> SmallMonth:
    """Files with a row of every fate."""
    return bill_once(
        accounts=[account(), account("B")],
        items=[item("i1"), item("i2", account_id="B")],
        call_files=FILES,
        rates={"taxes": [tax("state", "8.25")]},
    )


def test_rule_13_1_every_row_ends_in_exactly_one_place(month: SmallMonth) -> None:
    counts = ("billed", "unbilled", "duplicate", "conflict", "suspended", "outside_month", "rejected")
    columns = ", ".join(f"rows_{name}" for name in counts)
    assert month.rows(f"select source_file, rows_read, {columns} from source_files order by 1") == [
        ("2020-01/a.csv", 13, 3, 1, 3, 1, 1, 1, 3),
        ("2020-01/asterisk/Master.csv", 1, 1, 0, 0, 0, 0, 0, 0),
        ("2020-01/b.csv", 2, 0, 0, 1, 0, 0, 0, 1),
    ]


def test_rule_13_1_seconds_balance_per_file(month: SmallMonth) -> None:
    """60 × 4 + 61 × 2 + 7 + 11 + 13 + 17 + 90 = 500; a duration that cannot be read counts 0."""
    columns = "source_file, seconds_read, seconds_accounted"
    assert month.rows(f"select {columns} from source_files order by 1") == [
        ("2020-01/a.csv", 500, 500),
        ("2020-01/asterisk/Master.csv", 60, 60),
        ("2020-01/b.csv", 60, 60),
    ]


def test_rule_13_2_all_controls_balance(month: SmallMonth) -> None:
    controls = month.rows("select control, count(*) from run_controls where difference = 0 group by 1")
    assert sorted(name for name, _ in controls) == [
        "calls = line before rounding",
        "lines = subtotal",
        "rows billed = billed calls stored",
        "rows read = rows accounted for",
        "rows set aside = records kept",
        "rows unbilled = unbilled calls stored",
        "seconds read = seconds accounted for",
        "subtotal + tax = total",
        "tax lines = tax total",
    ]
    assert month.rows("select * from run_controls where difference <> 0") == []


def test_rule_13_2_lines_and_taxes_sum_to_the_invoice(month: SmallMonth) -> None:
    """24.95, overage of 3 minutes 0.06, international 0.02: 25.03, tax 2.064975 → 2.06."""
    assert month.lines("category, amount") == [
        ("service_charge", "24.95"),
        ("overage", "0.06"),
        ("international", "0.02"),
        ("tax", "2.06"),
    ]
    assert month.invoice("subtotal, tax_total, total") == [("25.03", "2.06", "27.09")]


def test_rule_13_3_rows_equal_after_parsing_are_duplicates_and_others_of_the_id_are_conflicts(
    month: SmallMonth,
) -> None:
    """The row of line 6 equals that of line 5, which is a conflict: it is a duplicate of any earlier row."""
    columns, wanted = "source_file, source_line, outcome, reason", "outcome in ('duplicate', 'conflict')"
    assert month.rows(f"select {columns} from set_aside_records where {wanted} order by 1, 2") == [
        ("2020-01/a.csv", 3, "duplicate", "duplicate"),
        ("2020-01/a.csv", 4, "duplicate", "duplicate"),
        ("2020-01/a.csv", 5, "conflict", "conflict"),
        ("2020-01/a.csv", 6, "duplicate", "duplicate"),
        ("2020-01/b.csv", 2, "duplicate", "duplicate"),
    ]


def test_rule_13_3_the_first_is_kept(month: SmallMonth) -> None:
    columns = "call_id, source, source_file, source_line, duration_seconds"
    assert month.billed(columns, "call_id in ('same', 'once') and source = 'canonical'") == [
        ("once", "canonical", "2020-01/a.csv", 7, 60),
        ("same", "canonical", "2020-01/a.csv", 2, 60),
    ]


def test_rule_13_3_the_same_id_in_another_source_is_another_call(month: SmallMonth) -> None:
    assert month.billed("call_id, source_line", "source = 'asterisk'") == [("same", 1)]


def test_rule_13_3_a_conflict_is_a_warning_for_a_person(month: SmallMonth) -> None:
    assert month.rows("select source_file, detail from warnings where kind = 'conflict'") == [
        ("2020-01/a.csv", "1 records")
    ]


def test_rule_13_3_any_column_that_differs_makes_a_conflict(bill_whole: Bill) -> None:
    start, end = "2020-01-10T12:00:00Z", "2020-01-10T12:01:00Z"
    others = {
        "account_id": "B",
        "direction": "inbound",
        "source_number": "+12125550101",
        "destination_number": "+12125550198",
        "start_time": "2020-01-10T12:00:00.000001Z",
        "end_time": "2020-01-10T12:01:00.000001Z",
        "duration_seconds": 61,
        "disposition": "busy",
    }
    whole = {"start_time": start, "end_time": end, "disposition": "answered"}
    first = [call(name, **whole) for name in others]
    second = [{**call(name, **whole), name: value} for name, value in others.items()]
    month = bill_whole(accounts=[account(), account("B")], calls=[*first, *second])
    assert month.rows("select source_line, outcome from set_aside_records order by 1") == [
        (line, "conflict") for line in range(10, 18)
    ]


def test_rule_13_3_a_rejected_or_outside_row_is_no_earlier_row(bill_whole: Bill) -> None:
    """Only accepted rows of the month are compared: neither the bad row nor February's takes the id."""
    month = bill_whole(
        calls=[
            call("c1", "bad number"),
            call("c1", start_time="2020-02-01T00:00:00Z"),
            call("c1", seconds=120),
        ]
    )
    assert month.billed("call_id, source_line, duration_seconds") == [("c1", 4, 120)]
    assert month.rows("select reason from set_aside_records order by source_line") == [
        ("bad_number",),
        ("outside_month",),
    ]


def test_rule_13_1_a_run_that_does_not_balance_publishes_nothing(
    try_to_bill: Bill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The counts of billed calls are lost on purpose."""
    counted = rating.outcome_counts
    monkeypatch.setattr(rating, "outcome_counts", lambda rated: counted(rated).filter(pl.col("outcome") != "billed"))
    month = try_to_bill(calls=[call("c1")])
    assert month.exit_code == 3
    assert "2020-01/calls.csv" in month.message
    assert not (month.warehouse / "tollbook.duckdb").exists()
