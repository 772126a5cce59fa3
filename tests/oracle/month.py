"""The whole month: records in, every table of the contract out."""

from __future__ import annotations

import hashlib
from collections import Counter
from datetime import date
from pathlib import Path
from typing import NamedTuple

from .adjustments import Adjustment, adjustment_lines
from .classify import classify
from .contracts import Account, load_accounts
from .details import charged_calls, details_by_pair_csv, details_csv
from .invoices import Invoice, invoice_of
from .months import first_of_month, midnight, month_before
from .rating import draw_from_pool, pool_seconds
from .records import read_records, record_files
from .screening import Books, owners_of, readable_seconds, screen, warnings_of
from .tables import Row, Tables, load_tables, policy

SOURCE = "canonical"
CALL_COLUMNS = [
    "usage_month",
    "account_id",
    "call_id",
    "source",
    "source_file",
    "source_line",
    "direction",
    "disposition",
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
]
PRICE_COLUMNS = [
    "billable_seconds",
    "included_seconds",
    "call_type",
    "rate_table",
    "rate_prefix",
    "destination",
    "connection_fee",
    "rate_per_minute",
    "cost",
]
ROW_COUNTS = ["billed", "unbilled", "duplicate", "conflict", "suspended", "outside_month", "rejected"]
FILE_WARNINGS = (
    "duration_mismatch",
    "long_call",
    "unanswered_with_seconds",
    "answered_without_seconds",
    "second_party",
    "conflict",
)


class RatedMonth(NamedTuple):
    """The rows of contract §5, without what names a run; `warning_events` has one row a cause."""

    invoices: list[Row]
    invoice_line_items: list[Row]
    billed_calls: list[Row]
    unbilled_calls: list[Row]
    set_aside_records: list[Row]
    source_files: list[Row]
    warnings: list[Row]
    warning_events: list[Row]
    details: dict[str, bytes]
    details_by_pair: dict[str, bytes]


class Sorted(NamedTuple):
    """Every input row, in its place."""

    billed: list[Row]
    for_pool: list[Row]
    unbilled: list[Row]
    set_aside: list[Row]
    files: list[Row]
    events: list[Row]


def rerate(
    cdrs: Path,
    contracts: Path,
    version_folder: Path,
    invoice_month: str,
    issue_date: date | None = None,
    adjusted: list[Adjustment] | None = None,
) -> RatedMonth:
    """The month billed by invoice `2020-02`, from its records, the contracts and one rate version.

    `adjusted`: what its invoices take (rule 12.5).
    """
    tables = load_tables(version_folder)
    month = first_of_month(invoice_month)
    accounts = load_accounts(contracts, tables)
    starts, ends = midnight(month_before(month)), midnight(month)
    books = Books(accounts, owners_of(accounts), tables, starts, ends)
    sorted_rows = sort_records(cdrs, month_before(month), books)
    billed = sorted_rows.billed + pool_calls(sorted_rows.for_pool, books, month_before(month))
    issued = issue_date or month
    if issued.replace(day=1) != month or issued.day > int(policy(tables, "issue_day_last", issued)):
        raise ValueError(f"issue date {issued} refused (rule 1.2)")
    invoices = invoices_of(accounts, billed, tables, month, issued, adjusted or [])
    events = sorted_rows.events + invoice_events(invoices)
    return RatedMonth(
        invoices=[invoice.header for invoice in invoices.values() if invoice.header],
        invoice_line_items=[line for invoice in invoices.values() for line in invoice.lines],
        billed_calls=[picked(call, [*CALL_COLUMNS, *PRICE_COLUMNS]) for call in billed],
        unbilled_calls=[picked(call, [*CALL_COLUMNS, "reason"]) for call in sorted_rows.unbilled],
        set_aside_records=sorted_rows.set_aside,
        source_files=sorted_rows.files,
        warnings=warning_rows(events),
        warning_events=events,
        details={i: details_csv(c, language_of(accounts[i])) for i, c in charged_by_account(billed)},
        details_by_pair={i: details_by_pair_csv(c, language_of(accounts[i])) for i, c in charged_by_account(billed)},
    )


def picked(row: Row, columns: list[str]) -> Row:
    """The row's columns of a table."""
    return {column: row[column] for column in columns}


def language_of(account: Account) -> str:
    """English where the contract does not say."""
    return account.row["language"] or "en"


def sort_records(cdrs: Path, usage_month: date, books: Books) -> Sorted:
    """Rule 13.1: every row ends in exactly one place, counted by file."""
    places = Sorted([], [], [], [], [], [])
    earlier: dict[str, list[tuple[object, ...]]] = {}
    for path in record_files(cdrs / f"{usage_month:%Y-%m}"):
        name = f"{usage_month:%Y-%m}/{path.name}"
        counts: Counter[str] = Counter()
        rows = seconds = 0
        for record in read_records(path):
            call = {
                **record,
                "usage_month": usage_month,
                "source": SOURCE,
                "source_file": name,
                "warnings": [],
            }
            call["source_line"] = call["line"]
            counts[put_in_place(call, places, books, earlier)] += 1
            rows, seconds = rows + 1, seconds + readable_seconds(call["cells"])
        places.files.append(file_row(path, name, usage_month, rows, seconds, counts))
    return places


def file_row(path: Path, name: str, usage_month: date, rows: int, seconds: int, counts: Counter[str]) -> Row:
    """One input file; its seconds stand on both sides by the same rule."""
    content = path.read_bytes()
    return {
        "usage_month": usage_month,
        "source_file": name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "bytes": len(content),
        "rows_read": rows,
        **{f"rows_{outcome}": counts[outcome] for outcome in ROW_COUNTS},
        "seconds_read": seconds,
        "seconds_accounted": seconds,
    }


def put_in_place(call: Row, places: Sorted, books: Books, earlier: dict[str, list[tuple[object, ...]]]) -> str:
    """The row's outcome, after it was put with its like."""
    outcome, reason = screen(call, books, earlier)
    if outcome != "accepted":
        places.set_aside.append(set_aside(call, outcome, reason))
        if outcome == "conflict":
            places.events.append(event("conflict", call))
        return outcome
    # Reading: only accepted rows are warned of, not duplicates, conflicts or rows of another month.
    places.events.extend(event(kind, call) for kind in warnings_of(call))
    kind, result = classify(call, books)
    if kind == "suspended":
        places.set_aside.append(set_aside(call, "suspended", str(result)))
        places.events.append({**event("suspended_calls", call), "seconds": call["duration_seconds"]})
        return "suspended"
    if kind == "unbilled":
        places.unbilled.append({**call, "reason": result})
        return "unbilled"
    if kind == "plan":
        places.for_pool.append(call)
    elif isinstance(result, dict):
        places.billed.append({**call, **result})
    return "billed"


def set_aside(call: Row, outcome: str, reason: str) -> Row:
    """A row that was not accepted, or is suspended; `raw_record` None is not compared."""
    columns = ("usage_month", "source", "source_file", "source_line")
    return {**picked(call, list(columns)), "outcome": outcome, "reason": reason, "raw_record": call["raw"]}


def event(kind: str, call: Row) -> Row:
    """One cause for a warning."""
    return {
        "kind": kind,
        "account_id": call["account"].account_id,
        "source_file": call["source_file"],
        "source_line": call["source_line"],
        "count": 1,
    }


def pool_calls(calls: list[Row], books: Books, usage_month: date) -> list[Row]:
    """Rule 7 for every account with calls that take plan minutes."""
    drawn = []
    for account in books.accounts.values():
        own = [call for call in calls if call["account"] is account]
        if own:
            pool = pool_seconds(account, books.tables, usage_month)
            drawn += draw_from_pool(own, account, books.tables, pool)
    return drawn


def invoices_of(
    accounts: dict[str, Account],
    billed: list[Row],
    tables: Tables,
    month: date,
    issued: date,
    adjusted: list[Adjustment],
) -> dict[str, Invoice]:
    """Every account's invoice, or its lack of one."""
    by_account: dict[str, list[Row]] = {}
    for call in billed:
        by_account.setdefault(call["account_id"], []).append(call)
    return {
        i: invoice_of(a, by_account.get(i, []), tables, month, issued, adjustment_lines(adjusted, i))
        for i, a in accounts.items()
    }


def charged_by_account(billed: list[Row]) -> list[tuple[str, list[Row]]]:
    """Accounts with at least one row in their details file."""
    by_account: dict[str, list[Row]] = {}
    for call in charged_calls(billed):
        by_account.setdefault(call["account_id"], []).append(call)
    return sorted(by_account.items())


def invoice_events(invoices: dict[str, Invoice]) -> list[Row]:
    """Warnings of accounts.

    Reading: the count of `low_usage_not_allowed` is the flagged units that pay the full price.
    """
    events = []
    for account_id, invoice in invoices.items():
        account = {"account_id": account_id, "source_file": None, "source_line": None}
        if invoice.low_usage_refused:
            events.append({"kind": "low_usage_not_allowed", **account, "count": invoice.low_usage_refused})
        if invoice.lacks_tax_rows:
            events.append({"kind": "no_tax_rows", **account, "count": 1})
    return events


def warning_rows(events: list[Row]) -> list[Row]:
    """One row a file or account and kind, with the count.

    Reading: what single records cause is told by file, suspended calls and what invoices lack by account.
    """
    counted: Counter[tuple[str, str | None, str | None]] = Counter()
    for cause in events:
        by_file = cause["kind"] in FILE_WARNINGS
        key = (None, cause["source_file"]) if by_file else (cause["account_id"], None)
        counted[(cause["kind"], *key)] += cause["count"]
    return [
        {"kind": kind, "account_id": account, "source_file": file, "count": count}
        for (kind, account, file), count in counted.items()
    ]
