"""Stage: the month beside those issued before it; what is out of pattern is kept, and changes nothing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from flows.files import read_parquet, write_parquet, written_whole
from flows.history import called_destinations, compared_bills, invoiced_amounts
from flows.month import Month
from flows.rating import bucket_frames
from flows.settings import month_text
from transforms.anomalies import (
    AMOUNT_SCHEMA,
    Anomaly,
    account_findings,
    anomaly_rows,
    category_findings,
    new_destinations,
)
from transforms.timestamps import add_months

ANOMALIES = "anomalies"


def _amounts(lines: pl.DataFrame, currencies: pl.DataFrame) -> pl.DataFrame:
    """The month's own lines as AMOUNT_SCHEMA has them."""
    minutes = pl.when(pl.col("unit") == "minute").then(pl.col("quantity").to_physical()).otherwise(0)
    named = lines.join(currencies, on="account_id", how="left", validate="m:1").with_columns(
        cents=pl.col("amount").to_physical(), minute_units=minutes
    )
    return named.select(pl.col(name).cast(dtype) for name, dtype in AMOUNT_SCHEMA.items())


def _new_destinations(month: Month, currencies: pl.DataFrame) -> list[Anomaly]:
    threshold = month.settings.thresholds.new_destination
    dear = bucket_frames(month, "dear_destinations")
    if dear.is_empty():
        return []
    accounts = dear["account_id"].unique()
    called = called_destinations(month.settings.warehouse, month.earlier_bills, accounts)
    return new_destinations(dear, called, currencies, threshold, len(month.earlier_bills))


def _findings(month: Month) -> list[Anomaly]:
    """All that is out of pattern; nothing where no month was issued before."""
    if not month.earlier_bills:
        return []
    invoices = month.work_folder() / "invoices"
    lines = read_parquet(invoices / "invoice_line_items.parquet")
    currencies = read_parquet(invoices / "invoices.parquet").select("account_id", "currency")
    found = _new_destinations(month, currencies)
    if compared := compared_bills(month.earlier_bills, month.settings.invoice_month):
        past = invoiced_amounts(month.settings.warehouse, compared)
        asked = (_amounts(lines, currencies), past, month.settings.thresholds)
        month_before = add_months(month.settings.invoice_month, -1)
        found += [*account_findings(*asked, month_before), *category_findings(*asked, month_before)]
    return found


def find_anomalies(month: Month) -> Path:
    """The folder with the month's anomalies. Done already where it exists."""
    target = month.work_folder() / ANOMALIES
    if target.is_dir():
        return target
    with written_whole(target) as partial:
        partial.mkdir()
        rows = anomaly_rows(_findings(month), month.settings.invoice_month, month.run_id)
        write_parquet(rows, partial / f"{ANOMALIES}.parquet")
    return target


def run_anomalies(warehouse: Path, invoice_month: dt.date, run_id: str) -> tuple[Anomaly, ...]:
    """The findings of a run that is published or drafted; none where an older program looked for none."""
    folder = warehouse / ANOMALIES / f"month={month_text(invoice_month)}" / f"run_id={run_id}"
    return kept_anomalies(folder)


def kept_anomalies(folder: Path) -> tuple[Anomaly, ...]:
    """The findings that a folder holds; none where there is none."""
    path = folder / f"{ANOMALIES}.parquet"
    if not path.is_file():
        return ()
    return tuple(Anomaly(*row) for row in read_parquet(path).select(Anomaly._fields).iter_rows())
