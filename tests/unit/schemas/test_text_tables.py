"""Text tables: every bad cell is a fault with its line and column, and money never passes a float."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pandera.errors
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.text_columns import Column, Form
from schemas.text_guards import guarded
from schemas.text_tables import (
    ReadTable,
    TableSpec,
    empty_table,
    read_csv_table,
    read_frame_table,
    repeated_key_faults,
)

PRICES = TableSpec(
    "prices",
    "Prices",
    "code",
    ("code",),
    (
        Column("code", "text", "Code", required=True, form=Form("[a-z]{1,8}", "1 to 8 small letters")),
        Column("price", "money", "Price", lowest=0, highest=9_999_999_999),
        Column("note", "text", "Note"),
    ),
)


def one_column(column: Column) -> TableSpec:
    return TableSpec("t", "A table", "row", ("id",), (Column("id", "text", "Id"), column))


def cell(column: Column, text: str) -> ReadTable:
    return read_csv_table(f"id,{column.name}\n1,{text}\n".encode(), one_column(column), "t.csv")


def faults_of(content: bytes) -> list[str]:
    return [str(fault) for fault in read_csv_table(content, PRICES, "prices.csv").faults]


def test_cells_are_trimmed_and_typed() -> None:
    table = read_csv_table(b"code,price,note\n a , 0.0185 ,  x y \n", PRICES, "prices.csv")
    assert table.faults == []
    assert table.rows.rows(named=True) == [{"code": "a", "price_micros": 18_500, "note": "x y", "line": 2}]


def test_order_of_columns_is_free_and_extra_ones_are_ignored() -> None:
    table = read_csv_table(b"extra,note,price,code\n9,x,1,a\n", PRICES, "prices.csv")
    assert table.rows.rows() == [("a", 1_000_000, "x", 2)]


def test_a_byte_order_mark_crlf_and_quotes_are_read() -> None:
    content = b'\xef\xbb\xbfcode,price,note\r\na,1,"said ""yes"", twice"\r\n'
    table = read_csv_table(content, PRICES, "prices.csv")
    assert table.faults == []
    assert table.rows["note"].to_list() == ['said "yes", twice']


def test_blank_lines_are_no_rows_but_count_as_lines() -> None:
    table = read_csv_table(b"code,price,note\n\na,1,\n   \nb,2,\n", PRICES, "prices.csv")
    assert table.rows["line"].to_list() == [3, 5]


def test_a_header_alone_is_an_empty_table() -> None:
    table = read_csv_table(b"code,price,note\n", PRICES, "prices.csv")
    assert table.faults == []
    assert table.rows.schema == empty_table(PRICES).schema


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "prices.csv, line 1: is empty; write the header line code,price,note"),
        (b"\xef\xbb\xbf", "prices.csv, line 1: is empty"),
        (b"\ncode,price,note\n", "prices.csv, line 1: has no header in line 1"),
        (b"code;price;note\na;1;x\n", "prices.csv, line 1: has semicolons between the columns; save the file as CSV"),
        (b"code\tprice\tnote\na\t1\tx\n", "prices.csv, line 1: has tabulators between the columns; save the file"),
        (b"code,note\na,x\n", "prices.csv, line 1, column price: the column is missing; add it"),
        (
            b"code,price,note,price\na,1,x,2\n",
            "prices.csv, line 1, column price: the column stands there twice",
        ),
        (b"code,price,note\na,1\n", "prices.csv, line 2: has 2 fields and the header 3"),
        (b"code,price,note\na,1,x,y\n", "prices.csv, line 2: has 4 fields and the header 3"),
        (b'code,price,note\na,1,"x,y"\nb,2,"x\n', "prices.csv, line 3: has a quote out of place or not clo"),
        (b'code,price,note\na,1,x"y"\n', "prices.csv, line 2: has a quote out of place or not closed"),
        (b"code,price,note\na,1,\xe9\n", "prices.csv, line 2: is not UTF-8; save the file as UTF-8"),
        (b"code,price,note\na,1,x\0\n", "prices.csv, line 2: holds a NUL character"),
        (b"code,price,note\na,1,x\ry\n", "prices.csv, line 2: holds a carriage return within a line"),
    ],
)
def test_a_file_that_is_no_table_is_a_fault(content: bytes, said: str) -> None:
    (fault,) = faults_of(content)
    assert fault.startswith(said)


def test_a_file_with_bare_carriage_returns_is_refused_not_read_as_empty() -> None:
    assert "carriage return" in faults_of(b"code,price,note\ra,1,x\r")[0]


def test_rows_beside_a_bad_one_are_still_read_and_checked() -> None:
    faults = faults_of(b"code,price,note\nA,x,\na,1\nb,-1,\n")
    assert [fault.partition(":")[0] for fault in faults] == [
        "prices.csv, line 3",
        "prices.csv, line 2, column code",
        "prices.csv, line 2, column price",
        "prices.csv, line 4, column price",
    ]


def test_a_bad_cell_is_null_and_an_empty_text_is_not() -> None:
    table = read_csv_table(b"code,price,note\nA,x,\n,1,\n", PRICES, "prices.csv")
    assert table.rows.rows() == [(None, None, "", 2), (None, 1_000_000, "", 3)]


MONEY = Column("price", "money", "Price", lowest=0, highest=9_999_999_999)


@pytest.mark.parametrize(
    ("text", "micros"),
    [
        ("0", 0),
        ("0.036485", 36_485),
        ("24.95", 24_950_000),
        ("9999.999999", 9_999_999_999),
        ("007.10", 7_100_000),
        ("", None),
    ],
)
def test_money_is_read_digit_by_digit(text: str, micros: int | None) -> None:
    table = cell(MONEY, text)
    assert table.faults == []
    assert table.rows["price_micros"].to_list() == [micros]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1e3", "is not a decimal number"),
        ("+1", "is not a decimal number"),
        ("NaN", "is not a decimal number"),
        ("inf", "is not a decimal number"),
        ("1.", "is not a decimal number"),
        (".5", "is not a decimal number"),
        ("$1", "is not a decimal number"),
        ("١", "is not a decimal number"),  # an Arabic digit one
        ("0.0000001", "has more than 6 decimals"),
        ("1.0000000", "has more than 6 decimals"),
        ("-0.01", "is negative"),
        ("10000", "is too high"),
        ("99999999999999999999", "is too high"),
    ],
)
def test_money_of_another_spelling_is_refused(text: str, said: str) -> None:
    (fault,) = cell(MONEY, text).faults
    assert (fault.line, fault.column, fault.value, fault.problem) == (2, "price", text, said)


def test_a_thousands_separator_is_refused() -> None:
    (fault,) = cell(MONEY, '"1,000"').faults
    assert fault.problem == "is not a decimal number"


def test_a_negative_credit_is_read() -> None:
    credit = Column("price", "money", "Price", lowest=-9_999_999_999, highest=9_999_999_999)
    assert cell(credit, "-0.500001").rows["price_micros"].to_list() == [-500_001]
    assert cell(credit, "-10000").faults[0].problem == "is too low"


@given(st.integers(0, 9_999_999_999), st.integers(0, 6))
def test_any_decimal_is_its_micros(micros: int, places: int) -> None:
    units = micros // 10 ** (6 - places)
    text = str(Decimal(units).scaleb(-places))
    assert cell(MONEY, f"{Decimal(text):f}").rows["price_micros"].to_list() == [units * 10 ** (6 - places)]


WHOLE = Column("steps", "whole_number", "Steps", default="60", lowest=1, highest=86_400)


@pytest.mark.parametrize(("text", "number"), [("", 60), ("1", 1), ("86400", 86_400)])
def test_an_empty_number_is_its_default(text: str, number: int) -> None:
    assert cell(WHOLE, text).rows["steps"].to_list() == [number]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0", "is too low"),
        ("86401", "is too high"),
        ("9" * 30, "is too high"),
        ("6.0", "is not a whole number"),
        ("-6", "is negative"),
        ("six", "is not a whole number"),
    ],
)
def test_a_number_outside_its_bounds_is_refused(text: str, said: str) -> None:
    assert cell(WHOLE, text).faults[0].problem == said


@pytest.mark.parametrize(("text", "value"), [("true", True), ("false", False), ("", False)])
def test_booleans_are_true_false_or_empty(text: str, value: bool) -> None:
    column = Column("flag", "boolean", "Flag")
    assert cell(column, text).rows["flag"].to_list() == [value]
    assert cell(column, "TRUE").faults[0].problem == "is neither true nor false"


@pytest.mark.parametrize("text", ["2020-02-30", "2020-2-3", "20200203", "2020-02-03T00:00:00Z", "0000-01-01"])
def test_a_date_is_a_day_of_the_calendar_in_iso_form(text: str) -> None:
    column = Column("day", "date", "Day")
    assert cell(column, "2020-02-29").rows["day"].to_list() == [dt.date(2020, 2, 29)]
    assert cell(column, text).faults[0].problem == "is not a date"


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2020-01-16", dt.datetime(2020, 1, 16, tzinfo=dt.UTC)),
        ("2020-01-16T10:30:05Z", dt.datetime(2020, 1, 16, 10, 30, 5, tzinfo=dt.UTC)),
        ("2020-01-16 10:30:05+00:00", dt.datetime(2020, 1, 16, 10, 30, 5, tzinfo=dt.UTC)),
        ("", None),
    ],
)
def test_an_instant_is_a_date_or_a_utc_time(text: str, moment: dt.datetime | None) -> None:
    assert cell(Column("at", "instant", "At"), text).rows["at"].to_list() == [moment]


@pytest.mark.parametrize(
    "text",
    ["2020-01-16T10:30:05", "2020-01-16T10:30:05-05:00", "2020-01-16T24:00:00Z", "2020-01-16T10:30:05.5Z"],
)
def test_an_instant_in_another_zone_or_in_fractions_is_refused(text: str) -> None:
    assert cell(Column("at", "instant", "At"), text).faults[0].problem == "is not a date or a UTC time"


LETTERS = Column("letters", "list", "Letters", highest=2, form=Form("[a-z]", "a small letter"))


def test_items_of_a_list_stand_between_semicolons() -> None:
    assert cell(LETTERS, "a ; b").rows["letters"].to_list() == [["a", "b"]]
    assert cell(LETTERS, "").rows["letters"].to_list() == [[]]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a;B", "holds 'B', which is not a small letter"),
        ("a;;b", "has an empty item"),
        ("a;", "has an empty item"),
        ("a;a", "names an item twice"),
        ("a;b;c", "holds 3 items"),
    ],
)
def test_a_bad_list_is_refused(text: str, said: str) -> None:
    assert cell(LETTERS, text).faults[0].problem == said


def test_a_required_list_is_not_empty() -> None:
    column = Column("letters", "list", "Letters", required=True, form=Form("[a-z]", "a small letter"))
    assert cell(column, "").faults[0].problem == "is empty"


def test_parquet_values_are_read_as_their_text() -> None:
    frame = pl.DataFrame(
        {
            "code": ["a", "b"],
            "price": pl.Series([Decimal("1.50"), None], dtype=pl.Decimal(18, 8)),
            "note": [7, 8],
        }
    )
    table = read_frame_table(frame, PRICES, "prices.parquet")
    assert table.faults == []
    assert table.rows.rows() == [("a", 1_500_000, "7", 1), ("b", None, "8", 2)]


def test_parquet_dates_booleans_and_lists_are_read() -> None:
    spec = TableSpec(
        "t",
        "A table",
        "row",
        ("day",),
        (
            Column("day", "date", "Day"),
            Column("flag", "boolean", "Flag"),
            Column("letters", "list", "Letters"),
        ),
    )
    day = dt.date(2020, 1, 31)
    frame = pl.DataFrame({"day": [day], "flag": [True], "letters": [["a", "b"]]})
    assert read_frame_table(frame, spec, "t").rows.rows() == [(day, True, ["a", "b"], 1)]
    moments = frame.with_columns(pl.col("day").cast(pl.Datetime("ns")), letters=pl.lit("a;b"))
    assert read_frame_table(moments, spec, "t").rows.rows() == [(day, True, ["a", "b"], 1)]


def test_parquet_floats_are_refused_as_a_column() -> None:
    frame = pl.DataFrame({"code": ["a"], "price": [0.1], "note": [""]})
    (fault,) = read_frame_table(frame, PRICES, "prices.parquet").faults
    assert (fault.column, fault.line, fault.problem) == ("price", None, "is stored as Float64")


def test_the_guard_refuses_what_the_reader_would_never_give() -> None:
    rows = read_csv_table(b"code,price,note\na,1,\n", PRICES, "prices.csv").rows
    assert guarded(rows, PRICES).equals(rows)
    for spoiled in (
        rows.with_columns(price_micros=pl.lit(-1, dtype=pl.Int64)),
        rows.with_columns(code=pl.lit(None, dtype=pl.String)),
        rows.with_columns(price_micros=pl.lit(1.5)),
        rows.drop("note"),
    ):
        with pytest.raises(pandera.errors.SchemaErrors):
            guarded(spoiled, PRICES)


def test_a_repeated_key_names_the_first_line() -> None:
    rows = read_csv_table(b"code,price,note\na,1,\nb,1,\na,2,\n", PRICES, "prices.csv").rows
    (fault,) = repeated_key_faults(rows, ("code",), "prices.csv")
    assert (fault.line, fault.problem, fault.value) == (4, "repeats the key of line 2", "a")
