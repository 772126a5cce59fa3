"""Rule 11: the billed call details of one account and month, as bytes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction

from .exact import QUANTITY_PLACES, rounded_half_up
from .rating import charged_seconds
from .tables import Row

HEADERS = {
    "en": (
        "Source Number",
        "Destination Number",
        "Start Time (UTC)",
        "End Time (UTC)",
        "Duration (Seconds)",
        "Billable Minutes",
        "Total Cost",
        "Rate",
        "Call Type",
    ),
    "fr": (
        "Numéro de la source",
        "Numéro de destination",
        "Heure de début (UTC)",
        "Heure de fin (UTC)",
        "Durée (secondes)",
        "Minutes facturables",
        "Coût Total",
        "Taux",
        "Type d’appel",
    ),
}
# Reading: the pair form's English names are those of rule 11.3 to the letter, without units.
PAIR_HEADERS = {
    "en": (
        "Source Number",
        "Destination Number",
        "First Start",
        "Last End",
        "Calls",
        "Duration",
        "Billable Minutes",
        "Total Cost",
        "Rate",
        "Call Type",
    ),
    "fr": (
        "Numéro de la source",
        "Numéro de destination",
        "Premier début (UTC)",
        "Dernière fin (UTC)",
        "Appels",
        "Durée (secondes)",
        "Minutes facturables",
        "Coût Total",
        "Taux",
        "Type d’appel",
    ),
}
CALL_TYPES = {
    "en": {
        "toll_free": "Toll-Free Inbound",
        "international": "International",
        "domestic_premium": "Domestic Metered",
        "overage": "Overage",
    },
    "fr": {
        "toll_free": "Appel entrant gratuit",
        "international": "International",
        "domestic_premium": "National mesuré",
        "overage": "Excédent",
    },
}
CLOCK = "%Y-%m-%d %H:%M:%S"


def written(header: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """RFC 4180, minimal quoting, UTF-8 with BOM, CR LF after every row."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_MINIMAL, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def minutes(seconds: int) -> str:
    """Rule 11.1: two decimals where exact, else four, half up."""
    value = Fraction(seconds, 60)
    places = 2 if (value * 100).denominator == 1 else QUANTITY_PLACES
    return str(rounded_half_up(value, places))


def six_decimals(value: Decimal) -> str:
    """A price or cost as the file shows it."""
    return f"{value:.6f}"


def details_csv(calls: list[Row], language: str) -> bytes:
    """Rule 11.3: one row a call with a charge, by start time, call id, source."""
    rows = (
        (
            call["source_number"],
            call["destination_number"],
            call["start_time"].strftime(CLOCK),
            call["end_time"].strftime(CLOCK),
            str(call["duration_seconds"]),
            minutes(charged_seconds(call)),
            six_decimals(call["cost"]),
            six_decimals(call["rate_per_minute"]),
            CALL_TYPES[language][call["call_type"]],
        )
        for call in charged_calls(calls)
    )
    return written(HEADERS[language], rows)


def charged_calls(calls: list[Row]) -> list[Row]:
    """The calls of rule 11.2: those within the plan are not among them."""
    charged = [call for call in calls if call["call_type"] != "included"]
    return sorted(charged, key=lambda call: (call["start_time"], call["call_id"], call["source"]))


def details_by_pair_csv(calls: list[Row], language: str) -> bytes:
    """Rule 11.3, the pair form: summed and ordered by source, destination, call type, rate.

    Reading: ordered by the call type's code, whatever the language.
    """
    pairs: dict[tuple[str, str, str, Decimal], list[Row]] = {}
    for call in charged_calls(calls):
        key = (call["source_number"], call["destination_number"], call["call_type"], call["rate_per_minute"])
        pairs.setdefault(key, []).append(call)
    rows = (
        (
            source,
            destination,
            min(call["start_time"] for call in found).strftime(CLOCK),
            max(call["end_time"] for call in found).strftime(CLOCK),
            str(len(found)),
            str(sum(call["duration_seconds"] for call in found)),
            minutes(sum(charged_seconds(call) for call in found)),
            six_decimals(sum((call["cost"] for call in found), Decimal(0))),
            six_decimals(rate),
            CALL_TYPES[language][call_type],
        )
        for (source, destination, call_type, rate), found in sorted(pairs.items(), key=lambda pair: pair[0])
    )
    return written(PAIR_HEADERS[language], rows)
