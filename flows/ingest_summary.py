"""What an ingest came to, for the person who started it."""

from __future__ import annotations

import polars as pl
from rich.console import Console
from rich.table import Table

from flows.files import read_parquet
from flows.ingest import piece_counts
from flows.month import Month


def show_ingested(console: Console, month: Month) -> None:
    """Rows of each file: read, set aside, accepted."""
    plan = month.ingest_plan
    repeats = read_parquet(plan.repeats_path())
    table = Table("file", "rows read", "rejected", "outside month", "duplicate", "conflict", "accepted")
    for record in plan.record_files:
        aside = pl.concat(
            [
                read_parquet(plan.piece_folder(record) / "set_aside.parquet", columns=["outcome"]),
                repeats.filter(pl.col("source_file") == record.name).select("outcome"),
            ]
        )["outcome"]
        read = piece_counts(plan, record)["rows_read"]
        counts = [int((aside == outcome).sum()) for outcome in ("rejected", "outside_month", "duplicate", "conflict")]
        table.add_row(record.name, *(f"{count:,}" for count in (read, *counts, read - sum(counts))))
    console.print(table)
    console.print(f"stored in {plan.folder}", soft_wrap=True)
