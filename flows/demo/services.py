"""What the demo's customers subscribe to: devices, seats, rentals and phone numbers."""

import datetime as dt
from collections.abc import Iterable

from flows.demo.customers import Customer, own_london_number, own_number, own_toll_free_number

Row = dict[str, object]

USUAL_START = dt.date(2018, 4, 1)
FREE_MONTHS_START = dt.date(2019, 12, 10)
LATE_START = dt.date(2020, 1, 15)
GROUPS_BY_LANGUAGE = {"en": ("Front desk", "Warehouse"), "fr": ("Accueil", "Entrepôt")}


def start_date(customer: Customer) -> dt.date:
    """The day on which the account's devices and numbers are first in service."""
    if "late_start" in customer.traits:
        return LATE_START
    return FREE_MONTHS_START if "free_months" in customer.traits else USUAL_START


def low_usage_phones(customer: Customer) -> int:
    """How many of the account's phones are flagged low usage."""
    return max(2, customer.phones // 6) if _flags_low_usage(customer) else 0


def _flags_low_usage(customer: Customer) -> bool:
    return not customer.traits.isdisjoint({"low_usage", "low_usage_over_allowance"})


def _phone_cells(customer: Customer) -> Iterable[Row]:
    """The account's phones: those of two groups, the low-usage ones, and the rest."""
    low_usage = low_usage_phones(customer)
    left = customer.phones - low_usage
    if "groups" in customer.traits:
        for group in GROUPS_BY_LANGUAGE[customer.language]:
            share = customer.phones // 4
            left -= share
            yield {"charge_code": "phone", "quantity": share, "billing_group": group}
    yield {"charge_code": "phone", "quantity": left, "extension": "2000"}
    if low_usage:
        yield {"charge_code": "phone", "quantity": low_usage, "low_usage": "true"}


def _other_item_cells(customer: Customer) -> Iterable[Row]:
    traits = customer.traits
    group = GROUPS_BY_LANGUAGE[customer.language][0] if "groups" in traits else ""
    if customer.position % 3 == 0:
        yield {"charge_code": "ata", "quantity": 1}
    if customer.position % 5 == 0:
        yield {"charge_code": "paging", "quantity": 1, "billing_group": group}
    if customer.position % 4 == 0:
        yield {"charge_code": "extension", "quantity": 3, "extension": "2001"}
    if "contact_center" in traits:
        yield {"charge_code": "contact_center_seat", "quantity": 1 + customer.phones // 5}
    if "rentals" in traits:
        yield {"charge_code": "rental_phone", "quantity": 1 + customer.phones // 4}
        yield {"charge_code": "rental_router", "quantity": 1}
    if "prorated" in traits:
        yield {"charge_code": "phone", "quantity": 2, "start_date": dt.date(2020, 1, 16)}
        yield {
            "charge_code": "extension",
            "quantity": 1,
            "start_date": dt.date(2020, 1, 20),
            "billing_group": group,
        }
        yield {"charge_code": "ata", "quantity": 1, "start_date": dt.date(2020, 1, 31)}
        yield {"charge_code": "rental_router", "quantity": 1, "start_date": dt.date(2020, 1, 9)}
    if "item_cancelled" in traits:
        yield {"charge_code": "paging", "quantity": 1, "cancel_requested_on": dt.date(2020, 1, 8)}
        yield {"charge_code": "ata", "quantity": 1, "cancel_requested_on": dt.date(2020, 1, 28)}


def item_rows(customer: Customer) -> Iterable[Row]:
    """The account's rows of `account_items`: `i01` and so on; none with a quantity of 0."""
    usual = {"account_id": customer.account_id, "start_date": start_date(customer)}
    cells = [*_phone_cells(customer), *_other_item_cells(customer)]
    wanted = (item for item in cells if item["quantity"] != 0)
    for position, item in enumerate(wanted, start=1):
        yield {**usual, "item_id": f"i{position:02}", **item}


def _number_row(customer: Customer, digits: int, kind: str, charge_code: str, **cells: object) -> Row:
    usual = {"account_id": customer.account_id, "start_date": start_date(customer)}
    return {**usual, "number": f"+{digits}", "kind": kind, "charge_code": charge_code, **cells}


def number_rows(customer: Customer) -> Iterable[Row]:
    """Two-way numbers from slot 0 on; slot 5 is inbound only, slot 6 new in January, slot 7 given up then."""
    traits = customer.traits
    groups = GROUPS_BY_LANGUAGE[customer.language] if "groups" in traits else ("",)
    for slot in range(customer.two_way_numbers):
        group = groups[slot % len(groups)]
        yield _number_row(customer, own_number(customer, slot), "two_way", "did", billing_group=group)
    if customer.phones > 5:
        yield _number_row(customer, own_number(customer, 5), "inbound_only", "inbound_number")
    if "prorated" in traits:
        new = dt.date(2020, 1, 10)
        yield _number_row(customer, own_number(customer, 6), "two_way", "did", start_date=new)
    if "item_cancelled" in traits:
        told = dt.date(2020, 1, 5)
        yield _number_row(customer, own_number(customer, 7), "two_way", "did", cancel_requested_on=told)
    if "international_number" in traits:
        yield _number_row(customer, own_london_number(customer), "international", "international_number")
    if "toll_free" in traits:
        yield _number_row(customer, own_toll_free_number(customer), "toll_free", "toll_free_number")
