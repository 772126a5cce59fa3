"""Two commands in turn, as whole processes: a machine that slows down slows both. Quote the ratio."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
AS_INSTALLED = """
import sys
sys.modules["hypothesis"] = None  # pandera would load it; who installs Tollbook by `make run` has it not
from flows.__main__ import main
main()
"""


class Cost(NamedTuple):
    """What a process took: seconds by the clock, MiB of memory at its peak."""

    seconds: float
    peak: float


def tollbook(*arguments: str) -> list[str]:
    """The command line of this checkout, as it is installed for use."""
    return [sys.executable, "-c", AS_INSTALLED, *arguments]


def cost(command: list[str]) -> Cost:
    """Runs the command. Raises CalledProcessError where it fails."""
    begin = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Cost(seconds, usage.ru_maxrss / 1024)


def make_month(folder: Path, calls: int, accounts: int) -> Path:
    """A plain demo month in the folder; its call files' folder."""
    asked = f"--calls {calls} --accounts {accounts} --seed 1 --plain -o {folder}".split()
    cost(tollbook("demo", *asked))
    inbox = folder / "inbox" / "2020-01"
    megabytes = sum(file.stat().st_size for file in inbox.glob("*.csv")) / 1e6
    print(f"{calls:,} calls, {accounts:,} accounts, {megabytes:,.0f} MB CSV")
    return inbox


def in_turn(names: tuple[str, str], rounds: Iterator[tuple[list[str], list[str]]]) -> float:
    """Prints seconds and ratio of each round, the first (which warms the disk's cache) left out; the median ratio."""
    floors: list[Cost] = []
    costs: list[Cost] = []
    for number, (floor_command, command) in enumerate(rounds):
        floor, ours = cost(floor_command), cost(command)
        if number == 0:
            continue
        floors.append(floor)
        costs.append(ours)
        ratio = ours.seconds / floor.seconds
        print(
            f"  {names[0]} {floor.seconds:6.2f} s   {names[1]} {ours.seconds:6.2f} s   ratio {ratio:5.2f}", flush=True
        )
    ratio = statistics.median(ours.seconds / floor.seconds for floor, ours in zip(floors, costs, strict=True))
    print(
        f"median: {names[0]} {statistics.median(floor.seconds for floor in floors):.2f} s, "
        f"{names[1]} {statistics.median(ours.seconds for ours in costs):.2f} s, "
        f"ratio {ratio:.2f}, peak {max(ours.peak for ours in costs):,.0f} MiB"
    )
    return ratio


def rounds(
    floor: str, command: tuple[str, str], folder: Path, inbox: Path, count: int
) -> Iterator[tuple[list[str], list[str]]]:
    """The floor's program and ours, each time in a warehouse of its own: to delete one is no part of a month end."""
    month = inbox.parent.parent
    inputs = f"--cdrs {month}/inbox --contracts {month}/contracts --rate-tables {ROOT}/rate_tables".split()
    for number in range(count):
        warehouse = str(folder / f"warehouse-{number}")
        yield (
            [sys.executable, "-c", floor, str(folder), str(inbox / "*.csv")],
            tollbook(*command, *inputs, "--warehouse", warehouse),
        )


def bench(names: tuple[str, str], floor: str, command: tuple[str, str], asked: argparse.Namespace) -> None:
    """Makes the month, runs both sides in turn, prints seconds, their ratio and the peak of memory."""
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-") as name:
        folder = Path(name)
        inbox = make_month(folder / "month", asked.calls, asked.accounts)
        in_turn(names, rounds(floor, command, folder, inbox, asked.rounds + 1))


def size_of_month(description: str, calls: int, accounts: int, count: int) -> argparse.Namespace:
    """How large a month to measure and how often, from the command line or as given."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--calls", type=int, default=calls)
    parser.add_argument("--accounts", type=int, default=accounts)
    parser.add_argument("--rounds", type=int, default=count)
    return parser.parse_args()
