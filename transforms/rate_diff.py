"""Two versions of a rate table, row by row."""

from __future__ import annotations

import polars as pl

from schemas.text_columns import MICROS_SUFFIX, Column
from schemas.text_tables import EFFECTIVE_FROM, TableSpec
from transforms.deck_cells import decimal_text, instant_text

DIFFERENCE = pl.Schema(
    {
        "table": pl.String,
        "change": pl.String,
        "key": pl.String,
        "column": pl.String,
        "old": pl.String,
        "new": pl.String,
        "old_line": pl.Int64,
        "new_line": pl.Int64,
    }
)
CHANGES = ("added", "removed", "changed")


def table_differences(before: pl.DataFrame, after: pl.DataFrame, spec: TableSpec) -> pl.DataFrame:
    """One row a row that was added or removed, and one a cell that changed.

    Rows are the same where key and `effective_from` are; and where each version has one row of a key left that the
    other has not, these two are, with another begin. An empty cell is its default, so 0.1 and 0.10 are equal.
    An added or removed row has its cells in `new` or `old`, as `column=value`.
    """
    dated = [*spec.key, EFFECTIVE_FROM] if spec.is_dated else list(spec.key)
    old, new = _texts(before, spec), _texts(after, spec)
    both = old.join(new, on=dated, how="inner", suffix=" new", maintain_order="left", validate="1:1")
    removed = old.join(new, on=dated, how="anti", maintain_order="left")
    added = new.join(old, on=dated, how="anti", maintain_order="left")
    key = list(spec.key)
    moved = _single(removed, key).join(_single(added, key), on=key, how="inner", suffix=" new", maintain_order="left")
    parts = [
        _whole_rows(added.join(moved, on=key, how="anti", maintain_order="left"), spec, dated, "added"),
        _whole_rows(removed.join(moved, on=key, how="anti", maintain_order="left"), spec, dated, "removed"),
        *(_changed_cells(both, spec, dated, name) for name in spec.column_names if name not in dated),
        *(_changed_cells(moved, spec, dated, name) for name in spec.column_names if name not in key),
    ]
    order = pl.col("change").replace_strict({name: place for place, name in enumerate(CHANGES)})
    place = pl.coalesce("new_line", "old_line")  # a changed row's cells stay together, in the order of the columns
    return pl.concat(parts).sort(order, place, maintain_order=True)


def _single(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Rows whose key no other row has."""
    return rows.filter(pl.struct(key).is_unique()) if rows.height else rows


def _texts(rows: pl.DataFrame, spec: TableSpec) -> pl.DataFrame:
    """Every cell as one text a value."""
    return rows.select(*(_text(column).fill_null("").alias(column.name) for column in spec.columns), "line")


def _text(column: Column) -> pl.Expr:
    cell = pl.col(column.typed_name)
    if column.typed_name.endswith(MICROS_SUFFIX):
        return decimal_text(cell)
    if column.kind == "instant":
        return instant_text(cell)
    if column.kind in ("list", "whole_number_list"):
        return cell.cast(pl.List(pl.String)).list.join(";")
    return cell.cast(pl.String)


def _key_text(key: list[str]) -> pl.Expr:
    """The key's cells; an empty one is `-`."""
    cells = (pl.when(pl.col(name) == "").then(pl.lit("-")).otherwise(name) for name in key)
    return pl.concat_str(*cells, separator=" ")


def _whole_rows(rows: pl.DataFrame, spec: TableSpec, key: list[str], change: str) -> pl.DataFrame:
    named = [
        pl.when(pl.col(name) != "").then(pl.format(f"{name}={{}}", name))
        for name in spec.column_names
        if name not in key
    ]
    cells = pl.concat_str(named, separator=", ", ignore_nulls=True)
    line, nothing, no_line = pl.col("line"), pl.lit(None, dtype=pl.String), pl.lit(None, dtype=pl.Int64)
    is_new = change == "added"
    return rows.select(
        table=pl.lit(spec.name),
        change=pl.lit(change),
        key=_key_text(key),
        column=nothing,
        old=nothing if is_new else cells,
        new=cells if is_new else nothing,
        old_line=no_line if is_new else line,
        new_line=line if is_new else no_line,
    ).cast(DIFFERENCE)


def _changed_cells(both: pl.DataFrame, spec: TableSpec, key: list[str], name: str) -> pl.DataFrame:
    return (
        both.filter(pl.col(name) != pl.col(f"{name} new"))
        .select(
            table=pl.lit(spec.name),
            change=pl.lit("changed"),
            key=_key_text(key),
            column=pl.lit(name),
            old=name,
            new=f"{name} new",
            old_line="line",
            new_line="line new",
        )
        .cast(DIFFERENCE)
    )
