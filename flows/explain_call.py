"""`tollbook explain CALL_ID`: how a call's price, or its not being billed, came about (contract §1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import duckdb

from flows.explain_find import FoundRecord, record_at, repeats_of, the_record
from flows.explain_matches import is_extension_call, matchings, rate_line
from flows.explain_rating import COMPARED, RatedAccount, cell, file_row, rate_account, recomputed
from flows.explain_record import Place, normalised_fields, read_again
from flows.explain_steps import arithmetic, increments, pool
from flows.issued import IssuedRun, issued_runs, recorded_month
from flows.month import Month
from flows.published_calls import PublishedCalls
from flows.settings import Settings, month_text
from flows.suspended import account_calls
from flows.warehouse import published
from rate_tables.versions import load_version
from schemas.faults import Fault, InputRefusedError
from transforms.explain_outcomes import (
    Explained,
    explain_billed,
    explain_set_aside,
    explain_suspended,
    explain_unbilled,
)

Json = dict[str, Any]
_BILLED = """
select * from billed_calls
where account_id = $account and run_id = $run_id and usage_month = $usage_month
    and source_file = $source_file and source_line = $source_line
"""
_USAGE = """
select count(*)::bigint as calls, sum(case when $category = 'included_minutes' then 0 else cost end) as cost,
    sum(case when $category = 'included_minutes' then included_seconds else billable_seconds - included_seconds end)
        ::bigint as seconds
from billed_calls
where account_id = $account and run_id = $run_id and usage_month = $usage_month
    and (call_type = $category or ($category = 'included_minutes' and (call_type = 'included' or included_seconds > 0)))
"""
_LINE = """
select invoice_id, line_number, category, description, quantity, exact_amount, amount, currency
from invoice_line_items join invoices using (invoice_id, account_id, invoice_month)
where account_id = $account and invoice_month = $invoice_month and category = $category and run_id = $run_id
"""


_RERUNS = """
select rerun_id, cause, "column", issued_value, corrected_value
from rerun_call_differences join runs on runs.run_id = rerun_id
where account_id = $account and source = $source and call_id = $call_id and invoice_month = $invoice_month
order by rerun_id, "column"
"""


def open_recorded_month(settings: Settings, run: IssuedRun) -> tuple[Settings, Month]:
    """The issued month with the run's copy of the contracts and its frozen rate version, and settings for it.

    Raises InputRefusedError where the version on disk is not the one that the run used.
    """
    of_run = replace(settings, invoice_month=run.invoice_month, issue_date=run.issue_date)
    rates = load_version(settings.rate_tables, run.rate_version)
    if rates.digest != run.rate_digest:
        problem = f"is not the rate version {run.rate_version} that run {run.run_id} used"
        remedy = "put back the frozen version, or name its folder with --rate-tables"
        raise InputRefusedError(Fault(str(rates.folder), problem, remedy))
    return of_run, recorded_month(of_run, run, rates)


def usage_sums(connection: duckdb.DuckDBPyConnection, run: IssuedRun, account: str, category: str) -> Json:
    """The published calls of an account and category: how many, their seconds charged, the sum of their costs."""
    params = {
        "account": account,
        "run_id": run.run_id,
        "usage_month": _usage_month(run),
        "category": category,
    }
    calls, cost, seconds = connection.execute(_USAGE, params).fetchall()[0]
    return {"calls": calls, "seconds": seconds or 0, "cost": str(cost if cost is not None else "0.000000")}


def _usage_month(run: IssuedRun) -> dt.date:
    return (run.invoice_month - dt.timedelta(days=1)).replace(day=1)


def _invoice_line(connection: duckdb.DuckDBPyConnection, run: IssuedRun, account: str, category: str) -> Json:
    """The line that calls of this category went into, and its rounding; `line_number` is null where there is none."""
    params = {
        "account": account,
        "invoice_month": run.invoice_month,
        "category": category,
        "run_id": run.run_id,
    }
    cursor = connection.execute(_LINE, params)
    names = [column[0] for column in cursor.description or ()]
    rows = cursor.fetchall()
    sums = usage_sums(connection, run, account, category)
    line = dict(zip(names, map(cell, rows[0]), strict=True)) if rows else dict.fromkeys(names)
    line["category"] = category
    return {**line, "calls": sums["calls"], "seconds": sums["seconds"], "sum_of_costs": sums["cost"]}


def _categories(row: Json) -> list[str]:
    """The invoice lines that the call is in: a split call is in two (rule 7.2)."""
    kind = row["call_type"]
    if kind == "included":
        return ["included_minutes"]
    if kind == "overage":
        return ["included_minutes", "overage"] if row["included_seconds"] else ["overage"]
    return [kind]


def _agreement(rated: RatedAccount, call: Json, issued: Json) -> Json:
    """Whether today's program comes to what was published, column by column."""
    now = recomputed(rated, call)
    differences = [
        {"column": name, "issued": cell(issued[name]), "recomputed": cell(now[name])}
        for name in COMPARED
        if cell(issued[name]) != cell(now[name])
    ]
    return {"is_same": not differences, "differences": differences}


def _billed(connection: duckdb.DuckDBPyConnection, run: IssuedRun, rated: RatedAccount, call: Json) -> Json:
    """What stands behind a billed call's cost."""
    params = {
        "account": rated.account_id,
        "run_id": run.run_id,
        "usage_month": rated.month.usage_month,
        "source_file": str(call["source_file"]),
        "source_line": call["source_line"],
    }
    cursor = connection.execute(_BILLED, params)
    issued = dict(zip([column[0] for column in cursor.description or ()], cursor.fetchall()[0], strict=True))
    taken = rate_line(rated, call)
    return {
        "billed_as": {name: cell(issued[name]) for name in COMPARED},
        "rate_row": file_row(rated.month.rates, *taken) if taken else None,
        "increments": increments(call),
        "pool": pool(rated, call),
        "arithmetic": arithmetic(call, rated.account["currency"]),
        "invoice_lines": [
            _invoice_line(connection, run, rated.account_id, category) for category in _categories(issued)
        ],
        "agreement": _agreement(rated, call, issued),
    }


def _why(place: str, call: Json, invoice_month: str) -> tuple[str, Explained]:
    """The outcome of an accepted call, and the rule."""
    if place == "billed":
        return str(call["call_type"]), explain_billed(call["call_type"], is_extension=is_extension_call(call))
    if place == "unbilled":
        return str(call["outcome"]), explain_unbilled(call["outcome"])
    return str(call["outcome"]), explain_suspended(call["outcome"], call["priced_as"], invoice_month)


def _accepted(connection: duckdb.DuckDBPyConnection, run: IssuedRun, month: Month, record: FoundRecord) -> Json:
    account = record.account_id or ""
    published_calls = PublishedCalls(month.settings.warehouse, run)
    calls = account_calls(connection, month, published_calls, [account]).drop("cost")
    rated = rate_account(month, account, calls)
    place, call = rated.row_of(record.source_file, record.source_line)
    result, why = _why(place, call, month_text(run.invoice_month))
    judged_as = str(call["priced_as"]) if place == "suspended" else str(call["outcome"])
    taken = rate_line(rated, call)
    explained: Json = {
        "outcome": _outcome(record.place, result, why),
        "matching": matchings(rated, call, judged_as),
    }
    if place != record.place:
        remedy = "the program has changed since: the issued outcome stands"
        raise InputRefusedError(Fault("call id", f"was published as {record.place} and comes out {place} now", remedy))
    if place == "billed":
        explained |= _billed(connection, run, rated, call)
    elif taken is not None:
        explained["rate_row"] = file_row(month.rates, *taken)
    params = {"account": account, "source": record.source, "call_id": call["call_id"]}
    cursor = connection.execute(_RERUNS, {**params, "invoice_month": run.invoice_month})
    names = [column[0] for column in cursor.description or ()]
    explained["reruns"] = [dict(zip(names, map(cell, row), strict=True)) for row in cursor.fetchall()]
    columns = ("call_id", "source", "account_id", "direction", "disposition", "source_number", "destination_number")
    more = ("start_time", "end_time", "duration_seconds")
    published = {name: cell(call[name]) for name in (*columns, *more)}
    terms = {name: cell(rated.account[name]) for name in ("name", "country", "region", "plan_id", "currency")}
    return {"call": published, "account": terms, **explained}


def _outcome(place: str, result: str, why: Explained, detail: str | None = None) -> Json:
    return {
        "place": place,
        "result": result,
        "rule": why.rule,
        "sentence": why.sentence,
        "detail": detail,
        "remedy": why.remedy,
    }


def _record(settings: Settings, run: IssuedRun, month: Month, record: FoundRecord) -> Json:
    """Where the record stands, its text, and how its fields were read."""
    place = Place(record.source, record.source_file, record.source_line, record.sha256)
    again = read_again(settings.cdrs, place, run.manifest["sources"])
    raw = again.raw_record if again.raw_record is not None else record.raw_record
    return {
        "source": record.source,
        "source_file": record.source_file,
        "source_line": record.source_line,
        "sha256": record.sha256,
        "is_read_again": again.rows is not None,
        "note": again.note,
        "raw_record": raw,
        "fields": normalised_fields(again, month),
    }


def _repeat(record: FoundRecord) -> Json:
    names = ("place", "source", "source_file", "source_line", "raw_record")
    return {name: getattr(record, name) for name in names}


def explain_call(
    settings: Settings, call_id: str, source: str | None = None, usage_month: dt.date | None = None
) -> Json:
    """All that made the call what it became, as JSON has it (schemas/EXPLAIN.md).

    Only issued months are looked at, and of them the calls of one account are read. Raises InputRefusedError where the
    id is unknown, or that of several calls.
    """
    with _published_months(settings) as connection:
        record, beside = the_record(connection, settings, call_id, source, usage_month)
        return _explained(connection, settings, record, beside) | {"call_id": call_id}


def explain_row(settings: Settings, file: str, line: int) -> Json:
    """The same of the record at a line of a file: a record that was rejected may have no call id to ask by.

    Raises InputRefusedError where no issued month read a record there.
    """
    with _published_months(settings) as connection:
        record = record_at(connection, settings, file, line)
        beside = repeats_of(connection, settings, record) if record.is_accepted else []
        explained = _explained(connection, settings, record, beside)
        return explained | {"call_id": explained["call"]["call_id"] if record.is_accepted else None}


@contextmanager
def _published_months(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    with published(settings.warehouse) as connection:
        if connection is None:
            raise InputRefusedError(
                Fault(str(settings.warehouse), "no month is issued here", "name another with --warehouse")
            )
        yield connection


def _explained(
    connection: duckdb.DuckDBPyConnection, settings: Settings, record: FoundRecord, beside: list[FoundRecord]
) -> Json:
    """What became of the record, and why; but for the id that was asked for."""
    run = issued_runs(connection)[record.run_id]
    of_run, month = open_recorded_month(settings, run)
    explained: Json = {
        "kind": "call",
        "usage_month": month_text(record.usage_month),
        "run": run_facts(run),
        "record": _record(of_run, run, month, record),
        "repeats": [_repeat(other) for other in beside],
    }
    if record.is_accepted:
        return explained | _accepted(connection, run, month, record)
    why = explain_set_aside(record.reason or "", month_text(run.invoice_month))
    explained["outcome"] = _outcome(record.place, record.reason or "", why, record.detail)
    return explained


def run_facts(run: IssuedRun) -> Json:
    """What names the run, its rate version and its program."""
    return {
        "run_id": run.run_id,
        "invoice_month": month_text(run.invoice_month),
        "rate_version": run.rate_version,
        "program": run.manifest["program"],
    }
