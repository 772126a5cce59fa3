"""A warehouse that an earlier Tollbook published: what it lacks is told, and added by what is published next."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from flows.cli import run
from tests.integration.demo_month import no_settings_from_outside
from tests.rules.dispute import Dispute
from tests.rules.small_month import account, call, item

LONDON, NOWHERE = "+442071234567", "+4312345678"
VIEWS = ("late_calls", "outside_month_records", "rounding_bridge", "rerun_summary")
ALL = "select table_name as name from duckdb_tables() union all select view_name from duckdb_views()"


@pytest.fixture(scope="module")
def issued(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dispute]:
    """A call that is billed and a suspended one of A, a call of B, and a phone."""
    with no_settings_from_outside():
        calls = [call("c1", LONDON, 3600), call("c2", NOWHERE, 600), call("b1", LONDON, 60, account_id="B")]
        folder = tmp_path_factory.mktemp("older") / "month"
        yield Dispute(folder, accounts=[account("A"), account("B")], items=[item("i1")], calls=calls)


@pytest.fixture(params=["this program", "another program"])
def older(issued: Dispute, tmp_path: Path, request: pytest.FixtureRequest) -> Dispute:
    """A copy whose database lacks what is newer; as this program would have published it, or as another did."""
    copied = Dispute.__new__(Dispute)
    copied.rates, copied.folder = issued.rates, tmp_path / "month"
    shutil.copytree(issued.folder, copied.folder, symlinks=True)
    database = (copied.folder / "warehouse" / "tollbook.duckdb").resolve()
    database.chmod(0o600)
    with duckdb.connect(str(database)) as connection:
        for view in VIEWS:
            connection.execute(f"drop view {view}")
        connection.execute("drop table suspended_calls")
        if request.param == "another program":
            connection.execute("drop table adjustments cascade")
            older = 'replace(manifest, \'"program": "\', \'"program": "older \')'
            connection.execute(f"update runs set manifest = {older}")
    return copied


def test_a_command_that_needs_what_is_lacking_says_what_to_do(older: Dispute) -> None:
    places = ["--warehouse", str(older.folder / "warehouse")]
    by_place = ["explain", "--file", "2020-01/calls.csv", "--line", "2"]
    for words in (["suspended", "2020-01"], ["explain", "c1"], by_place):
        told = tell(words, places)
        assert told[0] == 2, told
        assert "was published by an earlier Tollbook, and lacks what is asked for" in told[1]
        assert "the next publication adds it" in told[1]


def test_commands_that_need_nothing_new_go_on(older: Dispute) -> None:
    places = ["--warehouse", str(older.folder / "warehouse")]
    assert tell(["details", "A", "2020-01"], places)[0] == 0
    assert tell(["whatif", "2020-02", "--rates", "small", "--rate-tables", str(older.folder / "rates")], places)[0] == 0


def lacking(dispute: Dispute) -> list[str]:
    names = ("suspended_calls", "adjustments", *VIEWS)
    queries = [f"select '{name}' where not exists (from ({ALL}) where name = '{name}')" for name in names]
    return [str(row[0]) for query in queries for row in dispute.rows(query)]


def test_the_next_bill_adds_what_is_lacking_and_fills_it_from_the_files_of_earlier_runs(older: Dispute) -> None:
    assert "suspended_calls" in lacking(older)
    older.bill("2020-03")
    assert lacking(older) == []
    assert older.rows("select call_id, usage_month from suspended_calls") == [("c2", "2020-01-01")]
    assert older.rows("select count(*) from rounding_bridge where invoice_id = 'A-2020-02'") != [(0,)]
    assert older.rows("select * from run_controls where difference <> 0") == []
    assert "1 calls" in older.tell_suspended()


def test_a_rerun_adds_it_as_well(older: Dispute) -> None:
    older.rerun("--account", "A")
    assert lacking(older) == []
    assert older.rows("select call_id from suspended_calls") == [("c2",)]
    assert older.rows("select count(*) from billed_calls") == [(2,)]


def test_ingesting_says_that_what_waits_is_not_known(older: Dispute) -> None:
    older.put("2020-02/calls.csv", call("c9", LONDON, 60, start_time="2020-02-03T10:00:00Z"))
    told = older.tell("ingest", "2020-02")
    assert (told.code, "an earlier Tollbook issued them" in " ".join(told.screen.split())) == (0, True), told


def tell(words: list[str], places: list[str]) -> tuple[int, str]:
    """Exit code and errors of a command."""
    errors, screen = io.StringIO(), io.TextIOWrapper(io.BytesIO())
    with contextlib.redirect_stdout(screen), contextlib.redirect_stderr(errors):
        return run([*words, *places]), errors.getvalue()
