"""A Prefect server on the loopback, and what a test asks of it. Each has a home of its own; none phones anywhere."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

PATIENCE_SECONDS = 300
FINAL = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


def environment_of(home: Path, **more: str) -> dict[str, str]:
    """The environment of a Prefect program that lives in this home."""
    prefect = {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false", "DO_NOT_TRACK": "1"}
    return {**os.environ, **prefect, **more}


class Server(NamedTuple):
    """A Prefect server on the loopback and its home."""

    url: str
    home: Path

    def ask(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """What the server answers to a question with a body; one without lets everything through."""
        content = json.dumps(body or {}).encode()
        return _answer(urllib.request.Request(f"{self.url}/{path}", content, {"Content-Type": "application/json"}))

    def get(self, path: str) -> Any:
        """What stands at the path."""
        return _answer(urllib.request.Request(f"{self.url}/{path}"))

    def ended(self, flow_run_id: str) -> Any:
        """The flow run, when it has ended."""
        return wait_until(lambda: self._if_final(flow_run_id), f"flow run {flow_run_id} did not end")

    def _if_final(self, flow_run_id: str) -> Any:
        run = self.get(f"flow_runs/{flow_run_id}")
        return run if run["state_type"] in FINAL else None

    def log(self, flow_run_id: str) -> list[str]:
        """What stands in the flow run's log."""
        lines = self.ask("logs/filter", {"logs": {"flow_run_id": {"any_": [flow_run_id]}}, "sort": "TIMESTAMP_ASC"})
        return [line["message"] for line in lines]


def wait_until(found: Callable[[], Any], otherwise: str) -> Any:
    """What is found, as soon as it is something; the test fails where it never is."""
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends_at:
        if answer := found():
            return answer
        time.sleep(0.2)
    pytest.fail(otherwise)


def _answer(request: urllib.request.Request) -> Any:
    """The answer, once the server is not too busy to give one: its database takes one writer at a time.

    What is asked twice must come to the same: a question, or a run with a key of its own.
    """
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except (urllib.error.HTTPError, TimeoutError) as busy:
            is_busy = isinstance(busy, TimeoutError) or busy.code == 503
            if not is_busy or time.monotonic() > ends_at:
                raise
        time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def process(words: list[str], env: dict[str, str], cwd: Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A Prefect program in a session of its own, ended with all that it started."""
    with log.open("wb") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", "prefect", *words],
            env=env,
            cwd=cwd,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield started
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        try:
            started.wait(timeout=30)
        except subprocess.TimeoutExpired:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def processes_at(home: Path) -> list[int]:
    """Processes that live in this Prefect home, other than those that have ended and wait to be asked for."""
    mark = f"PREFECT_HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:  # it has ended meanwhile, or is another's
            continue
    return found


def _is_healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running_server(home: Path, **settings: str) -> Iterator[Server]:
    """A server that answers; when this ends no process is left that lived in its home."""
    port, log = _free_port(), home / "server.log"
    url = f"http://127.0.0.1:{port}/api"
    words = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with process(words, environment_of(home, **settings), home, log) as started:
        said = "the Prefect server did not start"
        wait_until(lambda: started.poll() is not None or _is_healthy(url), said)
        if started.poll() is not None:
            pytest.fail(f"{said}:\n{log.read_text()[-2000:]}")
        yield Server(url, home)
    wait_until(lambda: not processes_at(home), f"processes are left: {processes_at(home)}")
