"""Invoices and their lines as they were published. Nothing here is computed again."""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import NamedTuple

import duckdb

from flows.settings import month_text, parse_month
from schemas.faults import Fault, InputRefusedError

AT_A_TIME = 500
"""Invoices whose lines are in memory together."""
HINTS = 3
_ALIKE = 3
"""Letters by which an id may differ to be told as one that may be meant."""
_INVOICE = """
select invoice_id, account_id, invoice_month, issue_date, due_date, autopay_date, dispute_until, currency, subtotal,
    tax_total, total, tax_exempt, rate_version, run_id, name, country, region, language, invoice_recipients
from invoices
where list_contains($ids::varchar[], invoice_id)
order by invoice_id
"""
_LINES = """
select invoice_id, line_number, category, base_category, charge_code, billing_group, description, period_start,
    period_end, quantity, unit, unit_price, amount
from invoice_line_items
where list_contains($ids::varchar[], invoice_id)
order by invoice_id, line_number
"""
_OF_MONTH = "select account_id, invoice_id from invoices where invoice_month = $month order by invoice_id"
_ALIKES = """
select invoice_id from invoices
where levenshtein(upper(invoice_id), upper($id)) <= $alike
qualify rank() over (order by levenshtein(upper(invoice_id), upper($id))) = 1
order by invoice_id
limit $hints
"""
_OF_ACCOUNT = """
select invoice_id from invoices where account_id = $account order by invoice_month desc limit $hints
"""
_IS_ISSUED = "select count(*) from runs where invoice_month = $month and kind = 'bill'"


class Line(NamedTuple):
    """A line of an invoice, as the table `invoice_line_items` has it."""

    line_number: int
    category: str
    base_category: str
    charge_code: str
    billing_group: str | None
    description: str
    period_start: dt.date
    period_end: dt.date
    quantity: Decimal
    unit: str
    unit_price: Decimal | None
    amount: Decimal


class Invoice(NamedTuple):
    """An invoice, as the table `invoices` has it, and its lines in order."""

    invoice_id: str
    account_id: str
    invoice_month: dt.date
    issue_date: dt.date
    due_date: dt.date
    autopay_date: dt.date
    dispute_until: dt.date
    currency: str
    subtotal: Decimal
    tax_total: Decimal
    total: Decimal
    tax_exempt: bool
    rate_version: str
    run_id: str
    name: str
    country: str
    region: str | None
    language: str
    invoice_recipients: str | None
    lines: tuple[Line, ...] = ()


def read_invoices(connection: duckdb.DuckDBPyConnection, ids: Sequence[str]) -> Iterator[Invoice]:
    """The invoices of these ids with their lines, in order of id within each few hundred of them."""
    for some in batched_ids(ids):
        lines: dict[str, list[Line]] = defaultdict(list)
        for invoice_id, *cells in connection.execute(_LINES, {"ids": some}).fetchall():
            lines[invoice_id].append(Line(*cells))
        for row in connection.execute(_INVOICE, {"ids": some}).fetchall():
            yield Invoice(*row)._replace(lines=tuple(lines[row[0]]))


def batched_ids(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids in lists of AT_A_TIME."""
    for start in range(0, len(ids), AT_A_TIME):
        yield list(ids[start : start + AT_A_TIME])


def invoice_ids(
    connection: duckdb.DuckDBPyConnection | None, month: dt.date, accounts: Sequence[str] = ()
) -> list[str]:
    """Ids of the month's invoices, or of those accounts' alone.

    Raises InputRefusedError where the month is not issued, or an account has no invoice of it.
    """
    if connection is None or not _is_issued(connection, month):
        raise InputRefusedError(_not_issued(month))
    found = dict(connection.execute(_OF_MONTH, {"month": month}).fetchall())
    unknown = [account for account in dict.fromkeys(accounts) if account not in found]
    if unknown:
        problem, remedy = f"has no invoice of {month_text(month)}", "look its id up in the table invoices"
        raise InputRefusedError(Fault("--account", problem, remedy, value=account) for account in unknown)
    return sorted({found[account] for account in accounts}) if accounts else list(found.values())


def the_invoice(connection: duckdb.DuckDBPyConnection | None, invoice_id: str) -> Invoice:
    """The invoice of this id. Raises InputRefusedError where there is none, with ids that may be meant."""
    if connection is None:
        problem, remedy = (
            "no invoice was published yet",
            "run `tollbook bill` first, or name the folder with --warehouse",
        )
        raise InputRefusedError(Fault("invoice", problem, remedy, value=invoice_id))
    for invoice in read_invoices(connection, [invoice_id]):
        return invoice
    raise InputRefusedError(_unknown(connection, invoice_id))


def _is_issued(connection: duckdb.DuckDBPyConnection, month: dt.date) -> bool:
    return connection.execute(_IS_ISSUED, {"month": month}).fetchall() != [(0,)]


def _not_issued(month: dt.date) -> Fault:
    text = month_text(month)
    return Fault(text, "is not issued, so it has no invoices", f"run `tollbook bill {text}` first")


def _unknown(connection: duckdb.DuckDBPyConnection, invoice_id: str) -> Fault:
    """Why there is no such invoice, as near as it can be told."""
    account, _, month = invoice_id.rpartition("-20")
    is_month = re.fullmatch(r"[0-9]{2}-(0[1-9]|1[0-2])", month) is not None
    if is_month and not _is_issued(connection, parse_month(f"20{month}")):
        return _not_issued(parse_month(f"20{month}"))
    of_account = _ids(connection, _OF_ACCOUNT, {"account": account if is_month else invoice_id, "hints": HINTS})
    if of_account:
        remedy = f"the account has {', '.join(of_account)}"
        return Fault("invoice", "there is no such invoice", remedy, value=invoice_id)
    alike = _ids(connection, _ALIKES, {"id": invoice_id, "alike": _ALIKE, "hints": HINTS})
    remedy = f"is {' or '.join(alike)} meant?" if alike else "an id is account and month, like A00001-2020-02"
    return Fault("invoice", "there is no such invoice", remedy, value=invoice_id)


def _ids(connection: duckdb.DuckDBPyConnection, query: str, params: dict[str, str | int]) -> list[str]:
    return [invoice_id for (invoice_id,) in connection.execute(query, params).fetchall()]
