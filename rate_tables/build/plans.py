"""plans.csv and charges.csv. EXAMPLE plans and list prices.

From the billing guide are: overage at 0.02 a minute (rule 7.3), 24.95 for a phone (3.3), 15.00 for a change
of number, caller ID or E911 address (10.1) and 6.00 for equipment that comes back late (10.2).
"""

from __future__ import annotations

from typing import NamedTuple

from rate_tables.build.international_rates import FIRST_DAY

PLAN_COLUMNS = [
    "plan_id",
    "currency",
    "included_minutes",
    "included_per",
    "included_countries",
    "overage_rate",
    "minimum_seconds",
    "increment_seconds",
    "rounding",
    "low_usage_discount_percent",
    "effective_from",
    "effective_to",
]
CHARGE_COLUMNS = [
    "plan_id",
    "currency",
    "charge_code",
    "category",
    "is_phone",
    "label_en",
    "label_fr",
    "price",
    "effective_from",
    "effective_to",
]

_PLANS = (
    ("br-basico", "BRL", "100", "account", "", "0.02", "", "", "", "0"),
    ("br-equipe", "BRL", "300", "device", "", "0.02", "", "", "", "50"),
    ("ca-team", "CAD", "750", "account", "US", "0.02", "30", "6", "up", "12.5"),
    ("ca-unlimited", "CAD", "", "account", "US", "", "", "", "", "50"),
    ("us-essential", "USD", "500", "account", "", "0.02", "", "", "", "50"),
    ("us-metered", "USD", "0", "account", "", "0.02", "60", "60", "up", "0"),
    ("us-team", "USD", "200", "device", "", "0.02", "", "", "", "50"),
    ("us-unlimited", "USD", "", "account", "CA", "", "", "", "", "12.5"),
)


class Charge(NamedTuple):
    """A charge of every plan: what it is, and its list prices in CURRENCIES ("" = the contract has it)."""

    code: str
    category: str
    label_en: str
    label_fr: str
    prices: tuple[str, str, str]
    is_phone: bool = False


CURRENCIES = ("USD", "CAD", "BRL")
DEVICES, NUMBERS, ONE_TIME = "service_charge", "phone_numbers", "one_time"
CHANGE_PRICES = ("15.00", "15.00", "15.00")
CHARGES = (
    Charge("phone", DEVICES, "Phone", "Téléphone", ("24.95", "31.95", "69.90"), is_phone=True),
    Charge(
        "ata",
        DEVICES,
        "Analog telephone adapter (ATA)",
        "Adaptateur pour téléphone analogique (ATA)",
        ("14.95", "18.95", "39.90"),
    ),
    Charge("paging", DEVICES, "Paging device", "Appareil d’appel général", ("12.95", "16.95", "34.90")),
    Charge("extension", DEVICES, "Extension", "Poste", ("9.95", "12.95", "24.90")),
    Charge(
        "did",
        NUMBERS,
        "Two-way phone number (DID)",
        "Numéro de téléphone bidirectionnel (DID)",
        ("2.50", "3.25", "9.90"),
    ),
    Charge("toll_free_number", NUMBERS, "Toll-free number", "Numéro sans frais", ("5.00", "6.50", "29.90")),
    Charge(
        "inbound_number",
        NUMBERS,
        "Inbound-only number",
        "Numéro pour appels entrants seulement",
        ("1.95", "2.55", "7.90"),
    ),
    Charge(
        "international_number",
        NUMBERS,
        "International phone number",
        "Numéro de téléphone international",
        ("9.95", "12.95", "39.90"),
    ),
    Charge(
        "contact_center_seat",
        "contact_center",
        "Contact center seat",
        "Place d’agent au centre de contact",
        ("65.00", "85.00", "249.00"),
    ),
    Charge("rental_phone", "rentals", "Phone rental", "Location de téléphone", ("5.95", "7.95", "19.90")),
    Charge("rental_router", "rentals", "Router rental", "Location de routeur", ("9.95", "12.95", "29.90")),
    Charge("number_change", ONE_TIME, "Number change", "Changement de numéro", CHANGE_PRICES),
    Charge(
        "caller_id_change",
        ONE_TIME,
        "Caller ID change",
        "Modification de l’identité de l’appelant",
        CHANGE_PRICES,
    ),
    Charge("e911_change", ONE_TIME, "E911 address change", "Modification de l’adresse E911", CHANGE_PRICES),
    Charge("installation", ONE_TIME, "Installation", "Installation", ("99.00", "129.00", "199.00")),
    Charge(
        "rma_late_return",
        ONE_TIME,
        "Late return of equipment",
        "Retour tardif d’équipement",
        ("6.00", "6.00", "6.00"),
    ),
    Charge("goodwill", "credits", "Goodwill credit", "Crédit de courtoisie", ("", "", "")),
)

ROUTER_PRICE_FROM_MARCH = {"USD": "10.95", "CAD": "13.95", "BRL": "32.90"}
PRICE_CHANGE_DAY = "2020-03-01"
PLAN_PRICES = (
    ("br-equipe", "BRL", "phone", "59.90"),
    ("ca-unlimited", "CAD", "phone", "36.95"),
    ("us-team", "USD", "phone", "22.95"),
    ("us-unlimited", "USD", "phone", "34.95"),
    ("us-unlimited", "USD", "did", "0.00"),
)
"""Prices that a plan has of its own; they win over `*`."""


def plans() -> list[dict[str, str]]:
    """One row a plan. Empty included minutes are unlimited, empty increments the nearest minute."""
    return [dict(zip(PLAN_COLUMNS, (*plan, FIRST_DAY, ""), strict=True)) for plan in _PLANS]


def charges() -> list[dict[str, str]]:
    """List prices by plan, currency, code and date: of every plan in each currency, and the plans' own."""
    rows = []
    for charge in CHARGES:
        for currency, price in zip(CURRENCIES, charge.prices, strict=True):
            rows += _list_prices(charge, currency, price)
    by_code = {charge.code: charge for charge in CHARGES}
    rows += [
        _charge_row(plan_id, currency, by_code[code], price, (FIRST_DAY, ""))
        for plan_id, currency, code, price in PLAN_PRICES
    ]
    keys = ("plan_id", "currency", "charge_code", "effective_from")
    return sorted(rows, key=lambda row: tuple(row[key] for key in keys))


def _list_prices(charge: Charge, currency: str, price: str) -> list[dict[str, str]]:
    if charge.code != "rental_router":
        return [_charge_row("*", currency, charge, price, (FIRST_DAY, ""))]
    return [
        _charge_row("*", currency, charge, price, (FIRST_DAY, PRICE_CHANGE_DAY)),
        _charge_row("*", currency, charge, ROUTER_PRICE_FROM_MARCH[currency], (PRICE_CHANGE_DAY, "")),
    ]


def _charge_row(plan_id: str, currency: str, charge: Charge, price: str, in_force: tuple[str, str]) -> dict[str, str]:
    values = (
        plan_id, currency, charge.code, charge.category, "true" if charge.is_phone else "false",
        charge.label_en, charge.label_fr, price, *in_force,
    )  # fmt: skip
    return dict(zip(CHARGE_COLUMNS, values, strict=True))
