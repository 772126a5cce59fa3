"""Longest prefix in force against a plain read of the two columns it needs, in one run on one machine.

    python -m tests.bench.prefixes CALLS PREFIXES ROUNDS

A deck of nested prefixes with dated rows is flattened (goal: 50,000 in under a second). Then, a million calls at a time
and in turn, their numbers and start times are read from Parquet (zstd 1), and every call's row is looked up, from the
text of its number on (goal: at most 2.5 times the read). Quote the ratio. Prices change at midnights of the month, as
carriers' decks do.
"""

from __future__ import annotations

import datetime as dt
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from tests.bench.nested_prefixes import nested_prefixes
from transforms.prefixes import ENTRY_SCHEMA, OPEN_SECOND, PrefixIndex, build_prefix_index, match_numbers

MONTH_BEGINS = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
MONTH_SECONDS = 31 * 86_400
BLOCK = 1_000_000
SECONDS_PER_DAY = 86_400
SHARE_OF_DATED = 0.44
BUILDS = 5


def deck(prefixes: int, random: Random) -> pl.DataFrame:
    """Nested prefixes of 1 to 9 digits as entries of an index; near half of them change their price in the month."""
    begin, rows = int(MONTH_BEGINS.timestamp()), []
    for prefix in nested_prefixes(prefixes, random):
        change = begin + random.randrange(0, MONTH_SECONDS, SECONDS_PER_DAY)
        cut = change if random.random() < SHARE_OF_DATED else None
        spans = [(0, OPEN_SECOND)] if cut is None else [(0, cut), (cut, OPEN_SECOND)]
        rows += [(0, prefix, start, end, 0, 0) for start, end in spans]
    entries = pl.DataFrame(rows, schema=ENTRY_SCHEMA, orient="row")
    return entries.with_columns(row=pl.int_range(pl.len(), dtype=pl.Int64))


def calls(entries: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """Calls to numbers under prefixes of the deck, 10 to 12 digits, in no order, as the calls of a month are."""
    chosen = entries["prefix"].sample(count, with_replacement=True, seed=seed)
    spread = (pl.int_range(count, dtype=pl.Int64) + seed * count) * 982_451_653  # a prime: no order among the numbers
    digits = pl.select(spread % (9 * 10**11) + 10**11).to_series()
    seconds = pl.Series(range(MONTH_SECONDS), dtype=pl.Int64).sample(count, with_replacement=True, seed=seed + 2)
    return pl.DataFrame({"prefix": chosen, "digits": digits, "second": seconds}).select(
        destination_number=pl.lit("+") + (pl.col("prefix") + pl.col("digits").cast(pl.String)).str.slice(0, 12),
        start_time=pl.lit(MONTH_BEGINS) + pl.duration(seconds=pl.col("second")),
    )


def looked_up(index: PrefixIndex, needed: pl.DataFrame) -> pl.Series:
    """The row of each call."""
    second = pl.col("start_time").dt.epoch("s")
    scope = pl.lit(0, dtype=pl.Int64)
    return match_numbers(index, needed.lazy().select(scope=scope, number="destination_number", second=second))


def timed_round(index: PrefixIndex, paths: list[Path]) -> tuple[float, float]:
    """Seconds that reading and looking up took, block by block in turn."""
    reading = looking = 0.0
    for path in paths:
        begin = time.perf_counter()
        needed = pl.read_parquet(path, columns=["destination_number", "start_time"])
        read = time.perf_counter()
        found = looked_up(index, needed)
        done = time.perf_counter()
        assert found.null_count() == 0
        reading, looking = reading + read - begin, looking + done - read
    return reading, looking


def build_seconds(entries: pl.DataFrame) -> list[float]:
    """How long flattening the deck takes, some times."""
    found = []
    for _ in range(BUILDS):
        begin = time.perf_counter()
        build_prefix_index(entries)
        found.append(time.perf_counter() - begin)
    return found


def measure(count: int, prefixes: int, rounds: int) -> dict[str, Any]:
    """Flattens the deck, writes the calls, runs both sides in turn; medians."""
    entries = deck(prefixes, Random(1))
    took = statistics.median(build_seconds(entries))
    index = build_prefix_index(entries)
    with tempfile.TemporaryDirectory(prefix="tollbook-bench-") as name:
        paths = [Path(name) / f"{number}.parquet" for number in range(max(count // BLOCK, 1))]
        for number, path in enumerate(paths):
            made = calls(entries, min(count, BLOCK), seed=3 * number + 1)
            made.write_parquet(path, compression="zstd", compression_level=1)
        timed_round(index, paths)  # warms the disk's cache
        times = [timed_round(index, paths) for _ in range(rounds)]
    return {
        "calls": len(paths) * min(count, BLOCK),
        "prefixes": prefixes,
        "entries": entries.height,
        "build_seconds": took,
        "read_seconds": statistics.median(reading for reading, _ in times),
        "seconds": statistics.median(looking for _, looking in times),
        "ratio": statistics.median(looking / reading for reading, looking in times),
    }


if __name__ == "__main__":
    print(json.dumps(measure(*(int(text) for text in sys.argv[1:]))))
