"""A unit that is worked on twice at the same time, as on a cluster that took a worker for lost: nothing changes."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from flows import rating
from flows.cli import run
from flows.inbox import RecordFile
from flows.ingest_plan import IngestPlan
from flows.record_files import Block, read_blocks
from flows.runner import bill_month, work_in_process
from flows.settings import Settings, parse_month
from flows.stages import Stage
from tests.integration.small_office import Office, calls_csv, to_london

TOGETHER_SECONDS = 120
pytestmark = pytest.mark.integration


def settings_of(office: Office) -> Settings:
    """What the office's command line asks for."""
    return Settings(
        parse_month("2020-02"), office.folder / "inbox", office.contracts, office.rate_tables, None, office.warehouse
    )


def published(office: Office) -> dict[str, tuple[str, int, int]]:
    """Hash, inode and time of writing of each published or stored file, by its path."""
    folders = ("billed_calls", "unbilled_calls", "details", "runs", "calls")
    paths = [path for name in folders for path in (office.warehouse / name).rglob("*") if path.is_file()]
    return {
        path.relative_to(office.warehouse).as_posix(): (
            hashlib.sha256(path.read_bytes()).hexdigest(),
            path.stat().st_ino,
            path.stat().st_mtime_ns,
        )
        for path in paths
    }


def hashes(office: Office) -> dict[str, str]:
    """Hash of each of them."""
    return {name: found[0] for name, found in published(office).items() if not name.endswith(".seen.json")}


@pytest.fixture
def alone(make_office: Callable[[], Office]) -> Office:
    """The month, each unit done once."""
    office = make_office()
    office.put("a.csv", calls_csv(to_london("c1"), to_london("c2")))
    assert run(office.arguments()) == 0
    return office


def test_units_that_are_done_twice_at_the_same_time_come_to_what_one_does(
    alone: Office, empty_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1"), to_london("c2")))
    both = threading.Barrier(2)  # both have seen that the unit is not done

    def blocks(plan: IngestPlan, record: RecordFile) -> Iterator[Block]:
        both.wait(TOGETHER_SECONDS)
        return read_blocks(record, plan.sources[record.source])

    bucket_calls = rating.bucket_calls

    def calls(plan: IngestPlan, bucket: int) -> Any:
        both.wait(TOGETHER_SECONDS)
        return bucket_calls(plan, bucket)

    monkeypatch.setattr(IngestPlan, "blocks", blocks)
    monkeypatch.setattr(rating, "bucket_calls", calls)

    def twice(stage: Stage, plan: Path, units: list[str]) -> Iterator[Path]:
        if stage.width == 1:
            yield from work_in_process(stage, plan, units)
            return
        with ThreadPoolExecutor(max_workers=2) as pool:
            for unit in units:
                first, second = pool.map(lambda unit: stage.work(plan, unit), [unit, unit])
                assert first == second
                yield first

    assert bill_month(settings_of(empty_office), twice).is_new
    assert hashes(empty_office) == hashes(alone)
    assert not list(empty_office.warehouse.rglob("*.partial"))


def test_a_unit_that_ends_when_its_month_is_published_long_since_changes_nothing(
    alone: Office, empty_office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1"), to_london("c2")))
    begun, is_published = threading.Event(), threading.Event()
    late: list[threading.Thread] = []
    rate_calls = rating.rate_calls

    def rated(*arguments: Any) -> Any:
        found = rate_calls(*arguments)
        if threading.current_thread() in late:
            begun.set()
            is_published.wait(TOGETHER_SECONDS)
        return found

    monkeypatch.setattr(rating, "rate_calls", rated)

    def with_a_late_one(stage: Stage, plan: Path, units: list[str]) -> Iterator[Path]:
        for unit in units:
            if stage.name == "rate":
                late.append(threading.Thread(target=_work, args=(stage, plan, unit)))
                late[-1].start()
                assert begun.wait(TOGETHER_SECONDS)
            yield stage.work(plan, unit)

    assert bill_month(settings_of(empty_office), with_a_late_one).is_new
    before = published(empty_office)
    is_published.set()
    for thread in late:
        thread.join(TOGETHER_SECONDS)
    assert published(empty_office) == before
    assert hashes(empty_office) == hashes(alone)
    assert run(empty_office.arguments()) == 0
    assert list((empty_office.warehouse / "work").iterdir()) == []


def _work(stage: Stage, plan: Path, unit: str) -> None:
    """Nobody waits for it, and it may find its folder gone."""
    try:
        stage.work(plan, unit)
    except OSError:
        return
