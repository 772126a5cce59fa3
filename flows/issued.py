"""A month as a run issued it: the run, and the month opened again from the run's own copy of the contracts."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from flows.contract_reader import checked_contracts, read_contract_files
from flows.month import Month, invoice_dates
from flows.settings import Settings, month_text
from flows.warehouse import published
from rate_tables.versions import RateTables
from schemas.faults import Fault, InputRefusedError

_RUNS = """
select run_id, invoice_month, rate_version, manifest,
    (select max(dispute_until) from invoices where invoices.run_id = runs.run_id) as dispute_until
from runs
where kind = 'bill' and ($month::date is null or invoice_month = $month::date)
order by invoice_month
"""


class IssuedRun(NamedTuple):
    """The run that issued a month: what it was made from, and the last day of disputes (rule 1.3).

    dispute_until: None where it issued no invoice.
    """

    run_id: str
    invoice_month: dt.date
    rate_version: str
    manifest: dict[str, Any]
    dispute_until: dt.date | None

    @property
    def issue_date(self) -> dt.date:
        """The day of issue."""
        return dt.date.fromisoformat(self.manifest["issue_date"])

    @property
    def rate_digest(self) -> str:
        """SHA-256 of the rate version's manifest."""
        return str(self.manifest["rate_manifest_sha256"])


def issued_runs(connection: duckdb.DuckDBPyConnection, invoice_month: dt.date | None = None) -> dict[str, IssuedRun]:
    """The runs that issued months, by run id; or the one that issued this month."""
    rows = connection.sql(_RUNS, params={"month": invoice_month}).fetchall()
    runs = [IssuedRun(run_id, month, version, json.loads(text), day) for run_id, month, version, text, day in rows]
    return {run.run_id: run for run in runs}


def find_issued_run(
    connection: duckdb.DuckDBPyConnection | None, invoice_month: dt.date, asked_month: dt.date, not_known: str
) -> IssuedRun:
    """The run that issued the month. Raises InputRefusedError about `asked_month`: what is not known for want of it."""
    found = [] if connection is None else list(issued_runs(connection, invoice_month).values())
    if not found:
        problem, month = f"is not issued, so {not_known}", month_text(invoice_month)
        remedy = f"run `tollbook bill {month}` first: a run with suspended calls publishes"
        raise InputRefusedError(Fault(month_text(asked_month), problem, remedy))
    return found[0]


def issued_run_of(warehouse: Path, invoice_month: dt.date) -> IssuedRun:
    """The run whose invoices a rerun is about. Raises InputRefusedError where the month is not issued."""
    with published(warehouse) as connection:
        return find_issued_run(connection, invoice_month, invoice_month, "there is nothing to rerun")


def recorded_month(settings: Settings, run: IssuedRun, rates: RateTables) -> Month:
    """The month with the contracts that the run read, under a rate version; it has no files of call records."""
    contracts = checked_contracts(read_contract_files(settings.warehouse / "runs" / run.run_id / "contracts"), rates)
    return Month(settings, rates, contracts, (), invoice_dates(settings, rates))
