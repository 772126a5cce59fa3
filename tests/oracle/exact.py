"""Exact money: fractions inside, one rounding at the end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

CENT_PLACES = 2
MICRO_PLACES = 6
QUANTITY_PLACES = 4


def rounded_half_up(value: Fraction, places: int) -> Decimal:
    """The value at so many decimals, a tie away from zero ("half up" in the vocabulary of the rules)."""
    scaled = abs(value) * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(-whole if value < 0 else whole).scaleb(-places)


def rounded_down(value: Fraction, places: int) -> Decimal:
    """The greatest value at so many decimals that is not above it (rule 8.2)."""
    scaled = value * 10**places
    return Decimal(scaled.numerator // scaled.denominator).scaleb(-places)


def exact(text: str, empty: str = "0") -> Fraction:
    """The number that the text writes, exactly; an empty cell is `empty`."""
    return Fraction(text or empty)
