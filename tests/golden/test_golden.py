"""Whole months against files that were worked by hand; each case's README has the arithmetic."""

from __future__ import annotations

import contextlib
import csv
import datetime as dt
import difflib
import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import duckdb
import pytest

from flows.cli import run

HERE = Path(__file__).parent
CASES = sorted(path.parent.name for path in HERE.glob("*/contracts"))
MOST_DIFFERENCES = 60
TABLES = {
    "invoices": ("invoice_month", "account_id"),
    "invoice_line_items": ("invoice_month", "account_id", "line_number"),
    "billed_calls": ("account_id", "start_time", "call_id", "source"),
    "unbilled_calls": ("account_id", "start_time", "call_id", "source"),
    "set_aside_records": ("source_file", "source_line"),
}
MORE_TABLES = {  # in the cases whose case.toml names them
    "warnings": ("kind", "account_id", "source_file", "source_line"),
    "source_files": ("usage_month", "source_file"),
    "run_controls": ("control", "subject"),
    "rerun_line_items": ("account_id", "line_number"),
    "rerun_call_differences": ("account_id", "source", "call_id", "column"),
    "adjustments": ("account_id", "base_category", "cause"),
}
NOT_COMPARED = ("run_id", "rerun_id", "sha256")  # of the program; of bytes that the case has anyway
RERUN_ID = re.compile("[0-9]{4}-[0-9]{2}-rerun-[0-9a-f]{16}")


class Case(NamedTuple):
    """What `case.toml` says of a golden month; without one it is the invoices of 2020-02, issued on the 1st."""

    folder: Path
    issue_dates: dict[str, dt.date | None]  # by invoice month, in the order of billing
    more_tables: tuple[str, ...]
    has_pairs: bool
    reruns: dict[str, list[list[str]]]  # command lines by the invoice month after whose bill they are run

    @property
    def usage_months(self) -> list[str]:
        """The months whose calls are billed."""
        first_days = [dt.date.fromisoformat(f"{month}-01") for month in self.issue_dates]
        return [f"{first_day - dt.timedelta(days=1):%Y-%m}" for first_day in first_days]

    @property
    def rate_version(self) -> tuple[Path, str]:
        """The folder of rate versions and the version: the case's own, or the one that cases share."""
        own = self.folder / "rates"
        return (own, "g1") if own.is_dir() else (HERE / "rates", "g2")

    def place(self, usage_month: str) -> str:
        """The folder under `details/` and `pairs/`: a month's own only where the case has several."""
        return f"{usage_month}/" if len(self.issue_dates) > 1 else ""


def read_case(folder: Path) -> Case:
    """The case in this folder."""
    path = folder / "case.toml"
    said = tomllib.loads(path.read_text()) if path.is_file() else {}
    issue_dates = said.get("issue_dates", {"2020-02": None})
    reruns = said.get("reruns", {})
    return Case(folder, issue_dates, tuple(said.get("more_tables", ())), said.get("pairs", False), reruns)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "TOLLBOOK_PREFECT", "TOLLBOOK_RATES", "TOLLBOOK_ISSUE_DATE"):
        monkeypatch.delenv(name, raising=False)


def tollbook(*words: str) -> None:
    """The command line in process; it must succeed."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run(words)
    assert code == 0, said.getvalue()


def bill_case(case: Case, warehouse: Path) -> None:
    """The case's months, billed one after the other into the warehouse."""
    rate_tables, version = case.rate_version
    folders = ["--cdrs", str(case.folder / "inbox"), "--contracts", str(case.folder / "contracts")]
    rates = ["--rate-tables", str(rate_tables), "--rates", version]
    for month, day in case.issue_dates.items():
        issued = ["--issue-date", day.isoformat()] if day else []
        tollbook("bill", month, *folders, *rates, *issued, "--warehouse", str(warehouse))
        for words in case.reruns.get(month, []):
            places = [*folders, "--rate-tables", str(rate_tables), "--warehouse", str(warehouse)]
            tollbook("rerun", *words, *places)


def table_text(connection: duckdb.DuckDBPyConnection, table: str, order: tuple[str, ...]) -> str:
    """A published table as CSV without run_id, reruns as RERUN; NULL is an empty cell."""
    by = ", ".join(f'{table}."{column}"' for column in order)  # the column, not its text
    columns = f"columns(lambda name: name not in {NOT_COMPARED})::varchar"
    found = connection.sql(f"select {columns} from {table} order by {by}")
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(found.columns)
    rows.writerows(found.fetchall())
    return RERUN_ID.sub("RERUN", text.getvalue())


def published_files(case: Case, warehouse: Path, pairs: Path) -> dict[str, str]:
    """Text of every file of `expected/` as the runs have published it, by its path there."""
    tables = TABLES | {table: MORE_TABLES[table] for table in case.more_tables}
    with duckdb.connect(str(warehouse / "tollbook.duckdb"), read_only=True) as connection:
        connection.sql("set timezone = 'UTC'")
        files = {f"{table}.csv": table_text(connection, table, order) for table, order in tables.items()}
    for usage_month, details in published_details(case, warehouse):
        files[f"details/{case.place(usage_month)}{details.name}"] = details.read_bytes().decode()
        if case.has_pairs:
            tollbook("details", details.stem, usage_month, "--by-pair", "-o", str(pairs), "--warehouse", str(warehouse))
            files[f"pairs/{case.place(usage_month)}{details.name}"] = pairs.read_bytes().decode()
    return files


def published_details(case: Case, warehouse: Path) -> Iterator[tuple[str, Path]]:
    """Each published file of billed call details with its usage month."""
    for usage_month in case.usage_months:
        for path in sorted((warehouse / "details" / usage_month).glob("*")):
            yield usage_month, path


def expected_files(folder: Path) -> dict[str, str]:
    """Text of every file under the folder, by its path there."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes().decode() for path in paths}


def rewrite(folder: Path, files: dict[str, str]) -> None:
    """The folder holds these files and no others."""
    for name in expected_files(folder).keys() - files.keys():
        (folder / name).unlink()
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def shown_lines(text: str) -> list[str]:
    """Lines of a text, with what cannot be seen escaped: line ends, the byte order mark."""
    return [line.replace("\r", "\\r").replace("\ufeff", "\\ufeff") for line in text.split("\n")]


def differences(expected: dict[str, str], published: dict[str, str]) -> list[str]:
    """Lines that differ, by file."""
    found: list[str] = []
    for name in sorted(expected.keys() | published.keys()):
        before, after = shown_lines(expected.get(name, "")), shown_lines(published.get(name, ""))
        found += difflib.unified_diff(before, after, f"expected/{name}", f"published {name}", lineterm="", n=0)
        if (name in expected) != (name in published):
            found.append(f"{name} is only {'expected' if name in expected else 'published'}")
    return found


@pytest.mark.parametrize("name", CASES)
def test_the_months_come_to_the_files_that_were_worked_by_hand(
    name: str, tmp_path: Path, is_golden_update: bool
) -> None:
    case, expected = read_case(HERE / name), HERE / name / "expected"
    bill_case(case, tmp_path / "warehouse")
    published = published_files(case, tmp_path / "warehouse", tmp_path / "pairs.csv")
    if is_golden_update:
        rewrite(expected, published)
    found = differences(expected_files(expected), published)
    if found:
        pytest.fail("\n".join([f"{len(found)} lines of differences:", *found[:MOST_DIFFERENCES]]), pytrace=False)
