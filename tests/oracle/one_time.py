"""Rules 2.4 and 10: one-time charges, credits, returned equipment, leaving early."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from .contracts import Account, day
from .exact import exact
from .lines import Line, Period
from .months import DAY, next_month
from .tables import Row, Tables, charge_row, policy, price_of


def single(category: str, code: str, on: date, price: Fraction, item_id: str, quantity: int = 1) -> Line:
    """A line of one item: its day, quantity, price (rule 4.1)."""
    amount = quantity * price
    period = Period(on, on + DAY)
    return Line(category, code, period, Fraction(quantity), "each", price, amount, category, item_id=item_id)


def one_time_lines(account: Account, tables: Tables, month: date) -> list[Line]:
    """Everything of rules 2.4 and 10 on invoice M."""
    return [
        *charge_lines(account, tables, month),
        *return_lines(account, tables, month),
        *buyout_lines(account, month),
    ]


def charge_lines(account: Account, tables: Tables, month: date) -> list[Line]:
    """Rule 10.1: on the invoice of the month after its date, or after billing start if that is later."""
    lines = []
    for row in account.one_time_charges:
        on = max(date.fromisoformat(row["charge_date"]), account.billing_start)
        if next_month(on) == month:
            lines.append(charge_line(row, on, account, tables))
    return lines


def charge_line(row: Row, on: date, account: Account, tables: Tables) -> Line:
    """Rule 10.1: the row's own price or the list price; a negative sum is a credit of quantity 1.

    Reading: a row is negative if its quantity times its price is.
    """
    listed = row["unit_price"]
    if not listed:
        listed = price_of(charge_row(tables, account.plan_id(on), account.currency, row["charge_code"], on))
    price, quantity = exact(listed), int(row["quantity"])
    if price * quantity < 0:
        return single("credits", row["charge_code"], on, price * quantity, row["charge_id"])
    return single("one_time", row["charge_code"], on, price, row["charge_id"], quantity)


def return_lines(account: Account, tables: Tables, month: date) -> list[Line]:
    """Rule 10.2: equipment verified in M - 1; the day of the lines is the day of verification."""
    lines = []
    for row in account.equipment_returns:
        verified = day(row["verified_on"])
        if verified is None or next_month(verified) != month:
            continue
        lines.append(single("credits", row["rma_id"], verified, -return_credit(row, tables), row["rma_id"]))
        if is_late(row, tables):
            code = "rma_late_return"
            charge = charge_row(tables, account.plan_id(verified), account.currency, code, verified)
            lines.append(single("one_time", code, verified, exact(price_of(charge)), row["rma_id"]))
    return lines


def return_credit(row: Row, tables: Tables) -> Fraction:
    """Rule 10.2: price less restocking, provisioning and missing parts, at least 0."""
    percent = exact(policy(tables, "restocking_percent", date.fromisoformat(row["received_on"])))
    price = exact(row["price"])
    left = price - price * percent / 100 - exact(row["provisioning_fee"]) - exact(row["missing_parts_fee"])
    return max(left, Fraction(0))


def is_late(row: Row, tables: Tables) -> bool:
    """Rule 10.2: received more days after shipping than the return window."""
    received = date.fromisoformat(row["received_on"])
    window = int(policy(tables, "return_window_days", received))
    return (received - date.fromisoformat(row["shipped_on"])).days > window


def buyout_lines(account: Account, month: date) -> list[Line]:
    """Rule 2.4: on the first invoice after the end of service, if that is before the contract's last day.

    Reading: the line's day is the last day of service.
    """
    contract_end, fee = day(account.row["contract_end"]), exact(account.row["buyout_fee"])
    last = account.last_day
    if last is None or contract_end is None or fee == 0:
        return []
    if last >= contract_end or next_month(last) != month:
        return []
    return [single("one_time", "buyout", last, fee, "")]
