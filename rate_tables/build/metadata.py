"""What libphonenumber knows of countries and kinds of numbers (Apache-2.0, package `phonenumbers`)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from phonenumbers import (
    COUNTRY_CODE_TO_REGION_CODE,
    REGION_CODE_FOR_NON_GEO_ENTITY,
    PhoneMetadata,
    PhoneNumberDesc,
)
from phonenumbers.geodata.locale import LOCALE_DATA

from rate_tables.build.number_patterns import Expression, choice, parse_pattern

KIND_OF_TYPE = {
    "fixed_line": "geographic",
    "mobile": "mobile",
    "toll_free": "toll_free",
    "premium_rate": "premium",
    "shared_cost": "special",
    "personal_number": "special",
    "voip": "special",
    "pager": "special",
    "uan": "special",
    "voicemail": "special",
}
NAMES_NOT_IN_METADATA = {"XK": "Kosovo", "AC": "Ascension Island", "TA": "Tristan da Cunha"}


class NumberLabel(NamedTuple):
    """What a prefix says of a number: its country (empty = none) and its kind."""

    country: str
    kind: str


def calling_codes() -> list[int]:
    """Every calling code of the world but +1, which is planned by area code."""
    return sorted(code for code in COUNTRY_CODE_TO_REGION_CODE if code != 1)


def countries_of(calling_code: int) -> tuple[str, ...]:
    """The countries of a calling code, the main one first; ("",) for one that belongs to no country."""
    regions = COUNTRY_CODE_TO_REGION_CODE[calling_code]
    return tuple("" if region == REGION_CODE_FOR_NON_GEO_ENTITY else region for region in regions)


def country_metadata(country: str, calling_code: int) -> PhoneMetadata:
    """The metadata of a country, or of a calling code without one."""
    found = (
        PhoneMetadata.metadata_for_region(country)
        if country
        else PhoneMetadata.metadata_for_nongeo_region(calling_code)
    )
    if found is None:
        raise LookupError(f"no metadata for {country or calling_code}")
    return found


def described_pattern(description: PhoneNumberDesc | None) -> str | None:
    """The pattern of a description, None where the country has no such numbers."""
    return description.national_number_pattern if description is not None else None


@cache
def labelled_patterns(country: str, calling_code: int) -> dict[NumberLabel, Expression]:
    """For each label the national numbers that the country uses so."""
    metadata = country_metadata(country, calling_code)
    expressions: dict[NumberLabel, Expression] = {}
    for number_type, kind in KIND_OF_TYPE.items():
        pattern = described_pattern(getattr(metadata, number_type))
        if pattern:
            label = NumberLabel(country, kind)
            known = expressions.get(label)
            parsed = parse_pattern(pattern)
            expressions[label] = parsed if known is None else choice(known, parsed)
    return expressions


def country_name(country: str) -> str:
    """The English name of a country."""
    if country in NAMES_NOT_IN_METADATA:
        return NAMES_NOT_IN_METADATA[country]
    names = LOCALE_DATA[country]
    english = names["en"]
    return names[english.removeprefix("*")] if english.startswith("*") else english  # "*aa": as in language aa
