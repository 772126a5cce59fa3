"""What ingesting a month depends on, and where the calls of each file are stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.code_version import code_version
from flows.files import digest, read_json, remove
from flows.inbox import RecordFile
from flows.read_ahead import ReadAhead
from flows.record_files import Block, read_blocks
from flows.settings import month_text
from schemas.source_spec import SourceSpec
from transforms.numbers import NUMBER_KIND
from transforms.screen import DIRECTION, DISPOSITION, Directory
from transforms.timestamps import UTC_MICROS

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
    by_machine_code: bool = False

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


def file_columns(record: RecordFile) -> dict[str, pl.Expr]:
    """Source and name of a file, as columns of its calls."""
    names = {"source": record.source, "source_file": record.name}
    return {column: pl.lit(name).cast(pl.Categorical) for column, name in names.items()}


def is_stored(plan: IngestPlan, record: RecordFile) -> bool:
    """Whether the file's calls stand in the warehouse as the plan would store them, so that it is not read."""
    return (plan.piece_folder(record) / "piece.json").exists()


def stored_hashes(plan: IngestPlan) -> set[str]:
    """SHA-256 of every file that was ever stored for the month and not swept, by whatever contracts and program."""
    pieces = (plan.folder / month_text(plan.usage_month)).glob("*/*/piece.json")
    return {read_json(piece)["sha256"] for piece in pieces}


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


def piece_counts(plan: IngestPlan, record: RecordFile) -> dict[str, Any]:
    """Rows and seconds read from one file, its size and hash."""
    counts: dict[str, Any] = read_json(plan.piece_folder(record) / "piece.json")
    return counts
