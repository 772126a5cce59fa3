"""Rows of a query for a person, a spreadsheet or a program."""

from __future__ import annotations

import csv
import datetime as dt
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice
from math import isfinite
from typing import Any, NamedTuple, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from flows.sql_session import Answer
from transforms.spreadsheets import neutral_text

_NUMBER_TYPES = re.compile(r"(DECIMAL|U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|DOUBLE|FLOAT)\b")
_SEPARATED_FROM = 10_000
"""Whole numbers below it have no separators: 2020 is a year."""
NULL = "NULL"
_BETWEEN = 3
"""Characters between two columns of a table."""
_LINES_AROUND = 4
"""Lines of a screen that a table's rows cannot have: its header, the count, the next prompt."""


class Shown(NamedTuple):
    """The rows that are shown, and whether there are more."""

    names: list[str]
    types: list[str]
    rows: list[tuple[Any, ...]]
    is_cut: bool


def first_rows(answer: Answer, limit: int) -> Shown:
    """The first so many rows."""
    rows = list(islice(answer.rows, limit + 1))
    return Shown(answer.names, answer.types, rows[:limit], len(rows) > limit)


def _time(value: dt.datetime) -> str:
    """`2020-01-15T10:30:00Z`; a fraction only where there is one."""
    naive = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return naive.isoformat() + ("Z" if value.tzinfo else "")


def _exact(value: Any) -> Any:  # noqa: ANN401 - whatever DuckDB gives
    """The value as JSON has it: text, whole numbers, true, false and null; money as text, exact."""
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and isfinite(value)):
        return value
    if isinstance(value, dt.datetime):
        return _time(value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, list | tuple):
        return [_exact(part) for part in value]
    if isinstance(value, dict):
        return {str(name): _exact(part) for name, part in value.items()}
    return value.hex() if isinstance(value, bytes) else str(value)


def cell_text(value: Any) -> str:  # noqa: ANN401 - whatever DuckDB gives
    """The value as a person reads it; money keeps every digit it has."""
    if value is None:
        return NULL
    if isinstance(value, Decimal):
        return f"{value:,f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}" if abs(value) >= _SEPARATED_FROM else str(value)
    if isinstance(value, dt.datetime):
        return _time(value).replace("T", " ")
    exact = _exact(value)
    return exact if isinstance(exact, str) else json.dumps(exact, ensure_ascii=False)


def _cell(value: Any) -> Text:  # noqa: ANN401 - whatever DuckDB gives
    return Text(cell_text(value), style="dim" if value is None else "")


def is_number(sql_type: str) -> bool:
    """Whether a column of the type stands right."""
    return _NUMBER_TYPES.fullmatch(sql_type.split("(")[0]) is not None


def _rows_table(shown: Shown) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name, sql_type in zip(shown.names, shown.types, strict=True):
        table.add_column(Text(name), justify="right" if is_number(sql_type) else "left", overflow="fold")
    for row in shown.rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _record_tables(shown: Shown) -> Iterator[Table]:
    """A table a row, its columns under each other: for rows wider than the screen."""
    for place, row in enumerate(shown.rows, start=1):
        table = Table(box=None, pad_edge=False, show_header=False, title=f"row {place:,}", title_justify="left")
        table.add_column(style="bold")
        table.add_column(overflow="fold")
        for name, value in zip(shown.names, row, strict=True):
            table.add_row(Text(name), _cell(value))
        yield table


def _width(shown: Shown) -> int:
    """Columns of characters that the rows need side by side."""
    columns = zip(shown.names, *shown.rows, strict=True)
    return sum(max(cell_len(cell_text(value)) for value in column) + _BETWEEN for column in columns)


def _page(console: Console, shown: Shown, width: int) -> None:
    """The table in the user's pager, as wide as it need be: the arrow keys move over it."""
    os.environ.setdefault("LESS", "FRSX")  # lines are cut at the screen's edge, not folded
    before = console.width
    console.width = max(before, width)
    try:
        with console.pager():
            console.print(_rows_table(shown))
    finally:
        console.width = before


def show_rows(console: Console, shown: Shown) -> None:
    """The rows as a table. On a screen: row by row where few rows are too wide for it, else by pages.

    A pipe is as wide as it need be.
    """
    width, screen_rows = _width(shown), console.height - _LINES_AROUND
    is_wide = width > console.width
    if not console.is_terminal:
        console.width = max(console.width, width)
        console.print(_rows_table(shown))
    elif is_wide and 0 < len(shown.rows) * (len(shown.names) + 1) <= screen_rows:
        for table in _record_tables(shown):
            console.print(table)
    elif is_wide or len(shown.rows) > screen_rows:
        _page(console, shown, width)
    else:
        console.print(_rows_table(shown))


def write_csv(answer: Answer, out: TextIO) -> None:
    """Every row as CSV (RFC 4180), exact; text that a spreadsheet takes for a formula has an apostrophe before it."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(answer.names)
    for row in answer.rows:
        writer.writerow([_csv_cell(value) for value in row])


def _csv_cell(value: Any) -> str:  # noqa: ANN401 - whatever DuckDB gives
    if value is None:
        return ""
    exact = _exact(value)
    if isinstance(exact, str):
        return neutral_text(exact)
    return json.dumps(exact, ensure_ascii=False)


def _distinct(names: Sequence[str]) -> list[str]:
    """The names, each once: the second `total` is `total_2`."""
    kept: list[str] = []
    for name in names:
        same = sum(1 for before in names[: len(kept)] if before == name)
        kept.append(name if not same else f"{name}_{same + 1}")
    return kept


def write_json(answer: Answer, out: TextIO) -> None:
    """Every row as an object of one array, a row a line; money is decimal text, so that no reader rounds it."""
    names = _distinct(answer.names)
    out.write("[")
    out.writelines(_json_rows(names, answer.rows))
    out.write("\n]\n")


def _json_rows(names: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> Iterator[str]:
    for place, row in enumerate(rows):
        record = dict(zip(names, map(_exact, row), strict=True))
        yield ("," if place else "") + "\n" + json.dumps(record, ensure_ascii=False)
