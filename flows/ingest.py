"""Stage: call records to typed calls in buckets, and every other row set aside with its reason (rule 13)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import polars as pl

from flows.files import write_json, write_parquet, write_scratch, written_once
from flows.inbox import RecordFile
from flows.ingest_plan import SET_ASIDE_SCHEMA, IngestPlan, is_stored
from flows.read_calls import BlockCalls, read_calls
from flows.record_files import COMPRESSIONS, LineMarks
from schemas.faults import ControlFailedError

BLOCKS_AT_A_TIME = 2
LEAST_HELD, MOST_HELD = 3 * 2**18, 2**21
LEAST_HELD_A_BUCKET, MOST_HELD_A_BUCKET = 2**13, 2**15
"""Calls are held until they fill their buckets' files: a small file costs as much as its rows, or more.

A month of more buckets holds more: or its files would be as many as the square of its calls.
"""


@cache
def _workers() -> ThreadPoolExecutor:
    """Whoever reads hands its blocks to the same few: files that are read beside one another need no more memory."""
    return ThreadPoolExecutor(max_workers=BLOCKS_AT_A_TIME, thread_name_prefix="ingest")


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

    def add(self, calls: list[tuple[int, pl.DataFrame]]) -> None:
        for bucket, frame in calls:
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


@contextmanager
def _held(folder: Path, bucket_count: int) -> Iterator[_Held]:
    """Calls held for a folder; behind it nobody writes there any more, so that it can be removed where one failed."""
    held = _Held(folder, bucket_count)
    try:
        yield held
    finally:
        wait(held.writing)


def _write_parts(frames: list[tuple[int, list[pl.DataFrame]]], folder: Path, part: int) -> None:
    for bucket, calls in frames:
        rows = pl.concat(calls)
        if not rows.is_empty():
            write_scratch(rows, folder / f"bucket={bucket:04d}" / f"part={part:05d}.arrows")


def _control_bytes(record: RecordFile, marks: LineMarks) -> None:
    """Bytes read = bytes in the file, where lines are marked by their place in it."""
    if marks and marks[-1][0] != record.size:
        raise ControlFailedError(
            f"{record.name}: {record.size} bytes stand in the file and {marks[-1][0]} were read; nothing was "
            "published: keep the file, and report it as a fault of Tollbook"
        )


def _ingest_blocks(plan: IngestPlan, record: RecordFile) -> Iterator[BlockCalls]:
    """Each block's outcome, in their order; while one is worked on the next is read, and not more than that."""
    pending: deque[Future[BlockCalls]] = deque()
    try:
        for block in plan.blocks(record):
            pending.append(_workers().submit(read_calls, plan, record, block))
            if len(pending) > BLOCKS_AT_A_TIME:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        wait(pending)  # where one failed, the others end before their folder goes


def ingest_file(plan: IngestPlan, record: RecordFile) -> Path:
    """The folder with one file's calls by bucket, its `set_aside.parquet` and its counts in `piece.json`.

    Done already for the same bytes, source, contracts and program: nothing is read again.
    Raises ControlFailedError where less was read than the file holds.
    """
    target = plan.piece_folder(record)
    if is_stored(plan, record):
        return target
    with (
        written_once(target, lambda: is_stored(plan, record)) as partial,
        _held(partial, plan.bucket_count) as held,
    ):
        blocks = []
        for block in _ingest_blocks(plan, record):
            held.add(block.calls)
            blocks.append(block._replace(calls=[]))
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
        parts = {path.relative_to(partial).as_posix(): path.stat().st_size for path in partial.glob("*/part=*.arrows")}
        write_json({**counts, **of_file, "parts": parts}, partial / "piece.json")
    return target
