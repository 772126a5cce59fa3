"""Stage: call ids that are met again, over all files of a switch (rule 13.3)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from flows.files import read_json, read_scratch, read_scratch_files, write_parquet
from flows.inbox import RecordFile
from flows.ingest_plan import SET_ASIDE_SCHEMA, IngestPlan, file_columns
from flows.process_memory import give_back
from flows.record_files import read_raw_records
from flows.stored_calls import stored_parts
from transforms.repeats import judge_repeats

PARTS_AT_A_TIME, PARTS_TOGETHER = 2, 64
"""Threads, and the stored parts whose call ids each has in memory: to open one costs as much as to hash its ids."""


def _by_switch(plan: IngestPlan) -> dict[str, list[RecordFile]]:
    """The files whose call ids are of one switch, by its name: a source is its own unless it names another."""
    files: dict[str, list[RecordFile]] = {}
    for record in plan.record_files:
        files.setdefault(plan.sources[record.source].switch or record.source, []).append(record)
    return files


def call_id_hash() -> pl.Expr:
    """64 bits of the call id."""
    return pl.col("call_id").hash()


def _hashes(parts: list[Path]) -> pl.Series:
    return read_scratch_files(parts, ["call_id"]).rows.select(call_id_hash()).to_series()


def _repeated_records(parts: dict[RecordFile, list[Path]]) -> pl.DataFrame | None:
    """All records of call ids that may stand more than once among these files; None where none can.

    Memory: one hash a call; the records themselves are kept only of hashes that are met again. That a hash is met
    again proves nothing: whoever takes the records compares their ids.
    """
    paths = [path for of_file in parts.values() for path in of_file]
    if not paths:
        return None
    with ThreadPoolExecutor(max_workers=PARTS_AT_A_TIME) as pool:
        together = [paths[begin : begin + PARTS_TOGETHER] for begin in range(0, len(paths), PARTS_TOGETHER)]
        hashes = pl.concat(pool.map(_hashes, together)).sort()
    repeated = hashes.filter((hashes == hashes.shift(1)).fill_null(value=False)).unique()
    if repeated.is_empty():
        return None
    is_repeated = call_id_hash().is_in(repeated.implode())
    found = [
        read_scratch(path).filter(is_repeated).with_columns(**file_columns(record))
        for record, of_file in parts.items()
        for path in of_file
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
    give_back()  # what blocks were read in
    order = pl.DataFrame(
        {"source_file": [record.name for record in plan.record_files]}, schema={"source_file": pl.String}
    ).with_row_index("file_order")
    found = []
    for _, files in sorted(_by_switch(plan).items()):
        records = _repeated_records({record: stored_parts(plan, record) for record in files})
        if records is not None:
            judged = judge_repeats(records.join(order, on="source_file", how="left", validate="m:1"))
            found.append(judged.filter(pl.col("outcome").is_not_null()).with_columns(reason=pl.col("outcome")))
    if found:
        aside = with_raw_records(plan, pl.concat(found))
        write_parquet(aside.select(pl.col(name).cast(dtype) for name, dtype in SET_ASIDE_SCHEMA.items()), target)
    else:
        write_parquet(pl.DataFrame(schema=SET_ASIDE_SCHEMA), target)
    return target
