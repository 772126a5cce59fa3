"""JSON lines, and typed frames, to rows of text columns (contract §2)."""

from __future__ import annotations

import json
from typing import Any

import polars as pl

from transforms.delimited import IS_MALFORMED, SOURCE_LINE


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON value")


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _record(line: bytes) -> dict[str, str] | None:
    """The line's keys with their values as text; numbers stand as they were written. None where it is no object."""
    if b"\0" in line:
        return None
    try:
        parsed = json.loads(line.decode(), parse_int=str, parse_float=str, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return None
    return {key: _text(value) for key, value in parsed.items()} if isinstance(parsed, dict) else None


def read_json_lines(block: bytes, first_line: int) -> pl.DataFrame:
    """Rows of a block of whole lines, as trimmed text; a missing key is empty.

    Grain: one row a line that is not blank, in order. Adds source_line and is_malformed (not UTF-8, NUL, no
    JSON object), as `read_delimited` does.
    """
    numbered = [(first_line + index, line) for index, line in enumerate(block.split(b"\n")) if line.strip()]
    records = [_record(line) for _, line in numbered]
    keys = list(dict.fromkeys(key for record in records if record is not None for key in record))
    columns: dict[str, list[Any]] = {
        key: [None if record is None else record.get(key, "") for record in records] for key in keys
    }
    schema: dict[str, Any] = dict.fromkeys(keys, pl.String)
    return pl.DataFrame(columns, schema=schema).with_columns(
        pl.Series(SOURCE_LINE, [number for number, _ in numbered], dtype=pl.Int64),
        pl.Series(IS_MALFORMED, [record is None for record in records], dtype=pl.Boolean),
    )


def _column_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        pattern = "%Y-%m-%dT%H:%M:%S%.6f"
        if dtype.time_zone is None:
            return column.dt.to_string(pattern)
        return column.dt.convert_time_zone("UTC").dt.to_string(pattern + "Z")
    if dtype.is_nested() or dtype == pl.Binary:
        return pl.lit("").alias(name)
    return column.cast(pl.String).str.strip_chars()


def read_typed_rows(frame: pl.DataFrame, first_line: int) -> pl.DataFrame:
    """Rows of a Parquet file as text; times with a zone become UTC, null becomes empty.

    Grain: one row a row; source_line is its number in the file, from 1. A time without a zone stays without.
    """
    texts = frame.select(_column_text(name, dtype).fill_null("") for name, dtype in frame.schema.items())
    return texts.with_row_index(SOURCE_LINE, offset=first_line).with_columns(
        pl.col(SOURCE_LINE).cast(pl.Int64),
        pl.any_horizontal(pl.col(pl.String).str.contains("\0", literal=True)).alias(IS_MALFORMED),
    )
