"""Our matching step: from the text of each number to the row of its longest prefix in force."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import polars as pl

from tests.bench.compare.task import RATE_TABLES, Outcome
from transforms.charges import cost_micros
from transforms.prefixes import ENTRY_SCHEMA, OPEN_SECOND, PrefixIndex, build_prefix_index, match_numbers

COLUMNS = ["rate_table", "destination_number", "start_second", "billable_seconds"]


def missing() -> str | None:
    """It is ours."""
    return None


class Loaded(NamedTuple):
    """The calls with the scope of their rate table, the rates, and the index that leads to their rows."""

    calls: pl.DataFrame
    rates: pl.DataFrame
    index: PrefixIndex


def load(folder: Path) -> Loaded:
    """From Parquet to what the step takes."""
    scope = pl.col("rate_table").replace_strict(list(RATE_TABLES), [0, 1], return_dtype=pl.Int64)
    rates = pl.read_parquet(folder / "rates.parquet")
    entries = rates.select(
        scope.alias("scope"),
        "prefix",
        pl.col("from_second").fill_null(0),
        pl.col("to_second").fill_null(OPEN_SECOND),
        row=pl.int_range(pl.len(), dtype=pl.Int64),
        preference=pl.lit(0, dtype=pl.Int64),
    )
    calls = pl.read_parquet(folder / "calls.parquet", columns=COLUMNS)
    return Loaded(calls.with_columns(scope.alias("scope")), rates, build_prefix_index(entries.cast(ENTRY_SCHEMA)))


def matched(loaded: Loaded) -> pl.Series:
    """The row of each call; null where none is in force."""
    asked = loaded.calls.lazy().select("scope", number="destination_number", second="start_second")
    return match_numbers(loaded.index, asked)


def priced_sum(loaded: Loaded, rows: pl.Series) -> tuple[int, int]:
    """Exact sum of the costs, and how many calls have one."""
    prices = loaded.rates.select("rate_micros", "fee_micros")
    costs = pl.DataFrame([prices[name].gather(rows) for name in prices.columns]).select(
        cost_micros(pl.col("fee_micros"), pl.col("rate_micros"), loaded.calls["billable_seconds"]).alias("cost")
    )["cost"]
    return int(costs.sum()), len(costs) - costs.null_count()


def outcome(folder: Path) -> Outcome:
    """The step alone is timed; what it finds is priced to be compared."""
    begin = time.perf_counter()
    loaded = load(folder)
    is_loaded = time.perf_counter()
    rows = matched(loaded)
    done = time.perf_counter()
    amount, priced = priced_sum(loaded, rows)
    counted = "loading: Parquet to frames, the index; then matching alone, without pricing"
    return Outcome(is_loaded - begin, done - is_loaded, amount, priced, len(rows) - priced, counted)
