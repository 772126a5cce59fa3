"""A month end against the floor, in one run on one machine: `make bench` (goal of the main job: at most 4).

Floor F: Polars reads the month's CSV into Parquet (zstd 1) and writes that Parquet as one CSV of the same rows.
"""

from __future__ import annotations

from tests.bench.side_by_side import bench, size_of_month

FLOOR = """
import sys, polars as pl
folder, csv = sys.argv[1:]
pl.scan_csv(csv, infer_schema=False).sink_parquet(folder + "/floor.parquet", compression="zstd", compression_level=1)
pl.scan_parquet(folder + "/floor.parquet").sink_csv(folder + "/floor.csv")
"""

if __name__ == "__main__":
    asked = size_of_month(str(__doc__), calls=1_000_000, accounts=500, count=5)
    bench(("floor", "month end"), FLOOR, ("bill", "2020-02"), asked)
