"""A month killed, starved and disturbed: what was published stays whole, and started again it ends the same."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.locks import lock_path
from tests.chaos.month import ROOT, TAKES_AT_MOST_SECONDS, Book, ChaosMonth, book_of, make_chaos_month
from tests.chaos.trials import Undisturbed, differences, folder_bytes, kill_trials, run_undisturbed, state_of

KILLS = 4
BALLAST = "ballast"
NAMES_THE_LAST = ("tollbook.duckdb", ".published")

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> ChaosMonth:
    folder = tmp_path_factory.mktemp("chaos")
    shutil.copytree(ROOT / "rate_tables" / "2020.1", folder / "rate_tables" / "2020.1")
    with pytest.MonkeyPatch.context() as environment:
        for name in [name for name in os.environ if name.startswith(("TOLLBOOK_", "PREFECT_"))]:
            environment.delenv(name)
        return make_chaos_month(folder, folder / "rate_tables")


@pytest.fixture(scope="module")
def undisturbed(month: ChaosMonth) -> Undisturbed:
    return run_undisturbed(month)


def test_killed_at_any_moment_a_month_ends_as_if_nothing_had_been_and_readers_see_no_mixture(
    month: ChaosMonth, undisturbed: Undisturbed
) -> None:
    trials = list(kill_trials(month, undisturbed, KILLS, seed=time.time_ns()))
    assert [(trial.after_seconds, trial.faults) for trial in trials if trial.faults] == []
    assert any(trial.was_at_work for trial in trials)


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of 64 MiB of its own."""
    folder = tmp_path_factory.mktemp("disk")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"no file system can be mounted here: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_disk_that_fills_up_publishes_nothing_and_with_room_again_the_month_ends_the_same(
    month: ChaosMonth, undisturbed: Undisturbed, small_disk: Path, share: float
) -> None:
    warehouse = small_disk / "warehouse"
    month.begin_again(warehouse)
    growth = folder_bytes(month.warehouse) - folder_bytes(month.folder / "saved")
    system = os.statvfs(small_disk)
    ballast = small_disk / BALLAST
    ballast.write_bytes(bytes(system.f_bavail * system.f_frsize - int(growth * share)))
    before = state_of(warehouse)
    starved = month.bill(warehouse=warehouse)
    assert starved.code == 1, starved.errors
    assert "no space is left on the device; make room, and start again" in starved.errors
    assert "Traceback" not in starved.errors
    assert state_of(warehouse) == before
    assert sorted(path.name for path in (warehouse / "details").iterdir() if path.is_dir()) == ["2020-01"]
    assert len(list((warehouse / "runs").iterdir())) == 1
    ballast.unlink()
    again = month.bill(warehouse=warehouse)
    assert again.code == 0, again.errors
    assert differences(book_of(warehouse), undisturbed.book) == []


def test_a_warehouse_on_a_read_only_disk_is_refused_and_stays_readable(month: ChaosMonth, small_disk: Path) -> None:
    warehouse = small_disk / "warehouse"
    month.begin_again(warehouse)
    before = state_of(warehouse)
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    refused = month.bill(warehouse=warehouse)
    state = state_of(warehouse)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    assert (refused.code, "the file system is read-only; make it writable" in refused.errors) == (2, True)
    assert state == before


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_rate_file_that_changes_in_mid_run_gives_the_month_as_it_was_read_or_a_refusal(
    month: ChaosMonth, undisturbed: Undisturbed, share: float
) -> None:
    month.begin_again()
    rates = month.rate_tables / "2020.1" / "plans.csv"
    frozen = rates.read_bytes()
    process = month.start()
    time.sleep(undisturbed.seconds * share)
    rates.write_bytes(frozen.replace(b",0.", b",9."))
    _, errors = process.communicate(timeout=TAKES_AT_MOST_SECONDS)
    rates.write_bytes(frozen)
    if process.returncode:
        assert (process.returncode, "plans.csv" in errors) == (2, True), errors
        assert state_of(month.warehouse) == undisturbed.states[0]
        assert month.bill().code == 0
    assert differences(book_of(month.warehouse), undisturbed.book) == []


def _without_the_last(book: Book) -> Book:
    """The book but for which of its months was published last."""
    return book._replace(files={name: text for name, text in book.files.items() if name not in NAMES_THE_LAST})


def _ended(processes: list[subprocess.Popen[str]]) -> list[int]:
    return [(process.communicate(timeout=TAKES_AT_MOST_SECONDS), process.returncode)[1] for process in processes]


def test_two_months_run_side_by_side_are_both_published_whole(month: ChaosMonth) -> None:
    """As March then February are: March, opened first, has no month before to be compared with."""
    shutil.rmtree(month.warehouse)
    assert [_ended([month.start(each)]) for each in ("2020-03", "2020-02")] == [[0], [0]]
    one_by_one = book_of(month.warehouse)
    shutil.rmtree(month.warehouse)
    assert _ended([month.start("2020-03"), month.start("2020-02")]) == [0, 0]
    assert differences(_without_the_last(book_of(month.warehouse)), _without_the_last(one_by_one)) == []


def test_a_second_run_of_a_month_is_refused_with_the_process_and_start_of_the_first(month: ChaosMonth) -> None:
    month.begin_again()
    lock = lock_path(month.warehouse, "2020-03")
    first = month.start()
    while first.poll() is None and not (lock.exists() and lock.read_text(encoding="utf-8")):
        time.sleep(0.01)
    second = month.bill()
    first.communicate(timeout=TAKES_AT_MOST_SECONDS)
    assert first.returncode == 0
    assert second.code == 2, "the first run had ended before the second began: the month is too small to tell"
    assert f"process {first.pid}, `tollbook bill 2020-03`, begun 20" in second.errors
