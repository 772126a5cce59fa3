"""From seconds as switched to seconds that are charged for (rules 6.2, 6.3, 7.2)."""

from __future__ import annotations

import polars as pl

from transforms.money import divide_half_up


def billable_seconds(duration: pl.Expr, minimum: pl.Expr, increment: pl.Expr, rounding: pl.Expr) -> pl.Expr:
    """Seconds charged for under the rate row's increments (rule 6.2).

    `up`: nothing for 0 s, else the minimum and whole increments beyond it.
    `nearest`: whole increments nearest to the duration, ties up, at least the minimum.
    Example: 31 s is 36 s on 30/6 up and 60 s on the nearest minute.
    """
    beyond_minimum = pl.max_horizontal(duration - minimum, 0)
    up = minimum + (beyond_minimum + increment - 1) // increment * increment
    nearest = pl.max_horizontal(minimum, divide_half_up(duration, increment) * increment)
    return pl.when(rounding == "nearest").then(nearest).when(duration > 0).then(up).otherwise(0)
