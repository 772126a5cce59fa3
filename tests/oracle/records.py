"""Call record files as rows: their line, their text, their cells (contract §2)."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from .tables import Row

REQUIRED = ("call_id", "source_number", "destination_number", "start_time", "duration_seconds")
COLUMNS = (*REQUIRED, "account_id", "direction", "end_time", "disposition")
ENDINGS = (".csv", ".csv.gz", ".csv.zst", ".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


class UnreadableFile(Exception):
    """A file that the program has to refuse by name."""


def record_files(month: Path) -> list[Path]:
    """The files of the canonical source, in the order of their path within the month (rule 13.3)."""
    return sorted(
        (path for path in month.iterdir() if path.is_file() and path.name.endswith(ENDINGS)),
        key=lambda path: path.name,
    )


def unpacked(path: Path) -> bytes:
    """The file's bytes, decompressed."""
    if path.name.endswith(".gz"):
        return gzip.decompress(path.read_bytes())
    if path.name.endswith(".zst"):
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            return bytes(stream.read())
    return path.read_bytes()


def read_records(path: Path) -> Iterator[Row]:
    """Rows of a file: `line`, `raw` (text, None where it is not text), `cells` (None where malformed)."""
    if path.name.endswith(".parquet"):
        return parquet_rows(path)
    lines = numbered_lines(unpacked(path))
    return csv_lines(path, lines) if ".csv" in path.suffixes else json_lines(lines)


def numbered_lines(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Lines that are not blank with their number from 1, without their end.

    Reading: a line ends with LF or CR LF; a line of nothing but white space is blank.
    """
    for number, line in enumerate(content.split(b"\n"), start=1):
        stripped = line.removesuffix(b"\r")
        if stripped.strip():
            yield number, stripped


def text_of(line: bytes) -> str | None:
    """The line as text, or None: not UTF-8, or with a NUL."""
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def fields_of(text: str | None) -> list[str] | None:
    """The trimmed fields of a line, or None where a quote is not closed."""
    if text is None:
        return None
    try:
        return [field.strip() for field in next(csv.reader([text], strict=True))]
    except csv.Error:
        return None


def csv_lines(path: Path, lines: Iterator[tuple[int, bytes]]) -> Iterator[Row]:
    """Rows of a CSV; extra columns are dropped here, the raw line keeps them."""
    header = fields_of(text_of(next(lines, (1, b""))[1]))
    if header is None or len(set(header)) < len(header) or not set(REQUIRED) <= set(header):
        raise UnreadableFile(path.name)
    for number, line in lines:
        text = text_of(line)
        fields = fields_of(text)
        whole = fields is not None and len(fields) == len(header)
        named = dict(zip(header, fields, strict=True)) if whole and fields is not None else None
        cells = None if named is None else {column: named.get(column, "") for column in COLUMNS}
        yield {"line": number, "raw": text, "cells": cells}


def json_lines(lines: Iterator[tuple[int, bytes]]) -> Iterator[Row]:
    """Rows of a JSONL file; values are text or numbers, a missing key is empty."""
    for number, line in lines:
        text = text_of(line)
        yield {"line": number, "raw": text, "cells": None if text is None else json_cells(text)}


def json_cells(text: str) -> dict[str, str] | None:
    """The canonical cells of an object, numbers as they are written; None where the line is no such object.

    Reading: a canonical value that is neither text nor number makes the row malformed.
    """
    try:
        record = json.loads(text, parse_int=str, parse_float=str)
    except ValueError:
        return None
    if not isinstance(record, dict):
        return None
    cells = {column: record.get(column, "") for column in COLUMNS}
    if not all(isinstance(cell, str) for cell in cells.values()):
        return None
    return {column: cell.strip() for column, cell in cells.items()}


def parquet_rows(path: Path) -> Iterator[Row]:
    """Rows of a Parquet file, numbered from 1; null is empty. Such a row has no raw text to compare."""
    rows = pq.read_table(path).to_pylist()
    for number, row in enumerate(rows, start=1):
        cells = {column: row.get(column) for column in COLUMNS}
        text = {column: "" if cell is None else str(cell).strip() for column, cell in cells.items()}
        yield {"line": number, "raw": None, "cells": text}
