"""A Dask scheduler and workers on the loopback, as processes of their own; none is left when a test ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 300
_LOOPBACK = ["--host", "127.0.0.1", "--no-dashboard"]


@contextmanager
def _process(words: list[str], folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask's in a session of its own, ended with all that it started."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false"}
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(
            [sys.executable, "-m", "dask", *words],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        if started.poll() is None:
            os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def _address(file: Path, scheduler: subprocess.Popen[bytes]) -> str:
    """Where the scheduler says that it is found."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends_at and scheduler.poll() is None:
        try:
            return str(json.loads(file.read_text(encoding="utf-8"))["address"])
        except (OSError, ValueError):
            time.sleep(0.1)
    pytest.fail(f"the scheduler did not start:\n{(file.parent / 'scheduler.log').read_text()[-2000:]}")


def _await_workers(address: str, count: int) -> None:
    from distributed import Client

    with Client(address, timeout=PATIENCE_SECONDS, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        client.wait_for_workers(count, timeout=PATIENCE_SECONDS)


@contextmanager
def running_cluster(folder: Path, workers: int = 2, preload: Path | None = None) -> Iterator[str]:
    """The address of a scheduler that so many workers have joined, each with two threads and the preloaded program."""
    file = folder / "scheduler.json"
    words = ["--port", "0", "--scheduler-file", str(file), "--dashboard-address", "127.0.0.1:0"]
    with ExitStack() as processes:
        scheduler = processes.enter_context(_process(["scheduler", *_LOOPBACK, *words], folder, "scheduler"))
        (folder / "scheduler.pid").write_text(str(scheduler.pid), encoding="utf-8")
        address = _address(file, scheduler)
        words = ["--no-nanny", "--nthreads", "2", "--local-directory", str(folder)]
        words += [] if preload is None else ["--preload", str(preload)]
        for number in range(workers):
            processes.enter_context(_process(["worker", address, *_LOOPBACK, *words], folder, f"worker-{number}"))
        if workers:
            _await_workers(address, workers)
        yield address
