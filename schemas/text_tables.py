"""Text tables (CSV or Parquet that people write): their declaration, and one reader for all of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import polars as pl

from schemas import limits
from schemas.faults import Fault
from schemas.text_columns import Column, is_wrong, typed_cell
from schemas.text_lines import LINE, TextTable, csv_text, frame_text
from schemas.text_problems import explain_cell

EFFECTIVE_FROM, EFFECTIVE_TO = "effective_from", "effective_to"


@dataclass(frozen=True)
class TableSpec:
    """A table as its file holds it: one row is `grain`, found by `key` (time in force aside)."""

    name: str
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    optional_columns: bool = False
    """Whether a column whose cells may be empty may also be absent."""

    @property
    def may_lack(self) -> frozenset[str]:
        """Names of columns that a file may leave out."""
        return frozenset(column.name for column in self.columns if self.optional_columns and not column.required)

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in the file's header."""
        return tuple(column.name for column in self.columns)

    @property
    def is_dated(self) -> bool:
        """Whether each row has its time in force, from and to."""
        return EFFECTIVE_TO in self.column_names

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """Names and types of the typed frame, `line` last."""
        return {**{column.typed_name: column.dtype for column in self.columns}, LINE: pl.Int64()}


class ReadTable(NamedTuple):
    """The typed rows, one a row of the file, and every fault. A cell at fault is null."""

    rows: pl.DataFrame
    faults: list[Fault]


def read_csv_table(content: bytes, spec: TableSpec, file: str) -> ReadTable:
    """The bytes of a CSV file, typed by its spec. `file` is the name that faults show."""
    return _typed(csv_text(content, file, spec.column_names, spec.may_lack), spec, file)


def read_frame_table(frame: pl.DataFrame, spec: TableSpec, file: str) -> ReadTable:
    """The frame of a Parquet file, typed by the same rules as a CSV file."""
    return _typed(frame_text(frame, file, spec.column_names, spec.may_lack), spec, file)


def empty_table(spec: TableSpec) -> pl.DataFrame:
    """The typed frame of a table without rows."""
    return pl.DataFrame(schema=spec.schema)


def typed_table(texts: TextTable, spec: TableSpec, file: str) -> ReadTable:
    """Text cells, typed by the spec. `file` is the name that faults show."""
    return _typed(texts, spec, file)


def _typed(texts: TextTable, spec: TableSpec, file: str) -> ReadTable:
    if texts.rows.height > limits.MOST_ROWS_A_TABLE:
        problem = f"has {texts.rows.height:,} rows; a table has at most {limits.MOST_ROWS_A_TABLE:,}"
        return ReadTable(
            empty_table(spec), [Fault(file, problem, "keep the rows that are needed, or use several warehouses")]
        )
    judged = (
        texts.rows.lazy()
        .with_columns(typed_cell(column).alias(_typed_beside(column)) for column in spec.columns)
        .with_columns(is_wrong(column, pl.col(_typed_beside(column))).alias(_flag(column)) for column in spec.columns)
        .collect()
    )
    typed = judged.select(*(pl.col(_typed_beside(column)).alias(column.typed_name) for column in spec.columns), LINE)
    return ReadTable(typed, [*texts.faults, *_cell_faults(judged, spec, file)])


def _typed_beside(column: Column) -> str:
    return f"{column.name} as typed"


def _flag(column: Column) -> str:
    return f"{column.name} is wrong"


def _cell_faults(judged: pl.DataFrame, spec: TableSpec, file: str) -> list[Fault]:
    """One fault a bad cell. Cells of a missing column are null text, and no faults."""
    has_wrong = judged.select(pl.col(_flag(column)).any() for column in spec.columns).row(0)
    faults: list[Fault] = []
    for column, is_needed in zip(spec.columns, has_wrong, strict=True):
        if not is_needed:
            continue
        for line, value in judged.filter(_flag(column)).select(LINE, column.name).iter_rows():
            problem, remedy = explain_cell(column, value)
            faults.append(Fault(file, problem, remedy, line, column.name, value or None))
    return faults


def repeated_key_faults(rows: pl.DataFrame, key: tuple[str, ...], file: str) -> list[Fault]:
    """A fault for each row whose key stands in an earlier line. Keys with a bad cell are passed over."""
    keyed = rows.select(*key, LINE).drop_nulls().with_columns(first=pl.col(LINE).min().over(key))
    remedy = "keep one row a " + ", ".join(key)
    return [
        Fault(file, f"repeats the key of line {row['first']}", remedy, row[LINE], key[-1], str(row[key[-1]]))
        for row in keyed.filter(pl.col(LINE) > pl.col("first")).iter_rows(named=True)
    ]
