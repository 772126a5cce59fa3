"""Stage: call records to typed calls in buckets, and every other row set aside with its reason (rule 13)."""

from __future__ import annotations

import datetime as dt
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.code_version import code_version
from flows.files import (
    digest,
    read_json,
    read_parquet,
    read_scratch,
    remove,
    write_json,
    write_parquet,
    write_scratch,
    written_once,
)
from flows.inbox import RecordFile
from flows.read_ahead import ReadAhead
from flows.record_files import COMPRESSIONS, Block, LineMarks, read_blocks, read_raw_records
from flows.settings import month_text
from schemas import limits
from schemas.faults import ControlFailedError, Fault, InputRefusedError
from schemas.reasons import RECORD_WARNINGS
from schemas.source_spec import SourceSpec
from transforms.numbers import NUMBER_KIND
from transforms.repeats import judge_repeats
from transforms.screen import DIRECTION, DISPOSITION, Directory, screen, warning_flags
from transforms.source_fields import canonical_text
from transforms.timestamps import UTC_MICROS

BLOCKS_AT_A_TIME = 2
LEAST_HELD, MOST_HELD = 3 * 2**18, 2**21
LEAST_HELD_A_BUCKET, MOST_HELD_A_BUCKET = 2**13, 2**15
"""Calls are held until they fill their buckets' files: a small file costs as much as its rows, or more.

A month of more buckets holds more: or its files would be as many as the square of its calls.
"""
SET_ASIDE_SCHEMA: dict[str, Any] = {
    "source": pl.String,
    "source_file": pl.String,
    "source_line": pl.Int64,
    "outcome": pl.String,
    "reason": pl.String,
    "detail": pl.String,
    "raw_record": pl.String,
    "duration_seconds": pl.Int64,
}

CALL_SCHEMA: dict[str, Any] = {
    "source_line": pl.Int64,
    "account_id": pl.String,
    "call_id": pl.String,
    "direction": DIRECTION,
    "disposition": DISPOSITION,
    "source_number": pl.String,
    "source_kind": NUMBER_KIND,
    "destination_number": pl.String,
    "destination_kind": NUMBER_KIND,
    "start_time": UTC_MICROS,
    "end_time": UTC_MICROS,
    "duration_seconds": pl.Int64,
    "warning_bits": pl.UInt8,
}
"""An accepted call as it is stored. `warning_bits`: the record's warnings, in the order of RECORD_WARNINGS.

Source and file stand in `piece.json`, once for all calls of the piece.
"""
CALLS_WITH_FILE: dict[str, Any] = {**CALL_SCHEMA, "source": pl.Categorical, "source_file": pl.Categorical}
"""An accepted call as it is read."""


class IngestPlan(NamedTuple):
    """What ingesting a month depends on, and where its pieces go."""

    usage_month: dt.date
    folder: Path
    record_files: tuple[RecordFile, ...]
    sources: dict[str, SourceSpec]
    directory: Directory
    directory_digest: str
    bucket_count: int
    ahead: ReadAhead | None = None

    def blocks(self, record: RecordFile) -> Iterator[Block]:
        """The file's blocks, from where reading ahead has come to."""
        source = self.sources[record.source]
        if self.ahead is not None and self.ahead.record == record and self.ahead.source == source:
            return self.ahead.blocks()
        return read_blocks(record, source)

    def piece_folder(self, record: RecordFile) -> Path:
        """Where the calls of one file go: named by all that decides them, so what is there is done.

        Into how many buckets it is cut is not among that: each stored piece says it itself (`piece.json`).
        """
        identity = digest(
            {
                "file": record.name,
                "sha256": record.sha256,
                "source": repr(self.sources[record.source]),
                "directory": self.directory_digest,
                "code": code_version(),
            }
        )
        return self.folder / month_text(self.usage_month) / record.source / identity[:16]

    def repeats_path(self) -> Path:
        """Where the duplicates and conflicts over all these files go."""
        identity = digest([self.piece_folder(record).name for record in self.record_files])
        return self.folder / month_text(self.usage_month) / f"repeats-{identity[:16]}.parquet"


def _file_columns(record: RecordFile) -> dict[str, pl.Expr]:
    names = {"source": record.source, "source_file": record.name}
    return {column: pl.lit(name).cast(pl.Categorical) for column, name in names.items()}


def _set_aside(judged: pl.DataFrame, block: Block, record: RecordFile) -> pl.DataFrame:
    aside = judged[judged["outcome"].is_not_null().arg_true()]
    raw = block.raw_records(aside["source_line"]) if not aside.is_empty() else []
    return aside.with_columns(pl.Series("raw_record", raw, dtype=pl.String), **_file_columns(record)).select(
        pl.col(name).cast(dtype) for name, dtype in SET_ASIDE_SCHEMA.items()
    )


def _accepted(judged: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    """Accepted calls as they are stored, by bucket; the warnings of a call are bits of `warning_bits`."""
    bits = pl.sum_horizontal(
        flag.cast(pl.UInt8) * pl.lit(2 ** RECORD_WARNINGS.index(kind), dtype=pl.UInt8)
        for kind, flag in warning_flags(source, judged.columns).items()
    )
    accepted = judged.lazy().filter(pl.col("outcome").is_null())
    keys = accepted.select(key=pl.col("bucket") * 2**32 + pl.col("row")).collect()["key"].sort()
    columns = (name for name in CALL_SCHEMA if name != "warning_bits")
    return judged.select(*columns, "bucket", warning_bits=bits)[keys % 2**32]


@cache
def _workers() -> ThreadPoolExecutor:
    """Whoever reads hands its blocks to the same few: files that are read beside one another need no more memory."""
    return ThreadPoolExecutor(max_workers=BLOCKS_AT_A_TIME, thread_name_prefix="ingest")


def _by_bucket(calls: pl.DataFrame) -> dict[int, pl.DataFrame]:
    """The calls, which are in the order of their buckets, cut at the borders."""
    runs = calls["bucket"].rle().struct.unnest()
    stored = calls.select(*CALL_SCHEMA)
    begins = runs["len"].cum_sum() - runs["len"]
    pieces = zip(runs["value"], begins, runs["len"], strict=True)
    return {bucket: stored.slice(begin, count) for bucket, begin, count in pieces}


def rows_held(bucket_count: int) -> int:
    """After how many calls of a file they are written to so many buckets."""
    rows = min(max(LEAST_HELD_A_BUCKET * bucket_count, LEAST_HELD), MOST_HELD)
    return min(MOST_HELD_A_BUCKET * bucket_count, rows)


class _Held:
    """Accepted calls of a file by bucket, written to its folder as parts of a good size."""

    def __init__(self, folder: Path, bucket_count: int) -> None:
        self.folder = folder
        self.limit = rows_held(bucket_count)
        self.frames: dict[int, list[pl.DataFrame]] = {}
        self.row_count = 0
        self.part_count = 0
        self.writing: list[Future[None]] = []

    def add(self, calls: dict[int, pl.DataFrame]) -> None:
        for bucket, frame in calls.items():
            self.frames.setdefault(bucket, []).append(frame)
            self.row_count += frame.height
        if self.row_count >= self.limit:
            self.write()

    def write(self) -> None:
        """Hands what is held to the workers; what was handed to them before is written by then."""
        self.finish()
        shares = [list(self.frames.items())[worker::BLOCKS_AT_A_TIME] for worker in range(BLOCKS_AT_A_TIME)]
        self.writing = [_workers().submit(_write_parts, share, self.folder, self.part_count) for share in shares]
        self.frames, self.row_count, self.part_count = {}, 0, self.part_count + 1

    def finish(self) -> None:
        for share in self.writing:
            share.result()


def _write_parts(frames: list[tuple[int, list[pl.DataFrame]]], folder: Path, part: int) -> None:
    for bucket, calls in frames:
        rows = pl.concat(calls)
        if not rows.is_empty():
            write_scratch(rows, folder / f"bucket={bucket:04d}" / f"part={part:05d}.arrow")


class _Ingested(NamedTuple):
    """What one block came to."""

    rows: int
    seconds: int
    aside: pl.DataFrame
    marks: LineMarks
    calls: dict[int, pl.DataFrame]


def _control_rows(record: RecordFile, block: Block, row_count: int) -> None:
    """Rows read = rows in the bytes. The lines are counted already; only where blank ones are among them, again."""
    if row_count != block.line_count and row_count != (in_bytes := block.row_count()):
        raise ControlFailedError(
            f"{record.name}: from line {block.first_line} on {in_bytes} rows stand in the file and {row_count} were "
            "read; nothing was published: keep the file, and report it as a fault of Tollbook"
        )


def _control_bytes(record: RecordFile, marks: LineMarks) -> None:
    """Bytes read = bytes in the file, where lines are marked by their place in it."""
    if marks and marks[-1][0] != record.size:
        raise ControlFailedError(
            f"{record.name}: {record.size} bytes stand in the file and {marks[-1][0]} were read; nothing was "
            "published: keep the file, and report it as a fault of Tollbook"
        )


def _ingest_block(plan: IngestPlan, record: RecordFile, block: Block) -> _Ingested:
    source = plan.sources[record.source]
    judged = screen(canonical_text(block.rows(), source), source, plan.directory, plan.usage_month)
    _control_rows(record, block, judged.height)
    seconds = int(judged["duration_seconds"].sum())
    aside = _set_aside(judged, block, record)
    calls = _by_bucket(_accepted(judged, source))
    return _Ingested(judged.height, seconds, aside, block.marks, calls)


def _ingest_blocks(plan: IngestPlan, record: RecordFile) -> Iterator[_Ingested]:
    """Each block's outcome, in their order; while one is worked on the next is read, and not more than that."""
    pending: deque[Future[_Ingested]] = deque()
    try:
        for block in plan.blocks(record):
            pending.append(_workers().submit(_ingest_block, plan, record, block))
            if len(pending) > BLOCKS_AT_A_TIME:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        wait(pending)  # where one failed, the others end before their folder goes


def is_stored(plan: IngestPlan, record: RecordFile) -> bool:
    """Whether the file's calls stand in the warehouse as the plan would store them, so that it is not read."""
    return (plan.piece_folder(record) / "piece.json").exists()


def stored_hashes(plan: IngestPlan) -> set[str]:
    """SHA-256 of every file that was ever stored for the month and not swept, by whatever contracts and program."""
    pieces = (plan.folder / month_text(plan.usage_month)).glob("*/*/piece.json")
    return {read_json(piece)["sha256"] for piece in pieces}


def stored_call_count(piece: Path) -> int:
    """How many calls the piece of a file holds; builds before Arrow files stored them as Parquet."""
    kinds = (("*.arrow", pl.scan_ipc), ("*.parquet", pl.scan_parquet))
    scans = [scan(parts, glob=False) for kind, scan in kinds if (parts := sorted(piece.glob(f"bucket=*/{kind}")))]
    return sum(scan.select(pl.len()).collect().item() for scan in scans)


def sweep_pieces(plan: IngestPlan) -> None:
    """What the month's inputs do not lead to is removed: pieces of files that are gone or changed, of other contracts.

    Only for a month that is not issued yet, or was issued from this plan: a run that was published keeps its pieces.
    """
    kept = {plan.repeats_path(), *(plan.piece_folder(record) for record in plan.record_files)}
    folder = plan.folder / month_text(plan.usage_month)
    for path in (*folder.glob("repeats-*"), *folder.glob("*/*")):
        if path not in kept:
            with suppress(OSError):  # what stays is without effect, and the work is done
                remove(path)


def ingest_file(plan: IngestPlan, record: RecordFile) -> Path:
    """The folder with one file's calls by bucket, its `set_aside.parquet` and its counts in `piece.json`.

    Done already for the same bytes, source, contracts and program: nothing is read again.
    Raises ControlFailedError where less was read than the file holds.
    """
    target = plan.piece_folder(record)
    if is_stored(plan, record):
        return target
    with written_once(target, lambda: is_stored(plan, record)) as partial:
        blocks = []
        held = _Held(partial, plan.bucket_count)
        for block in _ingest_blocks(plan, record):
            held.add(block.calls)
            blocks.append(block._replace(calls={}))
        held.write()
        aside = pl.concat([pl.DataFrame(schema=SET_ASIDE_SCHEMA), *(block.aside for block in blocks)])
        write_parquet(aside, partial / "set_aside.parquet")
        counts = {
            "rows_read": sum(block.rows for block in blocks),
            "seconds_read": sum(block.seconds for block in blocks),
        }
        of_file = {"bytes": record.size, "sha256": record.sha256, "bucket_count": plan.bucket_count}
        of_file |= {"source": record.source, "source_file": record.name}
        is_marked = all(block.marks for block in blocks) and record.path.suffix not in COMPRESSIONS
        marks = [mark for block in blocks for mark in block.marks] if is_marked else []
        _control_bytes(record, marks)
        write_json({"marks": marks}, partial / "lines.json")
        held.finish()
        parts = {path.relative_to(partial).as_posix(): path.stat().st_size for path in partial.glob("*/part=*.arrow")}
        write_json({**counts, **of_file, "parts": parts}, partial / "piece.json")
    return target


def _by_switch(plan: IngestPlan) -> dict[str, list[RecordFile]]:
    """The files whose call ids are of one switch, by its name: a source is its own unless it names another."""
    files: dict[str, list[RecordFile]] = {}
    for record in plan.record_files:
        files.setdefault(plan.sources[record.source].switch or record.source, []).append(record)
    return files


def _parts(plan: IngestPlan, record: RecordFile) -> list[Path]:
    return sorted(plan.piece_folder(record).glob("bucket=*/part=*.arrow"))


def _calls(record: RecordFile, parts: list[Path]) -> pl.DataFrame:
    """Stored calls of a file (CALLS_WITH_FILE)."""
    return pl.concat(map(read_scratch, parts)).with_columns(**_file_columns(record))


def call_id_hash() -> pl.Expr:
    """64 bits of the call id."""
    return pl.col("call_id").hash()


def _repeated_records(parts: dict[RecordFile, list[Path]]) -> pl.DataFrame | None:
    """All records of call ids that may stand more than once among these files; None where none can.

    Memory: one hash a call; the records themselves are read only for hashes that are met again. That a hash is met
    again proves nothing: whoever takes the records compares their ids.
    """
    paths = [path for of_file in parts.values() for path in of_file]
    if not paths:
        return None
    ids = pl.scan_ipc(paths, glob=False).select(call_id_hash())
    hashes = ids.collect(engine="streaming")["call_id"].sort()
    repeated = hashes.filter((hashes == hashes.shift(1)).fill_null(value=False)).unique()
    if repeated.is_empty():
        return None
    is_repeated = call_id_hash().is_in(repeated.implode())
    found = [
        pl.scan_ipc(of_file, glob=False).filter(is_repeated).collect().with_columns(**_file_columns(record))
        for record, of_file in parts.items()
        if of_file
    ]
    return pl.concat(found).cast({"source": pl.String, "source_file": pl.String})


def _raw_records(plan: IngestPlan, wanted: pl.DataFrame) -> pl.DataFrame:
    """The rows (source_file, source_line) as they stand in their files, read again."""
    schema = {"source_line": pl.Int64, "raw_record": pl.String, "source_file": pl.String}
    found = [pl.DataFrame(schema=schema)]
    for record in plan.record_files:
        lines = wanted.filter(pl.col("source_file") == record.name)["source_line"].sort()
        if not lines.is_empty():
            marks = read_json(plan.piece_folder(record) / "lines.json")["marks"]
            encoding = plan.sources[record.source].dialect.encoding
            texts = {"source_line": lines, "raw_record": read_raw_records(record, lines, marks, encoding)}
            found.append(pl.DataFrame(texts).with_columns(source_file=pl.lit(record.name)))
    return pl.concat(found)


def with_raw_records(plan: IngestPlan, aside: pl.DataFrame) -> pl.DataFrame:
    """Set-aside rows with the text of their record."""
    raw = _raw_records(plan, aside.select("source_file", "source_line"))
    return aside.join(raw, on=["source_file", "source_line"], how="left", maintain_order="left", validate="1:1")


def find_repeats(plan: IngestPlan) -> Path:
    """The set-aside rows of duplicates and conflicts over all files of each switch (rule 13.3)."""
    target = plan.repeats_path()
    if target.exists():
        return target
    order = pl.DataFrame(
        {"source_file": [record.name for record in plan.record_files]}, schema={"source_file": pl.String}
    ).with_row_index("file_order")
    found = []
    for _, files in sorted(_by_switch(plan).items()):
        records = _repeated_records({record: _parts(plan, record) for record in files})
        if records is not None:
            judged = judge_repeats(records.join(order, on="source_file", how="left", validate="m:1"))
            found.append(judged.filter(pl.col("outcome").is_not_null()).with_columns(reason=pl.col("outcome")))
    if found:
        aside = with_raw_records(plan, pl.concat(found))
        write_parquet(aside.select(pl.col(name).cast(dtype) for name, dtype in SET_ASIDE_SCHEMA.items()), target)
    else:
        write_parquet(pl.DataFrame(schema=SET_ASIDE_SCHEMA), target)
    return target


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


def piece_counts(plan: IngestPlan, record: RecordFile) -> dict[str, Any]:
    """Rows and seconds read from one file, its size and hash."""
    counts: dict[str, Any] = read_json(plan.piece_folder(record) / "piece.json")
    return counts
