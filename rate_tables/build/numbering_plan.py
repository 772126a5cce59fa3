"""numbering_plan.csv: a number's country, region and kind, by its longest prefix (rules 5, 5.1, 5.3)."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from rate_tables.build import area_codes
from rate_tables.build.metadata import (
    NumberLabel,
    calling_codes,
    countries_of,
    labelled_patterns,
)
from rate_tables.build.number_patterns import Expression, after_digits
from rate_tables.build.prefix_tree import expand_patterns

NORTH_AMERICA = "1"
KIND_OF_CODE_WITHOUT_COUNTRY = {
    800: "toll_free",  # universal international freephone
    808: "special",  # universal international shared cost
    870: "special",  # Inmarsat
    878: "special",  # universal personal telecommunications
    881: "special",  # global mobile satellite systems
    882: "special",  # international networks
    883: "special",  # international networks
    888: "special",  # disaster relief
    979: "premium",  # universal international premium rate
}
"""ITU-T Recommendations E.164.1, E.169.1 to E.169.3: the assigned codes that belong to no country."""

RESTATED_PREFIXES = {
    "521": NumberLabel("MX", "mobile"),
    "569": NumberLabel("CL", "mobile"),
    "2125288": NumberLabel("EH", "geographic"),
    "2125289": NumberLabel("EH", "geographic"),
}
"""Numbers that the metadata does not tell apart: Mexico's mobile form with 1 (IFT; in use beside the new one
after 3 August 2019), Chile's mobile numbers with 9 (SUBTEL), and the fixed numbers of Western Sahara, which
stand among Morocco's too."""


class PlanPrefix(NamedTuple):
    """A row of the numbering plan."""

    prefix: str
    country: str
    region: str
    kind: str


class MixedPrefixes(NamedTuple):
    """How far a calling code was looked into, and how many prefixes still hold numbers of two labels."""

    calling_code: int
    national_digits: int
    mixed_count: int


class NumberingPlan(NamedTuple):
    """Every row of the plan, by prefix, and what the digits looked at could not tell apart."""

    prefixes: tuple[PlanPrefix, ...]
    mixed: tuple[MixedPrefixes, ...]


@cache
def numbering_plan() -> NumberingPlan:
    """The plan of the world; +1 by area code, without a row of its own, so that new codes stay unknown."""
    prefixes = list(_north_american_prefixes())
    mixed = []
    for calling_code in calling_codes():
        found, left_mixed = _calling_code_prefixes(calling_code)
        prefixes += found
        if left_mixed.mixed_count:
            mixed.append(left_mixed)
    return NumberingPlan(tuple(sorted(prefixes)), tuple(mixed))


def _calling_code_prefixes(calling_code: int) -> tuple[list[PlanPrefix], MixedPrefixes]:
    code = str(calling_code)
    default = NumberLabel(countries_of(calling_code)[0], KIND_OF_CODE_WITHOUT_COUNTRY.get(calling_code, "geographic"))
    if not default.country:
        return [PlanPrefix(code, "", "", default.kind)], MixedPrefixes(calling_code, 0, 0)
    patterns: dict[NumberLabel, Expression] = {}
    for country in countries_of(calling_code):
        patterns |= labelled_patterns(country, calling_code)
    expansion = expand_patterns(patterns, default)
    labels = {code: default}
    labels |= {code + prefix: label for prefix, label in expansion.prefixes}
    labels |= {prefix: label for prefix, label in RESTATED_PREFIXES.items() if prefix.startswith(code)}
    found = [PlanPrefix(prefix, label.country, "", label.kind) for prefix, label in labels.items()]
    return found, MixedPrefixes(calling_code, expansion.depth, expansion.mixed_count)


def _north_american_prefixes() -> list[PlanPrefix]:
    found = [
        *_area_code_rows(area_codes.US_AREA_CODES, "US"),
        *_area_code_rows(area_codes.CA_AREA_CODES, "CA"),
        *_coded_rows(area_codes.TOLL_FREE_CODES, "US", "toll_free"),
        *_coded_rows(area_codes.PREMIUM_CODES, "US", "premium"),
        *_coded_rows(area_codes.US_SPECIAL_CODES, "US", "special"),
        *_coded_rows(area_codes.CA_SPECIAL_CODES, "CA", "special"),
        *_coded_rows(area_codes.SHORT_CODES, "US", "special"),
    ]
    for country, codes in area_codes.OTHER_AREA_CODES.items():
        for code in codes.split():
            found += _foreign_area_code_rows(country, code)
    return found


def _area_code_rows(codes_of_regions: dict[str, str], country: str) -> list[PlanPrefix]:
    return [
        PlanPrefix(NORTH_AMERICA + code, country, region, "geographic")
        for region, codes in codes_of_regions.items()
        for code in codes.split()
    ]


def _coded_rows(codes: str, country: str, kind: str) -> list[PlanPrefix]:
    return [PlanPrefix(NORTH_AMERICA + code, country, "", kind) for code in codes.split()]


def _foreign_area_code_rows(country: str, area_code: str) -> list[PlanPrefix]:
    """The area code of a country of +1 that is foreign to the United States, and its mobile exchanges."""
    default = NumberLabel(country, "geographic")
    patterns = {
        label: after_digits(expression, area_code)
        for label, expression in labelled_patterns(country, 1).items()
        if label.kind in ("geographic", "mobile")
    }
    code = NORTH_AMERICA + area_code
    exchanges = expand_patterns(patterns, default, most_digits=4).prefixes
    return [
        PlanPrefix(code, country, "", "geographic"),
        *(PlanPrefix(code + prefix, label.country, "", label.kind) for prefix, label in exchanges),
    ]
