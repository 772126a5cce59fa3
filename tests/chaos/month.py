"""A small month to kill: February 2020's calls behind an issued January, and what its runs must come to."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.cli import run

ROOT = Path(__file__).parents[2]
READER = Path(__file__).with_name("reader.py")
CALLS = 4000
TAKES_AT_MOST_SECONDS = 300
TIMES = ("started_at", "finished_at")
_NOT_COMPARED = ("audit.jsonl", ".seen.json")


class Ended(NamedTuple):
    """What a process came to."""

    code: int
    errors: str


class Book(NamedTuple):
    """All that a warehouse holds: SHA-256 of every file by its path, and the rows of every table in their order."""

    files: dict[str, str]
    rows: dict[str, list[Any]]
    database: str


def database_rows(database: Path) -> dict[str, list[Any]]:
    """Rows of every table and view in their order, without the times of the runs."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")
        tables = connection.sql(
            "select table_name from duckdb_tables() union all select view_name from duckdb_views() where not internal"
        ).fetchall()
        columns = {"runs": f"* exclude ({', '.join(TIMES)})"}
        return {
            name: connection.sql(f'select {columns.get(name, "*")} from "{name}"').fetchall()
            for (name,) in sorted(tables)
        }


def book_of(warehouse: Path) -> Book:
    """The warehouse as it is: hidden files too, so that nothing left behind goes unseen, but locks and the log."""
    files = {}
    for path in sorted(warehouse.rglob("*")):
        name = path.relative_to(warehouse).as_posix()
        is_compared = not name.startswith(".lock") and path.name not in _NOT_COMPARED
        if path.is_symlink():
            files[name] = str(path.readlink())
        elif path.is_file() and is_compared:
            # a database names the times of its runs: its rows are compared, not its bytes
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest() if path.suffix != ".duckdb" else ""
    database = warehouse / "tollbook.duckdb"
    return Book(files, database_rows(database), str(database.readlink()))


class ChaosMonth(NamedTuple):
    """Inputs, and a warehouse in which January's invoices month is issued; saved, to begin again from it."""

    folder: Path
    rate_tables: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    def words(self, month: str = "2020-03", warehouse: Path | None = None) -> list[str]:
        places = {
            "--cdrs": self.folder / "inputs" / "inbox",
            "--contracts": self.folder / "inputs" / "contracts",
            "--rate-tables": self.rate_tables,
            "--warehouse": warehouse or self.warehouse,
        }
        return ["bill", month, *(str(word) for pair in places.items() for word in pair)]

    def start(self, month: str = "2020-03", warehouse: Path | None = None) -> subprocess.Popen[str]:
        """The month begun in a process of its own."""
        command = [sys.executable, "-m", "flows", *self.words(month, warehouse)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )

    def bill(self, month: str = "2020-03", warehouse: Path | None = None) -> Ended:
        """The month run to its end in a process of its own."""
        process = self.start(month, warehouse)
        _, errors = process.communicate(timeout=TAKES_AT_MOST_SECONDS)
        return Ended(process.returncode, errors)

    def begin_again(self, warehouse: Path | None = None) -> None:
        """The warehouse as it was before the month was begun."""
        shutil.rmtree(warehouse or self.warehouse, ignore_errors=True)
        shutil.copytree(self.folder / "saved", warehouse or self.warehouse, symlinks=True)


def make_chaos_month(folder: Path, rate_tables: Path) -> ChaosMonth:
    """Two months of the same calls; the first is issued."""
    inputs = folder / "inputs"
    words = ["demo", "--calls", str(CALLS), "--accounts", "12", "--seed", "1", "--plain", "-o", str(inputs)]
    assert run(words) == 0
    february = inputs / "inbox" / "2020-02"
    february.mkdir()
    for path in (inputs / "inbox" / "2020-01").iterdir():
        text = path.read_text(encoding="utf-8")
        half = text.index("\n", len(text) // 2) + 1
        header = text[: text.index("\n") + 1]
        moved = [part.replace(",2020-01-", ",2020-02-") for part in (text[:half], header + text[half:])]
        for number, part in enumerate(moved):  # what starts on 30 or 31 February is rejected: another end of a row
            (february / f"{number}-{path.name}").write_text(part, encoding="utf-8")
    month = ChaosMonth(folder, rate_tables)
    first = month.bill("2020-02")
    assert first.code == 0, first.errors
    shutil.copytree(month.warehouse, folder / "saved", symlinks=True)
    return month


class Reader:
    """A process that queries the published file all along: what it saw, and what went wrong."""

    def __init__(self, warehouse: Path) -> None:
        command = [sys.executable, str(READER), str(warehouse / "tollbook.duckdb")]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        self.process.stdout.readline()  # it has read once

    def seen(self) -> dict[str, Any]:
        """Ends the reader; `states`: each state it saw, once, `errors`, `reads`: how often it looked."""
        said, _ = self.process.communicate("\n", timeout=TAKES_AT_MOST_SECONDS)
        told: dict[str, Any] = json.loads(said)
        return told


def kill_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """SIGKILL after so long; whether the process was still at work then."""
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at and process.poll() is None:
        time.sleep(0.002)
    is_at_work = process.poll() is None
    process.kill()
    process.communicate()
    return is_at_work
