"""The cells of a carrier's sheet as trimmed text, with their lines: nothing is typed yet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

import polars as pl

from schemas.deck_map import DeckDialect, DeckMap
from schemas.faults import Fault
from schemas.text_lines import BYTE_ORDER_MARK, LINE, TextTable

_ZIP_MARK = b"PK\x03\x04"
_OLE_MARK = b"\xd0\xcf\x11\xe0"


def deck_text(content: bytes, file: str, deck_map: DeckMap) -> TextTable:
    """The columns that the map reads, one row a row of the sheet; blank rows are none.

    `line` is the physical line that a row begins in. Rows of another width than the header, and a sheet that
    lacks a column, are faults.
    """
    needed = deck_map.used_columns
    nothing = pl.DataFrame(schema={**dict.fromkeys(needed, pl.String()), LINE: pl.Int64()})
    text, faults = _decoded(content, file, deck_map.dialect)
    if faults:
        return TextTable(nothing, faults)
    numbered, faults = _rows(text, file, deck_map.dialect)
    header_line, header = deck_map.dialect.skip_lines + 1, list(deck_map.dialect.names)
    if not header and numbered:
        header_line, cells = numbered.pop(0)
        header = [" ".join(cell.split()) for cell in cells]
    faults += _header_faults(header, needed, file, header_line)
    if deck_map.dialect.footer_lines:
        numbered = numbered[: -deck_map.dialect.footer_lines]
    fitting = [(line, cells) for line, cells in numbered if len(cells) == len(header)]
    faults += [
        Fault(file, f"has {len(cells)} fields and the header {len(header)}", "give it as many", line=line)
        for line, cells in numbered
        if len(cells) != len(header)
    ]
    columns = {name: [cells[header.index(name)] for _, cells in fitting] for name in needed if name in header}
    if len(columns) < len(needed):
        return TextTable(nothing, faults)
    rows = pl.DataFrame(columns, schema=dict.fromkeys(needed, pl.String()))
    rows = rows.select(pl.all().str.replace_all(r"\s*[\r\n]+\s*", " ").str.strip_chars())
    return TextTable(rows.with_columns(pl.Series(LINE, [line for line, _ in fitting], dtype=pl.Int64)), faults)


def _decoded(content: bytes, file: str, dialect: DeckDialect) -> tuple[str, list[Fault]]:
    if content.startswith((_ZIP_MARK, _OLE_MARK)):
        return "", [Fault(file, "is a spreadsheet or an archive", "save the sheet as CSV")]
    content = content.removeprefix(BYTE_ORDER_MARK)
    try:
        text = content.decode(dialect.encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        remedy = "write its encoding in the map (dialect.encoding), such as cp1252"
        return "", [Fault(file, f"is not {dialect.encoding}", remedy, line=line)]
    if "\0" in text:
        remedy = "write its encoding in the map (dialect.encoding), such as utf-16"
        return "", [Fault(file, "holds NUL characters", remedy, line=text[: text.index("\0")].count("\n") + 1)]
    return text, [] if text.strip() else [Fault(file, "is empty", "bring the carrier's sheet", line=1)]


def _rows(text: str, file: str, dialect: DeckDialect) -> tuple[list[tuple[int, list[str]]], list[Fault]]:
    """Rows that are not blank, each with the line it begins in; reading ends at a quote that is not closed."""
    lines = list(io.StringIO(text, newline=""))[dialect.skip_lines :]
    reader = csv.reader(io.StringIO("".join(lines), newline=""), delimiter=dialect.delimiter, strict=True)
    numbered: list[tuple[int, list[str]]] = []
    begins = dialect.skip_lines + 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                numbered.append((begins, cells))
            begins = dialect.skip_lines + reader.line_num + 1
    except csv.Error as error:
        remedy = "close the quote, double a quote within a field, and keep fields short"
        fault = Fault(file, f"cannot be read as CSV ({error})", remedy, line=dialect.skip_lines + reader.line_num)
        return numbered, [fault]
    return numbered, []


def _header_faults(header: Sequence[str], needed: Sequence[str], file: str, line: int) -> Iterator[Fault]:
    has = ", ".join(name for name in header if name) or "nothing"
    for name in needed:
        if name not in header:
            remedy = f"correct the map, dialect.skip_lines or dialect.delimiter: the header has {has}"
            yield Fault(file, "the column that the map names is missing", remedy, line, name)
        elif header.count(name) > 1:
            yield Fault(file, "the column stands there twice", "rename one of them", line, name)
