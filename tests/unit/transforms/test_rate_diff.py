"""Two versions of a table: rows that came, went and changed, each with its lines."""

from __future__ import annotations

import polars as pl

from schemas.rate_files import CHARGES, DIALING_PLANS, INTERNATIONAL_RATES
from schemas.text_tables import TableSpec, read_csv_table
from transforms.rate_diff import table_differences

HEADER = "currency,prefix,effective_from,rate_per_minute,increment_seconds,effective_to"
REST = ",destination,country,line_type,connection_fee,minimum_seconds,rounding"


def typed(spec: TableSpec, content: str) -> pl.DataFrame:
    table = read_csv_table(content.encode(), spec, "t.csv")
    assert table.faults == []
    return table.rows


def deck(*lines: str) -> pl.DataFrame:
    return typed(INTERNATIONAL_RATES, "\n".join([HEADER + REST, *(line + "," * 6 for line in lines)]))


def differences(before: pl.DataFrame, after: pl.DataFrame) -> list[tuple[object, ...]]:
    return table_differences(before, after, INTERNATIONAL_RATES).drop("table").rows()


def test_equal_amounts_and_defaults_are_no_difference() -> None:
    assert differences(deck("USD,44,,0.10,,"), deck("USD,44,,0.1,60,")) == []


def test_each_cell_that_changed_is_a_row_with_old_and_new() -> None:
    before = deck("USD,33,,0.1,,", "USD,44,2020-01-01,0.1,,")
    after = deck("USD,44,2020-01-01,,6,2020-02-01T12:00:00Z", "USD,33,,0.1,,")
    key = "USD 44 2020-01-01"
    assert differences(before, after) == [
        ("changed", key, "rate_per_minute", "0.1", "", 3, 2),
        ("changed", key, "increment_seconds", "60", "6", 3, 2),
        ("changed", key, "effective_to", "", "2020-02-01T12:00:00Z", 3, 2),
    ]


def test_added_and_removed_rows_have_their_cells_in_one_text() -> None:
    rest = "connection_fee=0, minimum_seconds=0, increment_seconds=60, rounding=nearest"
    assert differences(deck("USD,33,,0.1,,"), deck("USD,44,,0.2,,")) == [
        ("added", "USD 44 -", None, None, f"rate_per_minute=0.2, {rest}", None, 2),
        ("removed", "USD 33 -", None, f"rate_per_minute=0.1, {rest}", None, 2, None),
    ]


def test_a_key_s_only_row_with_another_begin_is_a_change_of_the_begin() -> None:
    assert differences(deck("USD,44,,0.1,,"), deck("USD,44,2020-02-01,0.2,,")) == [
        ("changed", "USD 44 -", "effective_from", "", "2020-02-01", 2, 2),
        ("changed", "USD 44 -", "rate_per_minute", "0.1", "0.2", 2, 2),
    ]


def test_a_dated_row_more_is_an_addition_and_the_end_of_the_old_one_a_change() -> None:
    before = deck("USD,44,2019-01-01,0.1,,")
    after = deck("USD,44,2019-01-01,0.1,,2020-02-01", "USD,44,2020-02-01,0.2,,")
    assert [row[:3] for row in differences(before, after)] == [
        ("added", "USD 44 2020-02-01", None),
        ("changed", "USD 44 2019-01-01", "effective_to"),
    ]


def test_lists_booleans_and_undated_tables_are_compared_as_well() -> None:
    header = ",".join(DIALING_PLANS.column_names)
    before = typed(DIALING_PLANS, f"{header}\nUS,1,011,1,10,0,911,411;611\n")
    after = typed(DIALING_PLANS, f"{header}\nUS,1,011,1,10;11,0,911,411\n")
    found = table_differences(before, after, DIALING_PLANS)
    assert found.select("key", "column", "old", "new").rows() == [
        ("US", "national_lengths", "10", "10;11"),
        ("US", "short_codes", "411;611", "411"),
    ]
    header = "plan_id,currency,charge_code,effective_from,category,is_phone,label_en,label_fr,price,effective_to"
    old = typed(CHARGES, f"{header}\n*,USD,phone,,service_charge,true,Phone,Tél,1,\n")
    new = typed(CHARGES, f"{header}\n*,USD,phone,,service_charge,,Phone,Tél,1,\n")
    assert table_differences(old, new, CHARGES).select("column", "old", "new").rows() == [("is_phone", "true", "false")]
