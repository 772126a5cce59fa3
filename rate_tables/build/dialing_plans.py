"""dialing_plans.csv: how people of a country dial (data contract §2, "Numbers")."""

from __future__ import annotations

from typing import NamedTuple

from phonenumbers import PhoneMetadata

from rate_tables.build import area_codes
from rate_tables.build.metadata import described_pattern
from rate_tables.build.number_patterns import DIGITS, NOTHING, Expression, after, may_end, parse_pattern

COUNTRIES = (
    "AE AR AT AU BE BG BO BR CA CH CL CN CO CR CZ DE DK EC EE EG ES FI FR GB GR HR HU IE IL IN IS IT JP KE "
    "KZ LU LV MA MX MY NG NL NO NZ PE PH PK PL PT PY RO RS RU SA SE SI SK TR UA US UY VN ZA"
)
INTERNATIONAL_PREFIXES = {
    "BO": "00",
    "BR": "00",
    "CL": "00",
    "CO": "009",
    "IL": "00",
    "KZ": "810",
    "RU": "810",
    "UA": "00",
}
"""Where a caller may choose among carriers, or waits for a tone, the one prefix that is taken off."""
NATIONAL_LENGTHS = {"US": "10", "CA": "10", "BR": "10;11", "KZ": "10", "RU": "10"}
"""Brazil: two digits of area and 8 or 9 of the number, or 0300 and 0800 numbers of 7."""
CARRIER_CODE_DIGITS = {"BR": "2"}
EMERGENCY_NUMBERS = {"US": "911;933", "CA": "911"}
"""933 reads back a phone's E911 address; libphonenumber lists it among the free short numbers of the US."""
SHORT_CODES = {"US": ";".join(area_codes.SHORT_CODES.split()), "CA": ";".join(area_codes.SHORT_CODES.split())}

SHORTEST_NATIONAL_NUMBER = 6
LONGEST_NUMBER = 15  # E.164, calling code included


class DialingPlan(NamedTuple):
    """A row of dialing_plans.csv. Lists with `;`."""

    country: str
    calling_code: str
    international_prefix: str
    national_prefix: str
    national_lengths: str
    carrier_code_digits: str
    emergency_numbers: str
    short_codes: str


def dialing_plans() -> list[DialingPlan]:
    """One row a country, by country. The territories of the United States share its row (rule 5.3)."""
    return [_dialing_plan(country) for country in COUNTRIES.split()]


def _dialing_plan(country: str) -> DialingPlan:
    metadata = PhoneMetadata.metadata_for_region(country)
    if metadata is None:
        raise LookupError(f"no metadata for {country}")
    return DialingPlan(
        country=country,
        calling_code=str(metadata.country_code),
        international_prefix=INTERNATIONAL_PREFIXES.get(country) or _plain_international_prefix(metadata),
        national_prefix=metadata.national_prefix or "",
        national_lengths=NATIONAL_LENGTHS.get(country) or _national_lengths(metadata),
        carrier_code_digits=CARRIER_CODE_DIGITS.get(country, "0"),
        emergency_numbers=EMERGENCY_NUMBERS.get(country) or ";".join(_emergency_numbers(country)),
        short_codes=SHORT_CODES.get(country) or ";".join(_short_codes(country)),
    )


def _plain_international_prefix(metadata: PhoneMetadata) -> str:
    prefix: str = metadata.preferred_international_prefix or metadata.international_prefix or ""
    if not prefix.isdigit():
        raise ValueError(f"{metadata.id}: name one international prefix, {prefix!r} is a choice")
    return prefix


def _national_lengths(metadata: PhoneMetadata) -> str:
    most_digits = LONGEST_NUMBER - len(str(metadata.country_code))
    lengths = metadata.general_desc.possible_length if metadata.general_desc else ()
    return ";".join(str(n) for n in lengths if SHORTEST_NATIONAL_NUMBER <= n <= most_digits)


def _emergency_numbers(country: str) -> list[str]:
    """The emergency numbers of at most three digits; longer ones look like extensions."""
    return [number for number in sorted(_short_numbers(country, "emergency")) if len(number) <= 3]


def _short_codes(country: str) -> list[str]:
    """Free public services that are no emergency: three digits with a 1 first, and Europe's 116 numbers."""
    official = _short_numbers(country, "short_code") & _short_numbers(country, "toll_free")
    services = official - _short_numbers(country, "emergency")
    return sorted(n for n in services if (n[0] == "1" and len(n) == 3) or (n[:3] == "116" and len(n) == 6))


def _short_numbers(country: str, description: str) -> set[str]:
    metadata = PhoneMetadata.short_metadata_for_region(country)
    pattern = described_pattern(getattr(metadata, description)) if metadata is not None else None
    return set(_written_out(parse_pattern(pattern))) if pattern else set()


def _written_out(expression: Expression, digits: str = "") -> list[str]:
    """Every number of an expression that has at most six digits."""
    numbers = [digits] if may_end(expression) else []
    if len(digits) < 6:
        for digit in DIGITS:
            rest = after(expression, digit)
            if rest != NOTHING:
                numbers += _written_out(rest, digits + digit)
    return numbers
