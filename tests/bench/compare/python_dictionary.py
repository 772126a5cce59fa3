"""A plain loop over calls with a dictionary of prefixes a rate table, the longest tried first; exact integers."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

import polars as pl

from tests.bench.compare.task import Outcome
from tests.bench.nested_prefixes import LONGEST_PREFIX

ALWAYS, OPEN = 0, 2**62
Prices = dict[str, list[tuple[int, int, int | None, int]]]


def missing() -> str | None:
    """Nothing but Python is needed."""
    return None


def _prices(path: Path) -> dict[str, Prices]:
    tables: dict[str, Prices] = defaultdict(lambda: defaultdict(list))
    for table, prefix, begins, ends, rate, fee in pl.read_parquet(path).iter_rows():
        tables[table][prefix].append((begins or ALWAYS, OPEN if ends is None else ends, rate, fee))
    return {table: dict(prices) for table, prices in tables.items()}


def _price(prices: Prices, digits: str, second: int) -> tuple[int, int] | None:
    """Rate and fee of the longest prefix in force; None where there is none, or it is withdrawn."""
    for length in range(min(LONGEST_PREFIX, len(digits)), 0, -1):
        for begins, ends, rate, fee in prices.get(digits[:length], ()):
            if begins <= second < ends:
                return None if rate is None else (rate, fee)
    return None


def outcome(folder: Path) -> Outcome:
    """The loop, from lists of texts and integers."""
    begin = time.perf_counter()
    tables = _prices(folder / "rates.parquet")
    columns = ("rate_table", "destination_number", "start_second", "billable_seconds")
    calls = pl.read_parquet(folder / "calls.parquet", columns=list(columns))
    lists = [calls[name].to_list() for name in columns]
    loaded = time.perf_counter()
    amount = priced = 0
    for table, number, second, seconds in zip(*lists, strict=True):
        found = _price(tables[table], number[1:], second)
        if found is not None:
            rate, fee = found
            amount += fee + (2 * rate * seconds + 60) // 120
            priced += 1
    done = time.perf_counter()
    counted = "loading: Parquet to lists, the dictionaries; then matching, pricing, sum"
    return Outcome(loaded - begin, done - loaded, amount, priced, calls.height - priced, counted)
