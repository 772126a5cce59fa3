"""A table or view of the published file as a workbook, CSV or Parquet, exact, with what its columns mean."""

from __future__ import annotations

import datetime as dt
import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from flows.files import written_whole
from flows.settings import month_text
from flows.sql_session import refusal
from flows.warehouse import published
from schemas.faults import Fault, InputRefusedError
from schemas.warehouse_tables import CALL_TABLES
from transforms.spreadsheets import safe_texts
from transforms.timestamps import add_months

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SUFFIXES = (".xlsx", ".csv", ".parquet")
ROWS_AT_A_TIME = 100_000
CALL_ORDER = " order by usage_month, account_id, start_time, call_id, source"
_TIME_FORM = "%Y-%m-%dT%H:%M:%S%.fZ"
_COLUMNS = """
select column_name, data_type, comment from duckdb_columns()
where not internal and database_name = current_database() and table_name = $name order by column_index
"""
_NAMES = """
select table_name from duckdb_tables() where database_name = current_database()
union all select view_name from duckdb_views() where not internal and database_name = current_database()
order by all
"""


class Column(NamedTuple):
    """A column of what is exported: its DuckDB type and its meaning."""

    name: str
    type: str
    meaning: str


class Order(NamedTuple):
    """What to export: all months and accounts where none is named."""

    table: str
    month: dt.date | None
    account: str | None


class Selection(NamedTuple):
    """The columns and rows of an order, and when the newest of the runs behind them was published."""

    table: str
    columns: list[Column]
    query: str
    params: dict[str, object]
    row_count: int
    as_of: dt.datetime


class Exported(NamedTuple):
    """How many rows were written, and what of them a workbook cannot hold as it is."""

    row_count: int
    notes: list[str]


def refuse_target(output: Path, warehouse: Path) -> None:
    """Raises InputRefusedError where the file is of another kind by its name, or would stand in the warehouse."""
    if output.suffix not in SUFFIXES:
        problem, remedy = "says no form that is known", "name a file that ends in .xlsx, .csv or .parquet"
        raise InputRefusedError(Fault("--output", problem, remedy, value=str(output)))
    if output.resolve().is_relative_to(warehouse.resolve()):
        problem, remedy = "is in the warehouse, which only runs write to", "name a file elsewhere"
        raise InputRefusedError(Fault("--output", problem, remedy, value=str(output)))


def _columns(connection: duckdb.DuckDBPyConnection, table: str) -> list[Column]:
    """Columns of a table or view. Raises InputRefusedError that names the nearest one and all."""
    rows = connection.sql(_COLUMNS, params={"name": table}).fetchall()
    if rows:
        return [Column(name, kind, meaning or "") for name, kind, meaning in rows]
    names = [name for (name,) in connection.sql(_NAMES).fetchall()]
    near = difflib.get_close_matches(table, names, 1, 0.5)
    meant = f"did you mean {near[0]}? " if near else ""
    raise InputRefusedError(
        Fault("export", "there is no such table or view", f"{meant}There are: {', '.join(names)}", value=table)
    )


def _month_condition(names: set[str], table: str) -> tuple[str, bool]:
    """The condition that a row is of the month, and whether the month is one of usage.

    Raises InputRefusedError for a table whose rows have no month.
    """
    if "invoice_month" in names:
        return "invoice_month = $month", False
    if "usage_month" in names:
        return "usage_month = $month", True
    for name in ("run_id", "rerun_id"):
        if name in names:
            return f"{name} in (select run_id from runs where invoice_month = $month)", False  # noqa: S608 - our names
    raise InputRefusedError(Fault("--month", f"rows of {table} have no month", "leave it out"))


def _refuse_unknown_month(connection: duckdb.DuckDBPyConnection, month: dt.date, *, is_usage: bool) -> None:
    query = "select distinct invoice_month from runs where kind = 'bill' order by 1"
    issued = [found for (found,) in connection.sql(query).fetchall()]
    known = [add_months(found, -1) for found in issued] if is_usage else issued
    if month not in known:
        kind = "usage" if is_usage else "invoice"
        remedy = f"this table goes by {kind} month; there are {', '.join(map(month_text, known))}"
        raise InputRefusedError(Fault("--month", "is no month that was issued", remedy, value=month_text(month)))


def _refuse_unknown_account(connection: duckdb.DuckDBPyConnection, account: str, names: set[str], table: str) -> None:
    if "account_id" not in names:
        raise InputRefusedError(Fault("--account", f"rows of {table} belong to no account", "leave it out"))
    found = "select 1 from invoices where account_id = $account limit 1"
    if not connection.sql(found, params={"account": account}).fetchall():
        remedy = "look the id up in the table invoices"
        raise InputRefusedError(Fault("--account", "no invoice of this account is known", remedy, value=account))


def _selection(connection: duckdb.DuckDBPyConnection, order: Order) -> Selection:
    """The order as a query, once it is known to have an answer. Raises InputRefusedError."""
    columns = _columns(connection, order.table)
    names = {column.name for column in columns}
    conditions, params = [], dict[str, object]()
    if order.month is not None:
        condition, is_usage = _month_condition(names, order.table)
        _refuse_unknown_month(connection, order.month, is_usage=is_usage)
        conditions.append(condition)
        params["month"] = order.month
    if order.account is not None:
        _refuse_unknown_account(connection, order.account, names, order.table)
        conditions.append("account_id = $account")
        params["account"] = order.account
    where = f" where {' and '.join(conditions)}" if conditions else ""
    rows = f'from "{order.table}"{where}'
    [(count,)] = connection.sql(f"select count(*) {rows}", params=params).fetchall()
    [(as_of,)] = connection.sql("select max(finished_at) from runs").fetchall()
    in_order = CALL_ORDER if order.table in {table.name for table in CALL_TABLES} else ""
    return Selection(order.table, columns, f"select * {rows}{in_order}", params, count, as_of)


@contextmanager
def _told_as_refusals() -> Iterator[None]:
    """What DuckDB cannot read (calls of a warehouse that was moved) as a sentence."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise refusal(error) from error


def _batches(connection: duckdb.DuckDBPyConnection, selection: Selection) -> pa.RecordBatchReader:
    return connection.sql(selection.query, params=selection.params).to_arrow_reader(ROWS_AT_A_TIME)


def write_csv(connection: duckdb.DuckDBPyConnection, selection: Selection, target: Path) -> list[str]:
    """CSV (RFC 4180, UTF-8): text that begins a formula has an apostrophe before it, NULL is an empty cell."""
    reader = _batches(connection, selection)
    empty = pl.DataFrame(pl.from_arrow(reader.schema.empty_table()))
    with target.open("wb") as stream:
        empty.write_csv(stream, line_terminator="\r\n")
        for batch in reader:
            rows = safe_texts(pl.DataFrame(pl.from_arrow(batch)))
            rows.write_csv(stream, include_header=False, line_terminator="\r\n", datetime_format=_TIME_FORM)
    return []


def write_parquet(connection: duckdb.DuckDBPyConnection, selection: Selection, target: Path) -> list[str]:
    """Parquet (zstd) with the types of the table; each column's meaning stands with it under `comment`."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    reader = _batches(connection, selection)
    meanings = {column.name: column.meaning for column in selection.columns}
    fields = [field.with_metadata({"comment": meanings[field.name]}) for field in reader.schema]
    schema = pa.schema(fields)
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))
    return []


def _write(connection: duckdb.DuckDBPyConnection, selection: Selection, target: Path, suffix: str) -> list[str]:
    if suffix == ".csv":
        return write_csv(connection, selection, target)
    if suffix == ".parquet":
        return write_parquet(connection, selection, target)
    from flows.export_workbook import write_workbook

    return write_workbook(connection, selection, target)


def export(warehouse: Path, order: Order, output: Path) -> Exported:
    """The rows of the order in the file, whole or not there; a file of that name gives way.

    Raises InputRefusedError.
    """
    refuse_target(output, warehouse)
    with published(warehouse) as connection, _told_as_refusals():
        if connection is None:
            remedy = "bill a month first (tollbook bill 2020-02), or name its folder with --warehouse"
            raise InputRefusedError(Fault(str(warehouse), "nothing was published here yet", remedy))
        selection = _selection(connection, order)
        with written_whole(output) as partial:
            notes = _write(connection, selection, partial, output.suffix)
    return Exported(selection.row_count, notes)
