"""A floor and a command of ours in turn, as whole processes: a machine that slows down slows both. Quote the ratio."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.months import WORK_BYTES_A_CALL, DemoMonth, read_once, refuse_full_disk, size_text
from tests.bench.processes import Cost, measured, module
from tests.bench.stage_clock import done_at, opened_at, stage_seconds

Say = Callable[[str], None]
Look = Callable[[Path], None]


class Pair(NamedTuple):
    """What is compared: names of both sides, the floor that Polars sets, and the command of `tollbook`."""

    floor_name: str
    name: str
    floor: str
    command: tuple[str, ...]


MONTH_END = Pair("floor F", "month end", "whole", ("bill", "2020-02"))
INGEST = Pair("plain read", "ingest", "read", ("ingest", "2020-01"))


@contextmanager
def emptied(folder: Path) -> Any:
    """A folder that is there and empty now; afterwards what was in it takes no room.

    Its files are not removed, but cut to nothing and put aside until the bench ends: for minutes after thousands of
    files were removed the file system (ext4) looks long for the place of each new one, and the next round would pay.
    """
    if folder.exists():
        _put_aside(folder)
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        _put_aside(folder)


def _put_aside(folder: Path) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            path.chmod(0o600)
            os.truncate(path, 0)
    folder.rename(Path(tempfile.mkdtemp(prefix="emptied-", dir=folder.parent)) / folder.name)


def floor_cost(pair: Pair, month: DemoMonth, work: Path) -> Cost:
    """What the floor takes. What was written before is on the disk first: it weighs on nobody."""
    with emptied(work / "floor") as folder:
        os.sync()
        pattern = str(month.inbox / "*.csv")
        return measured(module("tests.bench.floor", pair.floor, pattern, str(folder)), pair.floor_name)


def our_cost(pair: Pair, month: DemoMonth, work: Path, look: Look) -> tuple[Cost, dict[str, float]]:
    """What our command takes in a warehouse of its own, and the seconds of its stages; `look` sees the warehouse."""
    with emptied(work / "ours") as folder:
        warehouse, times = folder / "warehouse", folder / "stages.txt"
        os.sync()
        asked = (str(times), *pair.command, *month.flags(warehouse))
        cost = measured(module("tests.bench.stage_clock", *asked), f"the {pair.name}")
        look(warehouse)
        return cost, stage_seconds(done_at(times), opened_at(warehouse), cost.began_at, cost.ended_at)


def warm_up(month: DemoMonth, work: Path) -> None:
    """The program's own files are compiled and in the disk's cache."""
    for pair in (MONTH_END, INGEST):
        floor_cost(pair, month, work)
        our_cost(pair, month, work, lambda _: None)


def medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    """The median of each figure over the rounds."""
    return {name: statistics.median(figures[name] for figures in rounds) for name in rounds[0]}


def measure(pair: Pair, month: DemoMonth, work: Path, count: int, say: Say, look: Look) -> dict[str, Any]:
    """Both sides so many times in turn: every round's figures, their medians, the highest peak of memory."""
    refuse_full_disk(work, month.calls, WORK_BYTES_A_CALL)
    read_once(month)
    rounds: list[dict[str, float]] = []
    stages: list[dict[str, float]] = []
    for number in range(1, count + 1):
        floor = floor_cost(pair, month, work)
        ours, seconds = our_cost(pair, month, work, look)
        ratio = ours.seconds / floor.seconds
        say(
            f"{size_text(month.calls)} calls, round {number} of {count}: {pair.floor_name} {floor.seconds:.2f} s, "
            f"{pair.name} {ours.seconds:.2f} s, ratio {ratio:.2f}, peak {ours.peak_mib:,.0f} MiB"
        )
        rounds.append(
            {
                "floor_seconds": floor.seconds,
                "seconds": ours.seconds,
                "ratio": ratio,
                "floor_peak_mib": floor.peak_mib,
                "peak_mib": ours.peak_mib,
            }
        )
        stages.append(seconds)
    found = medians(rounds) | {"peak_mib": max(figures["peak_mib"] for figures in rounds)}
    return {
        "calls": month.calls,
        "accounts": month.accounts,
        "csv_bytes": month.csv_bytes,
        "rounds": rounds,
        **found,
        "stages": medians(stages),
    }


class SameBytes:
    """Looks at each round's warehouse: published files must be the same, those of the first are judged."""

    def __init__(self, judge: Callable[[Path], dict[str, Any]]) -> None:
        self._judge, self._hashes = judge, ""
        self.found: dict[str, Any] = {}

    def __call__(self, warehouse: Path) -> None:
        (listed,) = (warehouse / "runs").glob("*/files.json")
        hashes = listed.read_text(encoding="utf-8")
        if not self._hashes:
            self._hashes, self.found = hashes, self._judge(warehouse)
        self.found["is_same_in_every_round"] = hashes == self._hashes


def clear(work: Path) -> None:
    """Nothing is left of a bench that was stopped."""
    with suppress(FileNotFoundError):
        shutil.rmtree(work)
    work.mkdir(parents=True)
