"""The database that is published next: what was published before and this run's rows, checked by SQL (rule 13)."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from flows.code_version import code_version
from flows.details_proof import DETAILS_AGAIN
from flows.files import FILES, read_json, read_parquet, run_folder, written_whole
from flows.month import Month
from flows.settings import month_text
from flows.warehouse import (
    DATABASE,
    NEW_DATABASE,
    comment_tables,
    comment_views,
    create_call_views,
    create_tables,
    create_views,
    lacking,
    opened,
    quoted,
    rate_table_name,
)
from schemas.faults import ControlFailedError
from schemas.rate_files import RATE_TABLES
from schemas.text_columns import Column
from schemas.warehouse_tables import CALL_TABLES, SMALL_TABLES
from transforms.money import decimal_of_micros

if TYPE_CHECKING:
    import duckdb

_STAGED = {
    "invoices": "invoices",
    "invoice_line_items": "invoices",
    "plan_pools": "invoices",
    "set_aside_records": "rows",
    "suspended_calls": "rows",
    "source_files": "rows",
    "warnings": "rows",
    "anomalies": "anomalies",
}
BILL_TABLES = tuple(_STAGED)
_STAGED_BY_RERUN = dict.fromkeys(("rerun_line_items", "rerun_call_differences", "adjustments"), "result")
_TAKE = """
update adjustments set taken_by_invoice_id = adjustments.account_id || '-' || $month
from taken
where adjustments.allowed and adjustments.taken_by_invoice_id is null
    and adjustments.rerun_id = taken.rerun_id and adjustments.account_id = taken.account_id
    and adjustments.base_category = taken.base_category
"""
_CONTROLS = {
    "bill": "select * from run_controls where run_id = $run_id",
    "rerun": """
select * from run_controls
where run_id = $run_id and control in (
    'rerun lines - issued lines = adjustments', 'usage of the rerun - issued usage = call differences'
)
""",
}
SHOWN_FAILURES = 5


def _published_column(column: Column, key: tuple[str, ...]) -> pl.Expr:
    """The column as analysts see it: an empty text that is no part of the key does not apply, so it is NULL."""
    typed = pl.col(column.typed_name)
    if column.kind in ("money", "percent"):
        return decimal_of_micros(typed).alias(column.name)
    if column.kind == "list":
        return _null_if_empty(typed.list.join(";")).alias(column.name)
    if column.kind == "whole_number_list":
        return _null_if_empty(typed.cast(pl.List(pl.String)).list.join(";")).alias(column.name)
    if column.kind == "text" and column.name not in key:
        return _null_if_empty(typed).alias(column.name)
    return typed.alias(column.name)


def _null_if_empty(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then(text)


def small_tables(month: Month) -> dict[str, pl.DataFrame]:
    """The run's rows of each small table, but for `runs`."""
    work = month.work_folder()
    staged = _STAGED if month.rerun is None else _STAGED_BY_RERUN
    frames = {name: read_parquet(work / folder / f"{name}.parquet") for name, folder in staged.items()}
    if month.rerun is not None:
        return frames
    frames["invoices"] = frames["invoices"].with_columns(
        pl.col("invoice_recipients").list.join(";"),
        *(_null_if_empty(pl.col(name)).alias(name) for name in ("region", "receipt_recipient")),
    )
    return frames


def _insert(connection: duckdb.DuckDBPyConnection, name: str, rows: pl.DataFrame) -> None:
    connection.register("rows_in", rows)
    connection.execute(f"insert into {name} by name select * from rows_in")  # noqa: S608 - our names
    connection.unregister("rows_in")


def _insert_old(connection: duckdb.DuckDBPyConnection, database: Path, warehouse: Path) -> None:
    """Everything that was published before; a table that an earlier program did not publish, from its runs' files."""
    connection.execute(f"attach {quoted(str(database))} as old (read_only)")
    tables = connection.sql("select table_name from duckdb_tables() where database_name = 'old'").fetchall()
    had = {name for (name,) in tables}
    for name in (*(table.name for table in SMALL_TABLES), *map(rate_table_name, RATE_TABLES)):
        if name in had:
            connection.execute(f"insert into {name} by name select * from old.{name}")  # noqa: S608 - our names
    runs = connection.sql("select run_id from old.runs order by invoice_month, run_id").fetchall()
    connection.execute("detach old")
    for name in (table.name for table in SMALL_TABLES if table.name not in had):
        for (run_id,) in runs:
            for path in sorted(warehouse.glob(f"{name}/*/run_id={run_id}/{name}.parquet")):
                _insert(connection, name, read_parquet(path))


def _insert_rates(connection: duckdb.DuckDBPyConnection, month: Month) -> None:
    """The tables of the rate version, once."""
    version = month.rates.version
    known = connection.sql("select 1 from policy where rate_version = $version limit 1", params={"version": version})
    if known.fetchall():
        return
    for spec in RATE_TABLES:
        rows = getattr(month.rates, spec.name).select(
            *(_published_column(column, spec.key) for column in spec.columns), rate_version=pl.lit(version)
        )
        _insert(connection, rate_table_name(spec), rows)


class RunRows(NamedTuple):
    """What the database is told of a run: when it began, its status, its tables; None: as its stages left them."""

    started_at: dt.datetime
    status: str = "published"
    tables: dict[str, pl.DataFrame] | None = None


def _insert_run(connection: duckdb.DuckDBPyConnection, month: Month, run: RunRows) -> None:
    for name, frame in (small_tables(month) if run.tables is None else run.tables).items():
        _insert(connection, name, frame)
    finished_at = dt.datetime.now(dt.UTC)
    manifest = json.dumps(run_manifest(month), sort_keys=True, ensure_ascii=False)
    values = [month.run_id, month.settings.invoice_month, month.kind, run.started_at, finished_at, run.status]
    reason = None if month.rerun is None else month.rerun.reason
    connection.execute(
        "insert into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?)", [*values, month.rates.version, reason, manifest]
    )
    if month.rerun is None and not month.adjustments.is_empty():
        connection.register("taken", month.adjustments)
        connection.execute(_TAKE, {"month": month_text(month.settings.invoice_month)})
        connection.unregister("taken")


def _sort_tables(connection: duckdb.DuckDBPyConnection, changed: Collection[str]) -> None:
    """Rows in the order of their keys, so that the same runs give the same rows in the same order.

    Tables that the run changed nothing in are in that order since the last publication.
    """
    for table in (table for table in SMALL_TABLES if table.name in changed):
        order = ", ".join(f'"{name}" nulls last' for name in table.order)
        connection.execute(
            f"create temp table sorted as select * from {table.name} order by {order}; "  # noqa: S608 - our names
            f"delete from {table.name}; insert into {table.name} select * from sorted; drop table sorted"
        )


def call_files(
    connection: duckdb.DuckDBPyConnection, warehouse: Path, being_made: str | None = None
) -> dict[str, list[Path]]:
    """The files of each table of calls: this run's, and those that earlier runs list, whether they are there or not.

    Were a file left out that is gone today, its calls would stay away when it is brought back.
    """
    warehouse = warehouse.resolve()
    runs = connection.sql("select run_id, invoice_month from runs where kind = 'bill' order by all").fetchall()
    found: dict[str, list[Path]] = {table.name: [] for table in CALL_TABLES}
    for run_id, invoice_month in runs:
        list_of_files = run_folder(warehouse, run_id) / FILES
        listed = read_json(list_of_files)["sha256"] if run_id != being_made and list_of_files.is_file() else None
        for table, paths in found.items():
            folder = f"{table}/month={month_text(_usage_month(invoice_month))}/run_id={run_id}/"
            own = (warehouse / folder).glob("*.parquet") if listed is None else map(warehouse.joinpath, listed)
            paths += sorted(path for path in own if path.is_relative_to(warehouse / folder))
    return found


def _usage_month(invoice_month: dt.date) -> dt.date:
    return (invoice_month - dt.timedelta(days=1)).replace(day=1)


def run_manifest(month: Month) -> dict[str, Any]:
    """What determined the run: the hash of every input, and the program; of a rerun also what it proved of details."""
    manifest = {"run_id": month.run_id, "kind": month.kind, **month.identity}
    if month.rerun is not None:
        manifest["details"] = read_json(month.work_folder() / "result" / DETAILS_AGAIN)["proof"]
    return manifest


class Base(NamedTuple):
    """The database without the run; whether it has its views of calls already, and its tables in order."""

    path: Path
    has_call_views: bool
    is_sorted: bool


def _is_of_this_program(database: Path) -> bool:
    """Whether the database was made by this program and lacks nothing, so that nothing in it is to be made anew."""
    query = "select json_extract_string(manifest, '$.program') from runs where run_id = $run_id"
    with opened(database) as connection:
        found = connection.sql(query, params={"run_id": database.stem.removeprefix("tollbook-")}).fetchall()
        return found == [(code_version(),)] and not lacking(connection)


def base_database(month: Month) -> Base:
    """The database as it is without the run: what was published before, the rate version, views and comments.

    Done already where it exists: it is named by the database that it continues. A rerun adds no calls: for it the one
    before is copied as it is, and no file of calls is looked at.
    """
    old = (month.settings.warehouse / DATABASE).resolve()  # once: another month may be published meanwhile
    continues = old.stem if old.exists() else "nothing"
    target = month.work_folder() / f"base-{continues}.duckdb"
    is_sorted = not old.exists() or _is_of_this_program(old)
    is_copy = month.rerun is not None and old.exists() and is_sorted
    if not target.exists():
        with written_whole(target) as partial:
            if is_copy:
                shutil.copyfile(old, partial)
                with opened(partial, NEW_DATABASE) as connection:
                    _insert_rates(connection, month)
            else:
                _make_base(month, old, partial)
    return Base(target, is_copy, is_sorted)


def _make_base(month: Month, old: Path, target: Path) -> None:
    """Tables, views and comments of today, and all rows of the database before."""
    with opened(target, NEW_DATABASE) as connection:
        connection.execute("begin")
        create_tables(connection)
        create_call_views(connection, {table.name: [] for table in CALL_TABLES})
        create_views(connection)
        comment_tables(connection)
        comment_views(connection)
        connection.execute("commit")
        if old.exists():
            _insert_old(connection, old, month.settings.warehouse)
        connection.execute("begin")
        _insert_rates(connection, month)
        connection.execute("commit; checkpoint")


def build_database(month: Month, run: RunRows, target: Path) -> None:
    """The database with all that was published before and this run, every table and column with its comment."""
    base = base_database(month)
    shutil.copyfile(base.path, target)
    with opened(target, NEW_DATABASE) as connection:
        connection.execute("begin")
        _insert_run(connection, month, run)
        if (month.settings.warehouse / DATABASE).exists():
            staged = _STAGED if month.rerun is None else _STAGED_BY_RERUN
            changed = {"runs", "adjustments", *staged}
            _sort_tables(connection, changed if base.is_sorted else {table.name for table in SMALL_TABLES})
        if not base.has_call_views:
            create_call_views(connection, call_files(connection, month.settings.warehouse, month.run_id))
        connection.execute("commit; checkpoint")


def check_controls(database: Path, run_id: str, kind: str) -> pl.DataFrame:
    """The controls of the run, both sides. Raises ControlFailedError where one does not balance (rule 13).

    Those of a rerun are asked by name: the others would read every call of every month to find none of it.
    """
    with opened(database) as connection:
        query, params = _CONTROLS[kind], {"run_id": run_id}
        controls: pl.DataFrame = connection.sql(query, params=params).pl()
    failed = controls.filter(pl.col("difference") != 0)
    if not failed.is_empty():
        shown = "; ".join(
            f"{control} of {subject}: {left} ≠ {right}"
            for control, subject, left, right in failed.select("control", "subject", "left_side", "right_side")
            .head(SHOWN_FAILURES)
            .iter_rows()
        )
        raise ControlFailedError(
            f"{failed.height} controls of {run_id} do not balance; nothing was published: {shown}. "
            "Run it again if an input was changed meanwhile; else keep the inputs, and report it as a fault of Tollbook"
        )
    return controls
