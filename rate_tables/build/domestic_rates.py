"""premium_prefixes.csv and toll_free_rates.csv. EXAMPLE prices, but for toll-free inbound at 0.019 USD.

The 0.019 is the billing guide's, as are 787555 in the list of the United States and 0300 in Brazil's
(rule 5.2).
"""

from __future__ import annotations

from typing import NamedTuple

from rate_tables.build import area_codes
from rate_tables.build.international_rates import FIRST_DAY

PREMIUM_COLUMNS = [
    "country",
    "currency",
    "plan_id",
    "prefix",
    "published_prefix",
    "description",
    "rate_per_minute",
    "connection_fee",
    "minimum_seconds",
    "increment_seconds",
    "rounding",
    "effective_from",
    "effective_to",
]
TOLL_FREE_COLUMNS = [
    "country",
    "currency",
    "origin_prefix",
    "rate_per_minute",
    "connection_fee",
    "minimum_seconds",
    "increment_seconds",
    "rounding",
    "effective_from",
    "effective_to",
]

INFORMATION_LINES = "212 213 312 415 617 713"
"""Area codes whose exchange 976 is listed: audio information lines of the time before 900."""
CANADIAN_INFORMATION_LINES = "416 514 604"


class PremiumPrice(NamedTuple):
    """A premium prefix of a billing country as published and as E.164 digits. "" = no rate."""

    country: str
    currency: str
    prefix: str
    published_prefix: str
    description: str
    rate_per_minute: str
    plan_id: str = "*"
    connection_fee: str = ""
    increments: tuple[str, str, str] = ("", "", "")
    effective_from: str = FIRST_DAY
    effective_to: str = ""


MINUTE_UP = ("60", "60", "up")
PREMIUM_PRICES = (
    PremiumPrice("US", "USD", "1787555", "787555", "Puerto Rico premium line", "0.0185"),
    PremiumPrice(
        "US",
        "USD",
        "1900",
        "900",
        "900 pay-per-call",
        "1.49",
        increments=MINUTE_UP,
        effective_to="2020-01-16",
    ),
    PremiumPrice(
        "US",
        "USD",
        "1900",
        "900",
        "900 pay-per-call",
        "1.59",
        increments=MINUTE_UP,
        effective_from="2020-01-16",
    ),
    PremiumPrice("US", "USD", "1900", "900", "900 pay-per-call", "1.29", "us-team", increments=MINUTE_UP),
    PremiumPrice("US", "USD", "1900976", "900976", "900-976 lines, not sold", ""),
    PremiumPrice("US", "USD", "1900555", "900555", "900-555 surveys", "0.35", connection_fee="0.25"),
    PremiumPrice("CA", "CAD", "1900", "900", "900 pay-per-call", "1.99", increments=MINUTE_UP),
    PremiumPrice("CA", "CAD", "1900565", "900565", "900-565 contests", "0.99", connection_fee="0.50"),
    PremiumPrice("BR", "BRL", "55300", "0300", "0300 shared services", "0.38"),
    PremiumPrice("BR", "BRL", "55300789", "0300789", "0300 789 national services", "0.45"),
    PremiumPrice("BR", "BRL", "55303", "0303", "0303 telemarketing", "0.38"),
    PremiumPrice("BR", "BRL", "55900", "0900", "0900 pay-per-call", "3.90", increments=MINUTE_UP),
)
"""Brazil's 0500 (donations, a fixed sum a call) is left out: calls to it are suspended (5.1)."""


def premium_prefixes() -> list[dict[str, str]]:
    """One row a billing country, plan, prefix and period."""
    prices = [
        *PREMIUM_PRICES,
        *_information_lines("US", "USD", INFORMATION_LINES, "0.75"),
        *_information_lines("CA", "CAD", CANADIAN_INFORMATION_LINES, "0.95"),
    ]
    ordered = sorted(prices, key=lambda p: (p.country, p.currency, p.plan_id, p.prefix, p.effective_from))
    return [_premium_row(price) for price in ordered]


def _information_lines(country: str, currency: str, codes: str, rate: str) -> list[PremiumPrice]:
    return [
        PremiumPrice(country, currency, f"1{code}976", f"{code}976", f"{code}-976 information line", rate)
        for code in codes.split()
    ]


def _premium_row(price: PremiumPrice) -> dict[str, str]:
    minimum_seconds, increment_seconds, rounding = price.increments
    row = price._asdict() | {
        "minimum_seconds": minimum_seconds,
        "increment_seconds": increment_seconds,
        "rounding": rounding,
    }
    return {column: row[column] for column in PREMIUM_COLUMNS}


def toll_free_rates() -> list[dict[str, str]]:
    """What an account pays for calls to its toll-free numbers, by where they come from; "" is anywhere."""
    canada = [code for codes in area_codes.CA_AREA_CODES.values() for code in codes.split()]
    prices = [
        ("US", "USD", "", "0.019"),
        *(("US", "USD", f"1{code}", "0.045") for code in sorted(canada)),
        *(("US", "USD", f"1{code}", "0.065") for code in ("808", "907")),  # Hawaii, Alaska
        ("CA", "CAD", "", "0.025"),
        *(("CA", "CAD", f"1{code}", "0.19") for code in ("808", "867", "907")),
        ("BR", "BRL", "", "0.12"),
        ("BR", "BRL", "5592", "0.18"),  # Manaus
    ]
    return [
        dict(zip(TOLL_FREE_COLUMNS, (*price, "", "", "", "", FIRST_DAY, ""), strict=True)) for price in sorted(prices)
    ]
