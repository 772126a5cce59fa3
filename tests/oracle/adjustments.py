"""Rule 12: the difference between two readings of a month, and the lines that carry it."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from .lines import Line, Period
from .months import next_month
from .tables import Row


class Adjustment(NamedTuple):
    """What one rerun adjusts of an account and category."""

    rerun_id: str
    account_id: str
    month: date
    category: str
    amount: Fraction


def differences_above_tax(issued: list[Row], corrected: list[Row]) -> dict[tuple[str, str], Fraction]:
    """Rule 12.3: corrected less issued by account and category of the line, where that is not 0."""
    found: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    for sign, lines in ((-1, issued), (1, corrected)):
        for line in lines:
            if line["category"] != "tax":
                found[line["account_id"], line["category"]] += sign * Fraction(line["amount"])
    return {key: amount for key, amount in found.items() if amount}


def adjustment_lines(adjusted: list[Adjustment], account_id: str) -> list[Line]:
    """Rule 12.5: one line a disputed month and category, with the ids of its reruns."""
    by_line: dict[tuple[date, str], list[Adjustment]] = defaultdict(list)
    for adjustment in adjusted:
        if adjustment.account_id == account_id:
            by_line[adjustment.month, adjustment.category].append(adjustment)
    lines = []
    for (month, category), parts in by_line.items():
        amount = sum((part.amount for part in parts), Fraction(0))
        ids = ";".join(sorted({part.rerun_id for part in parts}))
        period = Period(month, next_month(month))
        lines.append(Line("adjustments", ids, period, Fraction(1), "each", amount, amount, category, item_id=category))
    return lines
