"""Ctrl-C and SIGTERM at a month that is at work: a sentence, the shell's exit code, nothing half published."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cli import run
from tests.integration.demo_month import ROOT, Billed, bill, no_settings_from_outside

pytestmark = pytest.mark.integration
PATIENCE_SECONDS = 120
MOMENTS = {
    "while records are read": "work/*/plan.json",
    "while calls are rated": "billed_calls/*/*/.bucket*",
}


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """January 2020 of 12 accounts: enough calls that it is at work for a while."""
    with no_settings_from_outside():
        folder = tmp_path_factory.mktemp("stopped") / "demo"
        words = ["demo", "--calls", "150000", "--accounts", "12", "--seed", "1", "--plain", "-o", str(folder)]
        assert run(words) == 0
        yield folder


@pytest.fixture(scope="module")
def undisturbed(inputs: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Every file of the month, billed without a stop."""
    return bill(Billed(inputs, tmp_path_factory.mktemp("whole") / "warehouse")).file_bytes()


def begin(month: Billed) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "flows", *month.words("2020-02")]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], folder: Path, pattern: str) -> None:
    ends_at = time.monotonic() + PATIENCE_SECONDS
    while not any(folder.glob(pattern)):
        assert process.poll() is None and time.monotonic() < ends_at, f"{pattern} was never there"
        time.sleep(0.002)


@pytest.mark.parametrize("pattern", MOMENTS.values(), ids=MOMENTS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_month_says_so_and_is_done_by_the_next_run(
    pattern: str, number: signal.Signals, inputs: Path, undisturbed: dict[str, bytes], tmp_path: Path
) -> None:
    code, name = {signal.SIGINT: (130, "Ctrl-C (SIGINT)"), signal.SIGTERM: (143, "SIGTERM")}[number]
    month = Billed(inputs, tmp_path / "warehouse")
    process = begin(month)
    wait_for(process, month.warehouse, pattern)
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    told = f"tollbook: stopped by {name}; what is published is whole. Run the command again: it clears what was left.\n"
    assert (process.returncode, errors) == (code, told)
    assert not any((month.warehouse / shown).exists() for shown in ("tollbook.duckdb", "details", "runs"))
    with (month.warehouse / ".lock-2020-02").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it
    log = [json.loads(line) for line in (month.warehouse / "audit.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(entry["event"], entry.get("result"), entry.get("exit_code")) for entry in log] == [
        ("begun", None, None),
        ("ended", "stopped", code),
    ]
    assert bill(month).file_bytes() == undisturbed


def test_a_command_that_is_to_ignore_ctrl_c_ignores_it(inputs: Path, tmp_path: Path) -> None:
    """So `nohup` and shells start what runs in the background."""
    month = Billed(inputs, tmp_path / "warehouse")
    words = " ".join(month.words("2020-02"))
    command = ["sh", "-c", f"trap '' INT; exec {sys.executable} -m flows {words}"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    wait_for(process, month.warehouse, "work/*/plan.json")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, errors) == (0, "")


def test_a_signal_before_the_command_has_begun_ends_it_with_the_sentence() -> None:
    script = (
        "import os, signal, flows.stopping, flows.__main__ as own\n"
        "begin = flows.stopping.end_when_asked\n"
        "def stopped_at_once():\n    begin()\n    os.kill(os.getpid(), signal.SIGTERM)\n"
        "flows.stopping.end_when_asked = stopped_at_once\n"
        "own.main()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (143, "")
    assert ended.stderr.startswith("tollbook: stopped by SIGTERM;")
