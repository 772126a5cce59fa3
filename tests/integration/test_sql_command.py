"""`tollbook sql`: what a query gives in each form, and all that a query cannot do."""

from __future__ import annotations

import csv
import io
import json
import os
import pty
import select
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from flows import sql_session
from tests.integration.demo_month import Billed
from tests.integration.small_office import Outcome

pytestmark = pytest.mark.integration
Ask = Callable[..., Outcome]
PROGRAM = [sys.executable, "-m", "flows", "sql"]


@pytest.fixture
def ask(books: Billed, told: Callable[[list[str]], Outcome]) -> Ask:
    """Runs the command on the two months."""
    return lambda *words: told(["sql", *words, "--warehouse", str(books.warehouse)])


def test_a_query_is_shown_as_a_table_with_money_on_the_right(ask: Ask) -> None:
    shown = ask("select currency, amount from revenue_by_category where category = 'credits' order by all limit 2")
    lines = [line.rstrip() for line in shown.out.splitlines()]
    assert shown.code == 0
    assert lines[0].split() == ["currency", "amount"]
    assert len({len(line) for line in lines[1:-1]}) == 1
    assert lines[-1] == "(2 rows)"


def test_a_long_answer_says_how_many_rows_there_are(books: Billed, ask: Ask) -> None:
    [(count,)] = books.ask("select count(*) from billed_calls")
    shown = ask("select call_id from billed_calls", "--rows", "3").out.splitlines()
    assert shown[-1] == f"(the first 3 of {count:,} rows; --rows N shows more, --csv all)"
    assert len(shown) == 6


def test_a_query_of_more_rows_than_are_fetched_at_a_time_can_be_cut(ask: Ask) -> None:
    shown = ask("select i from range(25000) as numbers(i); select 1 as one", "--rows", "2")
    assert "(the first 2 of 25,000 rows" in shown.out
    assert shown.out.endswith("(1 row)\n")


def test_csv_has_every_row_exactly_and_no_formula(ask: Ask) -> None:
    shown = ask("select i, 0.10::decimal(18, 2) as m, '=1' as f, null as n from range(2000) as r(i)", "--csv")
    rows = list(csv.reader(io.StringIO(shown.out, newline="")))
    assert rows[0] == ["i", "m", "f", "n"]
    assert rows[-1] == ["1999", "0.10", "'=1", ""]
    assert len(rows) == 2001


def test_json_has_money_as_exact_text_and_each_name_once(ask: Ask) -> None:
    query = (
        "select 12345678901234567.10::decimal(38, 2) as m, 1 as a, 2 as a, timestamptz '2020-01-01 01:00:00+01' as t"
    )
    assert json.loads(ask(query, "--json").out) == [
        {"m": "12345678901234567.10", "a": 1, "a_2": 2, "t": "2020-01-01T00:00:00Z"}
    ]


def test_json_of_no_rows_is_an_empty_array(ask: Ask) -> None:
    assert json.loads(ask("from invoices where false", "--json").out) == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("select * from invoics", 'Table with name invoics does not exist; Did you mean "invoices"?'),
        ("selec 1", 'syntax error at or near "selec"; mend the query'),
        ("select nobody from invoices", 'Referenced column "nobody" not found'),
        ("  ;", "is empty"),
    ],
)
def test_a_mistake_is_told_in_a_sentence(ask: Ask, query: str, said: str) -> None:
    refused = ask(query)
    assert (refused.code, refused.out) == (2, "")
    assert refused.err.startswith("tollbook: query: ")
    assert said in refused.err
    assert "Error" not in refused.err


@pytest.mark.parametrize(
    "words",
    [("select 1", "--csv", "--json"), ("select 1; select 2", "--csv"), ("select 1", "--rows", "0")],
)
def test_flags_that_make_no_sense_are_refused(ask: Ask, words: tuple[str, ...]) -> None:
    assert ask(*words).code == 2


INSIDE = "{warehouse}/billed_calls/x.parquet"


@pytest.mark.parametrize(
    "query",
    [
        "create table t as select 1",
        "create temp table t as select 1",
        "create table t as pivot invoices on currency using sum(total)",
        "insert into invoices select * from invoices",
        "update invoices set total = 0",
        "delete from invoices",
        "drop view top_destinations",
        "attach '/tmp/other.duckdb' as other",
        "load httpfs",
        "set enable_external_access = true",
        "pragma enable_profiling",
        "call enable_logging()",
        "checkpoint",
        "export database '/tmp/exported'",
        f"copy (select 1) to '{INSIDE}'",
        f"copy (pivot invoices on currency using sum(total)) to '{INSIDE}'",
        f"explain analyze copy (select 1) to '{INSIDE}'",
        f"explain (analyze) copy (select 1) to '{INSIDE}'",
        f"/* /* */ select */ copy (pivot invoices on currency using sum(total)) to '{INSIDE}'",
        f"select 1; copy (select 1) to '{INSIDE}'",
        "select * from read_text('/etc/hostname')",
        "select * from read_csv('/etc/passwd')",
        "from '/etc/passwd'",
        "select * from glob('/etc/*')",
        "select * from read_csv('{warehouse}/details/2020-01/A00001.csv')",
        "select * from read_text('{warehouse}/audit.jsonl')",
        "select * from enable_logging('QueryLog', storage = 'file', storage_path = '/tmp/log')",
        "select * from enable_profiling(save_location = '/tmp/profile.json')",
    ],
)
def test_a_query_writes_nothing_and_reaches_no_other_file(books: Billed, ask: Ask, query: str) -> None:
    before = sorted((path, path.stat().st_mtime_ns) for path in books.warehouse.rglob("*"))
    refused = ask(query.format(warehouse=books.warehouse.resolve()))
    assert refused.code == 2, refused.out
    assert "query: " in refused.err
    assert sorted((path, path.stat().st_mtime_ns) for path in books.warehouse.rglob("*")) == before


@pytest.mark.parametrize(
    "query",
    [
        "from invoices limit 1",
        "with a as (from invoices) select count(*) from a",
        "pivot (select currency, category, amount from revenue_by_category) on currency using sum(amount)",
        "describe invoices",
        "summarize invoices",
        "show tables",
        "explain analyze select count(*) from billed_calls",
        "values (1, 2)",
        "select count(*) from billed_calls join unbilled_calls using (usage_month) where false",
    ],
)
def test_what_only_reads_is_answered(ask: Ask, query: str) -> None:
    answered = ask(query)
    assert answered.code == 0, answered.err


def test_variables_of_the_program_are_no_tables(books: Billed) -> None:
    secret = [1]
    with sql_session.reading(books.warehouse) as connection, pytest.raises(Exception, match="secret does not exist"):
        sql_session.ask(connection, "from secret")
    assert secret


def test_calls_of_a_moved_warehouse_are_told_of_and_small_tables_open(
    books: Billed, told: Callable[[list[str]], Outcome], tmp_path: Path
) -> None:
    moved = shutil.copytree(books.warehouse, tmp_path / "moved", symlinks=True)
    assert told(["sql", "select count(*) from invoices", "--warehouse", str(moved)]).code == 0
    refused = told(["sql", "select count(*) from billed_calls", "--warehouse", str(moved)])
    assert refused.code == 2
    assert "move it back, or publish the next month here" in refused.err


def _child(*words: str, text: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


def test_a_query_that_is_piped_in_is_answered(books: Billed) -> None:
    done = _child("--warehouse", str(books.warehouse), "--csv", text="select 1 as one")
    assert (done.returncode, done.stdout) == (0, "one\r\n1\r\n".replace("\r\n", "\n"))


def test_a_reader_that_stops_reading_is_no_fault(books: Billed) -> None:
    words = " ".join([*PROGRAM, '"from range(1000000)"', "--csv", "--warehouse", str(books.warehouse)])
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {words} | head -1"], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "range\r\n".replace("\r\n", "\n"), "")


def _fake_harlequin(folder: Path) -> None:
    folder.mkdir()
    program = folder / "harlequin"
    program.write_text('#!/bin/sh\necho "harlequin $@"\nexit 7\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@contextmanager
def _terminal(*words: str, **environment: str) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The command on a terminal of its own, 100 by 40."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "dumb", "COLUMNS": "100", "LINES": "40", **environment}
    process = subprocess.Popen([*PROGRAM, *words], stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    try:
        yield ours, process
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _read_until(terminal: int, text: str) -> str:
    """What the program writes until the text has come; it has half a minute."""
    seen, until = "", time.monotonic() + 30
    while text not in seen:
        ready, _, _ = select.select([terminal], [], [], max(until - time.monotonic(), 0))
        assert ready, f"no {text!r} in {seen!r}"
        try:
            seen += os.read(terminal, 65536).decode()
        except OSError:  # the other side is closed
            break
    return seen


def test_on_a_terminal_harlequin_is_started_read_only_where_it_is_installed(books: Billed, tmp_path: Path) -> None:
    _fake_harlequin(tmp_path / "bin")
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with _terminal("--warehouse", str(books.warehouse), PATH=path) as (terminal, process):
        assert f"harlequin --read-only {books.warehouse}/tollbook.duckdb" in _read_until(terminal, "duckdb")
        assert process.wait(60) == 7


def test_the_prompt_answers_forgives_lists_describes_and_remembers(books: Billed, tmp_path: Path) -> None:
    with _terminal("--plain", "--warehouse", str(books.warehouse), XDG_STATE_HOME=str(tmp_path)) as (
        terminal,
        process,
    ):
        _read_until(terminal, "tollbook> ")
        for typed, seen in [
            ("select count(*) as invoices", "...> "),
            ("from invoices;", "(1 row)"),
            ("select * from nowhere;", "nowhere does not exist"),
            (".tables", "usf_by_quarter"),
            (".describe usf_by_quarter", "Contribution factor of the quarter, percent"),
            (".describe nothing", "there is no such table or view"),
            (".what", ".help shows what is"),
            (".help", "Ctrl-D"),
            ("drop table invoices;", "is no query"),
        ]:
            os.write(terminal, f"{typed}\n".encode())
            assert seen in _read_until(terminal, "...> " if seen == "...> " else "tollbook> ")
        os.write(terminal, b".quit\n")
        assert process.wait(60) == 0
    kept = tmp_path / "tollbook" / "sql_history"
    assert "from invoices;" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o777 == 0o600
