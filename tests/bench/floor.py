"""The floors: the least that reading and writing a month's calls takes, by Polars alone (engine design).

    python -m tests.bench.floor whole CSV-PATTERN FOLDER

`read`: the month's CSV into Parquet (zstd 1). `whole`, the floor F: that, and the Parquet as one CSV of the same rows.
"""

from __future__ import annotations

import sys
from pathlib import Path

import polars as pl


def read(pattern: str, folder: Path) -> Path:
    """Every call as text in one Parquet file."""
    target = folder / "floor.parquet"
    calls = pl.scan_csv(pattern, infer_schema=False)
    calls.sink_parquet(target, compression="zstd", compression_level=1)
    return target


def whole(pattern: str, folder: Path) -> None:
    """Every call in a Parquet file, and in a CSV made of it."""
    pl.scan_parquet(read(pattern, folder)).sink_csv(folder / "floor.csv")


if __name__ == "__main__":
    {"read": read, "whole": whole}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
