"""Whole months against files that were worked by hand; each case's README has the arithmetic."""

from __future__ import annotations

import contextlib
import csv
import difflib
import io
from pathlib import Path

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


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PREFECT_API_URL", "TOLLBOOK_PREFECT", "TOLLBOOK_RATES", "TOLLBOOK_ISSUE_DATE"):
        monkeypatch.delenv(name, raising=False)


def bill_case(case: Path, warehouse: Path) -> None:
    """The case's month, billed into the warehouse by the command line in process."""
    words = ["bill", "2020-02", "--rates", "g1", "--warehouse", str(warehouse)]
    for flag, folder in (("cdrs", "inbox"), ("contracts", "contracts"), ("rate-tables", "rates")):
        words += [f"--{flag}", str(case / folder)]
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run(words)
    assert code == 0, said.getvalue()


def table_text(connection: duckdb.DuckDBPyConnection, table: str) -> str:
    """A published table as CSV without run_id; NULL is an empty cell."""
    order = ", ".join(f"{table}.{column}" for column in TABLES[table])  # the column, not its text
    found = connection.sql(f"select columns(lambda name: name <> 'run_id')::varchar from {table} order by {order}")
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(found.columns)
    rows.writerows(found.fetchall())
    return text.getvalue()


def published_files(warehouse: Path) -> dict[str, str]:
    """Text of every file of `expected/` as the run has published it, by its path there."""
    with duckdb.connect(str(warehouse / "tollbook.duckdb"), read_only=True) as connection:
        connection.sql("set timezone = 'UTC'")
        files = {f"{table}.csv": table_text(connection, table) for table in TABLES}
    for path in sorted((warehouse / "details" / "2020-01").iterdir()):
        files[f"details/{path.name}"] = path.read_bytes().decode()
    return files


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


@pytest.mark.parametrize("case", CASES)
def test_the_month_comes_to_the_files_that_were_worked_by_hand(
    case: str, tmp_path: Path, is_golden_update: bool
) -> None:
    bill_case(HERE / case, tmp_path / "warehouse")
    published = published_files(tmp_path / "warehouse")
    if is_golden_update:
        rewrite(HERE / case / "expected", published)
    found = differences(expected_files(HERE / case / "expected"), published)
    if found:
        pytest.fail("\n".join([f"{len(found)} lines of differences:", *found[:MOST_DIFFERENCES]]), pytrace=False)
