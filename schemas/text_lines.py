"""The lines of a CSV file, or the rows of a Parquet file, as trimmed text: nothing is typed yet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterable, Sequence
from itertools import islice
from typing import NamedTuple

import polars as pl

from schemas.faults import Fault

LINE = "line"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# A line whose quotes are in order: each field is free of quotes or stands in quotes whole.
_WELL_QUOTED = re.compile(r'(?:"(?:[^"]|"")*"|[^",]*)(?:,(?:"(?:[^"]|"")*"|[^",]*))*')
_QUOTED = re.compile(r'"[^"]*"')
_SEPARATORS = {";": "semicolons", "\t": "tabulators"}
_ROW_REMEDY = "give the row as many fields as the header"


class TextTable(NamedTuple):
    """Cells as trimmed text, one row a row of the file, with `line`; and what could not be read.

    `line` is the physical line of a CSV file (the header is 1), the row from 1 of a Parquet file.
    """

    rows: pl.DataFrame
    faults: list[Fault]


def csv_text(content: bytes, file: str, needed: Sequence[str], may_lack: Collection[str] = frozenset()) -> TextTable:
    """The needed columns of a CSV file (RFC 4180, UTF-8, comma, header; blank lines are no rows).

    Extra columns are left out. A missing column is a fault and its cells are null; one of `may_lack` is empty instead,
    where the header has no other column that could be a misspelling of it.
    A field with a line break in it is refused.
    """
    content = content.removeprefix(BYTE_ORDER_MARK)
    lines, faults = _decoded_lines(content, file)
    if not lines[0].strip():
        problem = "is empty" if not content.strip() else "has no header in line 1"
        remedy = "write the header line " + ",".join(needed)
        return TextTable(_no_rows(needed), [Fault(file, problem, remedy, line=1)])
    header_rows, _, header_faults = _well_formed(lines[:1], file, None)
    if header_faults:
        return TextTable(_no_rows(needed), header_faults)
    header = [name.strip() for name in next(csv.reader(header_rows))]
    if len(header) == 1 and (separator := _other_separator(header[0])):
        remedy = "save the file as CSV with a comma between the columns"
        fault = Fault(file, f"has {separator} between the columns", remedy, line=1)
        return TextTable(_no_rows(needed), [fault])
    lacking = _may_be_left_out(header, needed, may_lack)
    faults += _header_faults(header, file, [name for name in needed if name not in lacking])
    rows, numbers, row_faults = _well_formed(islice(lines, 1, None), file, len(header))
    cells = _parsed(rows, len(header)).with_columns(pl.Series(LINE, numbers, dtype=pl.Int64))
    rows_named = _named(cells, header, needed).with_columns(pl.lit("").alias(name) for name in lacking)
    return TextTable(rows_named, faults + row_faults)


def frame_text(
    frame: pl.DataFrame, file: str, needed: Sequence[str], may_lack: Collection[str] = frozenset()
) -> TextTable:
    """The needed columns of a Parquet file, each value as the text that a CSV file would hold.

    A column of floating-point numbers is refused: money and quantities are never floats.
    """
    lacking = _may_be_left_out(frame.columns, needed, may_lack)
    faults = _header_faults(frame.columns, file, [name for name in needed if name not in lacking], line=None)
    texts: list[pl.Expr] = []
    for name in needed:
        if name in lacking:
            texts.append(pl.lit("").alias(name))
            continue
        text = _as_text(frame.schema[name], name) if name in frame.columns else _missing(name)
        if text is None:
            dtype = str(frame.schema[name])
            remedy = "store it as text, whole number, decimal, date or boolean"
            faults.append(Fault(file, f"is stored as {dtype}", remedy, column=name))
        texts.append(_missing(name) if text is None else text)
    line = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(LINE)
    return TextTable(frame.select(*texts, line), faults)


def _decoded_lines(content: bytes, file: str) -> tuple[list[str], list[Fault]]:
    """The lines without their ends; a line that is not text is a fault and left blank."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return _lines_one_by_one(content, file)
    if "\0" in text or text.count("\r") > text.count("\r\n"):
        return _lines_one_by_one(content, file)
    return text.replace("\r\n", "\n").split("\n"), []


def _lines_one_by_one(content: bytes, file: str) -> tuple[list[str], list[Fault]]:
    lines: list[str] = []
    faults: list[Fault] = []
    for number, raw in enumerate(content.split(b"\n"), start=1):
        line = raw.removesuffix(b"\r").decode(errors="replace")
        problem = _unreadable(raw, line)
        if problem:
            faults.append(Fault(file, problem[0], problem[1], line=number))
        is_header = number == 1
        lines.append(line.replace("\r", " ") if is_header or not problem else "")
    return lines, faults


def _unreadable(raw: bytes, line: str) -> tuple[str, str] | None:
    if b"\0" in raw:
        return "holds a NUL character", "save the file as UTF-8 text"
    if "\ufffd" in line and "\ufffd".encode() not in raw:
        return "is not UTF-8", "save the file as UTF-8"
    if "\r" in line:
        return "holds a carriage return within a line", "end each line with LF or CRLF"
    return None


def _well_formed(lines: Iterable[str], file: str, width: int | None) -> tuple[list[str], list[int], list[Fault]]:
    """Rows that split into `width` fields (None: the header), the line of each, and the others' faults."""
    rows: list[str] = []
    numbers: list[int] = []
    faults: list[Fault] = []
    for number, text in enumerate(lines, 1 if width is None else 2):
        if not text.strip():
            continue
        has_quotes = '"' in text
        fields = (_QUOTED.sub("", text) if has_quotes else text).count(",") + 1
        is_quoted_well = not has_quotes or _WELL_QUOTED.fullmatch(text) is not None
        if is_quoted_well and width in (None, fields):
            rows.append(text)
            numbers.append(number)
        else:
            faults.append(_row_fault(file, number, fields if is_quoted_well else None, width))
    return rows, numbers, faults


def _row_fault(file: str, line: int, fields: int | None, width: int | None) -> Fault:
    """What is wrong with the row; `fields` is None where its quotes are."""
    if fields is None:
        remedy = 'put a field with quotes or commas in quotes on one line, a quote in it doubled ("")'
        return Fault(file, "has a quote out of place or not closed", remedy, line=line)
    return Fault(file, f"has {fields} fields and the header {width}", _ROW_REMEDY, line=line)


def _parsed(lines: list[str], width: int) -> pl.DataFrame:
    """Fields of well-formed lines, as trimmed text in columns `0`, `1` and so on."""
    schema = {str(position): pl.String() for position in range(width)}
    if not lines:
        return pl.DataFrame(schema=schema)
    content = io.BytesIO(("\n".join(lines) + "\n").encode())
    fields = pl.read_csv(
        content, has_header=False, schema=schema, empty_string_is_null=False, infer_schema=False, glob=False
    )
    if fields.height != len(lines):  # the lines were checked: a programmer's error, never the user's
        raise AssertionError(f"{len(lines)} lines were read as {fields.height} rows")
    return fields.select(pl.all().str.strip_chars().fill_null(""))


def _other_separator(header: str) -> str | None:
    """What a spreadsheet of another country puts between columns, in words."""
    return next((name for mark, name in _SEPARATORS.items() if mark in header), None)


def _named(cells: pl.DataFrame, header: list[str], needed: Sequence[str]) -> pl.DataFrame:
    picked = [pl.col(str(header.index(name))).alias(name) if name in header else _missing(name) for name in needed]
    return cells.select(*picked, LINE)


def _may_be_left_out(header: Sequence[str], needed: Sequence[str], may_lack: Collection[str]) -> list[str]:
    """Absent columns that count as empty: none where an unknown one stands there, which may be meant for it."""
    if set(header) - set(needed):
        return []
    return [name for name in needed if name in may_lack and name not in header]


def _missing(name: str) -> pl.Expr:
    return pl.lit(None, dtype=pl.String).alias(name)


def _no_rows(needed: Sequence[str]) -> pl.DataFrame:
    return pl.DataFrame(schema={**dict.fromkeys(needed, pl.String()), LINE: pl.Int64()})


def _header_faults(header: Sequence[str], file: str, needed: Sequence[str], line: int | None = 1) -> list[Fault]:
    absent = [name for name in needed if name not in header]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    unknown = [name for name in header if name and name not in needed]
    other = f"{', '.join(unknown)} is no column of the table: rename it, or " if absent and unknown else ""
    remedy = f"{other}add it to the header; its cells may be empty where the column is optional"
    faults = [Fault(file, "the column is missing", remedy, line=line, column=name) for name in absent]
    faults += [
        Fault(file, "the column stands there twice", "keep one of them", line=line, column=name) for name in twice
    ]
    return faults


def _as_text(dtype: pl.DataType, name: str) -> pl.Expr | None:
    """A Parquet column as CSV text, or None where it has no exact text."""
    column = pl.col(name)
    if dtype.is_float() or (dtype.is_nested() and dtype != pl.List(pl.String)):
        return None
    if dtype == pl.List(pl.String):
        text = column.list.join(";")
    elif isinstance(dtype, pl.Decimal):
        text = column.cast(pl.String)
        has_point = text.str.contains(".", literal=True)
        text = pl.when(has_point).then(text.str.strip_chars_end("0").str.strip_chars_end(".")).otherwise(text)
    elif isinstance(dtype, pl.Datetime):
        moment = column.dt.convert_time_zone("UTC") if dtype.time_zone else column
        text = moment.dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ").str.strip_suffix("T00:00:00Z")
    elif dtype == pl.Date:
        text = column.dt.to_string("%Y-%m-%d")
    elif dtype == pl.Boolean:
        text = pl.when(column).then(pl.lit("true")).when(column.not_()).then(pl.lit("false"))
    elif dtype.is_integer() or dtype in (pl.String, pl.Categorical, pl.Enum, pl.Null):
        text = column.cast(pl.String)
    else:
        return None
    return text.str.strip_chars().fill_null("").alias(name)
