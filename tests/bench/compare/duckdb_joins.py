"""DuckDB alone: an equality join for each length of prefix, the longest one that is in force; HUGEINT sums."""

from __future__ import annotations

import time
from pathlib import Path

import duckdb

from tests.bench.compare.task import Outcome

_LOAD = """
create table calls as select * exclude (call_id, account_id) from read_parquet({calls});
create table rates as
    select * exclude (from_second, to_second), coalesce(from_second, 0) as from_second,
        coalesce(to_second, {open}) as to_second, length(prefix) as digits
    from read_parquet({rates});
"""
_JOIN = """left join rates as r{digits} on r{digits}.digits = {digits} and r{digits}.rate_table = calls.rate_table
    and r{digits}.prefix = substr(calls.destination_number, 2, {digits})
    and calls.start_second >= r{digits}.from_second and calls.start_second < r{digits}.to_second
"""
_SUM = """
with found as (
    select calls.billable_seconds, case {cases} end as price from calls {joins}
)
select
    sum(price.fee + (2 * price.rate * billable_seconds + 60) // 120)::hugeint::varchar,
    count(price.rate), count(*) - count(price.rate)
from found
"""


def missing() -> str | None:
    """DuckDB comes with Tollbook."""
    return None


def _text(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"


def loaded_tables(folder: Path) -> duckdb.DuckDBPyConnection:
    """Calls and rates as tables in memory; open ends are numbers."""
    connection = duckdb.connect(config={"autoinstall_known_extensions": "false"})
    paths = {"calls": _text(folder / "calls.parquet"), "rates": _text(folder / "rates.parquet")}
    connection.execute(_LOAD.format(open=2**62, **paths))
    return connection


def joined_sum(lengths: list[int]) -> str:
    """The statement for these lengths, the longest first."""
    joins = "".join(_JOIN.format(digits=digits) for digits in lengths)
    cases = " ".join(
        f"when r{digits}.prefix is not null then {{'rate': r{digits}.rate_micros, 'fee': r{digits}.fee_micros}}"
        for digits in lengths
    )
    return _SUM.format(joins=joins, cases=cases)


def outcome(folder: Path) -> Outcome:
    """One statement over tables in memory."""
    begin = time.perf_counter()
    connection = loaded_tables(folder)
    lengths = [digits for (digits,) in connection.sql("select distinct digits from rates order by 1 desc").fetchall()]
    loaded = time.perf_counter()
    amount, priced, unpriced = connection.sql(joined_sum(lengths)).fetchall()[0]
    done = time.perf_counter()
    counted = "loading: Parquet to tables in memory; then one statement: joins, pricing, sum"
    return Outcome(loaded - begin, done - loaded, int(amount), priced, unpriced, counted)
