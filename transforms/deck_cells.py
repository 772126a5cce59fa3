"""Cells of a carrier's sheet as the text that a rate file holds: prices, steps, dates."""

from __future__ import annotations

import re

import polars as pl

from schemas.deck_map import DeckPrices

SECONDS_PER_MINUTE = 60
PICOS_PER_MICRO = 1_000_000
"""Prices are read to 12 decimals, so that a price a second loses nothing before it is one a minute."""
_PLAIN = r"^[0-9]{0,5}(?:\.[0-9]*)?$"  # < 100,000: 60 of it in picos fit Int64
_HAS_DIGIT = "[0-9]"
_STEPS = r"^([0-9]{1,6})\s*[/:+-]\s*([0-9]{1,6})$"
_EARLIEST = 1970
# What stands before or after a price in a currency, longest first.
SIGNS: dict[str, tuple[str, ...]] = {
    "USD": ("US$", "$"),
    "CAD": ("CA$", "C$", "$"),
    "BRL": ("R$",),
    "EUR": ("€",),
    "GBP": ("£",),
    "JPY": ("¥",),
    "INR": ("₹",),
    "AUD": ("AU$", "A$", "$"),
}


def without_signs(text: pl.Expr, currencies: tuple[str, ...], signs: tuple[str, ...]) -> pl.Expr:
    """A price's text without the signs of its own row's currency; a sign of another currency stays, and is no price."""
    for sign in sorted(signs, key=len, reverse=True):
        text = _without(text, sign)
    for currency in currencies:
        own = text
        for sign in (currency, *SIGNS.get(currency, ())):
            own = _without(own, sign)
        text = pl.when(pl.col("currency") == currency).then(own).otherwise(text)
    return text


def _without(text: pl.Expr, sign: str) -> pl.Expr:
    return text.str.strip_prefix(sign).str.strip_suffix(sign).str.strip_chars()


def price_picos(text: pl.Expr, prices: DeckPrices) -> pl.Expr:
    """10⁻¹² of the currency a minute, what is beyond counted as one more; null where the text is no price or empty."""
    plain = plain_price(text, prices)
    whole = plain.str.extract(r"^([0-9]*)").str.pad_start(1, "0").cast(pl.Int64, strict=False)
    decimals = plain.str.extract(r"\.([0-9]*)$").fill_null("")
    fraction = decimals.str.slice(0, 12).str.pad_end(12, "0").cast(pl.Int64, strict=False)
    beyond = decimals.str.slice(12).str.contains("[1-9]").cast(pl.Int64)
    return whole * 10**12 + fraction + beyond


def plain_price(text: pl.Expr, prices: DeckPrices) -> pl.Expr:
    """The price with a point and digits alone; null where it is anything else."""
    if prices.decimal == ",":
        text = pl.when(~text.str.contains(".", literal=True)).then(text.str.replace(",", ".", literal=True))
    return pl.when(text.str.contains(_PLAIN) & text.str.contains(_HAS_DIGIT)).then(text)


def price_problem(text: str, prices: DeckPrices) -> tuple[str, str]:
    """What is wrong with a price that was not read, and the remedy."""
    if re.fullmatch(r"[0-9.,]+[eE][-+]?[0-9]+", text):
        return "is a price in scientific notation", "write its digits, such as 0.000015"
    if re.match(r"-|\(", text) and re.search(r"[0-9]", text):
        return "is a negative price", "a price is 0 or more; leave it empty where there is none"
    if re.fullmatch(r"[0-9][0-9.,]*", text):
        return (
            f"is no price below 100,000 with {prices.decimal!r} before the decimals",
            'mend the cell, or price.decimal = "," or "." in the map',
        )
    return "is no price", "name the word in price.blocked where it means no price, or the sign in price.signs"


def decimal_text(micros: pl.Expr) -> pl.Expr:
    """Micros (>= 0) as decimal text without needless zeros: 287500 is 0.2875."""
    fraction = (micros % 1_000_000).cast(pl.String).str.zfill(6)
    text = pl.concat_str((micros // 1_000_000).cast(pl.String), pl.lit("."), fraction)
    return text.str.strip_chars_end("0").str.strip_chars_end(".")


def first_step(intervals: pl.Expr) -> pl.Expr:
    """`30` of `30/6`; null where the text is no two numbers."""
    return intervals.str.extract(_STEPS, 1)


def next_step(intervals: pl.Expr) -> pl.Expr:
    """`6` of `30/6`; null where the text is no two numbers."""
    return intervals.str.extract(_STEPS, 2)


def instant(text: pl.Expr, time_format: str, zone: str) -> pl.Expr:
    """The UTC instant of a local time; null where the text is none, is before 1970, or occurs twice or never."""
    local = text.str.to_datetime(time_format, strict=False, time_unit="us")
    moment = local.dt.replace_time_zone(zone, ambiguous="null", non_existent="null").dt.convert_time_zone("UTC")
    return pl.when(moment.dt.year() >= _EARLIEST).then(moment)


def instant_text(moment: pl.Expr) -> pl.Expr:
    """An instant as a rate file has it, parts of a second dropped: a date at midnight UTC."""
    return moment.dt.to_string("%Y-%m-%dT%H:%M:%SZ").str.strip_suffix("T00:00:00Z")
