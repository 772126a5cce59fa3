"""Rules 8 and 9: regulatory fees, the universal service fee, taxes."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from .contracts import Account, day
from .exact import CENT_PLACES, exact, rounded_down
from .lines import Line, Period
from .months import midnight, next_month, quarter_of
from .tables import Row, Tables, Unpriced, in_force, listed, regional_rows

ADJUSTMENTS = "adjustments"
"""In no fee's or USF's base (rule 12.3)."""
RECURRING = ("service_charge", "phone_numbers", "prorated_charges", "contact_center", "rentals")


def monthly(month: date) -> Period:
    """M."""
    return Period(month, next_month(month))


def fee_lines(
    account: Account, tables: Tables, month: date, issued: date, lines: list[Line], devices: int
) -> list[Line]:
    """Rule 8.1: `slrrf`, then `rrf`, by the rows of the account's country, region and currency."""
    home = (account.country, account.currency)
    rows = [row for row in tables.rows["fees"] if (row["country"], row["currency"]) == home]
    chosen = regional_rows(rows, account.region, "fee", midnight(issued))
    fees: list[Line] = []
    for code in ("slrrf", "rrf"):
        if code in chosen:
            fees += fee_line(chosen[code], month, [*lines, *fees], devices)
    return fees


def fee_line(row: Row, month: date, lines: list[Line], devices: int) -> list[Line]:
    """One fee by its basis; a base of 0 or less gives no line."""
    amount, code, basis = exact(row["amount"]), row["fee"], row["basis"]
    if basis == "per_device":
        quantity = Fraction(devices)
        whole = amount * devices
        return [Line(code, code, monthly(month), quantity, "device", amount, whole, code)]
    if basis == "flat":
        # Reading: a prorated line is a recurring line.
        due = amount if any(line.category in RECURRING for line in lines) else Fraction(0)
        return [Line(code, code, monthly(month), Fraction(1), "each", None, due, code)]
    based = [line for line in lines if line.category != ADJUSTMENTS and line.base_category in listed(row["categories"])]
    base = sum((line.amount for line in based), Fraction(0))
    if base <= 0:
        return []
    return [Line(code, code, monthly(month), Fraction(1), "each", None, base * amount / 100, code)]


def usf_lines(account: Account, tables: Tables, month: date, issued: date, lines: list[Line]) -> list[Line]:
    """Rule 8.2: the quarter's factor on each line's interstate share, rounded down once.

    Reading: a base of 0 or less gives no line here either.
    """
    factors = {r["quarter"]: r for r in tables.rows["usf_factors"] if r["country"] == account.country}
    if not factors:
        return []
    quarter = quarter_of(month)
    if quarter not in factors:
        raise Unpriced(f"no USF factor for {account.country} in {quarter}")
    shares = [row for row in tables.rows["usf_shares"] if row["country"] == account.country]
    charged = [line for line in lines if line.category != ADJUSTMENTS]
    base = sum((line.amount * share_of(shares, line.base_category, issued) for line in charged), Fraction(0))
    whole = base * exact(factors[quarter]["factor_percent"]) / 100
    if whole <= 0:
        return []
    amount = Fraction(rounded_down(whole, CENT_PLACES))
    return [
        Line("usf", "usf", monthly(month), Fraction(1), "each", None, whole, "usf", rounded_amount=amount),
    ]


def share_of(shares: list[Row], category: str, issued: date) -> Fraction:
    """The interstate share of a base category; one without a row counts 0."""
    row = in_force((share for share in shares if share["category"] == category), midnight(issued))
    return exact(row["interstate_share_percent"]) / 100 if row else Fraction(0)


def is_exempt(account: Account, issued: date) -> bool:
    """Rule 9.2: an exemption in force on the issue date, its last day included.

    Reading: with one of the two dates the other end is open; with none there is no exemption.
    """
    start, end = day(account.row["tax_exempt_from"]), day(account.row["tax_exempt_until"])
    if start is None and end is None:
        return False
    return (start is None or start <= issued) and (end is None or issued <= end)


def tax_rows(account: Account, tables: Tables, issued: date) -> dict[str, Row]:
    """Rule 9.1: the rows of the region and of `*`, a region's replacing `*` of the same tax."""
    rows = [row for row in tables.rows["taxes"] if row["country"] == account.country]
    return regional_rows(rows, account.region, "tax", midnight(issued))


def tax_lines(account: Account, tables: Tables, month: date, issued: date, lines: list[Line]) -> list[Line]:
    """Rule 9.1: each percentage on the overall subtotal, rounded half up; no tax on a tax."""
    if is_exempt(account, issued):
        return []
    subtotal = sum((line.amount for line in lines), Fraction(0))
    return [
        Line(
            "tax",
            code,
            monthly(month),
            Fraction(1),
            "each",
            None,
            subtotal * exact(row["percent"]) / 100,
            "tax",
        )
        for code, row in tax_rows(account, tables, issued).items()
    ]
