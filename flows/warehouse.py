"""The published DuckDB file: read, and written anew beside the old one (contract §5)."""

from __future__ import annotations

import atexit
import itertools
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.files import write_text
from schemas.faults import Fault, InputRefusedError
from schemas.rate_files import RATE_TABLES
from schemas.text_columns import Column
from schemas.text_tables import TableSpec
from schemas.warehouse_tables import CALL_TABLES, SMALL_TABLES, WarehouseTable
from schemas.warehouse_views import WAREHOUSE_VIEWS

if TYPE_CHECKING:
    import duckdb

DATABASE = "tollbook.duckdb"
PUBLISHED_MARK = ".published"
NEW_DATABASE = "storage_version 'v1.5.0'"  # so that the tools of the release before can open it too
VIEW_FILES = ("views.sql", "run_controls.sql", "finance_views.sql")
"""In this order: the last use the first."""
_RATE_TYPES = {
    "money": "DECIMAL(18,6)",
    "percent": "DECIMAL(18,6)",
    "whole_number": "BIGINT",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "instant": "TIMESTAMPTZ",
}
_BOOKS = itertools.count(1)


def quoted(text: str) -> str:
    """An SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def rate_table_name(spec: TableSpec) -> str:
    """Name of a rate file's table: `rates` is the international deck."""
    return "rates" if spec.name == "international_rates" else spec.name


def rate_column_type(column: Column) -> str:
    """DuckDB type of a column of a rate file."""
    return _RATE_TYPES.get(column.kind, "VARCHAR")


def _literal_path(path: str) -> str:
    """The path with the characters that DuckDB takes for patterns standing for themselves."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in path)


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """The one DuckDB of this process: to start another takes longer than most of what is asked of it."""
    import duckdb  # where nothing was published yet, a run begins without it

    atexit.register(_end_engine)
    # a table that is not there is not looked for among the names of the program
    return duckdb.connect(config={"autoinstall_known_extensions": "false", "python_enable_replacements": "false"})


def _end_engine() -> None:
    """Closed and let go of before the interpreter is taken apart: DuckDB tells of whatever is left then."""
    _engine().close()
    _engine.cache_clear()


@contextmanager
def opened(path: Path, options: str = "read_only") -> Iterator[duckdb.DuckDBPyConnection]:
    """A session in which the file is the database, times in UTC; the file is let go of at the end.

    Raises duckdb.Error where the file cannot be opened.
    """
    name = f"book_{next(_BOOKS)}"
    _execute(f"attach {quoted(str(path))} as {name} ({options})")
    try:
        with closing(_engine().cursor()) as connection:
            connection.execute(f"set timezone = 'UTC'; use {name}")
            yield connection
    finally:
        _execute(f"detach {name}")


def _execute(statement: str) -> None:
    """A statement to the engine, in a session of its own."""
    with closing(_engine().cursor()) as connection:
        connection.execute(statement)


@contextmanager
def published(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection | None]:
    """The published file, read-only; None where nothing was published yet."""
    path = warehouse / DATABASE
    if path.is_symlink() and not path.exists():
        remedy = f"bring {path.readlink()} back beside it: it holds the months that were issued"
        raise InputRefusedError(Fault(str(path), "leads to a database that is not there", remedy))
    if not path.exists():
        _refuse_lost_link(warehouse)
        yield None
        return
    with ExitStack() as kept, what_is_older_told(path):
        yield _entered(kept, path)


def _entered(kept: ExitStack, path: Path) -> duckdb.DuckDBPyConnection:
    import duckdb

    try:
        return kept.enter_context(opened(path))
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        remedy = "restore it from a copy; the months that were issued are in it"
        raise InputRefusedError(Fault(str(path), f"cannot be opened: {reason}", remedy)) from error


@contextmanager
def what_is_older_told(database: Path) -> Iterator[None]:
    """A table, view or column that the database lacks was not there yet in the program that published it."""
    import duckdb

    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        lacks = str(error).splitlines()[0]
        problem = f"was published by an earlier Tollbook, and lacks what is asked for ({lacks})"
        remedy = "the next publication adds it: bill the next month, or rerun an issued one (`tollbook rerun`)"
        raise InputRefusedError(Fault(str(database), problem, remedy)) from error


@contextmanager
def calls_told(warehouse: Path, what: str) -> Iterator[None]:
    """Files of calls that are not where the database says are told of, with what to do."""
    import duckdb

    try:
        yield
    except (duckdb.CatalogException, duckdb.BinderException):
        raise  # the database is older: told where it was opened
    except duckdb.Error as error:
        problem = f"{what} cannot be read: {str(error).splitlines()[0]}"
        remedy = "a warehouse is read where it was published: move it back, or publish the next month here"
        raise InputRefusedError(Fault(str(warehouse), problem, remedy)) from error


_HAS_COLUMN = """
select 1 from duckdb_columns()
where database_name = current_database() and table_name = $table and column_name = $column
"""


def has_column(connection: duckdb.DuckDBPyConnection, table: str, column: str) -> bool:
    """Whether the database has this column of a table or view: one of an earlier program may not."""
    return bool(connection.sql(_HAS_COLUMN, params={"table": table, "column": column}).fetchall())


def mark_published(warehouse: Path) -> None:
    """Beside the link stands where it leads to, for the day that the link is lost; written where it differs."""
    mark, link = warehouse / PUBLISHED_MARK, warehouse / DATABASE
    text = f"{link.resolve().name}\n"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != text:
        write_text(text, mark)


def _refuse_lost_link(warehouse: Path) -> None:
    """A warehouse that was published to, but whose link is gone, is not an empty one."""
    mark = warehouse / PUBLISHED_MARK
    if mark.is_file():
        remedy = f"make the link {DATABASE} lead to {mark.read_text(encoding='utf-8').strip()} again"
        raise InputRefusedError(Fault(str(warehouse / DATABASE), "is gone, though months were issued", remedy))


def published_runs(warehouse: Path) -> list[dict[str, Any]]:
    """Run id, invoice month, kind and manifest of each published run, in order."""
    with published(warehouse) as connection:
        if connection is None:
            return []
        rows = connection.sql("select run_id, invoice_month, kind, manifest from runs order by invoice_month, run_id")
        return [dict(zip(rows.columns, row, strict=True)) for row in rows.fetchall()]


def create_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Empty tables of the contract, and of the rate files."""
    for table in SMALL_TABLES:
        columns = ", ".join(f'"{name}" {table.field(name).type}' for name in table.columns)
        connection.execute(f"create table {table.name} ({columns})")
    for spec in RATE_TABLES:
        columns = ", ".join(f'"{column.name}" {rate_column_type(column)}' for column in spec.columns)
        connection.execute(f"create table {rate_table_name(spec)} ({columns}, rate_version VARCHAR)")


def create_call_views(connection: duckdb.DuckDBPyConnection, files_of_tables: dict[str, list[Path]]) -> None:
    """`billed_calls` and `unbilled_calls` over the Parquet files of the published runs; empty without any run."""
    for table in CALL_TABLES:
        query = _calls_in(table, files_of_tables[table.name])
        connection.execute(f"create or replace view {table.name} as {query}")
        connection.execute(";\n".join(_table_comments("view", table)))


def _calls_in(table: WarehouseTable, paths: list[Path]) -> str:
    """The query of a table of calls over these files."""
    listed = ", ".join(quoted(_literal_path(str(path))) for path in paths)
    rows = f"from read_parquet([{listed}], hive_partitioning = false)" if paths else "where false"
    values = {name: f'"{name}"' if paths else "null" for name in table.columns}
    columns = ", ".join(f'{value}::{table.field(name).type} as "{name}"' for name, value in values.items())
    return f"select {columns} {rows}"


def show_calls(connection: duckdb.DuckDBPyConnection, files_of_tables: dict[str, list[Path]]) -> None:
    """In this session the tables of calls are over these files, whatever else is published."""
    for table in CALL_TABLES:
        query = _calls_in(table, files_of_tables[table.name])
        connection.execute(f"create or replace temp view {table.name} as {query}")


def create_views(connection: duckdb.DuckDBPyConnection) -> None:
    """The views of `transforms/sql`."""
    connection.execute("create view international_rates as select * from rates")
    for name in VIEW_FILES:
        connection.execute(_views(name))


def lacking(connection: duckdb.DuckDBPyConnection) -> set[str]:
    """Tables and views of today's program that the database has not: an earlier one published it."""
    expected = {view.name for view in WAREHOUSE_VIEWS} | {"international_rates"}
    expected |= {table.name for table in (*SMALL_TABLES, *CALL_TABLES)} | {
        rate_table_name(spec) for spec in RATE_TABLES
    }
    there = connection.sql(
        "select table_name from duckdb_tables() where database_name = current_database() "
        "union all select view_name from duckdb_views() where database_name = current_database()"
    ).fetchall()
    return expected - {name for (name,) in there}


def _views(name: str) -> str:
    return (files("transforms") / "sql" / name).read_text(encoding="utf-8")


def comment_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """A comment on every table and its columns."""
    statements = []
    for table in SMALL_TABLES:
        statements += _table_comments("table", table)
    for spec in RATE_TABLES:
        name = rate_table_name(spec)
        statements.append(f"comment on table {name} is {quoted(f'{spec.description}. One row a {spec.grain}.')}")
        statements += [_column_comment(name, column.name, column.description) for column in spec.columns]
        statements.append(_column_comment(name, "rate_version", "Version of the rate tables"))
    connection.execute(";\n".join(statements))


def _table_comments(kind: str, table: WarehouseTable) -> list[str]:
    columns = [_column_comment(table.name, name, table.field(name).meaning) for name in table.columns]
    return [f"comment on {kind} {table.name} is {quoted(table.grain)}", *columns]


def _column_comment(table: str, column: str, meaning: str) -> str:
    return f'comment on column {table}."{column}" is {quoted(meaning)}'


def comment_views(connection: duckdb.DuckDBPyConnection) -> None:
    """A comment on every view of `transforms/sql` and its columns."""
    statements = []
    for view in WAREHOUSE_VIEWS:
        statements.append(f"comment on view {view.name} is {quoted(view.grain)}")
        statements += [_column_comment(view.name, name, field.meaning) for name, field in view.columns.items()]
    connection.execute(";\n".join(statements))
