"""Reading a month against Polars' plain CSV to Parquet (zstd 1) of the same files: `make bench-ingest`.

Ours is the whole command: start, hashing of every file, contracts and rate tables read and checked, every row
judged, and the search for repeated calls over the month.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.bench.side_by_side import ROOT, in_turn, make_month, tollbook

PLAIN = """
import sys, polars as pl
folder, csv = sys.argv[1:]
pl.scan_csv(csv, infer_schema=False).sink_parquet(folder + "/plain.parquet", compression="zstd", compression_level=1)
"""


def _rounds(folder: Path, inbox: Path, count: int) -> Iterator[tuple[list[str], list[str]]]:
    month = inbox.parent.parent
    inputs = f"--cdrs {month}/inbox --contracts {month}/contracts --rate-tables {ROOT}/rate_tables".split()
    for number in range(count):
        warehouse = str(folder / f"warehouse-{number}")
        yield (
            [sys.executable, "-c", PLAIN, str(folder), str(inbox / "*.csv")],
            tollbook("ingest", "2020-01", *inputs, "--warehouse", warehouse),
        )


def main() -> None:
    """Make the month, run both sides in turn, print seconds, their ratio and the peak of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000_000)
    parser.add_argument("--accounts", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-") as name:
        folder = Path(name)
        inbox = make_month(folder / "month", asked.calls, asked.accounts)
        in_turn(("plain", "ingest"), _rounds(folder, inbox, asked.rounds + 1))


if __name__ == "__main__":
    main()
