"""Rules 1 and 4: an account's invoice from its items and its calls."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from .contracts import Account
from .exact import CENT_PLACES, rounded_half_up
from .fees import fee_lines, is_exempt, tax_lines, tax_rows, usf_lines
from .lines import Line, Period, is_shown, place, shown
from .months import month_before
from .one_time import one_time_lines
from .rating import charged_seconds
from .recurring import device_units, recurring_lines
from .tables import Row, Tables, policy

USAGE = ("domestic_premium", "overage", "toll_free", "international")


class Invoice(NamedTuple):
    """An account's invoice, or none, and what a person should hear of."""

    header: Row | None
    lines: list[Row]
    low_usage_refused: int
    lacks_tax_rows: bool


def usage_lines(calls: list[Row], usage_month: date, month: date) -> list[Line]:
    """Rules 4.1 and 9.3: a line a category, the sum of the call costs; the minutes of the plan at 0.00."""
    period = Period(usage_month, month)
    included = sum(call["included_seconds"] for call in calls)
    lines = [usage_line("included_minutes", period, included, Decimal(0))]
    for category in USAGE:
        own = [call for call in calls if call["call_type"] == category]
        cost = sum((call["cost"] for call in own), Decimal(0))
        lines.append(usage_line(category, period, sum(charged_seconds(call) for call in own), cost))
    return lines


def usage_line(category: str, period: Period, seconds: int, cost: Decimal) -> Line:
    """Minutes of one category, without a unit price."""
    return Line(category, category, period, Fraction(seconds, 60), "minute", None, Fraction(cost), category)


def invoice_of(
    account: Account, calls: list[Row], tables: Tables, month: date, issued: date, adjusted: list[Line]
) -> Invoice:
    """Rule 1.5: the invoice, if the account has a line before fees; `adjusted`: the adjustments that it carries."""
    recurring, refused = recurring_lines(account, tables, month)
    usage = usage_lines(calls, month_before(month), month)
    charged = (*recurring, *usage, *one_time_lines(account, tables, month), *adjusted)
    lines = [line for line in charged if is_shown(line)]
    if not lines:
        return Invoice(None, [], refused, False)
    devices = device_units(account, tables, month)
    lines += [line for line in fee_lines(account, tables, month, issued, lines, devices) if is_shown(line)]
    lines += [line for line in usf_lines(account, tables, month, issued, lines) if is_shown(line)]
    lines += [line for line in tax_lines(account, tables, month, issued, lines) if is_shown(line)]
    header = invoice_header(account, lines, tables, month, issued)
    key = {name: header[name] for name in ("invoice_id", "account_id", "invoice_month")}
    rows = [{**key, **shown(line, number)} for number, line in enumerate(sorted(lines, key=place), start=1)]
    # Reading: an exempt account is not warned of; one without an invoice neither.
    lacking = not is_exempt(account, issued) and not tax_rows(account, tables, issued)
    return Invoice(header, rows, refused, lacking)


def invoice_header(account: Account, lines: list[Line], tables: Tables, month: date, issued: date) -> Row:
    """Rules 1.3 and 9.3: the dates, and the sums of the lines as shown."""
    tax = sum((line.amount for line in lines if line.category == "tax"), Fraction(0))
    subtotal = sum((line.amount for line in lines if line.category != "tax"), Fraction(0))
    return {
        "invoice_id": f"{account.account_id}-{month:%Y-%m}",
        "account_id": account.account_id,
        "invoice_month": month,
        "issue_date": issued,
        "due_date": issued + timedelta(days=int(policy(tables, "due_days", issued))),
        "autopay_date": month.replace(day=int(policy(tables, "autopay_day", issued))),
        "dispute_until": issued + timedelta(days=int(policy(tables, "dispute_days", issued))),
        "currency": account.currency,
        "subtotal": rounded_half_up(subtotal, CENT_PLACES),
        "tax_total": rounded_half_up(tax, CENT_PLACES),
        "total": rounded_half_up(subtotal + tax, CENT_PLACES),
        "tax_exempt": is_exempt(account, issued),
        "rate_version": tables.version,
    }
