"""One invoice line and the order of lines (rule 4.1)."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple

from .exact import CENT_PLACES, MICRO_PLACES, QUANTITY_PLACES, rounded_half_up
from .tables import Row

CATEGORIES = [
    "service_charge",
    "phone_numbers",
    "prorated_charges",
    "included_minutes",
    "domestic_premium",
    "overage",
    "toll_free",
    "international",
    "contact_center",
    "rentals",
    "one_time",
    "credits",
    "adjustments",
    "slrrf",
    "rrf",
    "usf",
    "tax",
]
AFTER_FEES = ("slrrf", "rrf", "usf", "tax")


class Period(NamedTuple):
    """Half-open."""

    start: date
    end: date


class Line(NamedTuple):
    """A line before it has a number; exact values until it is shown."""

    category: str
    charge_code: str
    period: Period
    quantity: Fraction
    unit: str
    unit_price: Fraction | None
    exact_amount: Fraction
    base_category: str
    group: str = ""
    item_id: str = ""
    rounded_amount: Fraction | None = None

    @property
    def amount(self) -> Fraction:
        """Rounded half up to the cent from the exact value, unless a rule rounds otherwise (8.2)."""
        if self.rounded_amount is not None:
            return self.rounded_amount
        return Fraction(rounded_half_up(self.exact_amount, CENT_PLACES))


def is_shown(line: Line) -> bool:
    """Rule 4.1: not where quantity and exact amount are 0; nor a fee, USF, tax or credit of 0.00."""
    if line.category in (*AFTER_FEES, "credits"):
        return line.amount != 0
    return line.quantity != 0 or line.exact_amount != 0


def place(line: Line) -> tuple[object, ...]:
    """Rule 4.1: category, group by name then none, code, period start, higher unit price first, item id."""
    return (
        CATEGORIES.index(line.category),
        (line.group == "", line.group),
        line.charge_code,
        line.period.start,
        -(line.unit_price or Fraction(0)),
        line.item_id,
    )


def shown(line: Line, number: int) -> Row:
    """The line's columns; the description is free."""
    price = None if line.unit_price is None else rounded_half_up(line.unit_price, MICRO_PLACES)
    return {
        "line_number": number,
        "category": line.category,
        "base_category": line.base_category,
        "charge_code": line.charge_code,
        "billing_group": line.group or None,
        "period_start": line.period.start,
        "period_end": line.period.end,
        "quantity": rounded_half_up(line.quantity, QUANTITY_PLACES),
        "unit": line.unit,
        "unit_price": price,
        "exact_amount": rounded_half_up(line.exact_amount, MICRO_PLACES),
        "amount": rounded_half_up(line.amount, CENT_PLACES),
    }
