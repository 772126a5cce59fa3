"""Rules 3 and 4.2 to 4.4: what is billed by the month, in advance and pro rata."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from .contracts import Account, Thing, plan_on
from .exact import exact
from .lines import Line, Period
from .months import DAY, last_of_month, month_before, next_month, prorated_days
from .tables import Row, Tables, charge_row, policy, price_of

SPLIT_BY_GROUP = ("service_charge", "phone_numbers", "prorated_charges")


class Part(NamedTuple):
    """A full month, or a share of the month before, of one item; `on` decides its price (4.4)."""

    thing: Thing
    on: date
    share: Fraction
    period: Period
    charge: Row

    @property
    def is_full(self) -> bool:
        """A full month in advance."""
        return self.share == 1


def start_of(thing: Thing, account: Account) -> date:
    """Rule 3.5: the later of the item's own start and the account's billing start."""
    return max(thing.start, account.billing_start)


def full_month(thing: Thing, account: Account, tables: Tables, month: date) -> Part | None:
    """Rule 3.5: started by the 1st of M, and not ended before it."""
    ended = thing.last_day is not None and thing.last_day < month
    if start_of(thing, account) > month or ended:
        return None
    charge = charge_row(tables, account.plan_id(month), account.currency, thing.charge_code, month)
    return Part(thing, month, Fraction(1), Period(month, next_month(month)), charge)


def prorated(thing: Thing, account: Account, tables: Tables, month: date) -> Part | None:
    """Rules 3.1 to 3.5: started in M - 1 after the 1st, also when it ended with that month."""
    start = start_of(thing, account)
    if not month_before(month) < start < month:
        return None
    with_start_day = policy(tables, "start_day_billed", start) == "true"
    days = prorated_days(start, with_start_day)
    if days == 0:
        return None
    charge = charge_row(tables, account.plan_id(start), account.currency, thing.charge_code, start)
    first_billed = start if with_start_day else start + DAY
    return Part(thing, start, Fraction(days, last_of_month(start).day), Period(first_billed, month), charge)


def recurring_parts(account: Account, tables: Tables, month: date) -> list[Part]:
    """All parts of invoice M; an item whose end is before its start is never billed."""
    parts = []
    for thing in account.things:
        if thing.last_day is not None and thing.last_day < start_of(thing, account):
            continue
        found = (full_month(thing, account, tables, month), prorated(thing, account, tables, month))
        parts += [part for part in found if part is not None]
    return parts


def phones_of(parts: list[Part]) -> int:
    """Rule 4.2: units of charges with `is_phone`, in a full month.

    Reading: "only items of category `service_charge` count" holds for these units too.
    """
    return sum(part.thing.quantity for part in parts if part.is_full and counts(part) and is_phone(part))


def counts(part: Part) -> bool:
    """An item, not a number, of category `service_charge`."""
    return part.thing.is_item and part.charge["category"] == "service_charge"


def is_phone(part: Part) -> bool:
    """Whether the charge is one for a phone."""
    return bool(part.charge["is_phone"] == "true")


def low_usage_units(parts: list[Part], account: Account, tables: Tables, month: date) -> tuple[dict[str, int], int]:
    """Rule 4.2: units at the low-usage discount by item id, and the flagged units that pay the full price."""
    minimum = int(policy(tables, "low_usage_minimum_phones", month))
    left = int(account.row["low_usage_allowed"] or 0) if phones_of(parts) >= minimum else 0
    flagged = {part.thing.item_id: part.thing for part in parts if part.thing.low_usage and counts(part)}
    units: dict[str, int] = {}
    refused = 0
    for item_id in sorted(flagged):
        units[item_id] = min(left, flagged[item_id].quantity)
        left -= units[item_id]
        refused += flagged[item_id].quantity - units[item_id]
    return units, refused


def recurring_lines(account: Account, tables: Tables, month: date) -> tuple[list[Line], int]:
    """Rules 3, 4.1, 4.3: a line per charge code, unit price, group (and start); low-usage units refused."""
    parts = recurring_parts(account, tables, month)
    low_usage, refused = low_usage_units(parts, account, tables, month)
    merged: dict[tuple[object, ...], Line] = {}
    for part in parts:
        discounted = low_usage.get(part.thing.item_id, 0) if counts(part) else 0
        price = exact(price_of(part.charge))
        percent = exact(plan_on(account, tables, part.on)["low_usage_discount_percent"])
        for units, unit_price in (
            (discounted, price * (1 - percent / 100)),
            (part.thing.quantity - discounted, price),
        ):
            line = recurring_line(part, units, unit_price)
            key = (line.category, line.base_category, line.charge_code, line.group, unit_price, part.on)
            before = merged.get(key)
            merged[key] = line if before is None else plus(before, line)
    return list(merged.values()), refused


def recurring_line(part: Part, units: int, unit_price: Fraction) -> Line:
    """Rules 3.3 and 4.1: quantity × monthly price × share of the month.

    Reading: every prorated line splits by group, also one of rentals or the contact center.
    """
    base = part.charge["category"]
    category = base if part.is_full else "prorated_charges"
    return Line(
        category=category,
        charge_code=part.thing.charge_code,
        period=part.period,
        quantity=Fraction(units),
        unit="month",
        unit_price=unit_price,
        exact_amount=units * unit_price * part.share,
        base_category=base,
        group=part.thing.group if category in SPLIT_BY_GROUP else "",
    )


def plus(one: Line, other: Line) -> Line:
    """Two parts of one line."""
    return one._replace(quantity=one.quantity + other.quantity, exact_amount=one.exact_amount + other.exact_amount)


def device_units(account: Account, tables: Tables, month: date) -> int:
    """Rule 8.1: units of category `service_charge` with a full-month line."""
    parts = recurring_parts(account, tables, month)
    return sum(part.thing.quantity for part in parts if part.is_full and part.charge["category"] == "service_charge")
