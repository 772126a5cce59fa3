"""`tollbook explain --invoice ID --line N`: what the line consists of, and how it was rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import duckdb
import polars as pl

from flows.explain_call import open_recorded_month, run_facts, usage_sums
from flows.explain_charges import contract_parts
from flows.explain_fees import fee_parts, line_drafts
from flows.explain_rating import cell, of_account, rate_account
from flows.issued import IssuedRun, issued_runs
from flows.month import Month
from flows.published_calls import PublishedCalls
from flows.settings import Settings
from flows.suspended import account_calls
from flows.warehouse import published, quoted
from schemas.categories import FEE_CATEGORIES
from schemas.faults import Fault, InputRefusedError
from transforms.usage_lines import call_totals

Json = dict[str, Any]
USAGE = ("included_minutes", "domestic_premium", "overage", "toll_free", "international")
_INVOICE = "select * from invoices where invoice_id = $invoice_id"
_LINES = "select * from invoice_line_items where invoice_id = $invoice_id order by line_number"
_OF_LINE = """
account_id = $account and run_id = $run_id and usage_month = $usage_month
    and (call_type = $category or ($category = 'included_minutes' and (call_type = 'included' or included_seconds > 0)))
"""
_SPAN = f"select min(start_time), max(start_time) from billed_calls where {_OF_LINE}"  # noqa: S608 - our own text
_DEAREST = f"""
select call_id, source, start_time, source_number, destination_number, billable_seconds, included_seconds,
    rate_per_minute, cost
from billed_calls where {_OF_LINE}
order by cost desc, billable_seconds desc, start_time, call_id, source limit 10
"""  # noqa: S608 - our own text
_ADJUSTMENTS = """
select rerun_id, disputed_invoice_id, issued_amount, corrected_amount, difference, cause, note from adjustments
where taken_by_invoice_id = $invoice_id and base_category = $base_category order by rerun_id
"""
_LIST_ALL = """select start_time, call_id, destination_number, billable_seconds, included_seconds, cost
from billed_calls
where account_id = {account} and usage_month = date {usage_month} and run_id = {run_id}
    and {kind}
order by start_time, call_id, source;"""


def _dicts(cursor: duckdb.DuckDBPyConnection) -> list[Json]:
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, map(cell, row), strict=True)) for row in cursor.fetchall()]


def the_invoice(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> tuple[Json, list[Json]]:
    """The invoice and its lines. Raises InputRefusedError where there is none of this id."""
    found = _dicts(connection.execute(_INVOICE, {"invoice_id": invoice_id}))
    if not found:
        remedy = "look it up in the table invoices: account and invoice month, like A00001-2020-02"
        raise InputRefusedError(Fault("--invoice", "no invoice has this id", remedy, value=invoice_id))
    return found[0], _dicts(connection.execute(_LINES, {"invoice_id": invoice_id}))


def _usage(connection: duckdb.DuckDBPyConnection, run: IssuedRun, month: Month, line: Json) -> Json:
    """The calls of a usage line: how many, from when to when, the dearest, and how to see them all."""
    account, category = line["account_id"], line["category"]
    params = {
        "account": account,
        "run_id": run.run_id,
        "usage_month": month.usage_month,
        "category": category,
    }
    first, last = connection.execute(_SPAN, params).fetchall()[0]
    kind = (
        "(call_type = 'included' or included_seconds > 0)"
        if category == "included_minutes"
        else f"call_type = {quoted(category)}"
    )
    sums = usage_sums(connection, run, account, category)
    return {
        "calls": sums["calls"],
        "charged_seconds": sums["seconds"],
        "sum_of_costs": sums["cost"],
        "first_start": cell(first),
        "last_start": cell(last),
        "dearest": _dicts(connection.execute(_DEAREST, params)),
        "list_all": _LIST_ALL.format(
            account=quoted(account),
            usage_month=quoted(str(month.usage_month)),
            run_id=quoted(run.run_id),
            kind=kind,
        ),
    }


def _totals(connection: duckdb.DuckDBPyConnection, run: IssuedRun, month: Month, account: str) -> pl.DataFrame:
    """The sums of the account's calls by category, rated again."""
    published_calls = PublishedCalls(month.settings.warehouse, run)
    calls = account_calls(connection, month, published_calls, [account]).drop("cost")
    return call_totals(rate_account(month, account, calls).billed)


def _rounding(line: Json, draft: Json) -> Json:
    """From the exact value as a fraction of micros to the amount; the fee of rule 8.2 is rounded down."""
    way = "down" if line["category"] == "usf" else "half up"
    exact = Fraction(draft["exact_numerator"], draft["exact_denominator"])
    return {
        "exact_micros": str(exact),
        "exact_amount": line["exact_amount"],
        "is_exact": exact.denominator == 1,
        "way": way,
        "amount": line["amount"],
        "difference": cell(Decimal(line["amount"]) - Decimal(line["exact_amount"])),
        "sentence": f"{line['exact_amount']} rounded {way} to the cent is {line['amount']}",
    }


def _recomputed(draft: Json) -> str:
    cents = draft["amount_cents"]
    sign, whole = ("-" if cents < 0 else ""), abs(cents)
    return f"{sign}{whole // 100}.{whole % 100:02d}"


def _agreement(line: Json, draft: Json) -> Json:
    now = {
        "category": draft["category"],
        "base_category": draft["base_category"],
        "charge_code": draft["charge_code"],
        "amount": _recomputed(draft),
    }
    differences = [
        {"column": name, "issued": line[name], "recomputed": value}
        for name, value in now.items()
        if line[name] != value
    ]
    return {"is_same": not differences, "differences": differences}


def _consists_of(connection: duckdb.DuckDBPyConnection, run: IssuedRun, month: Month, line: Json, draft: Json) -> Json:
    """The parts of a line, by what kind of line it is."""
    category = line["category"]
    if category in USAGE:
        return {"calls": _usage(connection, run, month, line)}
    if category == "adjustments":
        params = {"invoice_id": line["invoice_id"], "base_category": line["base_category"]}
        return {"adjustments": _dicts(connection.execute(_ADJUSTMENTS, params))}
    return {"charges": contract_parts(month, draft)}


class OpenedInvoice(NamedTuple):
    """An invoice with its lines as they were published, and as its account's month drafts them again.

    `own`: the recorded month with this account alone. Drafts stand in the lines' order, unrounded but for their cents.
    """

    run: IssuedRun
    own: Month
    invoice: Json
    lines: list[Json]
    drafts: list[Json]


def open_invoice(
    connection: duckdb.DuckDBPyConnection, run: IssuedRun, month: Month, invoice: Json, lines: list[Json]
) -> OpenedInvoice:
    """The invoice derived again: its account's calls rated, its charges priced, its fees and taxes taken."""
    account = invoice["account_id"]
    own = of_account(month, account)
    return OpenedInvoice(run, own, invoice, lines, line_drafts(own, _totals(connection, run, month, account)))


def explained_line(connection: duckdb.DuckDBPyConnection, opened: OpenedInvoice, line_number: int) -> Json:
    """What a line of the invoice consists of, as JSON has it."""
    line = opened.lines[line_number - 1]
    if len(opened.drafts) != len(opened.lines):
        problem = f"has {len(opened.lines)} lines and today's program drafts {len(opened.drafts)}"
        remedy = "the issued lines stand; explain them with the program that issued them, which its run names"
        raise InputRefusedError(Fault(opened.invoice["invoice_id"], problem, remedy))
    draft = opened.drafts[line_number - 1]
    if line["category"] in (*FEE_CATEGORIES, "tax"):
        consists: Json = {"basis": fee_parts(opened.own, opened.lines, line)}
    else:
        consists = _consists_of(connection, opened.run, opened.own, line, draft)
    of_invoice = ("invoice_id", "account_id", "name", "currency", "subtotal", "tax_total", "total")
    return {
        "kind": "line",
        "run": run_facts(opened.run),
        "invoice": {name: opened.invoice[name] for name in of_invoice},
        "line": {name: value for name, value in line.items() if name not in ("invoice_id", "account_id")},
        **consists,
        "rounding": _rounding(line, draft),
        "agreement": _agreement(line, draft),
    }


def explain_line(settings: Settings, invoice_id: str, line_number: int) -> Json:
    """What an invoice line consists of, as JSON has it (schemas/EXPLAIN.md).

    Raises InputRefusedError where the invoice or the line is unknown.
    """
    with published(settings.warehouse) as connection:
        if connection is None:
            raise InputRefusedError(
                Fault(str(settings.warehouse), "no month is issued here", "name another with --warehouse")
            )
        invoice, lines = the_invoice(connection, invoice_id)
        if not 1 <= line_number <= len(lines):
            remedy = f"name a line from 1 to {len(lines)}"
            raise InputRefusedError(Fault("--line", f"{invoice_id} has no such line", remedy, value=str(line_number)))
        run = issued_runs(connection)[invoice["run_id"]]
        _, month = open_recorded_month(settings, run)
        return explained_line(connection, open_invoice(connection, run, month, invoice, lines), line_number)
