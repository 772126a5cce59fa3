"""Adjustments in the warehouse: which ones a month's invoices take, and what reruns are allowed already (rule 12)."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.settings import month_text
from flows.warehouse import has_column, published
from transforms.adjustments import EARLIER_SCHEMA, TAKEN_SCHEMA

_IS_ISSUED = "select 1 from runs where kind = 'bill' and invoice_month = $invoice_month"
_TAKEN = """
select
    rerun_id,
    account_id,
    base_category,
    runs.invoice_month as disputed_month,
    (sum(difference) * 100)::bigint as cents
from adjustments
join runs on runs.run_id = rerun_id
where allowed and case when $is_issued
    then taken_by_invoice_id = account_id || '-' || $month
    else taken_by_invoice_id is null
end
group by all
order by rerun_id, account_id, base_category
"""
_RERUNS = """
select run_id, json_extract_string(manifest, '$.rerun.order') as order_id, exists (
    select 1 from adjustments
    where rerun_id = run_id and allowed
        and ($accounts::varchar[] is null or list_contains($accounts::varchar[], account_id))
) as has_adjusted
from runs
where kind = 'rerun' and invoice_month = $invoice_month
order by run_id
"""
_EARLIER = """
select
    account_id,
    base_category as category,
    cause = 'released' as is_released,
    (sum(difference) * 100)::bigint as before_cents,
    string_agg(distinct rerun_id, ', ' order by rerun_id) as before_ids
from adjustments
join runs on runs.run_id = rerun_id
where allowed and invoice_month = $invoice_month
    and ($accounts::varchar[] is null or list_contains($accounts::varchar[], account_id))
group by all
order by account_id, category, is_released
"""


class Rerun(NamedTuple):
    """A published rerun: its run id, the order that it carried out, and whether it is allowed adjustments."""

    run_id: str
    order_id: str
    has_adjusted: bool


def taken_adjustments(warehouse: Path, invoice_month: dt.date) -> pl.DataFrame:
    """The allowed adjustments that the month's invoices take; once they are issued, those that they took.

    Rows of TAKEN_SCHEMA.
    """
    with published(warehouse) as connection:
        if connection is None or not has_column(connection, "adjustments", "adjusted_before"):
            return pl.DataFrame(schema=TAKEN_SCHEMA)
        is_issued = bool(connection.sql(_IS_ISSUED, params={"invoice_month": invoice_month}).fetchall())
        params = {"is_issued": is_issued, "month": month_text(invoice_month)}
        found: pl.DataFrame = connection.sql(_TAKEN, params=params).pl()
    return found.select(pl.col(name).cast(dtype) for name, dtype in TAKEN_SCHEMA.items())


def published_reruns(warehouse: Path, invoice_month: dt.date, accounts: list[str] | None) -> list[Rerun]:
    """The reruns of a month's invoices; whether they adjusted anything is asked of these accounts (None = all)."""
    with published(warehouse) as connection:
        if connection is None or not has_column(connection, "adjustments", "adjusted_before"):
            return []
        params = {"invoice_month": invoice_month, "accounts": accounts}
        return [Rerun(*row) for row in connection.sql(_RERUNS, params=params).fetchall()]


def earlier_adjustments(warehouse: Path, invoice_month: dt.date, accounts: list[str] | None) -> pl.DataFrame:
    """What earlier reruns of the month's invoices are allowed already, taken or not. Rows of EARLIER_SCHEMA."""
    with published(warehouse) as connection:
        if connection is None or not has_column(connection, "adjustments", "adjusted_before"):
            return pl.DataFrame(schema=EARLIER_SCHEMA)
        params = {"invoice_month": invoice_month, "accounts": accounts}
        found: pl.DataFrame = connection.sql(_EARLIER, params=params).pl()
    return found.select(pl.col(name).cast(dtype) for name, dtype in EARLIER_SCHEMA.items())
