"""`tollbook status`: months and their runs, and what is waiting: read from what is published, kept and logged.

Nothing is written or locked. Amounts are DECIMAL as text; every row says which invoice month it belongs to.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import polars as pl

from flows.audit import BEGUN, PUBLISHES, read_log
from flows.draft import DRAFT_DATABASE, DRAFTED, find_draft
from flows.draft_place import drafted_months
from flows.files import read_json
from flows.locks import Holder, holders
from flows.settings import month_text, parse_month
from flows.stored_calls import stored_call_count
from flows.warehouse import opened, published
from transforms.timestamps import add_months

Row = dict[str, Any]
_OF_A_DRAFT = ("invoice_month", "run_id", "rate_version", "invoices", "totals", "anomalies")
_RUNS = """
select
    strftime(invoice_month, '%Y-%m')                                  as invoice_month,
    run_id,
    kind,
    strftime(finished_at, '%Y-%m-%dT%H:%M:%SZ')                       as issued_at,
    rate_version,
    reason,
    json_extract_string(manifest, '$.rerun.disputed_on')              as disputed_on
from runs
order by invoice_month, kind, run_id
"""
_INVOICES = """
select run_id, currency, count(*)::bigint as invoices, sum(total)::varchar as total
from invoices group by all order by run_id, currency
"""
_ANOMALIES = "select run_id, count(*)::bigint as anomalies from anomalies group by run_id"
_SUSPENDED = """
select
    strftime(usage_month + interval 1 month, '%Y-%m')    as invoice_month,
    strftime(usage_month, '%Y-%m')                       as usage_month,
    count(*)::bigint                                     as calls,
    sum(duration_seconds)::bigint                        as seconds
from suspended_calls as suspended
where not exists (
    select 1 from rerun_call_differences as difference
    join runs on runs.run_id = difference.rerun_id
    where cause = 'released' and runs.invoice_month = suspended.usage_month + interval 1 month
        and difference.account_id = suspended.account_id
        and difference.source = suspended.source and difference.call_id = suspended.call_id
)
group by all
order by invoice_month
"""
_LATE = """
select
    strftime(issued_invoice_month, '%Y-%m')                       as invoice_month,
    strftime(issued_invoice_month - interval 1 month, '%Y-%m')    as usage_month,
    count(*)::bigint                                              as records
from late_calls group by all order by invoice_month
"""
_ADJUSTMENTS = """
select
    strftime(runs.invoice_month, '%Y-%m')    as invoice_month,
    rerun_id,
    adjustments.account_id,
    currency,
    sum(difference)::varchar                 as difference
from adjustments
join runs on runs.run_id = rerun_id
left join (select distinct account_id, currency from invoices) as accounts using (account_id)
where allowed and taken_by_invoice_id is null
group by all
having sum(difference) <> 0
order by invoice_month, rerun_id, account_id
"""


class Status(NamedTuple):
    """What is known of a warehouse.

    months: each with its runs. waiting: rows by what they wait for. at_work: who holds a month now. left: folders of
    runs that were stopped; the next run clears them.
    """

    warehouse: Path
    months: list[Row]
    waiting: dict[str, list[Row]]
    at_work: list[Row]
    left: list[Row]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to tell of."""
        return not (self.months or any(self.waiting.values()) or self.at_work or self.left)

    def as_json(self) -> Row:
        """What `--json` shows."""
        return {**self._asdict(), "warehouse": str(self.warehouse)}

    def of_month(self, invoice_month: str) -> Status:
        """What is known of one invoice month."""

        def own(rows: list[Row]) -> list[Row]:
            return [row for row in rows if row["invoice_month"] == invoice_month]

        waiting = {name: own(rows) for name, rows in self.waiting.items()}
        return Status(self.warehouse, own(self.months), waiting, own(self.at_work), own(self.left))


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[Row]:
    found = connection.sql(query)
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _anomaly_counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    known = "select 1 from duckdb_tables() where table_name = 'anomalies' and database_name = current_database()"
    if not connection.sql(known).fetchall():  # published by a program that looked for none
        return {}
    return {row["run_id"]: row["anomalies"] for row in _rows(connection, _ANOMALIES)}


def _run_rows(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The runs, each with invoices, totals by currency and the number of anomalies."""
    anomalies = _anomaly_counts(connection)
    invoices: dict[str, list[Row]] = {}
    for row in _rows(connection, _INVOICES):
        invoices.setdefault(row["run_id"], []).append(row)
    return [
        {
            **run,
            "invoices": sum(row["invoices"] for row in invoices.get(run["run_id"], [])),
            "totals": {row["currency"]: row["total"] for row in invoices.get(run["run_id"], [])},
            "anomalies": anomalies.get(run["run_id"], 0),
        }
        for run in _rows(connection, _RUNS)
    ]


class _Log(NamedTuple):
    """What the log says of runs, by run id: who published, drafted and began which, and when."""

    published: dict[str, Row]
    drafted: dict[str, Row]
    begun: dict[str, Row]


def _read_log(warehouse: Path) -> _Log:
    try:
        entries = [line.entry for line in read_log(warehouse) if line.entry is not None]
    except FileNotFoundError:
        entries = []

    def last(event: str) -> dict[str, Row]:
        return {str(entry.get("run_id")): entry for entry in entries if entry.get("event") == event}

    return _Log(last(PUBLISHES), last(DRAFTED), last(BEGUN))


def _months(runs: list[Row], log: _Log) -> list[Row]:
    """The months with their runs; when a run was issued and by whom is what the log says, where it says it."""
    months: dict[str, list[Row]] = {}
    for run in runs:
        entry = log.published.get(run["run_id"], {})
        said = {"issued_at": entry.get("at", run["issued_at"]), "issued_by": entry.get("user")}
        months.setdefault(run["invoice_month"], []).append({**run, **said})
    return [{"invoice_month": month, "runs": own} for month, own in months.items()]


def _drafts(warehouse: Path, log: _Log) -> list[Row]:
    rows = []
    for month in drafted_months(warehouse):
        draft = find_draft(warehouse, month)
        if draft is None or not (draft.folder / DRAFT_DATABASE).is_file():
            continue
        try:
            with opened(draft.folder / DRAFT_DATABASE) as connection:
                (run,) = [row for row in _run_rows(connection) if row["run_id"] == draft.run_id]
        except (duckdb.Error, ValueError):  # it is being replaced, or was spoilt: `issue` tells
            run = {"invoice_month": month, "run_id": draft.run_id}
        entry = log.drafted.get(draft.run_id, {})
        kept = {name: run.get(name) for name in _OF_A_DRAFT}
        rows.append({**kept, "drafted_at": entry.get("at"), "drafted_by": entry.get("user")})
    return rows


def _disputes(adjustments: list[Row], runs: list[Row]) -> list[Row]:
    """Reruns with allowed adjustments that no invoice has taken yet."""
    by_rerun: dict[str, list[Row]] = {}
    for row in adjustments:
        by_rerun.setdefault(row["rerun_id"], []).append(row)
    return [
        {
            **{name: run[name] for name in ("invoice_month", "run_id", "reason", "disputed_on")},
            "accounts": len(by_rerun[run["run_id"]]),
        }
        for run in runs
        if run["run_id"] in by_rerun
    ]


def _stored_calls(warehouse: Path, issued: set[str]) -> list[Row]:
    """Calls that are read, checked and stored, of months that are not issued."""
    rows = []
    for folder in sorted((warehouse / "calls").glob("????-??")):
        invoice_month = month_text(add_months(parse_month(folder.name), 1))
        pieces = [path.parent for path in folder.glob("*/*/piece.json") if not path.parent.name.startswith(".")]
        if invoice_month in issued or not pieces:
            continue
        with suppress(OSError, pl.exceptions.PolarsError):  # a run is changing them just now
            calls = sum(stored_call_count(piece) for piece in pieces)
            records = sum(read_json(piece / "piece.json")["rows_read"] for piece in pieces)
            counts = {"files": len(pieces), "records": records, "calls": calls}
            rows.append({"invoice_month": invoice_month, "usage_month": folder.name, **counts})
    return rows


def _at_work(held: dict[str, Holder]) -> list[Row]:
    return [{"invoice_month": month, **holder._asdict()} for month, holder in sorted(held.items())]


def _left(warehouse: Path, held: Iterable[str], log: _Log) -> list[Row]:
    """Folders of runs that were stopped: neither at work, nor a draft."""
    drafts = {draft.run_id for month in drafted_months(warehouse) if (draft := find_draft(warehouse, month))}
    rows = []
    for folder in sorted((warehouse / "work").glob("????-??-*")):
        month = folder.name[:7]
        if month in held or folder.name in drafts:
            continue
        entry = log.begun.get(folder.name, {})
        said = {"begun_at": entry.get("at"), "begun_by": entry.get("user"), "pid": entry.get("pid")}
        rows.append({"invoice_month": month, "run_id": folder.name, "command": entry.get("command"), **said})
    return rows


def warehouse_status(warehouse: Path, invoice_month: dt.date | None = None) -> Status:
    """What is known of the warehouse, or of one invoice month of it. Raises InputRefusedError."""
    runs, waiting = [], {}
    with published(warehouse) as connection:
        if connection is not None:
            runs = _run_rows(connection)
            waiting = {name: _rows(connection, query) for name, query in _WAITING.items()}
    log, held = _read_log(warehouse), holders(warehouse)
    adjustments = waiting.get("adjustments", [])
    all_waiting = {
        "drafts": _drafts(warehouse, log),
        "stored_calls": _stored_calls(warehouse, {run["invoice_month"] for run in runs if run["kind"] == "bill"}),
        "suspended_calls": waiting.get("suspended_calls", []),
        "late_calls": waiting.get("late_calls", []),
        "disputes": _disputes(adjustments, runs),
        "adjustments": adjustments,
    }
    found = Status(warehouse, _months(runs, log), all_waiting, _at_work(held), _left(warehouse, held, log))
    return found if invoice_month is None else found.of_month(month_text(invoice_month))


_WAITING = {"suspended_calls": _SUSPENDED, "late_calls": _LATE, "adjustments": _ADJUSTMENTS}
