"""A demo month, billed by the command line in process: what the integration tests look at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from flows.cli import run

ROOT = Path(__file__).parents[2]


class Billed(NamedTuple):
    """A demo month and where it was billed."""

    inputs: Path
    warehouse: Path

    def words(self, month: str) -> list[str]:
        """The command line that bills a month of it."""
        flags = {
            "--cdrs": self.inputs / "inbox",
            "--contracts": self.inputs / "contracts",
            "--rate-tables": ROOT / "rate_tables",
            "--warehouse": self.warehouse,
        }
        return ["bill", month, *(str(word) for pair in flags.items() for word in pair)]

    @property
    def database(self) -> Path:
        """What analysts open."""
        return self.warehouse / "tollbook.duckdb"

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query on the published file."""
        with duckdb.connect(str(self.database), read_only=True) as database:
            database.execute("set timezone = 'UTC'")
            return database.sql(query).fetchall()

    def file_bytes(self) -> dict[str, bytes]:
        """Content of every file but the database, which names the times of its runs."""
        return {
            str(path.relative_to(self.warehouse)): path.read_bytes()
            for path in self.warehouse.rglob("*")
            if path.is_file() and path.suffix != ".duckdb" and not path.name.startswith((".lock", "audit.", ".seen."))
        }

    def table_rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Rows of every table and view in their order, without the times of the runs."""
        names = self.ask(
            "select table_name from duckdb_tables() union all select view_name from duckdb_views() "
            "where not internal order by 1"
        )
        without_times = {"runs": "* exclude (started_at, finished_at)"}
        return {name: self.ask(f"select {without_times.get(name, '*')} from {name}") for (name,) in names}


def make_demo(folder: Path, calls: int = 2000) -> Path:
    """January 2020 of 12 accounts. The same calls, the same bytes."""
    words = ["demo", "--calls", str(calls), "--accounts", "12", "--seed", "1", "-o", str(folder)]
    assert run(words) == 0
    return folder


def bill(month: Billed, invoice_month: str = "2020-02") -> Billed:
    """The month, billed."""
    assert run(month.words(invoice_month)) == 0
    return month


@contextmanager
def no_settings_from_outside() -> Iterator[None]:
    """The environment without settings of Tollbook's and Prefect's."""
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith(("TOLLBOOK_", "PREFECT_"))]:
            environment.delenv(name)
        yield
