"""What every way of rating is given, and what it must come to: the calls, the dated prices, exact sums.

    python -m tests.bench.compare.task FOLDER CALLS PREFIXES

`calls.parquet`, one row a call: call_id, account_id, rate_table (the one of its account's plan), destination_number
(`+` and digits), start_second (UTC, since 1970), billable_seconds. `rates.parquet`, one row a dated price of a prefix:
rate_table, prefix, from_second, to_second (half-open, null = always, open), rate_micros (a minute; null = withdrawn),
fee_micros.

A call costs the fee and rate × seconds ÷ 60, half up to the micro, by the longest prefix in force when it starts. A
withdrawn prefix prices nothing, and no shorter one takes its place. Some calls have no price, and must be counted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import NamedTuple

import polars as pl

from tests.bench.nested_prefixes import nested_prefixes

MONTH_BEGINS = 1_577_836_800  # 2020-01-01 UTC
MONTH_DAYS, SECONDS_PER_DAY = 31, 86_400
MONTH_SECONDS = MONTH_DAYS * SECONDS_PER_DAY
RATE_TABLES = ("CAD", "USD")
ACCOUNTS_A_TABLE = 250
PERCENT_OF_PREFIXES = {"repriced": 40, "begins": 3, "ends": 2, "withdrawn": 1, "always": 54}
_PRIMES = (982_451_653, 15_485_863)
RATES_SCHEMA = {
    "rate_table": pl.String,
    "prefix": pl.String,
    "from_second": pl.Int64,
    "to_second": pl.Int64,
    "rate_micros": pl.Int64,
    "fee_micros": pl.Int64,
}


class Outcome(NamedTuple):
    """What a way came to: seconds to load and to match and price, exact sums, and what the seconds hold."""

    load_seconds: float
    seconds: float
    amount_micros: int
    priced: int
    unpriced: int
    counted: str


def _spans(random: Random) -> list[tuple[int | None, int | None, bool]]:
    """When a prefix has a price: a span (from, to) each, and whether it is withdrawn."""
    cut = MONTH_BEGINS + random.randrange(1, MONTH_DAYS) * SECONDS_PER_DAY  # at midnights, as decks have it
    (kind,) = random.choices(list(PERCENT_OF_PREFIXES), list(PERCENT_OF_PREFIXES.values()))
    return {
        "repriced": [(None, cut, False), (cut, None, False)],
        "begins": [(cut, None, False)],
        "ends": [(None, cut, False)],
        "withdrawn": [(None, None, True)],
        "always": [(None, None, False)],
    }[kind]


def made_rates(prefixes: int, random: Random) -> pl.DataFrame:
    """Dated prices of so many nested prefixes, shared out over the rate tables. No prefix begins with 9."""
    rows = []
    for table in RATE_TABLES:
        for prefix in nested_prefixes(prefixes // len(RATE_TABLES), random, "12345678"):
            for begins, ends, is_withdrawn in _spans(random):
                rate = None if is_withdrawn else random.randrange(1, 2_000_000)
                fee = random.randrange(5_000, 50_000) if random.random() < 0.1 else 0
                rows.append((table, prefix, begins, ends, rate, fee))
    return pl.DataFrame(rows, schema=RATES_SCHEMA, orient="row")


def made_calls(rates: pl.DataFrame, count: int, seed: int) -> pl.DataFrame:
    """Calls under prefixes of their table; of a hundred one to no prefix, and two to numbers shorter than theirs."""
    places = pl.int_range(count, dtype=pl.Int64, eager=True)
    chosen = rates.select("rate_table", "prefix").sample(count, with_replacement=True, seed=seed)
    mixed = places * _PRIMES[0] + seed
    digits = pl.when(pl.col("kind") == 0).then(pl.lit("9")).otherwise(pl.col("prefix")) + (
        pl.col("mixed") % (9 * 10**11) + 10**11
    ).cast(pl.String)
    length = pl.when(pl.col("kind") < 3).then(7).otherwise(10 + pl.col("mixed") % 3)
    return (
        chosen.with_columns(mixed=mixed, kind=(places * _PRIMES[1] + seed) % 100, place=places)
        .with_columns(account=pl.col("mixed") % ACCOUNTS_A_TABLE)
        .select(
            call_id=pl.format("c{}", pl.col("place") + 1_000_000_000),
            account_id=pl.format("{}-{}", "rate_table", "account"),
            rate_table="rate_table",
            destination_number=pl.lit("+") + digits.str.slice(0, length),
            start_second=MONTH_BEGINS + pl.col("mixed") // 7 % MONTH_SECONDS,
            billable_seconds=1 + pl.col("mixed") // 11 % 3600,
        )
    )


def make_task(folder: Path, calls: int, prefixes: int, seed: int = 1) -> None:
    """The two files, the same for the same arguments."""
    rates = made_rates(prefixes, Random(seed))
    rates.write_parquet(folder / "rates.parquet")
    made_calls(rates, calls, seed).write_parquet(folder / "calls.parquet", compression="zstd", compression_level=1)


if __name__ == "__main__":
    make_task(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
