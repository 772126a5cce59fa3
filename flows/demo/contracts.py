"""The contract tables of the demo's customers: each trait puts its rows into the tables."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from flows.demo import places
from flows.demo.customers import Customer
from flows.demo.services import (
    FREE_MONTHS_START,
    LATE_START,
    USUAL_START,
    Row,
    item_rows,
    low_usage_phones,
    number_rows,
)

COLUMNS: dict[str, tuple[str, ...]] = {
    "accounts": (
        *("account_id", "name", "country", "region", "plan_id", "service_start", "billing_start"),
        *("free_months", "contract_end", "buyout_fee", "cancel_requested_on", "low_usage_allowed"),
        *("tax_exempt_from", "tax_exempt_until", "language", "invoice_recipients", "receipt_recipient"),
    ),
    "account_plans": ("account_id", "plan_id", "effective_from"),
    "account_items": (
        *("account_id", "item_id", "charge_code", "quantity", "start_date"),
        *("cancel_requested_on", "low_usage", "billing_group", "extension"),
    ),
    "phone_numbers": (
        *("account_id", "number", "kind", "charge_code", "start_date"),
        *("cancel_requested_on", "billing_group"),
    ),
    "one_time_charges": (
        *("account_id", "charge_id", "charge_date", "charge_code"),
        *("description", "quantity", "unit_price"),
    ),
    "equipment_returns": (
        *("account_id", "rma_id", "description", "price", "shipped_on", "received_on", "verified_on"),
        *("provisioning_fee", "missing_parts_fee"),
    ),
}


class Changes(NamedTuple):
    """What a trait of an account's life writes over the account's usual row."""

    trait: str
    cells: Row


_LIFE_CHANGES = (
    Changes("late_start", {"service_start": LATE_START, "billing_start": LATE_START}),
    Changes("free_months", {"service_start": FREE_MONTHS_START, "billing_start": "", "free_months": 1}),
    Changes("cancelled", {"cancel_requested_on": dt.date(2020, 1, 25)}),
    Changes("left_in_december", {"cancel_requested_on": dt.date(2019, 12, 12)}),
    Changes(
        "buyout",
        {
            "contract_end": dt.date(2020, 12, 31),
            "buyout_fee": "250.00",
            "cancel_requested_on": dt.date(2020, 1, 10),
        },
    ),
    Changes("exempt", {"tax_exempt_from": dt.date(2019, 7, 1), "tax_exempt_until": dt.date(2020, 6, 30)}),
)


def _account_row(customer: Customer) -> Row:
    mailbox = f"billing.{customer.account_id.lower()}"
    copies = ("accounts", "reception") if "recipients" in customer.traits else ()
    people = [mailbox, *(f"{copy}.{customer.account_id.lower()}" for copy in copies)]
    over = 1 if "low_usage_over_allowance" in customer.traits else 0
    row: Row = {
        "account_id": customer.account_id,
        "name": customer.name,
        "country": customer.country,
        "region": customer.region,
        "plan_id": customer.plan_id,
        "service_start": USUAL_START,
        "billing_start": USUAL_START,
        "free_months": 0,
        "low_usage_allowed": low_usage_phones(customer) - over,
        "language": customer.language,
        "invoice_recipients": ";".join(f"{person}@example.com" for person in people),
        "receipt_recipient": f"{mailbox}@example.com" if "receipt" in customer.traits else "",
    }
    for changes in _LIFE_CHANGES:
        if changes.trait in customer.traits:
            row |= changes.cells
    return row


def _plan_rows(customer: Customer) -> Iterable[Row]:
    if "plan_change" in customer.traits:
        plans = places.PLANS_BY_COUNTRY[customer.country]
        following = plans[(plans.index(customer.plan_id) + 1) % len(plans)]
        yield {
            "account_id": customer.account_id,
            "plan_id": following,
            "effective_from": dt.date(2020, 2, 1),
        }


def _charge_cells(customer: Customer) -> Iterable[Row]:
    if "changes" in customer.traits:
        for day, code in ((7, "number_change"), (14, "caller_id_change"), (21, "e911_change")):
            yield {"charge_date": dt.date(2020, 1, day), "charge_code": code, "quantity": 1}
    if "installation" in customer.traits:
        yield {
            "charge_date": dt.date(2020, 1, 31),
            "charge_code": "installation",
            "description": "Second floor",
            "quantity": 2,
            "unit_price": "80.00",
        }
        yield {"charge_date": dt.date(2020, 1, 17), "charge_code": "installation", "quantity": 1}
    if "goodwill" in customer.traits:
        yield {
            "charge_date": dt.date(2020, 1, 23),
            "charge_code": "goodwill",
            "description": "Outage of 12 January",
            "quantity": 1,
            "unit_price": "-12.50",
        }


def _charge_rows(customer: Customer) -> Iterable[Row]:
    for position, cells in enumerate(_charge_cells(customer), start=1):
        yield {"account_id": customer.account_id, "charge_id": f"ch{position:02}", **cells}


def _return_rows(customer: Customer) -> Iterable[Row]:
    """One return in time, one late and short of a part, one not yet verified."""
    if "returns" not in customer.traits:
        return
    in_time = ("2020-01-03", "2020-01-15", "2020-01-20", "5.00", "0.00")
    late = ("2019-12-01", "2020-01-15", "2020-01-17", "0.00", "10.00")
    not_verified = ("2020-01-10", "2020-01-28", "", "0.00", "0.00")
    for position, (shipped, received, verified, provisioning, missing) in enumerate(
        (in_time, late, not_verified), start=1
    ):
        yield {
            "account_id": customer.account_id,
            "rma_id": f"rma{position:02}",
            "description": "Desk phone",
            "price": "100.00",
            "shipped_on": shipped,
            "received_on": received,
            "verified_on": verified,
            "provisioning_fee": provisioning,
            "missing_parts_fee": missing,
        }


_ROWS_OF_A_CUSTOMER: dict[str, Callable[[Customer], Iterable[Row]]] = {
    "accounts": lambda customer: [_account_row(customer)],
    "account_plans": _plan_rows,
    "account_items": item_rows,
    "phone_numbers": number_rows,
    "one_time_charges": _charge_rows,
    "equipment_returns": _return_rows,
}


def contract_rows(table: str, customers: Sequence[Customer]) -> Iterable[Row]:
    """The rows of one contract table; a cell that is absent is empty. Ordered as the customers are."""
    for customer in customers:
        yield from _ROWS_OF_A_CUSTOMER[table](customer)
