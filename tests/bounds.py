"""How large each figure of the arithmetic can become, from the limits that the schemas declare.

`python -m tests.bounds` shows transforms/README.md with the table as it should be; `make docs` writes it. What the
table claims is tried out in `unit/transforms/test_bounds.py`: every step at its greatest, in its own type.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

from schemas.contract_files import ACCOUNT_ITEMS, HIGHEST_QUANTITY, ONE_TIME_CHARGES
from schemas.limits import HIGHEST_INVOICE_CENTS, MOST_CALLS_A_BUCKET, MOST_ROWS_A_TABLE
from schemas.rate_columns import HIGHEST_PERCENT_MICROS, HIGHEST_PRICE_MICROS, HIGHEST_RATE_MICROS
from schemas.rate_files import CHARGES, FEES, INTERNATIONAL_RATES, PLANS, TAXES, USF_FACTORS, USF_SHARES
from schemas.text_tables import TableSpec
from transforms.allowance import UNLIMITED_SECONDS
from transforms.digit_table import KEY_SPACE, LENGTH_SLOTS
from transforms.durations import MAXIMUM_DURATION
from transforms.line_items import UNITS
from transforms.money import HUNDRED_PERCENT_MICROS, MICROS_PER_CENT
from transforms.prefixes import (
    MAXIMUM_DIGITS,
    MOST_NODES,
    OPEN_SECOND,
    SCOPES_PER_PART,
)
from transforms.rate_calls import MICROS_IN_A_MONTH, MOST_RANKS

README = Path(__file__).parents[1] / "transforms" / "README.md"
BEGIN, END = "<!-- bounds: written by make docs -->", "<!-- end of the bounds -->"
LIMITS = {
    "Int64": 2**63 - 1,
    "Int128": 2**127 - 1,
    "DECIMAL(18,6)": 10**18 - 1,
    "DECIMAL(18,4)": 10**18 - 1,
    "DECIMAL(18,2)": 10**18 - 1,
    "DECIMAL(24,6)": 10**24 - 1,
}
DAYS = 31
_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def highest(spec: TableSpec, name: str) -> int:
    """The greatest value of a column, in the unit it is kept in."""
    (column,) = (column for column in spec.columns if column.name == name)
    assert column.highest is not None, name
    return column.highest


RATE = highest(INTERNATIONAL_RATES, "rate_per_minute")
FEE = highest(INTERNATIONAL_RATES, "connection_fee")
INCREMENT = highest(INTERNATIONAL_RATES, "increment_seconds")
MINIMUM = highest(INTERNATIONAL_RATES, "minimum_seconds")
PRICE = highest(CHARGES, "price")
QUANTITY = highest(ACCOUNT_ITEMS, "quantity")
UNIT_PRICE = highest(ONE_TIME_CHARGES, "unit_price")
POOL_MINUTES = highest(PLANS, "included_minutes")
PERCENT = highest(TAXES, "percent")
SHARE = highest(USF_SHARES, "interstate_share_percent")
FACTOR = highest(USF_FACTORS, "factor_percent")
FEE_AMOUNT = highest(FEES, "amount")
DURATION = MAXIMUM_DURATION - 1

BILLABLE = DURATION + INCREMENT - 1
"""`up` goes less than an increment beyond the duration; a minimum is no more than a day."""
COST = FEE + RATE * (BILLABLE // 60) + (2 * RATE * 59 + 60) // 120
UNITS_BILLED = QUANTITY * MOST_ROWS_A_TABLE


class Bound(NamedTuple):
    """A figure: where it is made, how it is made, its greatest value, and the type that holds it."""

    step: str
    formula: str
    greatest: int
    type: str

    @property
    def margin(self) -> str:
        """How many times the greatest value the type holds, rounded down."""
        times = LIMITS[self.type] // self.greatest
        if times < 10:
            return f"{times}.{LIMITS[self.type] * 10 // self.greatest % 10}"
        return f"{times:,}" if times < 10**6 else f"10{str(len(str(times)) - 1).translate(_RAISED)}"


BOUNDS = (
    Bound("increments", "2 × duration + increment", 2 * DURATION + INCREMENT, "Int64"),
    Bound("increments", "billable seconds = duration + increment − 1", BILLABLE, "Int64"),
    Bound("charges", "rate × whole minutes", RATE * (BILLABLE // 60), "Int64"),
    Bound("charges", "2 × rate × 59 s + 60", 2 * RATE * 59 + 60, "Int64"),
    Bound("charges", "cost of a call = fee + usage", COST, "Int64"),
    Bound("charges", "cost as published", COST, "DECIMAL(18,6)"),
    Bound("allowance", "pool, at most", UNLIMITED_SECONDS, "Int64"),
    Bound("allowance", "minutes of a device × 60", POOL_MINUTES * 60, "Int64"),
    Bound("allowance", "seconds asked of a pool = calls × billable", MOST_CALLS_A_BUCKET * BILLABLE, "Int64"),
    Bound("rate_calls", "ranks × microseconds of a month", MOST_RANKS * MICROS_IN_A_MONTH - 1, "Int64"),
    Bound("prefixes", "scopes × key space", SCOPES_PER_PART * KEY_SPACE, "Int64"),
    Bound("prefixes", "number key", (10**MAXIMUM_DIGITS - 1) * LENGTH_SLOTS + MAXIMUM_DIGITS, "Int64"),
    Bound("prefixes", "nodes × open second", MOST_NODES * OPEN_SECOND - 1, "Int64"),
    Bound("usage_lines", "Σ whole units of costs, where not in Int128", 2**62, "Int64"),
    Bound("usage_lines", "Σ micros of costs = calls × 999,999", MOST_CALLS_A_BUCKET * 999_999, "Int64"),
    Bound(
        "usage_lines",
        "2 × seconds × 10⁴ + 60",
        2 * MOST_CALLS_A_BUCKET * BILLABLE * UNITS + 60,
        "Int128",
    ),
    Bound("recurring", "units = quantity × rows", UNITS_BILLED, "Int64"),
    Bound("recurring", "units × 10⁴", UNITS_BILLED * UNITS, "Int64"),
    Bound(
        "recurring",
        "2 × price × 10⁸ × units × days",
        2 * PRICE * HUNDRED_PERCENT_MICROS * UNITS_BILLED * DAYS + DAYS * HUNDRED_PERCENT_MICROS * MICROS_PER_CENT,
        "Int128",
    ),
    Bound("one_time", "2 × unit price × quantity", 2 * UNIT_PRICE * QUANTITY + MICROS_PER_CENT, "Int128"),
    Bound("one_time", "2 × price × 10⁸ of a return", 2 * PRICE * HUNDRED_PERCENT_MICROS, "Int128"),
    Bound(
        "fees",
        "2 × invoice × 10⁴ × percent",
        2 * HIGHEST_INVOICE_CENTS * MICROS_PER_CENT * FEE_AMOUNT,
        "Int128",
    ),
    Bound("fees", "2 × price a device × units × 10⁸", 2 * FEE_AMOUNT * UNITS_BILLED * HUNDRED_PERCENT_MICROS, "Int128"),
    Bound(
        "fees",
        "2 × invoice × share × factor × 10⁴ (USF)",
        2 * HIGHEST_INVOICE_CENTS * SHARE * FACTOR * MICROS_PER_CENT,
        "Int128",
    ),
    Bound("taxes", "2 × invoice × 10⁴ × percent", 2 * HIGHEST_INVOICE_CENTS * MICROS_PER_CENT * PERCENT, "Int128"),
    Bound("adjustments", "corrected − issued − before, in cents", 3 * HIGHEST_INVOICE_CENTS, "Int64"),
    Bound("invoices", "sum of an invoice, in cents", HIGHEST_INVOICE_CENTS, "Int64"),
    Bound("invoices", "amount, subtotal, tax, total", HIGHEST_INVOICE_CENTS, "DECIMAL(18,2)"),
    Bound("invoices", "exact amount, in micros", HIGHEST_INVOICE_CENTS * MICROS_PER_CENT + 5_000, "DECIMAL(24,6)"),
    Bound("invoices", "line order: unit price × 10⁸", UNIT_PRICE * QUANTITY * 10**8, "Int128"),
)
ASSUMED = (
    ("rate, connection fee", f"{HIGHEST_RATE_MICROS:,} micros", "`schemas/rate_columns.py`"),
    ("price, unit price, fee", f"{HIGHEST_PRICE_MICROS:,} micros", "`schemas/rate_columns.py`"),
    ("percentage", f"{HIGHEST_PERCENT_MICROS:,} × 10⁻⁶ %", "`schemas/rate_columns.py`"),
    ("minimum, increment", f"{INCREMENT:,} s", "`schemas/rate_columns.py`"),
    ("included minutes of a plan", f"{POOL_MINUTES:,} min", "`schemas/rate_files.py`"),
    ("quantity", f"{HIGHEST_QUANTITY:,}", "`schemas/contract_files.py`"),
    ("duration of a call", f"{DURATION:,} s", "`transforms/durations.py`"),
    ("rows of a table", f"{MOST_ROWS_A_TABLE:,}", "`schemas/limits.py`"),
    ("calls rated together", f"{MOST_CALLS_A_BUCKET:,}", "`schemas/limits.py`"),
    ("amounts of an invoice", f"{HIGHEST_INVOICE_CENTS:,} cents", "`schemas/limits.py`"),
)


def _rows(cells: list[tuple[str, ...]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def bounds_table() -> str:
    """What is admitted at most, and what becomes of it."""
    admitted = [("admitted", "at most", "declared in"), ("---", "---:", "---"), *ASSUMED]
    worked = [
        ("module", "figure", "at most", "type", "the type holds so many times that"),
        ("---", "---", "---:", "---", "---:"),
        *((f"`{b.step}`", b.formula, f"{b.greatest:,}", b.type, b.margin) for b in BOUNDS),
    ]
    return f"{_rows(admitted)}\n\n{_rows(worked)}"


def readme_page() -> str:
    """The README of the transforms with fresh tables; all else in it is written by hand."""
    before, rest = README.read_text(encoding="utf-8").split(BEGIN)
    return f"{before}{BEGIN}\n{bounds_table()}\n{END}{rest.split(END)[1]}"


if __name__ == "__main__":
    sys.stdout.write(readme_page())
