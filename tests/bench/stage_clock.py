"""The command line as it is installed, with a clock beside it: when each stage was done.

    python -m tests.bench.stage_clock TIMES.json bill 2020-02 ...

Who installs Tollbook by `make run` has no hypothesis, which pandera would load: it is kept away. When stages begin and
end is told by the watchers that the progress bar is one of, and by the warehouse's own log; nothing is slowed down.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
from pathlib import Path
from typing import Any

START, END = "start and opening", "ending"


def stage_seconds(done: dict[str, float], begun_at: float, began_at: float, ended_at: float) -> dict[str, float]:
    """Seconds of each part of a run, in their order: they add up to the whole.

    Needs the wall clock at the process's begin and end, when the month had been opened, and when each stage was done.
    """
    marks = {START: begun_at, **done, END: ended_at}
    seconds, before = {}, began_at
    for name, mark in marks.items():
        seconds[name] = mark - before
        before = mark
    return seconds


def opened_at(warehouse: Path) -> float:
    """The wall clock when the month had been opened: the first entry of the warehouse's log."""
    first = (warehouse / "audit.jsonl").read_text(encoding="utf-8").splitlines()[0]
    return dt.datetime.fromisoformat(json.loads(first)["at"]).timestamp()


def done_at(times: Path) -> dict[str, float]:
    """When each stage was done, in the order of the stages: the time of its last unit."""
    lines = times.read_text(encoding="utf-8").splitlines()
    return {name: float(at) for name, at in (line.split(" ") for line in lines)}


def main() -> None:
    """Runs the command; writes a line a unit, its stage and the wall clock, as it is done: a command ends at once."""
    times, *sys.argv[1:] = sys.argv[1:]
    sys.modules["hypothesis"] = None  # type: ignore[assignment]
    from flows.__main__ import main as tollbook
    from flows.__main__ import set_up_process

    set_up_process()
    from flows.progress import watched  # brings Polars

    with Path(times).open("wb", buffering=0) as file:

        def note(stage: Any) -> None:
            file.write(f"{stage.name} {time.time()}\n".encode())

        with watched(note):
            tollbook()


if __name__ == "__main__":
    main()
