"""Figures as a reader of the report sees them. Money is text or Decimal, never a float."""

from __future__ import annotations

import datetime as dt
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

MINUS = "\N{MINUS SIGN}"
PERCENT = "\N{NO-BREAK SPACE}%"
_EXACT = Context(prec=60)
_CENT, _TENTH = Decimal("0.01"), Decimal("0.1")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def number(value: int | str | Decimal) -> str:
    """All digits of the value, with thousands separators: `1,234.50`, `−3`."""
    return f"{Decimal(value):,f}".replace("-", MINUS)


def number_or_text(value: str | int | None) -> str:
    """As `number`; a dash for nothing, and what is no number as it is."""
    if value is None:
        return "–"
    try:
        return number(value)
    except InvalidOperation:
        return str(value)


def cents(value: str) -> str:
    """An exact cost as money is shown, rounded half up to the cent."""
    return number(Decimal(value).quantize(_CENT, ROUND_HALF_UP, _EXACT))


def exact(value: str, *, is_money: bool) -> str:
    """An exact sum of 6 decimals without those that say nothing: a count is whole, money has 2 or all 6."""
    digits, _, decimals = value.partition(".")
    if is_money:
        return number(f"{digits}.{decimals if decimals[2:].strip('0') else decimals[:2]}")
    return number(digits if not decimals.strip("0") else value)


def signed(value: Decimal) -> str:
    """A difference with its sign: `+12.00`, `−3.10`, `0.00`."""
    return f"+{number(value)}" if value > 0 else number(value)


def difference(this: str, last: str | None) -> str | None:
    """What this is more than last; None where there is no last."""
    return None if last is None else signed(_EXACT.subtract(Decimal(this), Decimal(last)))


def change(this: str, last: str | None) -> str | None:
    """The difference as a percentage of last, half up to a tenth; None where last is nothing or not there."""
    if last is None or Decimal(last) == 0:
        return None
    ratio = _EXACT.divide(_EXACT.subtract(Decimal(this), Decimal(last)), abs(Decimal(last)))
    percent = (ratio * 100).quantize(_TENTH, ROUND_HALF_UP, _EXACT)
    return f"{signed(percent) if percent else '0.0'}{PERCENT}"


def share(part: int, whole: int) -> str:
    """A part of a count as a percentage to a tenth."""
    if whole == 0:
        return ""
    return f"{(Decimal(part) * 100 / whole).quantize(_TENTH, ROUND_HALF_UP)}{PERCENT}"


def bar_width(part: str, most: str) -> int:
    """Length of a bar in a table: percent of the longest, whole; 0 for nothing and for what is negative."""
    if Decimal(most) <= 0 or Decimal(part) <= 0:
        return 0
    return max(1, int(Decimal(part) * 100 / Decimal(most)))


def minutes(seconds: int) -> str:
    """Seconds as minutes to a tenth, half up."""
    return number((Decimal(seconds) / 60).quantize(_TENTH, ROUND_HALF_UP, _EXACT))


def month_name(month: str) -> str:
    """`2020-02` as `February 2020`."""
    year, place = month.split("-")
    return f"{_MONTHS[int(place) - 1]} {year}"


def day_name(day: str) -> str:
    """`2020-02-01` as `1 February 2020`."""
    date = dt.date.fromisoformat(day)
    return f"{date.day} {month_name(day[:7])}"


def count(value: int, noun: str) -> str:
    """`1 invoice`, `2 invoices`, `1,200 entries`."""
    if value == 1:
        return f"1 {noun}"
    return f"{number(value)} {noun.removesuffix('y')}ies" if noun.endswith("ry") else f"{number(value)} {noun}s"


def listed(words: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)
