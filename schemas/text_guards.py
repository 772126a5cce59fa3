"""Pandera's guard of a typed table: what the reader promises is looked at once more, as values."""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from schemas.text_columns import Column
from schemas.text_lines import LINE
from schemas.text_tables import TableSpec

LISTS = ("list", "whole_number_list")


def guard_of(spec: TableSpec) -> pa.DataFrameSchema:
    """The schema of the table's typed frame, line numbers included.

    Values are looked at by one check of the whole frame: a check a column takes a millisecond each.
    """
    columns = {
        column.typed_name: pa.Column(column.dtype, nullable=True, description=column.description)
        for column in spec.columns
    }
    columns[LINE] = pa.Column(pl.Int64, nullable=True)
    promises = [pl.col(LINE).is_not_null() & (pl.col(LINE) >= 1), *map(_promise, spec.columns)]
    keeps_promises = pa.Check(
        lambda table: table.lazyframe.select(pl.all_horizontal(promises).alias("kept")),
        name="values_as_declared",
        error=f"{spec.name}: a value outside its bounds, or null where none is allowed",
    )
    return pa.DataFrameSchema(columns, checks=keeps_promises, name=spec.name, strict=True, ordered=True)


def guarded(rows: pl.DataFrame, spec: TableSpec) -> pl.DataFrame:
    """The rows, when they are what the spec says; a SchemaErrors from here is a programmer's error."""
    validated: pl.DataFrame = guard_of(spec).validate(rows, lazy=True)
    return validated


def _promise(column: Column) -> pl.Expr:
    """Whether the column's value is within its bounds, and there where it must be."""
    cell = pl.col(column.typed_name)
    value = cell.list.len().cast(pl.Int64) if column.kind in LISTS else cell
    is_within = pl.lit(value=True)
    if column.lowest is not None:
        is_within &= value >= column.lowest
    if column.highest is not None:
        is_within &= value <= column.highest
    if column.allowed and column.kind == "text":
        is_within &= cell.is_in(["", *column.allowed])
    is_filled = column.required or bool(column.default) or column.kind in ("text", "boolean", *LISTS)
    return is_within.fill_null(not is_filled) & (cell.is_not_null() | pl.lit(not is_filled))
