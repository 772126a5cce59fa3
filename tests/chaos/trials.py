"""A month disturbed, begun again, and compared with one that nobody disturbed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.chaos.month import READER, Book, ChaosMonth, Reader, book_of, kill_after


class Undisturbed(NamedTuple):
    """The month as it must come out, what a reader sees before and after, and how long it takes."""

    book: Book
    states: tuple[str, str]
    seconds: float


class Trial(NamedTuple):
    """A kill, and what is wrong with what came of it: nothing, it is hoped."""

    after_seconds: float
    was_at_work: bool
    reads: int
    faults: list[str]


def state_of(warehouse: Path) -> str:
    """What the reader sees now, by the reader itself."""
    command = [sys.executable, str(READER), str(warehouse / "tollbook.duckdb")]
    said = subprocess.run(command, input="\n", capture_output=True, text=True, check=True, timeout=60).stdout
    [state] = json.loads(said.splitlines()[-1])["states"]
    return str(state)


def run_undisturbed(month: ChaosMonth) -> Undisturbed:
    """The month run in peace."""
    month.begin_again()
    before = state_of(month.warehouse)
    began_at = time.monotonic()
    ended = month.bill()
    seconds = time.monotonic() - began_at
    assert ended.code == 0, ended.errors
    return Undisturbed(book_of(month.warehouse), (before, state_of(month.warehouse)), seconds)


def differences(book: Book, expected: Book) -> list[str]:
    """What is gone, too much or other."""
    found = [f"{name} is not there" for name in expected.files if name not in book.files]
    found += [f"{name} is left over" for name in book.files if name not in expected.files]
    shared = [name for name in expected.files if name in book.files]
    found += [f"{name} differs" for name in shared if book.files[name] != expected.files[name]]
    found += [f"rows of {name} differ" for name in expected.rows if book.rows.get(name) != expected.rows[name]]
    return found


def _reader_faults(seen: dict[str, object], states: tuple[str, str]) -> list[str]:
    read, errors = seen["states"], seen["errors"]
    assert isinstance(read, list)
    assert isinstance(errors, list)
    return [f"the reader met {error}" for error in errors[:3]] + [
        f"the reader saw a mixture: {state}" for state in read if state not in states
    ]


def kill_trial(month: ChaosMonth, undisturbed: Undisturbed, after_seconds: float) -> Trial:
    """The month killed after so long and started again, with a reader all along."""
    month.begin_again()
    reader = Reader(month.warehouse)
    was_at_work = kill_after(month.start(), after_seconds)
    faults = []
    if state_of(month.warehouse) not in undisturbed.states:
        faults.append("what was published is neither the old book nor the new one after the kill")
    again = month.bill()
    seen = reader.seen()
    faults += [f"started again it ended with {again.code}: {again.errors}"] if again.code else []
    faults += _reader_faults(seen, undisturbed.states)
    faults += differences(book_of(month.warehouse), undisturbed.book)
    return Trial(after_seconds, was_at_work, int(seen["reads"]), faults)


def kill_trials(month: ChaosMonth, undisturbed: Undisturbed, count: int, seed: int) -> Iterator[Trial]:
    """Kills spread at random over the time that the month takes: one in each of `count` parts of it."""
    moments = random.Random(seed)
    for part in range(count):
        yield kill_trial(month, undisturbed, undisturbed.seconds * (part + moments.random()) / count)


def folder_bytes(folder: Path) -> int:
    """Bytes of the files under a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
