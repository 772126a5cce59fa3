"""A month as a run issued it: the run, and the month opened again from the run's own copy of the contracts."""

from __future__ import annotations

import datetime as dt
import json
from typing import NamedTuple

import duckdb

from flows.contract_reader import checked_contracts, read_contract_files
from flows.month import Month, invoice_dates
from flows.settings import Settings, month_text
from rate_tables.versions import RateTables
from schemas.faults import Fault, InputRefusedError

_RUN = "select run_id, rate_version, manifest from runs where invoice_month = $month and kind = 'bill'"


class IssuedRun(NamedTuple):
    """The run that issued the month: its name, its rate version and the hash of its manifest, and its day of issue."""

    run_id: str
    rate_version: str
    rate_digest: str
    issue_date: dt.date


def find_issued_run(
    connection: duckdb.DuckDBPyConnection | None, invoice_month: dt.date, asked_month: dt.date, not_known: str
) -> IssuedRun:
    """The run that issued the month. Raises InputRefusedError about `asked_month`: what is not known for want of it."""
    found = [] if connection is None else connection.sql(_RUN, params={"month": invoice_month}).fetchall()
    if not found:
        problem, month = f"is not issued, so {not_known}", month_text(invoice_month)
        remedy = f"run `tollbook bill {month}` first: a run with suspended calls publishes"
        raise InputRefusedError(Fault(month_text(asked_month), problem, remedy))
    run_id, version, text = found[0]
    manifest = json.loads(text)
    issue_date = dt.date.fromisoformat(manifest["issue_date"])
    return IssuedRun(run_id, version, manifest["rate_manifest_sha256"], issue_date)


def recorded_month(settings: Settings, run: IssuedRun, rates: RateTables) -> Month:
    """The month with the contracts that the run read, under a rate version; it has no files of call records."""
    contracts = checked_contracts(read_contract_files(settings.warehouse / "runs" / run.run_id / "contracts"), rates)
    return Month(settings, rates, contracts, (), invoice_dates(settings, rates))
