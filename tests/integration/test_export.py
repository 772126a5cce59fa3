"""`tollbook export`: what stands in the file is what stands in the warehouse, in each form."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from tests.integration.demo_month import Billed
from tests.integration.small_office import Outcome
from tests.workbooks import Cell, read_sheet

pytestmark = pytest.mark.integration
Export = Callable[..., Outcome]
TABLES = ["invoices", "invoice_line_items", "billed_calls", "usf_base_lines", "month_over_month", "suspended_value"]
DAY_0 = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - a spreadsheet's days have no zone


@pytest.fixture
def export(books: Billed, told: Callable[[list[str]], Outcome]) -> Export:
    """Runs the command on the two months."""
    return lambda *words: told(["export", *map(str, words), "--warehouse", str(books.warehouse)])


def _kind(sql_type: str) -> str:
    return "number" if sql_type.startswith(("DECIMAL", "BIGINT")) else sql_type


def _value(cell: Cell | None, kind: str) -> object:
    """What the cell holds, as a spreadsheet reads it: 15 digits of a number."""
    if cell is None:
        return None
    if kind == "number":
        return Decimal(f"{float(cell.text):.15g}") if cell.kind == "n" else Decimal(cell.text)
    if kind == "BOOLEAN":
        return cell.text == "1"
    if kind == "DATE":
        return (DAY_0 + dt.timedelta(days=int(cell.text))).date()
    if kind.startswith("TIMESTAMP"):
        seconds = round(Decimal(cell.text) * 86400, 3)
        return DAY_0 + dt.timedelta(microseconds=int(seconds * 1_000_000))
    return cell.text


def _in_milliseconds(value: Any) -> object:
    if not isinstance(value, dt.datetime):
        return value
    naive = value.astimezone(dt.UTC).replace(tzinfo=None)
    return naive.replace(microsecond=0) + dt.timedelta(milliseconds=round(naive.microsecond / 1000))


@pytest.mark.parametrize("table", TABLES)
def test_a_workbook_holds_every_value_of_the_table(books: Billed, export: Export, tmp_path: Path, table: str) -> None:
    done = export(table, "-o", tmp_path / "t.xlsx")
    assert done.code == 0, done.err
    order = " order by usage_month, account_id, start_time, call_id" if table == "billed_calls" else ""
    rows = books.ask(f"from {table}{order}")
    types = [_kind(kind) for _, kind, *_ in books.ask(f"describe {table}")]
    sheet = read_sheet(tmp_path / "t.xlsx")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    found = [
        tuple(_value(sheet.cells.get(f"{letters[place]}{row}"), kind) for place, kind in enumerate(types))
        for row in range(2, len(rows) + 2)
    ]
    assert found == [tuple(_in_milliseconds(value) or value for value in row) for row in rows]
    assert done.out == f"{len(rows):,} row{'' if len(rows) == 1 else 's'} of {table} written to {tmp_path / 't.xlsx'}\n"


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_csv_and_parquet_hold_every_value_of_the_table(
    books: Billed, export: Export, tmp_path: Path, table: str, form: str
) -> None:
    done = export(table, "-o", tmp_path / f"t.{form}")
    assert done.code == 0, done.err
    described = books.ask(f"describe {table}")
    columns = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind, *_ in described)
    reader = (
        "read_csv('{}', all_varchar = true, header = true, allow_quoted_nulls = false)"
        if form == "csv"
        else "read_parquet('{}')"
    )
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        found = connection.sql(f"select {columns} from {reader.format(tmp_path / f't.{form}')} order by all").fetchall()
    assert found == books.ask(f"from {table} order by all")


def test_parquet_keeps_exact_types_and_says_what_columns_mean(export: Export, tmp_path: Path) -> None:
    export("invoices", "-o", tmp_path / "t.parquet")
    field = pq.read_schema(tmp_path / "t.parquet").field("total")
    assert str(field.type) == "decimal128(18, 2)"
    assert field.metadata[b"comment"] == b"Subtotal and tax"


@pytest.mark.parametrize(
    ("table", "month", "condition"),
    [
        ("invoice_line_items", "2020-03", "invoice_month = '2020-03-01'"),
        ("billed_calls", "2020-02", "usage_month = '2020-02-01'"),
        ("warnings", "2020-02", "run_id like '2020-02-%'"),
        ("adjustments", "2020-02", "true"),
    ],
)
def test_a_month_is_the_invoice_month_or_the_usage_month_of_the_table(
    books: Billed, export: Export, tmp_path: Path, table: str, month: str, condition: str
) -> None:
    [(count,)] = books.ask(f"select count(*) from {table} where {condition}")
    assert count
    assert export(table, "--month", month, "-o", tmp_path / "t.csv").out.startswith(f"{count:,} rows of {table}")


def test_an_account_is_exported_alone(books: Billed, export: Export, tmp_path: Path) -> None:
    done = export("invoices", "--account", "A00001", "-o", tmp_path / "t.csv")
    assert done.out.startswith("2 rows of invoices")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("invoics",), "did you mean invoices? There are: adjustments, adjustments_by_cause, anomalies, billed_calls"),
        (("invoices", "--month", "2019-02"), "this table goes by invoice month; there are 2020-02, 2020-03"),
        (("billed_calls", "--month", "2020-03"), "this table goes by usage month; there are 2020-01, 2020-02"),
        (("invoices", "--month", "February"), "write it as 2020-02"),
        (("rates", "--month", "2020-02"), "rows of rates have no month"),
        (("runs", "--account", "A00001"), "rows of runs belong to no account"),
        (("invoices", "--account", "Nobody"), "no invoice of this account is known"),
        (('invoices" --', "--month", "2020-02"), "there is no such table or view"),
    ],
)
def test_what_cannot_be_answered_is_refused_and_the_file_stays(
    export: Export, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "t.csv").write_text("before", encoding="utf-8")
    refused = export(*words, "-o", tmp_path / "t.csv")
    assert refused.code == 2
    assert said in refused.err
    assert [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()] == [("t.csv", "before")]


def test_a_file_of_an_unknown_kind_or_in_the_warehouse_is_refused(
    books: Billed, export: Export, tmp_path: Path
) -> None:
    assert ".xlsx, .csv or .parquet" in export("invoices", "-o", tmp_path / "t.ods").err
    refused = export("invoices", "-o", books.warehouse / "invoices" / "t.parquet")
    assert (refused.code, "only runs write to" in refused.err) == (2, True)
    assert not (books.warehouse / "invoices" / "t.parquet").exists()


@pytest.mark.parametrize("form", ["xlsx", "csv", "parquet"])
def test_a_file_is_confidential_replaces_an_earlier_one_and_has_the_same_bytes_again(
    export: Export, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"t.{form}"
    path.write_text("before", encoding="utf-8")
    export("invoices", "-o", path)
    first = path.read_bytes()
    export("invoices", "-o", path)
    assert path.read_bytes() == first
    assert path.stat().st_mode & 0o777 == 0o640
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


def test_a_selection_without_rows_is_a_file_with_a_header(export: Export, tmp_path: Path) -> None:
    done = export("suspended_calls", "--month", "2020-02", "-o", tmp_path / "t.csv")
    assert done.out.startswith("0 rows of suspended_calls")
    assert (tmp_path / "t.csv").read_text(encoding="utf-8").startswith("usage_month,account_id,call_id,")


def test_a_warehouse_without_a_month_is_refused(told: Callable[[list[str]], Outcome], tmp_path: Path) -> None:
    refused = told(["export", "invoices", "-o", str(tmp_path / "t.csv"), "--warehouse", str(tmp_path / "none")])
    assert (refused.code, "nothing was published here yet" in refused.err) == (2, True)
