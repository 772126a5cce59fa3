"""Durations as switches write them to whole seconds, as their source rounds (contract §2)."""

from __future__ import annotations

import polars as pl

from schemas.source_spec import EPOCH_UNITS, Durations

MAXIMUM_DURATION, DURATION_DIGITS = 2**31, 10
MICROS = 1_000_000
_CLOCK = r"^(?:([0-9]{1,6}):)?([0-9]{1,2}):([0-5][0-9])(?:\.([0-9]{1,6}))?$"


def _number(text: pl.Expr) -> pl.Expr:
    return text.cast(pl.Int64, strict=False)


def _fraction_micros(digits: pl.Expr) -> pl.Expr:
    """Microseconds of the digits behind the point; none are 0."""
    return _number(digits.fill_null("").str.pad_end(6, "0"))


def _counted_micros(text: pl.Expr, unit: str) -> pl.Expr:
    """Microseconds of a number of the unit, below 10¹⁸; parts below one microsecond are refused."""
    digits = {"s": 6, "ms": 3, "us": 0}[unit]
    pattern = rf"^([0-9]{{1,{18 - digits}}})" + (r"(?:\.([0-9]{1," + str(digits) + r"}))?$" if digits else "$")
    whole = _number(text.str.extract(pattern, 1)) * EPOCH_UNITS[unit]
    if not digits:
        return whole
    part = _number(text.str.extract(pattern, 2).fill_null("").str.pad_end(digits, "0"))
    return whole + part


def _clock_micros(text: pl.Expr) -> pl.Expr:
    """Microseconds of `H:MM:SS` or `M:SS`; minutes below 60 where there are hours."""
    hours, minutes = _number(text.str.extract(_CLOCK, 1)).fill_null(0), _number(text.str.extract(_CLOCK, 2))
    seconds = (hours * 60 + minutes) * 60 + _number(text.str.extract(_CLOCK, 3))
    is_clock = (minutes < 60) | text.str.extract(_CLOCK, 1).is_null()
    return pl.when(is_clock).then(seconds * MICROS + _fraction_micros(text.str.extract(_CLOCK, 4)))


def rounded_seconds(micros: pl.Expr, rounding: str | None) -> pl.Expr:
    """Whole seconds of microseconds that are not negative; without a rounding only whole ones are some."""
    if rounding == "up":
        return (micros + MICROS - 1) // MICROS
    if rounding == "nearest":
        return (2 * micros + MICROS) // (2 * MICROS)
    whole = micros // MICROS
    return whole if rounding == "down" else pl.when(micros % MICROS == 0).then(whole)


def duration_seconds(text: pl.Expr, durations: Durations | None = None) -> pl.Expr:
    """Whole seconds below 2³¹; null where the text is none, and where the source takes them from its times.

    As the contract has them (§2) they are 1 to 10 digits.
    """
    durations = durations or Durations()
    if durations.unit == "times":
        return pl.lit(None, dtype=pl.Int64)
    if (durations.unit, durations.rounding) == ("s", None):
        seconds = _number(text)  # reads digits with a sign or without, and nothing else
        has_sign = text < "0"  # both signs stand before the digits
        is_duration = (seconds < MAXIMUM_DURATION) & (text.str.len_bytes() <= DURATION_DIGITS) & ~has_sign
        return pl.when(is_duration).then(seconds)
    micros = _clock_micros(text) if durations.unit == "clock" else _counted_micros(text, durations.unit)
    seconds = rounded_seconds(micros, durations.rounding)
    return pl.when(seconds < MAXIMUM_DURATION).then(seconds)


def seconds_between(begins: pl.Expr, ends: pl.Expr, rounding: str | None) -> pl.Expr:
    """Whole seconds from one instant to another, negative where they are turned round."""
    micros = (ends - begins).dt.total_microseconds()
    return pl.when(micros >= 0).then(rounded_seconds(micros, rounding)).otherwise(micros // MICROS)
