"""Records that came with another month than their own: told to the person who can put them where they belong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from flows.settings import month_text
from flows.warehouse import has_column, published

_READ = "select strftime(usage_month, '%Y-%m') as month, sha256 from source_files group by all"
_WAITING = """
select source_file, count(*)::bigint as records
from outside_month_records
where own_month = $usage_month and not is_read_there and billed_by_rerun_id is null
    and not list_contains($hashes::varchar[], sha256)
group by source_file
order by source_file
"""


def _read_files(warehouse: Path) -> pl.DataFrame:
    """Month and SHA-256 of every file that an issued month was made of."""
    with published(warehouse) as connection:
        if connection is None:
            return pl.DataFrame(schema={"month": pl.String, "sha256": pl.String})
        read: pl.DataFrame = connection.sql(_READ).pl()
        return read


def _sentence(month: str, usage_month: str, records: int, remedy: str) -> str:
    arrival = "late" if month < usage_month else "early"
    return f"{records:,} records start in {month} ({arrival}): {remedy}."


def other_month_sentences(warehouse: Path, usage_month: dt.date, aside: pl.DataFrame) -> list[str]:
    """What becomes of records that start in other months than they came with, a sentence a month and fate.

    `aside`: one row a record, with sha256 of its file and month, like `2020-01`.
    """
    read = _read_files(warehouse)
    fate = (
        pl.when(pl.struct("month", "sha256").is_in(read.to_struct("read").implode()))
        .then(pl.lit("that month has read this file too"))
        .when(pl.col("month").is_in(read["month"].implode()))
        .then(pl.lit("that month is issued, only a rerun brings them to the customer"))
        .otherwise(pl.format("they are billed if a copy of their file stands in {}", "month"))
    )
    counted = aside.with_columns(fate=fate).group_by("month", "fate").len().sort("month", "fate")
    return [_sentence(month, month_text(usage_month), records, fate) for month, fate, records in counted.iter_rows()]


def waiting_sentences(warehouse: Path, usage_month: dt.date, hashes: Iterable[str]) -> list[str]:
    """A sentence a file that an issued month set aside records of this month from, and that this month does not have.

    `hashes`: SHA-256 of the month's own files.
    """
    with published(warehouse) as connection:
        if connection is None:
            return []
        if not has_column(connection, "outside_month_records", "billed_by_rerun_id"):
            return [
                "What waits in issued months is not known: an earlier Tollbook issued them; the next bill tells it."
            ]
        params = {"usage_month": usage_month, "hashes": list(hashes)}
        found = connection.sql(_WAITING, params=params).fetchall()
    month = month_text(usage_month)
    return [
        f"{records:,} records of {month} wait in {file}, and no file of {month} is the same: put a copy of it there."
        for file, records in found
    ]
