"""What an ingest came to, for the person who started it."""

from __future__ import annotations

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from flows.files import read_parquet
from flows.ingest_plan import piece_counts
from flows.other_months import other_month_sentences, waiting_sentences
from flows.runner import IngestOutcome

_ASIDE = ("rejected", "outside_month", "duplicate", "conflict")


def _counts(outcome: IngestOutcome) -> pl.DataFrame:
    """One row a file: when it was read, rows read, and rows by where they ended."""
    plan = outcome.month.ingest_plan
    repeats = read_parquet(plan.repeats_path())
    rows = []
    for record in plan.record_files:
        of_file = repeats.filter(pl.col("source_file") == record.name)["outcome"]
        own = read_parquet(plan.piece_folder(record) / "set_aside.parquet", columns=["outcome"])["outcome"]
        aside = pl.concat([own, of_file])
        read = piece_counts(plan, record)["rows_read"]
        counts = {name: int((aside == name).sum()) for name in _ASIDE}
        rows.append(
            {
                "file": record.name,
                "read": "before" if record.name in outcome.stood_before else "now",
                "rows": read,
                **counts,
                "accepted": read - len(aside),
            }
        )
    return pl.DataFrame(rows)


def _files(count: int) -> str:
    return f"{count:,} file" + ("" if count == 1 else "s")


def _read_sentences(outcome: IngestOutcome, counts: pl.DataFrame) -> list[str]:
    """What was read now, and what stood there before."""
    now, before = (counts.filter(pl.col("read") == when)["rows"] for when in ("now", "before"))
    sentences = [f"{_files(len(now))} read now, {now.sum():,} rows."] if len(now) else ["Nothing had to be read."]
    if outcome.read_again:
        again = _files(len(outcome.read_again))
        why = "the contracts, the source or the program changed since"
        sentences.append(f"{again} of these had been read before: {why}.")
    if len(before):
        sentences.append(f"{_files(len(before))} stood there before from the same bytes, {before.sum():,} rows.")
    return sentences


def _outside_sentences(outcome: IngestOutcome) -> list[str]:
    """Records of other months, and records of this one that wait elsewhere: what becomes of them."""
    plan, warehouse = outcome.month.ingest_plan, outcome.month.settings.warehouse
    aside = pl.concat(
        read_parquet(plan.piece_folder(record) / "set_aside.parquet", columns=["outcome", "detail"]).with_columns(
            sha256=pl.lit(record.sha256)
        )
        for record in plan.record_files
    )
    months = aside.filter(pl.col("outcome") == "outside_month").select(
        "sha256", month=pl.col("detail").str.extract(r"^starts ([0-9]{4}-[0-9]{2})")
    )
    others = other_month_sentences(warehouse, plan.usage_month, months)
    return others + waiting_sentences(warehouse, plan.usage_month, [record.sha256 for record in plan.record_files])


def show_ingested(console: Console, outcome: IngestOutcome) -> None:
    """Rows of each file by where they ended; what was read now and what stood there before; what is of other months."""
    counts = _counts(outcome)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, dtype in counts.schema.items():
        table.add_column(name.replace("_", " "), justify="right" if dtype.is_integer() else "left", overflow="fold")
    for row in counts.iter_rows():
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else cell for cell in row))
    console.print(table)
    for sentence in (*_read_sentences(outcome, counts), *_outside_sentences(outcome)):
        console.print(sentence, soft_wrap=True)
    console.print(f"stored in {outcome.month.ingest_plan.folder}", soft_wrap=True)
