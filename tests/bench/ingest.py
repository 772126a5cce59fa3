"""Reading a month against Polars' plain CSV to Parquet (zstd 1) of the same files: `make bench-ingest`.

Ours is the whole command: start, hashing of every file, contracts and rate tables read and checked, every row
judged, and the search for repeated calls over the month.
"""

from __future__ import annotations

from tests.bench.side_by_side import bench, size_of_month

PLAIN = """
import sys, polars as pl
folder, csv = sys.argv[1:]
pl.scan_csv(csv, infer_schema=False).sink_parquet(folder + "/plain.parquet", compression="zstd", compression_level=1)
"""

if __name__ == "__main__":
    asked = size_of_month(str(__doc__), calls=10_000_000, accounts=5000, count=3)
    bench(("plain", "ingest"), PLAIN, ("ingest", "2020-01"), asked)
