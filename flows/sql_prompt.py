"""The prompt of `tollbook sql` where no other tool is there: statements, their rows, and four words with a dot."""

from __future__ import annotations

import os
import shlex
from contextlib import suppress
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table

from flows.sql_output import first_rows, show_rows
from flows.sql_session import ask, statements
from flows.warehouse import DATABASE
from schemas.faults import Fault, InputRefusedError

HELP = """\
A query ends with ; and may go over several lines; Ctrl-C forgets it. Nothing can be written.
.tables         tables and views, and what a row of each is
.describe NAME  columns of a table or view, with type and meaning
.quit           leave (so does Ctrl-D)"""
HISTORY_LENGTH = 1000
_TABLES = """
select table_name as name, 'table' as kind, comment from duckdb_tables() where not internal
union all
select view_name, 'view', comment from duckdb_views() where not internal
order by name
"""
_COLUMNS = """
select column_name, data_type, comment from duckdb_columns()
where not internal and table_name = $name order by column_index
"""


def table_names(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Every table and view, in order."""
    return [name for name, _, _ in connection.execute(_TABLES).fetchall()]


def _listing(*names: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in names:
        table.add_column(name, overflow="fold", no_wrap=False)
    return table


def show_tables(console: Console, connection: duckdb.DuckDBPyConnection) -> None:
    """Every table and view, and what a row of it is."""
    table = _listing("name", "kind", "what it is")
    for row in connection.execute(_TABLES).fetchall():
        table.add_row(*(text or "" for text in row))
    console.print(table)


def show_columns(console: Console, connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Columns of a table or view, with type and meaning. Raises InputRefusedError where there is none."""
    rows = connection.execute(_COLUMNS, {"name": name}).fetchall()
    if not rows:
        raise InputRefusedError(Fault(".describe", "there is no such table or view", ".tables shows them", value=name))
    table = _listing("column", "type", "meaning")
    for column, kind, comment in rows:
        table.add_row(column, kind.replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ"), comment or "")
    console.print(table)


def history_file() -> Path:
    """Where what was asked before is kept."""
    state = os.environ.get("XDG_STATE_HOME")
    return (Path(state) if state else Path.home() / ".local" / "state") / "tollbook" / "sql_history"


def _remember(connection: duckdb.DuckDBPyConnection) -> None:
    """What was asked before comes back with the arrow keys; tab completes names. Without readline neither does."""
    try:
        import readline
    except ImportError:
        return
    columns = connection.execute("select distinct column_name from duckdb_columns() where not internal").fetchall()
    words = sorted({*table_names(connection), *(name for (name,) in columns)})

    def completed(text: str, place: int) -> str | None:
        fitting = [word for word in words if word.startswith(text)]
        return fitting[place] if place < len(fitting) else None

    readline.set_completer(completed)
    readline.set_completer_delims(" \t\n()[],;=<>*+-/'\"")
    readline.parse_and_bind("tab: complete")
    with suppress(OSError):
        readline.read_history_file(history_file())
    readline.set_history_length(HISTORY_LENGTH)


def _keep_history() -> None:
    """Only its owner reads it: queries name customers and numbers. A home that cannot be written keeps none."""
    try:
        import readline
    except ImportError:
        return
    with suppress(OSError):
        history_file().parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        history_file().touch(mode=0o600)
        readline.write_history_file(history_file())


def answer_text(console: Console, connection: duckdb.DuckDBPyConnection, text: str, limit: int) -> None:
    """Rows of each statement in the text, of each at most so many. Raises InputRefusedError."""
    for statement in statements(connection, text):
        shown = first_rows(ask(connection, statement), limit)
        count = f"{len(shown.rows):,} rows" if len(shown.rows) != 1 else "1 row"
        if shown.is_cut:
            [(rows,)] = connection.execute(f"select count(*) from ({statement.strip().rstrip(';')})").fetchall()  # noqa: S608
            count = f"the first {limit:,} of {rows:,} rows; --rows N shows more, --csv all"
        show_rows(console, shown)
        console.print(f"({count})", soft_wrap=True)


def _obey(console: Console, connection: duckdb.DuckDBPyConnection, line: str) -> bool:
    """Do what a word with a dot says; whether to go on."""
    try:
        word, *arguments = shlex.split(line)
    except ValueError:
        word, arguments = line, []
    match word.rstrip(";"), [argument.rstrip(";") for argument in arguments]:
        case ".quit" | ".exit", []:
            return False
        case ".tables", []:
            show_tables(console, connection)
        case ".describe", [name]:
            show_columns(console, connection, name)
        case ".help", []:
            console.print(HELP)
        case _:
            raise InputRefusedError(Fault(word, "is not understood here", ".help shows what is"))
    return True


def _one_more(console: Console, connection: duckdb.DuckDBPyConnection, limit: int) -> bool:
    """Read one statement or word and answer it; whether to go on."""
    text = input("tollbook> ")
    if not text.strip():
        return True
    if text.lstrip().startswith("."):
        return _obey(console, connection, text.strip())
    while not text.rstrip().endswith(";"):
        text += "\n" + input("     ...> ")
    answer_text(console, connection, text, limit)
    return True


def prompt(console: Console, connection: duckdb.DuckDBPyConnection, warehouse: Path, limit: int) -> None:
    """Questions and answers until the end is asked for; a mistake is told and forgotten."""
    console.print(
        f"{warehouse / DATABASE}, read-only. .help shows what can be done here, .quit leaves.", soft_wrap=True
    )
    _remember(connection)
    goes_on = True
    while goes_on:
        try:
            goes_on = _one_more(console, connection, limit)
        except InputRefusedError as refused:
            console.print(str(refused), style="red", soft_wrap=True)
        except KeyboardInterrupt:
            console.print()
        except EOFError:
            console.print()
            break
    _keep_history()
