"""A command as a whole process: seconds by the clock, memory at its peak, and its last words where it fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import IO, NamedTuple

import psutil

ROOT = Path(__file__).parents[2]
SECONDS_BETWEEN_LOOKS = 0.25
_LAST_WORDS = 400
AS_INSTALLED = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
"""The environment of what is measured: modules are compiled once, as where the program is installed."""


class BenchFailure(Exception):
    """Something could not be measured; its text is the sentence for the person who asked."""


class Cost(NamedTuple):
    """What a process took: seconds by the clock, MiB of memory at its peak; the wall clock when it began and ended."""

    seconds: float
    peak_mib: float
    began_at: float
    ended_at: float


def module(name: str, *arguments: str) -> list[str]:
    """The command line of a module of this checkout."""
    return [sys.executable, "-m", name, *arguments]


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read().decode(errors="replace").strip().splitlines()
    return " ".join(line.strip() for line in lines if line.strip())[-_LAST_WORDS:] or "it said nothing"


def _tree_mib(process: psutil.Process) -> float:
    """Memory of a process and all below it, what they share counted once (PSS)."""
    total = 0
    for member in [process, *process.children(recursive=True)]:
        try:
            total += member.memory_full_info().pss
        except psutil.Error:  # it has ended, or is another user's
            continue
    return total / 2**20


class _TreeWatch:
    """Looks at a tree of processes until told to stop, and keeps the most that it had."""

    def __init__(self, pid: int) -> None:
        self.peak_mib = 0.0
        self._process, self._ended = psutil.Process(pid), threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._ended.wait(SECONDS_BETWEEN_LOOKS):
            try:
                self.peak_mib = max(self.peak_mib, _tree_mib(self._process))
            except psutil.Error:
                return

    def stop(self) -> float:
        self._ended.set()
        self._thread.join()
        return self.peak_mib


def measured(command: list[str], what: str, *, is_tree: bool = False, output: Path | None = None) -> Cost:
    """Runs the command, its output into a file where one is named. Raises BenchFailure where it fails.

    The peak is the kernel's own for one process (at least this process's own memory, which is kept small). Of a
    tree it is what was seen four times a second.
    """
    with tempfile.TemporaryFile() as errors, (output or Path(os.devnull)).open("wb") as stdout:
        began_at, begin = time.time(), time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=AS_INSTALLED, stdin=subprocess.DEVNULL, stdout=stdout, stderr=errors
        )
        watch = _TreeWatch(process.pid) if is_tree else None
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            seen_mib = watch.stop() if watch else 0.0
        seconds, ended_at = time.perf_counter() - begin, time.time()
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise BenchFailure(f"{what} ended with {process.returncode}: {_last_words(errors)}")
    return Cost(seconds, max(usage.ru_maxrss / 1024, seen_mib), began_at, ended_at)
