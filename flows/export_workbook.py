"""A selection as an Excel workbook: numbers as numbers wherever a spreadsheet keeps them exactly."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xlsxwriter  # type: ignore[import-untyped]

from schemas.faults import Fault, InputRefusedError
from transforms.spreadsheets import begins_formula

if TYPE_CHECKING:
    import duckdb
    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

    from flows.export import Column, Selection

MOST_ROWS = 1_048_575
"""Rows of a sheet below its header."""
EXACT_DIGITS = 15
"""Significant digits that a spreadsheet keeps of a number; those of one with more would be lost without a word."""
LONGEST_TEXT = 32_767
FIRST_DAY = dt.date(1900, 3, 1)
"""Before it, spreadsheets count a day that never was."""
_WIDEST, _NARROWEST = 60, 8
_SHEET_NAME = 31
_ROWS_AT_A_TIME = 10_000
_DECIMAL = re.compile(r"DECIMAL\([0-9]+,([0-9]+)\)")
_NUMBERS = re.compile(r"U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DECIMAL\(.*")
AS_TEXT = f"as text: a spreadsheet keeps {EXACT_DIGITS} digits of a number"
CUT = f"cut at {LONGEST_TEXT:,} characters, the most that a cell holds"
EARLY = "dates before March 1900, as text"


def significant_digits(value: Decimal | int) -> int:
    """Digits of the number from its first to its last that is not 0. `1200` has two, `0.50` one."""
    digits = "".join(map(str, Decimal(value).as_tuple().digits)).strip("0")
    return len(digits)


def _number_form(sql_type: str) -> str:
    """How a cell shows a number of the type: all its decimals, thousands apart where it is money or a quantity."""
    decimals = _DECIMAL.fullmatch(sql_type)
    if decimals is None:
        return "0"
    places = int(decimals[1])
    return "#,##0" + ("." + "0" * places if places else "")


class _Sheet:
    """The sheet that is written: its forms, the widths of its columns, and what could not be written as it is."""

    def __init__(self, workbook: Workbook, selection: Selection) -> None:
        self.columns = selection.columns
        self.sheet: Worksheet = workbook.add_worksheet(selection.table[:_SHEET_NAME])
        self.forms = [self._form(workbook, column) for column in selection.columns]
        self.right: Format = workbook.add_format({"align": "right"})
        self.quoted: Format = workbook.add_format({"quote_prefix": True})
        self.widths = [len(column.name) + 3 for column in selection.columns]
        self.odd: list[Counter[str]] = [Counter() for _ in selection.columns]
        header = workbook.add_format({"bold": True, "bottom": 1})
        for place, column in enumerate(selection.columns):
            _written(self.sheet.write_string(0, place, column.name, header))
            meaning = f"{column.meaning}. UTC" if "ZONE" in column.type else column.meaning
            _written(self.sheet.write_comment(0, place, meaning, {"author": "Tollbook", "x_scale": 2}))
        self.last_row = 0

    @staticmethod
    def _form(workbook: Workbook, column: Column) -> Format | None:
        if _NUMBERS.fullmatch(column.type):
            return workbook.add_format({"num_format": _number_form(column.type)})
        if column.type == "DATE":
            return workbook.add_format({"num_format": "yyyy-mm-dd"})
        if column.type.startswith("TIMESTAMP"):
            return workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        return None

    def write_row(self, values: tuple[Any, ...]) -> None:
        """The next row; an empty cell for NULL."""
        self.last_row += 1
        for place, value in enumerate(values):
            if value is not None:
                self._write(place, value)

    def _write(self, place: int, value: Any) -> None:  # noqa: ANN401 - whatever DuckDB gives
        if isinstance(value, bool):
            _written(self.sheet.write_boolean(self.last_row, place, value))
        elif isinstance(value, Decimal | int):
            self._write_number(place, value)
        elif isinstance(value, dt.date):
            self._write_date(place, value)
        else:
            self._write_text(place, str(value))

    def _write_number(self, place: int, value: Decimal | int) -> None:
        self._widen(place, f"{value:,f}" if isinstance(value, Decimal) else str(value))
        if significant_digits(value) <= EXACT_DIGITS:
            _written(self.sheet.write_number(self.last_row, place, value, self.forms[place]))
            return
        self.odd[place][AS_TEXT] += 1
        text = f"{value:f}" if isinstance(value, Decimal) else str(value)
        _written(self.sheet.write_string(self.last_row, place, text, self.right))

    def _write_date(self, place: int, value: dt.date) -> None:
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            value = value.astimezone(dt.UTC).replace(tzinfo=None)
        day = value.date() if isinstance(value, dt.datetime) else value
        self._widen(place, "2020-01-15 10:30:00" if isinstance(value, dt.datetime) else "2020-01-15")
        if day < FIRST_DAY:
            self.odd[place][EARLY] += 1
            _written(self.sheet.write_string(self.last_row, place, value.isoformat()))
        else:
            _written(self.sheet.write_datetime(self.last_row, place, value, self.forms[place]))

    def _write_text(self, place: int, text: str) -> None:
        if len(text) > LONGEST_TEXT:
            self.odd[place][CUT] += 1
            text = text[:LONGEST_TEXT]
        self._widen(place, text)
        _written(self.sheet.write_string(self.last_row, place, text, self.quoted if begins_formula(text) else None))

    def _widen(self, place: int, text: str) -> None:
        self.widths[place] = max(self.widths[place], len(text) + 1)

    def finish(self) -> None:
        """Header frozen and with a filter, columns as wide as their text."""
        self.sheet.freeze_panes(1, 0)
        self.sheet.autofilter(0, 0, self.last_row, len(self.columns) - 1)
        for place, width in enumerate(self.widths):
            self.sheet.set_column(place, place, min(max(width, _NARROWEST), _WIDEST))

    def remarks(self) -> list[str]:
        """By column, what of it could not be written as it is; empty where all could."""
        return ["; ".join(f"{count:,} values {what}" for what, count in odd.items()) for odd in self.odd]


def _written(result: int) -> None:
    """The library tells of a cell that it leaves out by a number alone."""
    if result != 0:
        raise AssertionError(f"a cell was not written ({result})")


def _write_columns(workbook: Workbook, columns: list[Column], remarks: list[str]) -> None:
    """A second sheet: what each column means, and what of it is not as in the warehouse."""
    sheet = workbook.add_worksheet("columns")
    bold = workbook.add_format({"bold": True, "bottom": 1})
    for place, (title, width) in enumerate((("column", 28), ("type", 26), ("meaning", 90), ("in this file", 60))):
        sheet.set_column(place, place, width)
        _written(sheet.write_string(0, place, title, bold))
    for row, (column, remark) in enumerate(zip(columns, remarks, strict=True), start=1):
        for place, text in enumerate((*column, remark)):
            _written(sheet.write_string(row, place, text))
    sheet.freeze_panes(1, 0)


def write_workbook(connection: duckdb.DuckDBPyConnection, selection: Selection, target: Path) -> list[str]:
    """The rows on one sheet, what columns mean on another; the same published file gives the same bytes.

    Raises InputRefusedError where there are more rows than a sheet holds.
    """
    if selection.row_count > MOST_ROWS:
        problem = (
            f"a sheet holds {MOST_ROWS:,} rows, and {selection.table} has {selection.row_count:,} of this selection"
        )
        remedy = "name a --month or an --account, or write a .csv or .parquet file"
        raise InputRefusedError(Fault("--output", problem, remedy))
    with xlsxwriter.Workbook(target, {"constant_memory": True}) as workbook:
        workbook.set_properties({"title": selection.table, "created": selection.as_of.replace(tzinfo=None)})
        sheet = _Sheet(workbook, selection)
        cursor = connection.execute(selection.query, selection.params)
        while rows := cursor.fetchmany(_ROWS_AT_A_TIME):
            for row in rows:
                sheet.write_row(row)
        sheet.finish()
        remarks = sheet.remarks()
        _write_columns(workbook, selection.columns, remarks)
    return [f"{column.name}: {said}" for column, said in zip(selection.columns, remarks, strict=True) if said]
