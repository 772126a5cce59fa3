"""Measure Tollbook on this machine, beside a floor and beside what people use instead: `make bench`.

Every pair is run in turn in one go, so that a machine that slows down slows both; quote the ratios. Amounts are
compared exactly: the month's with DuckDB's own rating of it, and those of all ways of rating with each other. A
difference, or a part that could not be measured, ends the command with 1; what was measured is kept all the same.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table as ScreenTable

from tests.bench.compare.measure import PREFIXES, compare
from tests.bench.months import calls_of, default_folder, month_of, size_text
from tests.bench.page import write_page
from tests.bench.processes import ROOT, BenchFailure, measured, module
from tests.bench.results import Results, has_figures, keep, read, refuse_other_machine
from tests.bench.rounds import INGEST, MONTH_END, SameBytes, clear, measure, warm_up
from tests.bench.tables import Table, faults, notes, tables

PARTS = ("month-end", "stages", "compare", "ingest", "prefixes")
WARM_UP_CALLS = 1000
LOOK_UPS = 10_000_000


def _sizes(text: str) -> list[int]:
    return sorted({calls_of(size) for size in text.split(",")})


def _parts(text: str) -> list[str]:
    named = [part.strip() for part in text.split(",")]
    unknown = sorted(set(named) - set(PARTS))
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: choose from {', '.join(PARTS)}")
    return named


def _rounds(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one round is needed")
    return count


def asked_for(arguments: list[str] | None) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--sizes", type=_sizes, default="1M,10M", help="calls of the months (1M,10M; 50M and 100M too)")
    parser.add_argument("--rounds", type=_rounds, default=3, help="how often each is run; medians are told (3)")
    parser.add_argument("--only", type=_parts, default=list(PARTS), help=f"parts, from {','.join(PARTS)} (all)")
    parser.add_argument("--compare-calls", type=calls_of, default="1M", help="calls of the comparison (1M)")
    parser.add_argument("--compare-prefixes", type=calls_of, default=str(PREFIXES), help=f"its prefixes ({PREFIXES})")
    parser.add_argument("--look-ups", type=calls_of, default=str(LOOK_UPS), help="look-ups of the prefix index (10M)")
    parser.add_argument("--data", type=Path, default=default_folder(), help="where months are kept and work is done")
    parser.add_argument("--json", type=Path, help="where all figures are kept; those of other sizes in it stay")
    parser.add_argument("--plot", type=Path, help="write time and memory over size there, as SVG")
    parser.add_argument("--table", type=Path, help="write the tables into that page, between its markers")
    parser.add_argument("--draw", action="store_true", help="measure nothing: plot and page from --json")
    return parser.parse_args(arguments)


@contextlib.contextmanager
def _own(data: Path) -> Iterator[Path]:
    """The bench's folder, ours alone while this lasts; what a stopped bench left in it is cleared."""
    data = data.resolve()
    if data.is_relative_to(ROOT):
        raise BenchFailure(f"{data} is in the repository; name a folder outside with --data")
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if data.stat().st_uid != os.getuid():
        raise BenchFailure(f"{data} is another user's; name a folder of your own with --data")
    with (data / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchFailure(f"another bench is at work in {data}: wait for it") from None
        work = data / "work"
        clear(work)
        try:
            yield work
        finally:
            clear(work)


def _rerated(work: Path) -> Callable[[Path], dict[str, Any]]:
    def judge(warehouse: Path) -> dict[str, Any]:
        output = work / "rerated.json"
        measured(module("tests.bench.rerating", str(warehouse)), "DuckDB's own rating of the month", output=output)
        return dict(json.loads(output.read_text(encoding="utf-8")))

    return judge


class Bench:
    """What is measured, and where it goes."""

    def __init__(self, asked: argparse.Namespace, screen: Console) -> None:
        self.asked, self.screen = asked, screen
        self.results: Results = read(asked.json)
        self.failures: list[str] = []

    def say(self, text: str) -> None:
        """A line on the screen, as it comes."""
        self.screen.print(text, soft_wrap=True, highlight=False, markup=False)

    def _kept(self, part: str, measure_part: Callable[[], dict[str, Any]]) -> None:
        """A part measured and kept; what fails is told of at the end, and the others go on."""
        try:
            keep(self.results, part, measure_part(), self.asked.json)
        except (BenchFailure, OSError, subprocess.SubprocessError) as error:
            self.failures.append(str(error))
            self.say(f"not measured: {error}")

    def _month_end(self, data: Path, work: Path, calls: int) -> dict[str, Any]:
        look = SameBytes(_rerated(work))
        figures = measure(MONTH_END, month_of(data, calls), work, self.asked.rounds, self.say, look)
        return figures | {"check": look.found}

    def _ingest(self, data: Path, work: Path, calls: int) -> dict[str, Any]:
        return measure(INGEST, month_of(data, calls), work, self.asked.rounds, self.say, lambda _: None)

    def _prefixes(self, work: Path) -> dict[str, Any]:
        self.say(f"{size_text(self.asked.look_ups)} look-ups")
        output = work / "prefixes.json"
        asked = (str(self.asked.look_ups), str(PREFIXES), str(self.asked.rounds))
        measured(module("tests.bench.prefixes", *asked), "the look-ups", output=output)
        return dict(json.loads(output.read_text(encoding="utf-8")))

    def measure(self) -> None:
        """Every part that was asked for."""
        refuse_other_machine(self.results, self.asked.json)
        with _own(self.asked.data) as work:
            data, only = work.parent, self.asked.only
            is_month_end = "month-end" in only or "stages" in only
            if is_month_end or "ingest" in only:
                warm_up(month_of(data, WARM_UP_CALLS), work)
            for calls in self.asked.sizes:
                if is_month_end:
                    self._kept("month_end", lambda calls=calls: self._month_end(data, work, calls))
                if "ingest" in only:
                    self._kept("ingest", lambda calls=calls: self._ingest(data, work, calls))
            if "prefixes" in only:
                self._kept("prefixes", lambda: self._prefixes(work))
            if "compare" in only:
                asked = (self.asked.compare_calls, self.asked.compare_prefixes, self.asked.rounds)
                self._kept("compare", lambda: compare(work / "compare", *asked, self.say))

    def draw(self) -> None:
        """Plot and page, where they were asked for."""
        if self.asked.plot:
            from tests.bench.chart import write_chart

            if not write_chart(self.asked.plot, self.results):
                self.say("no plot: no month end is measured yet")
        if self.asked.table:
            write_page(self.asked.table, self.results, self.asked.plot)

    def show(self) -> int:
        """The tables, then what differs or failed. 0, or 1 where something does."""
        for table in tables(self.results):
            self.screen.print(screen_table(table))
        for note in notes(self.results):
            self.say(note)
        wrong = [*faults(self.results), *self.failures]
        for fault in wrong:
            print(fault, file=sys.stderr)
        return 1 if wrong else 0


def screen_table(table: Table) -> ScreenTable:
    """The table as a person sees it at the screen."""
    shown = ScreenTable(title=table.title, caption=table.about, title_justify="left", caption_justify="left")
    for place, name in enumerate(table.headers):
        shown.add_column(name.replace("`", ""), justify="right" if place else "left", overflow="fold")
    for row in table.rows:
        shown.add_row(*row)
    return shown


def _terminated(*_: object) -> None:
    raise KeyboardInterrupt


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for, show it, keep it. 0; 1 where something differs or failed; 2 for wrong use."""
    asked = asked_for(arguments)
    screen = Console()
    if not screen.is_terminal:
        screen.width = 160
    try:
        bench = Bench(asked, screen)
        if not asked.draw:
            bench.measure()
        elif not has_figures(bench.results):
            raise BenchFailure("--draw needs figures: name the file that holds them with --json")
        bench.draw()
        return bench.show()
    except BenchFailure as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what was measured before is kept where --json says", file=sys.stderr)
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(main())
