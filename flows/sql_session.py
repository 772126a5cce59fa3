"""The published file as `tollbook sql` opens it: queries read its tables and views, and nothing else in the world."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.warehouse import DATABASE, published, quoted
from schemas.faults import Fault, InputRefusedError
from schemas.warehouse_tables import CALL_TABLES

_EXPLAIN = re.compile(r"\s*explain\s+(analyze\s+)?(\([^()]*\)\s*)?", re.IGNORECASE)
_PIVOT = re.compile(r"\s*\(*\s*(pivot|pivot_wider|unpivot|pivot_longer|from|select|with)\b", re.IGNORECASE)
_KIND = re.compile(r"^[A-Za-z ]+ Error: ")
_PLACE_OF_CALLS = re.compile(rf"/({'|'.join(table.name for table in CALL_TABLES)})/month=")


class Answer(NamedTuple):
    """What a query gives: names and DuckDB types of its columns, and its rows as they come."""

    names: list[str]
    types: list[str]
    rows: Iterator[tuple[Any, ...]]


def refuse_unpublished(warehouse: Path) -> None:
    """Raises InputRefusedError where there is no published file, or it cannot be opened."""
    with published(warehouse) as connection:
        if connection is None:
            remedy = "bill a month first (tollbook bill 2020-02), or name its folder with --warehouse"
            raise InputRefusedError(Fault(str(warehouse / DATABASE), "nothing was published here yet", remedy))


@contextmanager
def reading(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published file, read-only; its own call files are all that can be reached besides it. Times are UTC.

    A month that is published meanwhile is not seen: the file stays the one that was opened.
    """
    refuse_unpublished(warehouse)
    root = warehouse.resolve()
    folders = ", ".join(quoted(f"{root / table.name}/") for table in CALL_TABLES)
    with tempfile.TemporaryDirectory(
        prefix="tollbook-sql-"
    ) as scratch:  # sorts too large for memory, not beside the file
        config: dict[str, str | bool | int | float | list[str]] = {
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": scratch,
        }
        database = (warehouse / DATABASE).resolve()
        with closing(duckdb.connect(str(database), read_only=True, config=config)) as connection:
            connection.execute(
                f"set allowed_directories = [{folders}]; set enable_external_access = false; "
                "set timezone = 'UTC'; set lock_configuration = true"
            )
            yield connection


def statements(connection: duckdb.DuckDBPyConnection, text: str) -> list[str]:
    """The text's statements, all of which only read. Raises InputRefusedError.

    DuckDB keeps to the folders that it may reach, but it may write there: so what is no query is refused before.
    """
    try:
        found = connection.extract_statements(text)
    except duckdb.Error as error:
        raise refusal(error) from error
    for statement in found:
        if not _only_reads(connection, statement):
            kind = statement.type.name.lower()
            shown = "this" if kind in ("multi", "explain") else kind.replace("_", " ")
            remedy = "ask with select, from, with, pivot, describe, summarize, show or explain (no comment before it)"
            raise InputRefusedError(Fault("query", f"{shown} is no query, and the published file is only read", remedy))
    return [statement.query for statement in found]


def _only_reads(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    kind, text = statement.type, statement.query
    if kind == duckdb.StatementType.SELECT:
        return True
    if kind.name == "MULTI":  # a pivot; so are `create table as pivot` and `copy (pivot …) to`
        return _PIVOT.match(text) is not None
    explained = _EXPLAIN.match(text)
    if kind == duckdb.StatementType.EXPLAIN and explained is not None:  # explain analyze does what it explains
        return all(_only_reads(connection, part) for part in connection.extract_statements(text[explained.end() :]))
    return False


def ask(connection: duckdb.DuckDBPyConnection, statement: str, *, at_a_time: int = 10_000) -> Answer:
    """What the statement gives. Raises InputRefusedError, also while its rows are taken."""
    try:
        connection.execute(statement)
    except duckdb.Error as error:
        raise refusal(error) from error
    described = connection.description or []
    return Answer(
        [column[0] for column in described], [str(column[1]) for column in described], _rows(connection, at_a_time)
    )


def _rows(connection: duckdb.DuckDBPyConnection, at_a_time: int) -> Iterator[tuple[Any, ...]]:
    while True:
        try:
            rows = connection.fetchmany(at_a_time)
        except duckdb.Error as error:
            raise refusal(error) from error
        if not rows:
            return
        yield from rows


def refusal(error: duckdb.Error) -> InputRefusedError:
    """What DuckDB says, as a sentence that says what to do."""
    text = str(error)
    if _PLACE_OF_CALLS.search(text):
        problem = "the calls of a month are not where they were when it was published"
        remedy = "a warehouse is read where it was published: move it back, or publish the next month here"
        return InputRefusedError(Fault("query", problem, remedy))
    if isinstance(error, duckdb.PermissionException):
        remedy = "ask its tables and views (.tables shows them; another tool can read other files beside it)"
        return InputRefusedError(Fault("query", "reaches outside the published file", remedy))
    if isinstance(error, duckdb.InterruptException):
        return InputRefusedError(Fault("query", "stopped", "ask again, or for less"))
    lines = [line for line in _KIND.sub("", text).split("\n") if line.strip()]
    problem = lines[0].rstrip("!.")
    hints = " ".join(line.strip() for line in lines[1:] if line.startswith(("Did you mean", "Candidate")))
    remedy = "\n".join([hints or "mend the query", *(line for line in lines[1:] if line.startswith(("LINE", " ")))])
    return InputRefusedError(Fault("query", problem, remedy))
