"""Stage: where every row of every file ended, and what was worth a warning (rule 13.1)."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from flows.files import read_parquet, write_parquet, written_whole
from flows.ingest_plan import piece_counts
from flows.month import Month
from flows.rating import bucket_frames
from flows.repeated_calls import with_raw_records
from schemas.warehouse_tables import SMALL_TABLES

_OUTCOMES = ("billed", "unbilled", "duplicate", "conflict", "suspended", "outside_month", "rejected")


def gather_set_aside(month: Month) -> Path:
    """Every row that is set aside, with the text of its record; done already where it exists."""
    target = month.work_folder() / "set_aside.parquet"
    if target.exists():
        return target
    plan = month.ingest_plan
    parts = [read_parquet(plan.piece_folder(record) / "set_aside.parquet") for record in plan.record_files]
    suspended = with_raw_records(plan, bucket_frames(month, "suspended")).select(parts[0].columns)
    parts += [read_parquet(plan.repeats_path()), suspended]
    write_parquet(pl.concat(parts).sort("source_file", "source_line"), target)
    return target


def _source_files(month: Month, aside: pl.DataFrame) -> pl.DataFrame:
    """One row a file: rows and seconds read, and rows and seconds by where they ended."""
    plan = month.ingest_plan
    read = pl.DataFrame([{"source_file": record.name, **piece_counts(plan, record)} for record in plan.record_files])
    by_aside = aside.group_by("source_file", "outcome").agg(
        rows=pl.len().cast(pl.Int64), seconds=pl.col("duration_seconds").fill_null(0).sum()
    )
    ended = pl.concat([bucket_frames(month, "counts").filter(pl.col("outcome") != "suspended"), by_aside])
    counts = ended.group_by("source_file").agg(
        *(pl.col("rows").filter(pl.col("outcome") == outcome).sum().alias(f"rows_{outcome}") for outcome in _OUTCOMES),
        seconds_accounted=pl.col("seconds").sum(),
    )
    numbers = [*(f"rows_{outcome}" for outcome in _OUTCOMES), "seconds_accounted"]
    return read.join(counts, on="source_file", how="left", validate="1:1").with_columns(pl.col(numbers).fill_null(0))


def _warnings(month: Month, aside: pl.DataFrame) -> pl.DataFrame:
    """One row a file or account and kind, with the count in detail."""
    counted = bucket_frames(month, "warnings").group_by("source_file", "kind").agg(pl.col("calls").sum())
    records = counted.select("source_file", "kind", detail=pl.format("{} calls", "calls"))
    conflicts = (
        aside.filter(pl.col("outcome") == "conflict")
        .group_by("source_file")
        .agg(kind=pl.lit("conflict"), detail=pl.format("{} records", pl.len()))
    )
    suspended = (
        aside.filter(pl.col("outcome") == "suspended")
        .group_by("source_file")
        .agg(
            kind=pl.lit("suspended_calls"),
            detail=pl.format("{} calls, {} seconds", pl.len(), pl.col("duration_seconds").sum()),
        )
    )
    invoicing = read_parquet(month.work_folder() / "invoices" / "warnings.parquet")
    return pl.concat([records, conflicts, suspended, invoicing], how="diagonal").with_columns(
        source_line=pl.lit(None, dtype=pl.Int64)
    )


def account_for_rows(month: Month) -> Path:
    """The folder with set_aside_records, source_files and warnings of the run."""
    target = month.work_folder() / "rows"
    if target.is_dir():
        return target
    aside = read_parquet(gather_set_aside(month))
    of_run = {"usage_month": pl.lit(month.usage_month), "run_id": pl.lit(month.run_id)}
    tables = {
        "set_aside_records": aside,
        "suspended_calls": bucket_frames(month, "suspended"),
        "source_files": _source_files(month, aside),
        "warnings": _warnings(month, aside),
    }
    specs = {table.name: table for table in SMALL_TABLES}
    with written_whole(target) as partial:
        partial.mkdir()
        for name, frame in tables.items():
            spec = specs[name]
            rows = frame.with_columns(**of_run).select(spec.columns).sort(spec.order, nulls_last=True)
            write_parquet(rows, partial / f"{name}.parquet")
    return target
