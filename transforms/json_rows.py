"""JSON lines, and typed frames, to rows of text columns (contract §2)."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any
from urllib.parse import unquote

import polars as pl

from transforms.delimited import IS_MALFORMED, SOURCE_LINE

_UNITS_PER_SECOND = {"ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_YEAR_1, _YEAR_10_000 = -62_135_596_800, 253_402_300_800
"""Seconds since 1970 at which these years begin."""


class _NotARowError(ValueError):
    """The line is valid JSON perhaps, but no row."""


def _refuse_constant(name: str) -> Any:  # noqa: ANN401 - what json asks for
    raise _NotARowError(f"{name} is not a JSON value")


def _object_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _NotARowError("a key stands twice")
    return found


def _text(value: str | int | None) -> str:
    """A value as text; JSON's null is an absent value. Raises _NotARowError for anything that is no text or number."""
    if value is None:
        return ""
    if not isinstance(value, str) or "\0" in value:
        raise _NotARowError("not a text or a number")
    value.encode()  # a lone surrogate is no text
    return value.strip()


def _decoded(text: str) -> str:
    """URL-encoded text as it was. Raises ValueError where that is not UTF-8, or has a NUL."""
    return _text(unquote(text, errors="strict")) if "%" in text else text


def _at_path(parsed: dict[str, Any], path: str) -> Any:  # noqa: ANN401 - any JSON value
    """The value of a key, or at a path of keys and places in lists (`callflow.0.uuid`); None where there is none."""
    if path in parsed:
        return parsed[path]
    value: Any = parsed
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def _record(line: bytes, used: Collection[str], *, percent_encoded: bool) -> dict[str, str] | None:
    """The used keys with their values as text; numbers stand as they were written. None where it is no row."""
    try:
        parsed = json.loads(
            line.decode(),
            parse_int=str,
            parse_float=str,
            parse_constant=_refuse_constant,
            object_pairs_hook=_object_once,
        )
        if b"\0" in line or not isinstance(parsed, dict):
            return None
        texts = {key: _text(_at_path(parsed, key)) for key in used}
        return {key: _decoded(text) for key, text in texts.items()} if percent_encoded else texts
    except (ValueError, RecursionError):
        return None


def read_json_lines(
    block: bytes, first_line: int, used: Collection[str], percent_encoded: bool = False
) -> pl.DataFrame:
    """Rows of a block of whole lines, as trimmed text; a missing key is empty. A used key may be a path with dots.

    Grain: one row a line that is not blank, in order. Gives the used keys, source_line and is_malformed (not
    UTF-8, NUL, no JSON object, a key twice, a used value that is no text or number), as `read_delimited` does.
    """
    numbered = [(first_line + index, line) for index, line in enumerate(block.split(b"\n")) if line.strip()]
    records = [_record(line, used, percent_encoded=percent_encoded) for _, line in numbered]
    columns = {
        key: pl.Series([None if record is None else record[key] for record in records], dtype=pl.String)
        for key in sorted(used)
    }
    return pl.DataFrame(columns).with_columns(
        pl.Series(SOURCE_LINE, [number for number, _ in numbered], dtype=pl.Int64),
        pl.Series(IS_MALFORMED, [record is None for record in records], dtype=pl.Boolean),
    )


def _is_no_text(dtype: pl.DataType) -> bool:
    """Whether a column holds what is neither text nor number nor time: as in JSON, its values make no row."""
    return dtype.is_nested() or dtype in (pl.Binary, pl.Duration, pl.Time, pl.Object)


def is_writable(name: str, dtype: pl.Datetime) -> pl.Expr:
    """Whether a time is of the years 1 to 9999; others cannot be written, and polars dies of trying."""
    per_second = _UNITS_PER_SECOND[dtype.time_unit]
    if dtype.time_unit == "ns":  # they hold no other years
        return pl.lit(value=True)
    return pl.col(name).to_physical().is_between(_YEAR_1 * per_second, _YEAR_10_000 * per_second - 1)


def _column_text(name: str, dtype: pl.DataType) -> pl.Expr:
    column = pl.col(name)
    if isinstance(dtype, pl.Datetime):
        pattern = "%Y-%m-%dT%H:%M:%S%.6f"
        fits = is_writable(name, dtype)
        moment = pl.when(fits).then(column).otherwise(None)
        if dtype.time_zone is not None:
            moment, pattern = moment.dt.convert_time_zone("UTC"), pattern + "Z"
        return pl.when(fits.not_()).then(pl.lit("out of range")).otherwise(moment.dt.to_string(pattern)).alias(name)
    if _is_no_text(dtype):
        return pl.lit("").alias(name)
    return column.cast(pl.String).str.strip_chars()


def read_typed_rows(frame: pl.DataFrame, first_line: int, used: Collection[str]) -> pl.DataFrame:
    """The used columns of a Parquet file as text; times with a zone become UTC, null becomes empty.

    Grain: one row a row; source_line is its number in the file, from 1. A time without a zone stays without; one
    before the year 1 or after 9999 is `out of range`. A used value that is no text, number or time makes the row
    malformed.
    """
    no_texts = [name for name, dtype in frame.schema.items() if name in used and _is_no_text(dtype)]
    texts = frame.select(
        _column_text(name, dtype).fill_null("") for name, dtype in frame.schema.items() if name in used
    )
    has_no_text = frame.select(pl.any_horizontal(pl.lit(value=False), pl.col(no_texts).is_not_null()).alias("it"))["it"]
    return texts.with_row_index(SOURCE_LINE, offset=first_line).with_columns(
        pl.col(SOURCE_LINE).cast(pl.Int64),
        pl.any_horizontal(has_no_text, pl.col(pl.String).str.contains("\0", literal=True)).alias(IS_MALFORMED),
    )
