"""Exact arithmetic on whole micros: one function rounds (rules 4.1, 6.4, 9.3)."""

from __future__ import annotations

import polars as pl

SECONDS_PER_MINUTE = 60
MICROS_PER_UNIT = 1_000_000
MICROS_PER_CENT = 10_000
HUNDRED_PERCENT_MICROS = 100 * MICROS_PER_UNIT
"""One whole, where percentages are kept in 10⁻⁶ of a percent."""


BEYOND = 2**62
"""Stands in Int64 for any figure that is as great or greater: such an invoice is refused (`amount_limits`)."""


def bounded(figure: pl.Expr) -> pl.Expr:
    """An Int128 figure as Int64, at most `BEYOND` either way: what does not fit is seen, not wrapped around."""
    return figure.clip(pl.lit(-BEYOND, dtype=pl.Int128), pl.lit(BEYOND, dtype=pl.Int128)).cast(pl.Int64)


def divide_half_up(numerator: pl.Expr, denominator: pl.Expr | int) -> pl.Expr:
    """Nearest integer, ties away from zero. The denominator is > 0.

    Overflow: 2 × |numerator| + denominator must fit the numerator's type. (`0 - x`: Int128 has no negation.)
    """
    magnitude = (2 * numerator.abs() + denominator) // (2 * denominator)
    return pl.when(numerator < 0).then(0 - magnitude).otherwise(magnitude)


def divide_down(numerator: pl.Expr, denominator: pl.Expr | int) -> pl.Expr:
    """Integer toward zero. The denominator is > 0."""
    magnitude = numerator.abs() // denominator
    return pl.when(numerator < 0).then(0 - magnitude).otherwise(magnitude)


def decimal_of_micros(micros: pl.Expr, precision: int = 18) -> pl.Expr:
    """The same amount as DECIMAL(precision, 6), exactly: no division, so nothing to round.

    A decimal of six places is its micros in memory. Amounts beyond the precision raise InvalidOperationError.
    """
    return micros.cast(pl.Int128).reinterpret(dtype=pl.Decimal(38, 6)).cast(pl.Decimal(precision, 6))


def micros_of_decimal(amount: pl.Expr) -> pl.Expr:
    """The same amount of a DECIMAL(n, 6) as whole micros (Int128)."""
    return amount.to_physical().cast(pl.Int128)


def decimal_of_cents(cents: pl.Expr) -> pl.Expr:
    """The same amount as DECIMAL(18, 2), exactly."""
    one_cent = pl.lit("0.01").cast(pl.Decimal(3, 2))
    return (cents.cast(pl.Decimal(35, 0)) * one_cent).cast(pl.Decimal(18, 2))
