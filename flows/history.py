"""The months that were issued before a month: what its anomalies are looked for against."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.warehouse import published
from transforms.anomalies import AMOUNT_SCHEMA, COMPARED_MONTHS
from transforms.timestamps import add_months

REMEMBERED_MONTHS = 12
"""How many months before a destination is looked for in."""
_BILLS = """
select invoice_month, run_id from runs
where kind = 'bill' and invoice_month >= $since and invoice_month < $invoice_month
order by invoice_month
"""
_AMOUNTS = """
select
    line.invoice_month,
    line.account_id,
    currency,
    category,
    (sum(amount) * 100)::bigint as cents,
    (coalesce(sum(quantity) filter (where unit = 'minute'), 0) * 10000)::bigint as minute_units
from invoice_line_items as line
join invoices using (invoice_id)
where list_contains($run_ids, run_id)
group by all
"""


class EarlierBill(NamedTuple):
    """A month issued before: its invoice month, and the run that issued it."""

    invoice_month: dt.date
    run_id: str


def earlier_bills(warehouse: Path, invoice_month: dt.date) -> tuple[EarlierBill, ...]:
    """The runs that issued the REMEMBERED_MONTHS before, the oldest first."""
    with published(warehouse) as connection:
        if connection is None:
            return ()
        params = {"since": add_months(invoice_month, -REMEMBERED_MONTHS), "invoice_month": invoice_month}
        return tuple(EarlierBill(*row) for row in connection.sql(_BILLS, params=params).fetchall())


def compared_bills(bills: tuple[EarlierBill, ...], invoice_month: dt.date) -> list[EarlierBill]:
    """Those of the last COMPARED_MONTHS: what is usual is their mean."""
    since = add_months(invoice_month, -COMPARED_MONTHS)
    return [bill for bill in bills if bill.invoice_month >= since]


def invoiced_amounts(warehouse: Path, bills: list[EarlierBill]) -> pl.DataFrame:
    """What these runs invoiced. Rows of AMOUNT_SCHEMA."""
    with published(warehouse) as connection:
        if connection is None or not bills:
            return pl.DataFrame(schema=AMOUNT_SCHEMA)
        found: pl.DataFrame = connection.sql(_AMOUNTS, params={"run_ids": [bill.run_id for bill in bills]}).pl()
    return found.select(pl.col(name).cast(dtype) for name, dtype in AMOUNT_SCHEMA.items())


def called_destinations(warehouse: Path, bills: tuple[EarlierBill, ...], accounts: pl.Series) -> pl.DataFrame:
    """Account, destination and rate_prefix of the calls that these runs billed to the accounts, each once.

    Read from the calls' files, where the warehouse is now. Calls that were put away are not known.
    """
    folders = [
        warehouse / "billed_calls" / f"month={add_months(bill.invoice_month, -1):%Y-%m}" / f"run_id={bill.run_id}"
        for bill in bills
    ]
    files = sorted(path for folder in folders for path in folder.glob("bucket=*.parquet"))
    names = ["account_id", "destination", "rate_prefix"]
    if not files:
        return pl.DataFrame(schema=dict.fromkeys(names, pl.String))
    calls = pl.scan_parquet(files, glob=False).select(pl.col(name).cast(pl.String) for name in names)
    is_asked = pl.col("account_id").is_in(accounts.implode()) & pl.col("destination").is_not_null()
    return calls.filter(is_asked).unique().collect()
