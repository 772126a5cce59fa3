"""Stage of a rerun: what the difference to the issued invoices is worth, line by line and category by category."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from flows.adjustment_reasons import behind_adjustment
from flows.compare_calls import compared, compared_folders
from flows.comparison import Comparison, comparison
from flows.details_proof import DETAILS_AGAIN, details_proof
from flows.files import write_json, write_parquet, written_whole
from flows.invoicing import month_lines
from flows.month import Month
from schemas.warehouse_tables import SMALL_TABLES
from transforms.adjustments import (
    RELEASED,
    adjustment_rows,
    amount_causes,
    amounts_side_by_side,
    category_amounts,
)
from transforms.compare_calls import DIFFERENCE_SCHEMA, notes_by_category
from transforms.invoices import invoice_id, number_lines
from transforms.money import decimal_of_cents


def value_difference(month: Month) -> Path:
    """The folder with rerun_line_items, rerun_call_differences and adjustments of the rerun. Done where it exists."""
    target = month.work_folder() / "result"
    if target.is_dir():
        return target
    found = comparison(month)
    totals, causes, differences = (compared(month, name) for name in ("totals", "causes", "differences"))
    lines, amounts = pl.DataFrame(), [found.amounts]
    months = [*(step.month for step in found.steps), month]
    for place, at_step in enumerate(months):
        own = at_step.accounts.filter(pl.col("account_id").is_in(found.accounts))
        of_step = totals.filter(pl.col("step") == place).drop("step").sort("account_id", "category")
        lines = month_lines(at_step, of_step, own)
        amounts.append(category_amounts(lines))
    together = amounts_side_by_side(amounts)
    names = [*(step.name for step in found.steps), RELEASED]
    by_step = [causes.filter(pl.col("step") == place).drop("step") for place in range(len(names))]
    why = amount_causes(together, names, by_step)
    disputed_on = None if month.rerun is None else month.rerun.disputed_on
    until = found.issued.dispute_until or month.dates.dispute_until
    rows = adjustment_rows(together, why, found.earlier, disputed_on, until)
    numbered = number_lines(lines, month.accounts, month.settings.invoice_month)
    tables = {
        "rerun_line_items": numbered,
        "rerun_call_differences": differences.select(*DIFFERENCE_SCHEMA),
        "adjustments": _adjustments(found, rows, numbered, differences),
    }
    specs = {table.name: table for table in SMALL_TABLES}
    proof = details_proof(found, compared_folders(month)) if found.has_issued_rates else None
    with written_whole(target) as partial:
        partial.mkdir()
        write_json({"proof": proof}, partial / DETAILS_AGAIN)
        for name, frame in tables.items():
            spec = specs[name]
            table = frame.with_columns(rerun_id=pl.lit(month.run_id)).select(spec.columns)
            write_parquet(table.sort(spec.order, nulls_last=True), partial / f"{name}.parquet")
    return target


def _adjustments(found: Comparison, rows: pl.DataFrame, lines: pl.DataFrame, differences: pl.DataFrame) -> pl.DataFrame:
    """The adjustments as the warehouse has them (contract §5), each with what lies behind it."""
    notes = notes_by_category(differences)
    behind = [behind_adjustment(found, row, lines, notes) for row in rows.iter_rows(named=True)]
    money = {
        "issued_amount": "issued_cents",
        "corrected_amount": "corrected_cents",
        "difference": "difference_cents",
        "adjusted_before": "before_cents",
    }
    return rows.with_columns(
        invoice_id(pl.col("account_id"), found.month.settings.invoice_month).alias("disputed_invoice_id"),
        *(decimal_of_cents(pl.col(cents)).alias(name) for name, cents in money.items()),
        base_category="category",
        taken_by_invoice_id=pl.lit(None, dtype=pl.String),
        note=pl.concat_str(
            [pl.col("note"), pl.Series("behind", behind, dtype=pl.String).replace("", None)],
            separator="; ",
            ignore_nulls=True,
        ),
    )
