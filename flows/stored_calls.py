"""The calls that files of a month were read to, as they are stored: by file, by bucket, counted."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from flows.files import read_json, read_parquet, read_scratch, rows_of_scratch
from flows.inbox import RecordFile
from flows.ingest_plan import CALLS_WITH_FILE, IngestPlan, file_columns, is_stored
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


def _calls(record: RecordFile, parts: list[Path]) -> pl.DataFrame:
    """Stored calls of a file (CALLS_WITH_FILE)."""
    return pl.concat(map(read_scratch, parts)).with_columns(**file_columns(record))


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


def _calls_of_bucket(plan: IngestPlan, record: RecordFile, bucket: int) -> pl.DataFrame | None:
    """A file's calls of a bucket of the month; None where it has none.

    It may have been stored when the month was smaller or larger, in another number of buckets. All numbers are
    powers of two, so buckets of the one lie within buckets of the other.
    """
    folder = _ingested_folder(plan, record)
    piece = read_json(folder / "piece.json")
    count = piece["bucket_count"]
    folders = tuple(f"bucket={number:04d}/" for number in range(bucket % count, count, plan.bucket_count))
    sizes = {name: size for name, size in sorted(piece["parts"].items()) if name.startswith(folders)}
    parts = [_whole_part(folder, name, size) for name, size in sizes.items()]
    if not parts:
        return None
    calls = _calls(record, parts)
    if count >= plan.bucket_count:
        return calls
    accounts = plan.directory.accounts.filter(pl.col("bucket") == bucket)["account_id"]
    return calls.filter(pl.col("account_id").is_in(accounts.implode()))


def _refuse_too_many(calls: pl.DataFrame) -> None:
    """More calls at a time than sums are sure of: only one account can have so many. Raises InputRefusedError."""
    if calls.height <= limits.MOST_CALLS_A_BUCKET:
        return
    account, count = calls["account_id"].value_counts(sort=True).row(0)
    problem = f"has {count:,} calls in the month; at most {limits.MOST_CALLS_A_BUCKET:,} can be rated together"
    raise InputRefusedError(Fault(f"account {account}", problem, "share them out over several accounts"))


def bucket_calls(plan: IngestPlan, bucket: int) -> pl.DataFrame:
    """The month's accepted calls of one bucket, without duplicates and conflicts."""
    found = [_calls_of_bucket(plan, record, bucket) for record in plan.record_files]
    stored = [calls for calls in found if calls is not None]
    if not stored:
        return pl.DataFrame(schema=CALLS_WITH_FILE)
    calls = pl.concat(stored).rechunk()  # a gather over chunks takes several times as long
    _refuse_too_many(calls)
    repeats = read_parquet(plan.repeats_path(), columns=["source_file", "source_line"])
    if repeats.is_empty():
        return calls
    dropped = repeats.cast({"source_file": pl.Categorical})
    return calls.join(dropped, on=["source_file", "source_line"], how="anti", maintain_order="left")
