"""A month end against the floor, in one run on one machine: `make bench`.

Floor F: Polars reads the month's CSV into Parquet (zstd 1) and writes that Parquet as one CSV of the same rows.
Both sides are whole processes, run in turn, so that a machine that slows down slows both. Quote the ratio.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FLOOR = """
import sys, polars as pl
folder, csv = sys.argv[1:]
pl.scan_csv(csv, infer_schema=False).sink_parquet(folder + "/floor.parquet", compression="zstd", compression_level=1)
pl.scan_parquet(folder + "/floor.parquet").sink_csv(folder + "/floor.csv")
"""
AS_INSTALLED = """
import sys
sys.modules["hypothesis"] = None  # pandera would load it; who installs Tollbook by `make run` has it not
from flows.__main__ import main
main()
"""


def _seconds(command: list[str]) -> float:
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return time.perf_counter() - begin


def _tollbook(*arguments: str) -> list[str]:
    return [sys.executable, "-c", AS_INSTALLED, *arguments]


def main() -> None:
    """Make the month, run both sides in turn, print seconds and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=1_000_000)
    parser.add_argument("--accounts", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-") as name:
        folder = Path(name)
        month = folder / "month"
        made = f"--calls {asked.calls} --accounts {asked.accounts} --seed 1 --plain -o {month}".split()
        _seconds(_tollbook("demo", *made))
        files = sorted((month / "inbox" / "2020-01").glob("*.csv"))
        csv = str(month / "inbox" / "2020-01" / "*.csv")
        megabytes = sum(file.stat().st_size for file in files) / 1e6
        print(f"{asked.calls:,} calls, {asked.accounts:,} accounts, {megabytes:,.0f} MB CSV")
        floors, bills = [], []
        for number in range(asked.rounds + 1):
            warehouse = folder / f"warehouse-{number}"  # a new one each round: to delete is no part of a month end
            floor = _seconds([sys.executable, "-c", FLOOR, str(folder), csv])
            inputs = f"--cdrs {month}/inbox --contracts {month}/contracts --rate-tables {ROOT}/rate_tables"
            bill = _seconds(_tollbook("bill", "2020-02", *inputs.split(), "--warehouse", str(warehouse)))
            if number == 0:
                continue  # warms the disk's cache
            floors.append(floor)
            bills.append(bill)
            print(f"  floor {floor:6.2f} s   month end {bill:6.2f} s   ratio {bill / floor:5.2f}", flush=True)
        ratios = [bill / floor for bill, floor in zip(bills, floors, strict=True)]
        print(
            f"median: floor {statistics.median(floors):.2f} s, month end {statistics.median(bills):.2f} s, "
            f"ratio {statistics.median(ratios):.2f} × F (goal of the main job: at most 4)"
        )


if __name__ == "__main__":
    main()
