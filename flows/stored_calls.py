"""The calls that files of a month were read to, as they are stored: by file, by bucket, counted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.files import read_json, read_parquet, read_scratch_files, rows_of_scratch
from flows.inbox import RecordFile
from flows.ingest_plan import CALLS_WITH_FILE, IngestPlan, is_stored
from schemas import limits
from schemas.faults import Fault, InputRefusedError

PART = "part=*.arrows"


def stored_call_count(piece: Path) -> int:
    """How many calls the piece of a file holds; builds before this one stored them as Arrow files, or as Parquet."""
    older = (("*.arrow", pl.scan_ipc), ("*.parquet", pl.scan_parquet))
    scans = [scan(parts, glob=False) for kind, scan in older if (parts := sorted(piece.glob(f"bucket=*/{kind}")))]
    counted = sum(scan.select(pl.len()).collect().item() for scan in scans)
    return int(counted) + sum(map(rows_of_scratch, piece.glob(f"bucket=*/{PART}")))


def stored_parts(plan: IngestPlan, record: RecordFile) -> list[Path]:
    """Where the file's calls are stored."""
    return sorted(plan.piece_folder(record).glob(f"bucket=*/{PART}"))


def _ingested_folder(plan: IngestPlan, record: RecordFile) -> Path:
    folder = plan.piece_folder(record)
    if not is_stored(plan, record):
        raise AssertionError(f"{record.name} is not ingested: {folder} is missing")
    return folder


def _whole_part(folder: Path, name: str, size: int) -> Path:
    """A file of stored calls. Raises InputRefusedError where it is gone, or has not the size it was written with."""
    path = folder / name
    if path.is_file() and path.stat().st_size == size:
        return path
    remedy = f"remove the folder {folder}: then its call records are read again"
    raise InputRefusedError(Fault(str(path), "stored calls are not there as they were written", remedy))


class _Stored(NamedTuple):
    """Where the calls of a file of a bucket are; `in_buckets`: of the month, when they were stored."""

    record: RecordFile
    parts: list[Path]
    in_buckets: int


def _stored(plan: IngestPlan, record: RecordFile, bucket: int) -> _Stored:
    """A file's calls of a bucket of the month.

    They may have been stored when the month was smaller or larger, in another number of buckets. All numbers are
    powers of two, so buckets of the one lie within buckets of the other.
    """
    folder = _ingested_folder(plan, record)
    piece = read_json(folder / "piece.json")
    count = piece["bucket_count"]
    folders = tuple(f"bucket={number:04d}/" for number in range(bucket % count, count, plan.bucket_count))
    sizes = {name: size for name, size in sorted(piece["parts"].items()) if name.startswith(folders)}
    return _Stored(record, [_whole_part(folder, name, size) for name, size in sizes.items()], count)


def _read(stored: list[_Stored]) -> pl.DataFrame:
    """The calls of these files (CALLS_WITH_FILE), under each other; at least one has some."""
    rows, counts = read_scratch_files(part for of_file in stored for part in of_file.parts)
    records = [of_file.record for of_file in stored for _ in of_file.parts]
    place = pl.concat(pl.Series([part], dtype=pl.UInt32).new_from_index(0, count) for part, count in enumerate(counts))

    def told(texts: Iterable[str]) -> pl.Series:
        return pl.Series(texts, dtype=pl.Categorical).gather(place)

    return rows.with_columns(
        source=told(record.source for record in records), source_file=told(record.name for record in records)
    )


def _refuse_too_many(calls: pl.DataFrame) -> None:
    """More calls at a time than sums are sure of: only one account can have so many. Raises InputRefusedError."""
    if calls.height <= limits.MOST_CALLS_A_BUCKET:
        return
    account, count = calls["account_id"].value_counts(sort=True).row(0)
    problem = f"has {count:,} calls in the month; at most {limits.MOST_CALLS_A_BUCKET:,} can be rated together"
    raise InputRefusedError(Fault(f"account {account}", problem, "share them out over several accounts"))


def bucket_calls(plan: IngestPlan, bucket: int) -> pl.DataFrame:
    """The month's accepted calls of one bucket, without duplicates and conflicts."""
    stored = [of_file for record in plan.record_files if (of_file := _stored(plan, record, bucket)).parts]
    if not stored:
        return pl.DataFrame(schema=CALLS_WITH_FILE)
    calls = _read(stored)
    if any(of_file.in_buckets < plan.bucket_count for of_file in stored):
        accounts = plan.directory.accounts.filter(pl.col("bucket") == bucket)["account_id"]
        calls = calls.filter(pl.col("account_id").is_in(accounts.implode()))
    _refuse_too_many(calls)
    repeats = read_parquet(plan.repeats_path(), columns=["source_file", "source_line"])
    if repeats.is_empty():
        return calls
    dropped = repeats.cast({"source_file": pl.Categorical})
    return calls.join(dropped, on=["source_file", "source_line"], how="anti", maintain_order="left")
