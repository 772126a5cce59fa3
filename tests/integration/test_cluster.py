"""A month end whose wide stages run on a Dask cluster: the same bytes, whatever becomes of the workers."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows import cluster, stages
from flows.cli import run
from tests.integration.dask_cluster import running_cluster
from tests.integration.demo_month import Billed, bill, make_demo, no_settings_from_outside
from tests.integration.small_office import Office, Outcome, calls_csv, to_london

Tell = Callable[[list[str]], Outcome]
DIES_ONCE = """
import os, re, signal
from pathlib import Path
rename = os.replace
def replace(path, target):
    if re.search(r"work/.*/bucket=0000$", str(target)):
        try:
            os.close(os.open({died!r}, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
        except FileExistsError:
            pass
    rename(path, target)
    return Path(target)
Path.replace = replace
"""
TAKES_THE_SCHEDULER_AWAY = """
import os, signal
from pathlib import Path
from flows import ingest
stored = ingest.ingest_file
def ingest_file(plan, record):
    try:
        os.kill(int(Path({pid!r}).read_text()), signal.SIGKILL)
    except ProcessLookupError:
        pass
    return stored(plan, record)
import flows.stages
flows.stages.ingest_file = ingest_file
"""
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler with two workers."""
    with running_cluster(tmp_path_factory.mktemp("cluster")) as found:
        yield found


@pytest.fixture(scope="module")
def in_process(tmp_path_factory: pytest.TempPathFactory) -> Billed:
    """The demo month, billed without a cluster."""
    folder = tmp_path_factory.mktemp("demo")
    with no_settings_from_outside():
        return bill(Billed(make_demo(folder / "inputs"), folder / "warehouse"))


def on_cluster(month: Billed, warehouse: Path, address: str) -> Billed:
    """The same month, billed by a cluster into a warehouse of its own."""
    billed = Billed(month.inputs, warehouse)
    with no_settings_from_outside():
        assert run([*billed.words("2020-02"), "--dask", address]) == 0
    return billed


def assert_same(billed: Billed, other: Billed) -> None:
    """Every published byte and row is the same."""
    assert billed.file_bytes() == other.file_bytes()
    assert billed.table_rows() == other.table_rows()


def test_a_cluster_publishes_the_bytes_of_one_process(in_process: Billed, address: str, tmp_path: Path) -> None:
    billed = on_cluster(in_process, tmp_path / "warehouse", address)
    assert_same(billed, in_process)
    assert not [path for path in billed.warehouse.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o007]
    assert not list(billed.warehouse.glob(".cluster-*"))


def test_a_worker_that_is_killed_in_mid_unit_changes_nothing(in_process: Billed, tmp_path: Path) -> None:
    died = tmp_path / "died"
    preload = tmp_path / "dies_once.py"
    preload.write_text(DIES_ONCE.format(died=str(died)), encoding="utf-8")
    with running_cluster(tmp_path, preload=preload) as address:
        billed = on_cluster(in_process, tmp_path / "warehouse", address)
    assert died.exists()
    assert_same(billed, in_process)
    assert not list(billed.warehouse.rglob("*.partial"))


def _rerun(month: Billed, *flags: str) -> Billed:
    """The billed month, rerun."""
    with no_settings_from_outside():
        assert run(["rerun", *month.words("2020-02")[1:], "--reason", "a letter", *flags]) == 0
    return month


@pytest.mark.parametrize("accounts", [[], ["--account", "A00001"]], ids=["the whole month", "an account"])
def test_a_rerun_on_a_cluster_publishes_the_bytes_of_one_process(
    accounts: list[str], address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = make_demo(tmp_path / "inputs", 300)
    with no_settings_from_outside():
        alone, by_cluster = (bill(Billed(inputs, tmp_path / name)) for name in ("alone", "by-cluster"))
    (calls,) = (inputs / "inbox" / "2020-01").iterdir()
    calls.write_text("".join(calls.read_text(encoding="utf-8").splitlines(keepends=True)[:-20]), encoding="utf-8")
    flags = [*accounts, "--disputed-on", "2020-02-14"]
    _rerun(alone, *flags)
    for name in ("ingest_file", "compare_bucket"):
        monkeypatch.setattr(stages, name, lambda *_: pytest.fail("a wide unit was worked on in this process"))
    assert_same(_rerun(by_cluster, *flags, "--dask", address), alone)


def test_what_a_worker_refuses_is_told_as_in_process(
    empty_office: Office, told: Tell, address: str, tmp_path: Path
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    empty_office.put("b.csv.gz", b"\x1f\x8b\x08\x00no gzip at all")
    alone = told(empty_office.arguments())
    refused = told(empty_office.arguments("--dask", address))
    assert alone.code == 2
    assert "b.csv.gz" in alone.err
    assert refused == alone
    assert empty_office.shows_nothing()


def test_a_draft_is_computed_by_a_cluster_too(empty_office: Office, told: Tell, address: str) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    assert told(empty_office.arguments("--draft", "--dask", address)).code == 0
    assert empty_office.shows_nothing()


def test_a_scheduler_that_does_not_answer_is_refused_in_a_sentence(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "ANSWER_SECONDS", 1)
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    for address in ("tcp://127.0.0.1:9", "no-address", "ftp://127.0.0.1:9"):
        outcome = told(empty_office.arguments("--dask", address))
        assert outcome.code == 2
        assert f"no Dask scheduler answers there ('{address}'); start one" in outcome.err
    assert not empty_office.warehouse.exists()


def test_a_rerun_of_what_is_not_issued_leaves_no_folder(empty_office: Office, told: Tell, address: str) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    outcome = told(empty_office.arguments("--reason", "a letter", "--dask", address, command="rerun"))
    assert outcome.code == 2
    assert "is not issued" in outcome.err
    assert not empty_office.warehouse.exists()


def test_a_scheduler_without_workers_is_refused(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    with running_cluster(tmp_path, workers=0) as address:
        monkeypatch.setattr(cluster, "ANSWER_SECONDS", 5)
        outcome = told(empty_office.arguments("--dask", address))
    assert outcome.code == 2
    assert f"start some: dask worker {address}" in outcome.err


def test_a_scheduler_that_goes_away_in_mid_run_ends_it_with_a_sentence(
    empty_office: Office, told: Tell, tmp_path: Path
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    preload = tmp_path / "takes_away.py"
    preload.write_text(TAKES_THE_SCHEDULER_AWAY.format(pid=str(tmp_path / "scheduler.pid")), encoding="utf-8")
    with running_cluster(tmp_path, workers=1, preload=preload) as address:
        outcome = told(empty_office.arguments("--dask", address))
    assert outcome.code == 1
    assert (
        "the Dask scheduler went away; run the month again when it is back; what is published is whole" in outcome.err
    )
    assert empty_office.shows_nothing()
    assert told(empty_office.arguments()).code == 0


def test_without_dask_a_sentence_says_how_to_install_it(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    outcome = told(empty_office.arguments("--dask", "tcp://127.0.0.1:9"))
    assert outcome.code == 2
    assert "pip install 'tollbook[dask]'" in outcome.err


def test_a_worker_of_another_program_is_refused_by_its_name(
    empty_office: Office, told: Tell, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    monkeypatch.setattr(cluster, "program", lambda: "another")
    outcome = told(empty_office.arguments("--dask", address))
    assert outcome.code == 2
    assert outcome.err.count("worker tcp://127.0.0.1:") == 2
    assert "runs another program" in outcome.err
    assert empty_office.shows_nothing()
