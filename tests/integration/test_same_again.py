"""A month billed again, elsewhere, and with the next one beside it: the same bytes, and nothing is disturbed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.demo_month import Billed, bill, make_demo, no_settings_from_outside

READER = """
import sys, duckdb
database = duckdb.connect(sys.argv[1], read_only=True)
def count():
    [row] = database.sql("select (select count(*) from invoices), (select count(*) from billed_calls)").fetchall()
    print(*row, flush=True)
count()
sys.stdin.readline()
count()
"""
FEBRUARY = """\
call_id,account_id,direction,source_number,destination_number,start_time,duration_seconds,disposition
f1,A00001,outbound,+12126000000,+442079460018,2020-02-10T09:00:00Z,60,answered
f2,A00001,outbound,+12126000000,+442079460018,2020-01-31T23:59:59Z,60,answered
"""

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """January 2020: 2,000 calls of 12 accounts, billed on 1 February."""
    folder = tmp_path_factory.mktemp("again")
    return bill(Billed(make_demo(folder / "demo"), folder / "warehouse"))


def _stamps(warehouse: Path) -> dict[str, tuple[int, int, int]]:
    """Inode, size and time of change of everything but the lock."""
    found = {}
    for path in warehouse.rglob("*"):
        if not path.name.startswith((".lock", "audit.", ".seen.")):
            state = path.lstat()
            found[str(path.relative_to(warehouse))] = (state.st_ino, state.st_size, state.st_mtime_ns)
    return found


def test_the_same_run_again_writes_nothing(billed: Billed, capsys: pytest.CaptureFixture[str]) -> None:
    before = _stamps(billed.warehouse)
    [(run_id,)] = billed.ask("select run_id from runs")
    bill(billed)
    assert run_id in capsys.readouterr().out
    assert _stamps(billed.warehouse) == before


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """The same month made and billed in another folder, process, time zone and with one thread."""
    folder = tmp_path_factory.mktemp("elsewhere")
    month = Billed(make_demo(folder / "made-again"), folder / "fresh")
    odd = {"TZ": "Asia/Kathmandu", "PYTHONHASHSEED": "7", "POLARS_MAX_THREADS": "1", "LC_ALL": "C"}
    command = [sys.executable, "-m", "flows", *month.words("2020-02")]
    subprocess.run(command, env={**os.environ, **odd}, check=True, capture_output=True, cwd=folder, timeout=120)
    return month


def test_a_fresh_warehouse_holds_the_same_bytes_in_every_file(billed: Billed, elsewhere: Billed) -> None:
    ours, theirs = billed.file_bytes(), elsewhere.file_bytes()
    assert sorted(ours) == sorted(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []
    assert billed.database.readlink() == elsewhere.database.readlink()


def test_a_fresh_warehouse_holds_the_same_rows_in_the_same_order(billed: Billed, elsewhere: Billed) -> None:
    ours, theirs = billed.table_rows(), elsewhere.table_rows()
    assert sorted(ours) == sorted(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []


@pytest.fixture(scope="module")
def two_months(billed: Billed, tmp_path_factory: pytest.TempPathFactory) -> tuple[Billed, list[str]]:
    """March billed after February while another program reads; and what that one read, before and after."""
    folder = tmp_path_factory.mktemp("two-months")
    month = Billed(folder / "inputs", folder / "warehouse")
    shutil.copytree(billed.inputs, month.inputs)
    records = month.inputs / "inbox" / "2020-02" / "calls.csv"
    records.parent.mkdir()
    records.write_text(FEBRUARY, encoding="utf-8")
    bill(month)
    command = [sys.executable, "-c", READER, str(month.database)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdout
        first = reader.stdout.readline().strip()
        bill(month, "2020-03")
        rest, _ = reader.communicate("\n", timeout=60)
    return month, [first, rest.strip()]


def test_an_open_reader_does_not_block_a_run_and_sees_the_old_file_whole(
    billed: Billed, two_months: tuple[Billed, list[str]]
) -> None:
    [(invoices, calls)] = billed.ask("select (select count(*) from invoices), (select count(*) from billed_calls)")
    assert two_months[1] == [f"{invoices} {calls}"] * 2
    assert two_months[0].ask("select count(distinct invoice_month) from invoices") == [(2,)]


def test_a_record_of_an_issued_month_shows_among_late_calls(two_months: tuple[Billed, list[str]]) -> None:
    late = two_months[0].ask("select source_file, source_line, issued_invoice_month::varchar from late_calls")
    assert late == [("2020-02/calls.csv", 3, "2020-02-01")]


def test_two_months_stand_beside_each_other(two_months: tuple[Billed, list[str]]) -> None:
    month = two_months[0]
    [(total, previous, difference)] = month.ask(
        "select total, previous_total, difference from month_over_month "
        "where account_id = 'A00001' and invoice_month = date '2020-03-01'"
    )
    assert previous is not None
    assert difference == total - previous
    assert month.ask("select control, subject from run_controls where difference <> 0") == []


@pytest.mark.parametrize("table", ["invoices", "invoice_line_items"])
def test_a_second_month_leaves_the_first_as_it_was_issued(
    billed: Billed, two_months: tuple[Billed, list[str]], table: str
) -> None:
    first = f"select * from {table} where invoice_month = date '2020-02-01'"
    assert two_months[0].ask(first) == billed.ask(first)
