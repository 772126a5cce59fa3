"""Categories of invoice lines and types of calls, with the labels that customers see (rules 4, 11.2)."""

from __future__ import annotations

from typing import NamedTuple

Language = str
LANGUAGES: tuple[Language, ...] = ("en", "fr")


class Category(NamedTuple):
    """A category of invoice lines: stable code and labels."""

    code: str
    en: str
    fr: str


CATEGORIES: tuple[Category, ...] = (
    Category("service_charge", "Service charge", "Frais de service"),
    Category("phone_numbers", "Standard phone numbers (DID)", "Numéros de téléphone standard (DID)"),
    Category("prorated_charges", "Prorated charges", "Frais au prorata"),
    Category("included_minutes", "Included minutes in plan", "Minutes incluses dans le plan"),
    Category(
        "domestic_premium",
        "Domestic premium minutes not in plan",
        "Minutes domestiques Premium hors plan",
    ),
    Category("overage", "Outbound minutes overages", "Minutes sortantes excédentaires"),
    Category("toll_free", "Toll-free phone numbers (DID)", "Numéros d’appels gratuits (DID)"),
    Category(
        "international",
        "International phone numbers (DID)",
        "Numéros de téléphone internationaux (DID)",
    ),
    Category("contact_center", "Contact center", "Centre de contact"),
    Category("rentals", "Rentals", "Locations"),
    Category("one_time", "One-time charges", "Frais ponctuels"),
    Category("credits", "Credits", "Crédits"),
    Category("adjustments", "Adjustments", "Ajustements"),
    Category(
        "slrrf",
        "State and local regulatory recovery fee",
        "Frais réglementaires locaux et d’État",
    ),
    Category("rrf", "Regulatory recovery fee", "Frais réglementaires de recouvrement"),
    Category("usf", "Universal service fee", "Frais de service universel"),
    Category("tax", "Taxes", "Taxes"),
)
CATEGORY_CODES: tuple[str, ...] = tuple(category.code for category in CATEGORIES)

DEVICES = "service_charge"
RECURRING_CATEGORIES: tuple[str, ...] = ("service_charge", "phone_numbers", "contact_center", "rentals")
GROUPED_CATEGORIES: tuple[str, ...] = ("service_charge", "phone_numbers", "prorated_charges")
FEE_CATEGORIES: tuple[str, ...] = ("slrrf", "rrf", "usf")


class CallType(NamedTuple):
    """A type of call that costs money and stands in the billed call details."""

    code: str
    en: str
    fr: str


DETAIL_CALL_TYPES: tuple[CallType, ...] = (
    CallType("toll_free", "Toll-Free Inbound", "Appel entrant gratuit"),
    CallType("international", "International", "International"),
    CallType("domestic_premium", "Domestic Metered", "National mesuré"),
    CallType("overage", "Overage", "Excédent"),
)
CALL_TYPES: tuple[str, ...] = (*(kind.code for kind in DETAIL_CALL_TYPES), "included")
