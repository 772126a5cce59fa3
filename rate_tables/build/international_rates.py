"""international_rates.csv. EXAMPLE prices: made by the rule below, nobody's offer.

USD a minute, with a checksum (CRC-32) of the name in it, so that prices differ and never change between
builds: fixed = zone of the calling code's first digit + 0.0005 × (checksum of the country mod 60), and
for a destination that is a part of a country + 0.0001 × (checksum of the destination mod 40); mobile = 2
× fixed + 0.02; special = 4 × fixed + 0.10; premium = fixed + 1.50; satellites and other global services
as listed; no rate for toll-free numbers of countries, for the premium code 900 of +1 and for 979. CAD and
BRL are the USD price times a fixed
example factor, half up to six decimals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from rate_tables.build.amounts import money, times_hundredths
from rate_tables.build.destinations import Destination, destinations

COLUMNS = [
    "currency",
    "prefix",
    "destination",
    "country",
    "line_type",
    "rate_per_minute",
    "connection_fee",
    "minimum_seconds",
    "increment_seconds",
    "rounding",
    "effective_from",
    "effective_to",
]
FIRST_DAY = "2019-01-01"

ZONE_MICROS = {
    "1": 60_000, "2": 140_000, "3": 15_000, "4": 16_000, "5": 38_000,
    "6": 48_000, "7": 30_000, "8": 42_000, "9": 64_000,
}  # fmt: skip
NORTH_AMERICA_MICROS = 9_000  # United States and Canada, whatever the checksum
GLOBAL_SERVICE_MICROS = {
    "International freephone": 30_000,
    "International shared cost": 250_000,
    "Universal personal telecommunications": 900_000,
    "Satellite - Inmarsat": 5_950_000,
    "Satellite - Global mobile satellite system": 6_500_000,
    "Satellite - Iridium": 6_200_000,
    "Satellite - Globalstar": 4_900_000,
    "International networks 882": 4_500_000,
    "International networks 883": 4_500_000,
    "Disaster relief": 500_000,
}
SATELLITE_CONNECTION_FEE_MICROS = 250_000
HUNDREDTHS_OF_USD = {"USD": 100, "CAD": 132, "BRL": 405}

CHANGES_AT = {
    "United Kingdom - Mobile": "2020-01-16",
    "France - Mobile": "2020-01-20T12:00:00Z",
    "Brazil - Mobile": "2020-02-01",
}
WITHDRAWN_AT = {"Satellite - Globalstar": "2020-02-01"}
CHANGE_DAYS = ("2020-01-16", "2020-02-01")
RAISED_HUNDREDTHS = 110


class Period(NamedTuple):
    """A price in USD micros a minute (None = no rate) and when it is in force."""

    micros: int | None
    effective_from: str
    effective_to: str


def international_rates() -> list[dict[str, str]]:
    """The three decks, by currency, prefix and date."""
    reached = destinations()
    return [row for currency in sorted(HUNDREDTHS_OF_USD) for to in reached for row in _rows(to, currency)]


def _rows(to: Destination, currency: str) -> Iterator[dict[str, str]]:
    factor = HUNDREDTHS_OF_USD[currency]
    is_satellite = to.name.startswith("Satellite")
    for period in _periods(to):
        fee = SATELLITE_CONNECTION_FEE_MICROS if is_satellite and period.micros is not None else None
        values = (
            currency, to.prefix, to.name, to.country, to.line_type,
            money(times_hundredths(period.micros, factor)), money(times_hundredths(fee, factor)),
            *_increments(to), period.effective_from, period.effective_to,
        )  # fmt: skip
        yield dict(zip(COLUMNS, values, strict=True))


def _increments(to: Destination) -> tuple[str, str, str]:
    """Mobile numbers in Brazil are 30/6 up; empty is the nearest minute (rule 6.3)."""
    return ("30", "6", "up") if (to.country, to.line_type) == ("BR", "mobile") else ("", "", "")


def _periods(to: Destination) -> list[Period]:
    """One price, or two where it changes: by name, and for one destination in fifty on each change day."""
    micros = usd_micros(to)
    day = CHANGES_AT.get(to.name) or WITHDRAWN_AT.get(to.name) or _change_day(to)
    if micros is None or day is None:
        return [Period(micros, FIRST_DAY, "")]
    later = None if to.name in WITHDRAWN_AT else times_hundredths(micros, RAISED_HUNDREDTHS)
    return [Period(micros, FIRST_DAY, day), Period(later, day, "")]


def _change_day(to: Destination) -> str | None:
    chance = _checksum(to.name, 50)
    return CHANGE_DAYS[chance] if chance < len(CHANGE_DAYS) else None


def usd_micros(to: Destination) -> int | None:
    """The example price of a destination before its change, None = no rate."""
    if not to.country:
        return GLOBAL_SERVICE_MICROS.get(to.name)
    if to.line_type == "toll_free" or (to.line_type == "premium" and to.prefix.startswith("1")):
        return None
    fixed = _fixed_micros(to) + (100 * _checksum(to.name, 40) if to.name.count(" - ") else 0)
    return {
        "fixed": fixed,
        "mobile": 2 * fixed + 20_000,
        "special": 4 * fixed + 100_000,
        "premium": fixed + 1_500_000,
    }[to.line_type]


def _fixed_micros(to: Destination) -> int:
    if to.country in ("US", "CA"):
        return NORTH_AMERICA_MICROS
    return ZONE_MICROS[to.prefix[0]] + 500 * _checksum(to.country, 60)


def _checksum(text: str, below: int) -> int:
    return crc32(text.encode()) % below
