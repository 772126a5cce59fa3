"""The comparison in PostgreSQL: tables filled by COPY, and one statement whose look-up each way has its own."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from tests.bench.compare.postgres_server import session
from tests.bench.compare.task import Outcome

if TYPE_CHECKING:
    import psycopg

ROWS_A_COPY = 100_000
_CALLS = "rate_table text, destination_number text, start_second bigint, billable_seconds bigint"
_RATES = "rate_table text, prefix {prefix}, from_second bigint, to_second bigint, rate_micros bigint, fee_micros bigint"
_SUM = """
select
    sum(found.fee_micros + (2 * found.rate_micros * calls.billable_seconds + 60) / 120)::text,
    count(found.rate_micros),
    count(*) - count(found.rate_micros)
from calls
left join lateral (
    select rates.rate_micros, rates.fee_micros
    from rates
    where {matches}
        and rates.rate_table = calls.rate_table
        and (rates.from_second is null or rates.from_second <= calls.start_second)
        and (rates.to_second is null or rates.to_second > calls.start_second)
    order by length(rates.prefix) desc
    limit 1
) as found on true
"""


def _copy(connection: psycopg.Connection[Any], table: str, rows: pl.DataFrame) -> None:
    with connection.cursor() as cursor, cursor.copy(f"copy {table} from stdin (format csv)") as copy:
        for part in rows.iter_slices(ROWS_A_COPY):
            text = io.BytesIO()
            part.write_csv(text, include_header=False)
            copy.write(text.getvalue())


def _filled(connection: psycopg.Connection[Any], folder: Path, prefix_type: str, after: Sequence[str]) -> None:
    connection.execute(f"create unlogged table calls ({_CALLS})")
    connection.execute(f"create unlogged table rates ({_RATES.format(prefix=prefix_type)})")
    columns = [column.split()[0] for column in _CALLS.split(", ")]
    _copy(connection, "calls", pl.read_parquet(folder / "calls.parquet", columns=columns))
    _copy(connection, "rates", pl.read_parquet(folder / "rates.parquet"))
    for statement in (*after, "vacuum analyze calls", "vacuum analyze rates"):
        connection.execute(statement)


def outcome_of(folder: Path, prefix_type: str, before: Sequence[str], after: Sequence[str], matches: str) -> Outcome:
    """Tables with their index, then one statement. To start the server is not counted."""
    with session() as connection:
        for statement in before:
            connection.execute(statement)
        begin = time.perf_counter()
        _filled(connection, folder, prefix_type, after)
        loaded = time.perf_counter()
        row = connection.execute(_SUM.format(matches=matches)).fetchone()
        done = time.perf_counter()
    assert row is not None
    amount, priced, unpriced = row
    counted = "loading: COPY, index, analyze; then one statement: look-ups, pricing, sum"
    return Outcome(loaded - begin, done - loaded, int(amount), priced, unpriced, counted)
