"""A workbook keeps numbers exact, text as text, and says what it cannot hold."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from flows.export import Column, Selection
from flows.export_workbook import MOST_ROWS, significant_digits, write_workbook
from schemas.faults import InputRefusedError
from tests.workbooks import Sheet, read_sheet

AS_OF = dt.datetime(2020, 2, 1, tzinfo=dt.UTC)


def written(path: Path, query: str, count: int = 1) -> tuple[Sheet, list[str]]:
    """The first sheet of a workbook of the query's rows, and what was said of it."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        described = connection.sql(f"describe {query}").fetchall()
        columns = [Column(row[0], row[1], f"what {row[0]} means") for row in described]
        said = write_workbook(connection, Selection("lines", columns, query, {}, count, AS_OF), path)
    return read_sheet(path), said


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        ("0", 0),
        ("1200", 2),
        ("0.50", 1),
        ("-12.34", 4),
        ("123456789012345", 15),
        ("0.000001", 1),
        ("10000000000.01", 13),
    ],
)
def test_digits_count_from_the_first_to_the_last_that_is_not_0(value: str, digits: int) -> None:
    assert significant_digits(Decimal(value)) == digits


def test_money_is_a_number_that_shows_all_its_decimals(tmp_path: Path) -> None:
    sheet, said = written(
        tmp_path / "x.xlsx", "select 1234.50::decimal(18, 2) a, 0.011100::decimal(18, 6) b, -3::bigint c"
    )
    assert [(sheet.cells[ref].kind, sheet.cells[ref].form) for ref in ("A2", "B2", "C2")] == [
        ("n", "#,##0.00"),
        ("n", "#,##0.000000"),
        ("n", "0"),
    ]
    assert [float(sheet.cells[ref].text) for ref in ("A2", "B2", "C2")] == [1234.5, 0.0111, -3]
    assert said == []


def test_fifteen_digits_are_a_number_and_sixteen_text_with_a_remark(tmp_path: Path) -> None:
    query = "select unnest([1234567890123.45, 12345678901234.56]::decimal(24, 2)[]) as amount"
    sheet, said = written(tmp_path / "x.xlsx", query)
    exact, text = sheet.column("A")
    assert f"{float(exact.text):.15g}" == "1234567890123.45"
    assert (text.kind, text.text) == ("inlineStr", "12345678901234.56")
    assert said == ["amount: 1 values as text: a spreadsheet keeps 15 digits of a number"]
    assert read_sheet(tmp_path / "x.xlsx", 2).cells["D2"].text == said[0].removeprefix("amount: ")


def test_a_formula_stays_text_as_it_is_and_is_never_calculated(tmp_path: Path) -> None:
    query = "select unnest(['=1+1', '@SUM(A1)', '+12125550100', '-0.01', 'plain']) as name"
    sheet, _ = written(tmp_path / "x.xlsx", query)
    found = [(cell.kind, cell.text, cell.is_quoted) for cell in sheet.column("A")]
    assert found == [
        ("inlineStr", "=1+1", True),
        ("inlineStr", "@SUM(A1)", True),
        ("inlineStr", "+12125550100", False),
        ("inlineStr", "-0.01", False),
        ("inlineStr", "plain", False),
    ]
    assert "<f>" not in sheet.xml


def test_dates_are_dates_and_times_are_utc(tmp_path: Path) -> None:
    query = "select date '2020-02-29' d, timestamptz '2020-02-29 07:00:00-05' t, date '1899-12-31' old, null::date n"
    sheet, said = written(tmp_path / "x.xlsx", query)
    assert (sheet.cells["A2"].text, sheet.cells["A2"].form) == ("43890", "yyyy-mm-dd")
    assert (sheet.cells["B2"].text, sheet.cells["B2"].form) == ("43890.5", "yyyy-mm-dd hh:mm:ss")
    assert sheet.cells["C2"].text == "1899-12-31"
    assert "D2" not in sheet.cells
    assert said == ["old: 1 values dates before March 1900, as text"]


def test_a_text_longer_than_a_cell_is_cut_and_told(tmp_path: Path) -> None:
    sheet, said = written(tmp_path / "x.xlsx", "select repeat('x', 40000) as raw_record")
    assert len(sheet.cells["A2"].text) == 32_767
    assert said == ["raw_record: 1 values cut at 32,767 characters, the most that a cell holds"]


def test_the_header_is_frozen_filtered_and_says_what_columns_mean(tmp_path: Path) -> None:
    sheet, _ = written(tmp_path / "x.xlsx", "select 1 as a, timestamptz '2020-01-01 00:00:00+00' as b")
    assert 'state="frozen"' in sheet.xml
    assert '<autoFilter ref="A1:B2"/>' in sheet.xml
    assert sheet.notes == {"A1": "what a means", "B1": "what b means. UTC"}
    columns = read_sheet(tmp_path / "x.xlsx", 2).cells
    assert [columns[ref].text for ref in ("A2", "B2", "C2")] == ["a", "INTEGER", "what a means"]


def test_more_rows_than_a_sheet_holds_are_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InputRefusedError, match=r"1,048,575 rows.*1,048,576.*--month.*\.parquet"):
        written(tmp_path / "x.xlsx", "select 1 as a", MOST_ROWS + 1)
    assert list(tmp_path.iterdir()) == []


def test_the_same_rows_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        written(tmp_path / f"{name}.xlsx", "select 1.10 as a, 'x' as b, true as c")
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()
