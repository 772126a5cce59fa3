"""Amounts of rate files as text: whole micros written with as many decimals as they have."""

from __future__ import annotations

MICROS = 1_000_000


def money(micros: int | None) -> str:
    """The amount with two to six decimals; "" for none (no rate, or the column's default)."""
    if micros is None:
        return ""
    whole, fraction = divmod(micros, MICROS)
    decimals = f"{fraction:06d}".rstrip("0")
    return f"{whole}.{decimals:0<2}"


def times_hundredths(micros: int | None, hundredths: int) -> int | None:
    """The amount times hundredths ÷ 100, half up to the micro."""
    return None if micros is None else (2 * micros * hundredths + 100) // 200
