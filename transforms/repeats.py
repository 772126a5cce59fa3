"""Records of one call id: the first is kept, the others are duplicates or conflicts (rule 13.3)."""

from __future__ import annotations

import polars as pl

CONTENT_COLUMNS: tuple[str, ...] = (
    "account_id",
    "direction",
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
    "disposition",
)


def judge_repeats(records: pl.DataFrame) -> pl.DataFrame:
    """All records of the repeated call ids of one switch, each judged.

    Grain: one row a record. Needs: call_id, the content columns, file_order (rank of the file's path within the
    month), source_file, source_line. Adds: outcome (null = the first, kept; `duplicate`: the contents of any
    earlier record of its id; `conflict`: other contents), detail (the record that was kept).
    """
    kept = pl.format("{}, line {}", pl.col("source_file").first(), pl.col("source_line").first()).over("call_id")
    is_first = pl.int_range(pl.len()).over("call_id") == 0
    is_first_of_content = pl.int_range(pl.len()).over("call_id", *CONTENT_COLUMNS) == 0
    return (
        records.sort("file_order", "source_line")
        .with_columns(
            outcome=pl.when(is_first)
            .then(None)
            .when(is_first_of_content)
            .then(pl.lit("conflict"))
            .otherwise(pl.lit("duplicate")),
        )
        .with_columns(detail=pl.when(pl.col("outcome").is_not_null()).then(pl.format("the first is kept: {}", kept)))
    )
