"""The month end as a Prefect flow run: with a server of its own, against one that is there, the same bytes.

The command line runs in a process of its own each time: Prefect reads its settings when it is imported.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.demo_month import ROOT, Billed, bill, make_demo, no_settings_from_outside
from tests.integration.prefect_server import PATIENCE_SECONDS, Server, environment_of, running_server

CALLS = 300
ONE_CENT_MORE = """
import sys
import flows.next_database
import polars as pl
from flows.cli import run
true_tables = flows.next_database.small_tables
def one_cent_more(month):
    tables = true_tables(month)
    cent = pl.lit("0.01").str.to_decimal(scale=2)
    return {**tables, "invoices": tables["invoices"].with_columns(pl.col("total") + cent)}
flows.next_database.small_tables = one_cent_more
sys.exit(run(sys.argv[1:]))
"""

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def _no_settings_from_outside() -> Iterator[None]:
    with no_settings_from_outside():
        yield


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small demo month."""
    return make_demo(tmp_path_factory.mktemp("flow") / "demo", CALLS)


@pytest.fixture(scope="module")
def in_process(inputs: Path) -> Billed:
    """The month billed without Prefect."""
    return bill(Billed(inputs, inputs.parent / "in-process"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A Prefect server that lasts as long as this module's tests."""
    with running_server(tmp_path_factory.mktemp("prefect-home")) as running:
        yield running


def _told(program: list[str], words: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Tollbook in a process of its own, away from the repository's folder."""
    command = [sys.executable, *program, *words]
    return subprocess.run(
        command,
        env={**environment, "PYTHONPATH": str(ROOT)},
        cwd=environment["PREFECT_HOME"],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )


def _tollbook(month: Billed, server: Server, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**environment_of(server.home), "PREFECT_API_URL": server.url}
    return _told(["-m", "flows"], [*month.words("2020-02"), *words], environment)


@pytest.fixture(scope="module")
def on_server(inputs: Path, in_process: Billed, server: Server) -> Billed:
    """The month billed as a flow run of a server that is named by PREFECT_API_URL."""
    month = Billed(inputs, inputs.parent / "on-server")
    told = _tollbook(month, server)
    assert told.returncode == 0, told.stderr
    return month


def test_a_flow_run_on_a_server_writes_the_same_bytes(in_process: Billed, on_server: Billed) -> None:
    ours, theirs = in_process.file_bytes(), on_server.file_bytes()
    assert [name for name in theirs if ours.get(name) != theirs[name]] == []
    assert [name for name in ours if name not in theirs] == []


def test_a_flow_run_on_a_server_publishes_the_same_rows(in_process: Billed, on_server: Billed) -> None:
    ours, theirs = in_process.table_rows(), on_server.table_rows()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_the_server_knows_the_flow_run_by_its_month(on_server: Billed, server: Server) -> None:
    runs = server.ask("flow_runs/filter")
    assert [(run["name"], run["state_type"]) for run in runs] == [("bill 2020-02", "COMPLETED")]
    assert on_server.database.exists()


def test_the_same_month_again_starts_no_flow_run(on_server: Billed, server: Server) -> None:
    told = _tollbook(on_server, server)
    assert told.returncode == 0
    assert "nothing to do" in told.stdout
    assert len(server.ask("flow_runs/filter")) == 1


def test_a_refusal_is_told_the_same_way_with_a_server(in_process: Billed, server: Server) -> None:
    told = _tollbook(Billed(in_process.inputs, in_process.inputs.parent / "refused"), server, "--rates", "1999.9")
    assert told.returncode == 2
    assert "1999.9" in told.stderr.splitlines()[0]


@pytest.fixture(scope="module")
def failed(in_process: Billed, server: Server) -> tuple[Billed, subprocess.CompletedProcess[str]]:
    """A flow run whose invoices say one cent more than their lines."""
    month = Billed(in_process.inputs, in_process.inputs.parent / "failed")
    environment = {**environment_of(server.home), "PREFECT_API_URL": server.url}
    return month, _told(["-c", ONE_CENT_MORE], month.words("2020-02"), environment)


def test_a_failed_control_of_a_flow_run_ends_with_3_and_publishes_nothing(
    failed: tuple[Billed, subprocess.CompletedProcess[str]], server: Server
) -> None:
    month, told = failed
    assert told.returncode == 3
    assert "do not balance; nothing was published" in told.stderr
    assert not month.database.exists()
    assert "FAILED" in {run["state_type"] for run in server.ask("flow_runs/filter")}


def test_a_failed_flow_run_says_one_clear_sentence_first(
    failed: tuple[Billed, subprocess.CompletedProcess[str]],
) -> None:
    assert failed[1].stderr.startswith("tollbook: ")


def test_a_flow_run_without_a_server_brings_its_own_and_writes_the_same_bytes(
    in_process: Billed, tmp_path: Path
) -> None:
    month = Billed(in_process.inputs, tmp_path / "own-server")
    told = _told(["-m", "flows"], [*month.words("2020-02"), "--prefect"], environment_of(tmp_path))
    assert told.returncode == 0, told.stderr
    assert month.file_bytes() == in_process.file_bytes()
    assert "Traceback" not in told.stderr
    assert "leaked" not in told.stderr, "DuckDB is let go of before the interpreter ends"
