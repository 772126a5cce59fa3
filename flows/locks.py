"""Who may write where: one run a month, months side by side, and one publication at a time."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from flows.stopping import StoppedError
from schemas.faults import Fault, InputRefusedError

LOCK = ".lock"
COPY_OF = ".copy-of.json"
"""In a folder that is a copy of a warehouse on S3: which one's."""
SWEEP = "sweep"
_PATIENCE_SECONDS = 10


_synchronised: set[Path] = set()


@contextmanager
def synchronised(copy: Path) -> Iterator[None]:
    """While this lasts, runs may write in the copy: what they publish is put where it is a copy of."""
    _synchronised.add(copy)
    try:
        yield
    finally:
        _synchronised.discard(copy)


def refuse_mere_copy(warehouse: Path) -> None:
    """What is published in a copy alone would be lost with the next one. Raises InputRefusedError."""
    mark = warehouse / COPY_OF
    if warehouse in _synchronised or not mark.is_file():
        return
    url = json.loads(mark.read_text(encoding="utf-8"))["url"]
    problem, remedy = f"is a copy of {url}", f"name that: --warehouse {url}"
    raise InputRefusedError(Fault(str(warehouse), problem, remedy))


class Holder(NamedTuple):
    """Who holds a month: its process, what it runs, and since when (UTC)."""

    pid: int
    command: str
    started_at: str

    def __str__(self) -> str:
        """In words, for whoever is refused."""
        return f"process {self.pid}, `tollbook {self.command}`, begun {self.started_at}"


def lock_path(warehouse: Path, invoice_month: str) -> Path:
    """The file that a run of the month holds locked. It stays: were it removed, two runs could each hold one."""
    return warehouse / f"{LOCK}-{invoice_month}"


def _say_who(lock: IO[str], command: str) -> None:
    """Whoever is refused reads here who is at work."""
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    lock.truncate(0)
    lock.write(json.dumps(Holder(os.getpid(), command, now)._asdict()))
    lock.flush()


def _holder(lock: IO[str]) -> Holder | None:
    """Who holds the lock; None for one that has just taken it and not said so yet."""
    lock.seek(0)
    try:
        return Holder(**json.loads(lock.read()))
    except (ValueError, TypeError):
        return None


def _locked_files() -> set[tuple[int, int]] | None:
    """Process and inode of every file that is locked, as the system lists them; None where it lists none."""
    try:
        lines = [line.split() for line in Path("/proc/locks").read_text(encoding="ascii").splitlines()]
    except OSError:
        return None
    return {(int(line[4]), int(line[5].rpartition(":")[2])) for line in lines if line[1] == "FLOCK"}


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def holders(warehouse: Path) -> dict[str, Holder]:
    """Who is at work now, by invoice month. No lock is taken to find out: a run that begins is not disturbed."""
    locked, found = _locked_files(), {}
    for path in warehouse.glob(f"{LOCK}-????-??"):
        with path.open(encoding="utf-8") as lock:
            holder = _holder(lock)
            inode = os.fstat(lock.fileno()).st_ino
        if holder is not None and (_is_alive(holder.pid) if locked is None else (holder.pid, inode) in locked):
            found[path.name.removeprefix(f"{LOCK}-")] = holder
    return found


def _lock(lock: IO[str], invoice_month: str) -> None:
    """Takes the lock. Another's sweep is waited for; another's run refuses this one, with its process and start."""
    ends_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            holder = _holder(lock)
            if time.monotonic() > ends_at or (holder is not None and holder.command != SWEEP):
                who = "begun just now" if holder is None else str(holder)
                fault = Fault(invoice_month, f"another run is at work on this month ({who})", "wait until it has ended")
                raise InputRefusedError(fault) from error
        time.sleep(0.05)


@contextmanager
def only_run(warehouse: Path, invoice_month: str, command: str) -> Iterator[None]:
    """One run at a time for an invoice month, like `2020-02`. Raises InputRefusedError where another is at work.

    The system lets go of the lock when a process ends, however it ends.
    """
    refuse_mere_copy(warehouse)
    with lock_path(warehouse, invoice_month).open("a+", encoding="utf-8") as lock:
        _lock(lock, invoice_month)
        _say_who(lock, command)
        try:
            yield
        except StoppedError:
            os.dup(lock.fileno())  # locked until the process is gone: its threads may still write
            raise


@contextmanager
def publishing(warehouse: Path) -> Iterator[None]:
    """One publication at a time in a warehouse; another month's is waited for: it takes seconds.

    What was published before must be read within, for others may have published since the run began.
    """
    with (warehouse / f"{LOCK}-publication").open("a+", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
