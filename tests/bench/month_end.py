"""A month end against the floor, in one run on one machine: `make bench`.

Floor F: Polars reads the month's CSV into Parquet (zstd 1) and writes that Parquet as one CSV of the same rows.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.side_by_side import ROOT, in_turn, make_month, tollbook

FLOOR = """
import sys, polars as pl
folder, csv = sys.argv[1:]
pl.scan_csv(csv, infer_schema=False).sink_parquet(folder + "/floor.parquet", compression="zstd", compression_level=1)
pl.scan_parquet(folder + "/floor.parquet").sink_csv(folder + "/floor.csv")
"""


def _rounds(folder: Path, inbox: Path, count: int) -> Iterator[tuple[list[str], list[str]]]:
    """Each in a warehouse of its own: to delete one is no part of a month end."""
    month = inbox.parent.parent
    inputs = f"--cdrs {month}/inbox --contracts {month}/contracts --rate-tables {ROOT}/rate_tables".split()
    for number in range(count):
        warehouse = str(folder / f"warehouse-{number}")
        yield (
            [sys.executable, "-c", FLOOR, str(folder), str(inbox / "*.csv")],
            tollbook("bill", "2020-02", *inputs, "--warehouse", warehouse),
        )


def main() -> None:
    """Make the month, run both sides in turn, print seconds and their ratio (goal of the main job: at most 4)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-") as name:
        folder = Path(name)
        inbox = make_month(folder / "month", asked.calls, asked.accounts)
        in_turn(("floor", "month end"), _rounds(folder, inbox, asked.rounds + 1))


if __name__ == "__main__":
    main()
