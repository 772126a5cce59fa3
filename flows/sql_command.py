"""`tollbook sql`: questions to the published file, which nothing can be written to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from flows.options import DONE, WAREHOUSE, Warehouse, console, console_of_tables
from schemas.faults import Fault, InputRefusedError

ROWS = 1000
HARLEQUIN = "harlequin"


def _refuse_forms(*, csv: bool, json: bool, is_asked: bool, rows: int) -> None:
    if csv and json:
        raise InputRefusedError(Fault("--csv", "cannot be told along with --json", "name one of them"))
    if (csv or json) and not is_asked:
        flag = "--csv" if csv else "--json"
        raise InputRefusedError(Fault(flag, "needs a query", 'write it behind: tollbook sql "from invoices" ' + flag))
    if rows < 1:
        raise InputRefusedError(Fault("--rows", "shows no row", "name 1 or more", value=str(rows)))


def _open_harlequin(program: str, warehouse: Path) -> int:
    """Harlequin on the file, read-only, until its user leaves it."""
    from flows.sql_session import refuse_unpublished
    from flows.warehouse import DATABASE

    refuse_unpublished(warehouse)
    return subprocess.run([program, "--read-only", str(warehouse / DATABASE)], check=False).returncode


def _write_all(warehouse: Path, text: str, *, csv: bool) -> None:
    """Every row of the one query to standard output."""
    from flows.sql_output import write_csv, write_json
    from flows.sql_session import ask, reading, statements

    with reading(warehouse) as connection:
        asked = statements(connection, text)
        if len(asked) != 1:
            flag = "--csv" if csv else "--json"
            raise InputRefusedError(
                Fault("query", f"{flag} writes the rows of one query, not of {len(asked)}", "ask one")
            )
        write = write_csv if csv else write_json
        write(ask(connection, asked[0]), sys.stdout)


def _show_answer(warehouse: Path, text: str, rows: int) -> None:
    from flows.sql_prompt import answer_text
    from flows.sql_session import reading

    with reading(warehouse) as connection:
        answer_text(console_of_tables(), connection, text, rows)


def _ask_on(warehouse: Path, rows: int) -> None:
    from flows.sql_prompt import prompt
    from flows.sql_session import reading

    with reading(warehouse) as connection:
        prompt(console(), connection, warehouse, rows)


def sql(
    query: str | None = None,
    /,
    *,
    warehouse: Warehouse = WAREHOUSE,
    csv: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    rows: int = ROWS,
    plain: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Ask the published file, read-only: one query, or a prompt (harlequin's where it is installed).

    Parameters
    ----------
    query
        SQL; without it, what is piped in, or else a prompt.
    csv
        Write every row as CSV; text that begins a formula has an apostrophe before it.
    json
        Write every row as JSON; money is decimal text.
    rows
        How many rows of a query are shown at most.
    plain
        The prompt of Tollbook even where harlequin is installed.

    Examples
    --------
    tollbook sql
        A prompt; .tables shows what there is.
    tollbook sql "from revenue_by_category"
        The answer as a table.
    tollbook sql "from plan_pool_use" --csv > pools.csv
        Every row, in a file.
    """
    text = query
    if text is None and not sys.stdin.isatty():
        text = sys.stdin.read()
    is_asked = text is not None and bool(text.strip(" \n\t;"))
    _refuse_forms(csv=csv, json=json, is_asked=is_asked, rows=rows)
    try:
        if text is not None and is_asked:
            _write_all(warehouse, text, csv=csv) if csv or json else _show_answer(warehouse, text, rows)
        elif text is not None:
            raise InputRefusedError(Fault("query", "is empty", 'write one: tollbook sql "from invoices"'))
        elif not plain and (program := shutil.which(HARLEQUIN)):
            return _open_harlequin(program, warehouse)
        else:
            _ask_on(warehouse, rows)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):  # nobody reads on (rich leaves with SystemExit)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return DONE
