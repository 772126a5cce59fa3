"""The destinations of the international deck: nested prefixes with a name a customer can read."""

from __future__ import annotations

from typing import NamedTuple

from phonenumbers.carrierdata import CARRIER_DATA
from phonenumbers.geodata import GEOCODE_DATA

from rate_tables.build import area_codes
from rate_tables.build.metadata import calling_codes, country_name
from rate_tables.build.number_patterns import DIGITS
from rate_tables.build.numbering_plan import NORTH_AMERICA, PlanPrefix, numbering_plan

AREA_DIGITS = 2  # national digits of the areas and carriers that have a row of their own
FINER_AREA_DIGITS = 3
FINER_COUNTRIES = {"AU", "CN", "DE", "ES", "FR", "GB", "IT", "JP", "MX"}
LINE_TYPE_OF_KIND = {"geographic": "fixed"}
NAME_OF_LINE_TYPE = {
    "mobile": "Mobile",
    "toll_free": "Toll-free",
    "premium": "Premium services",
    "special": "Special services",
}
GLOBAL_SERVICES = {
    "800": ("International freephone", "toll_free"),
    "808": ("International shared cost", "special"),
    "870": ("Satellite - Inmarsat", "satellite"),
    "878": ("Universal personal telecommunications", "special"),
    "881": ("Satellite - Global mobile satellite system", "satellite"),
    "8816": ("Satellite - Iridium", "satellite"),
    "8817": ("Satellite - Iridium", "satellite"),
    "8818": ("Satellite - Globalstar", "satellite"),
    "8819": ("Satellite - Globalstar", "satellite"),
    "882": ("International networks 882", "satellite"),
    "883": ("International networks 883", "satellite"),
    "888": ("Disaster relief", "special"),
    "979": ("International premium rate", "premium"),
}
"""Names of the codes without a country as the ITU's list of E.164 assignments gives them."""
RESTATED_AREAS = {"331": "Paris and Île-de-France"}
"""ARCEP's plan; the metadata names only the towns within."""


class Destination(NamedTuple):
    """What a prefix of the deck reaches. Country "" for services that belong to none."""

    prefix: str
    name: str
    country: str
    line_type: str


def destinations() -> list[Destination]:
    """Every prefix of the deck, by prefix, without rows that say the same as the next shorter prefix."""
    planned = {row.prefix: row for row in numbering_plan().prefixes}
    found = {row.prefix: _planned_destination(row) for row in planned.values() if _can_be_reached(row)}
    found |= {prefix: Destination(prefix, *_global_service(prefix)) for prefix in GLOBAL_SERVICES}
    finer = _merged(_areas(planned) | _carriers(planned))
    for destination in finer.values():
        found.setdefault(destination.prefix, destination)
    return [found[prefix] for prefix in sorted(found) if not _says_the_same(found, prefix)]


def _can_be_reached(row: PlanPrefix) -> bool:
    """A country's own number, and not a code of three digits that only its own callers can dial."""
    return bool(row.country) and row.prefix[1:] not in area_codes.SHORT_CODES.split()


def _global_service(prefix: str) -> tuple[str, str, str]:
    name, line_type = GLOBAL_SERVICES[prefix]
    return name, "", line_type


def _planned_destination(row: PlanPrefix) -> Destination:
    line_type = LINE_TYPE_OF_KIND.get(row.kind, row.kind)
    name = country_name(row.country)
    if line_type in NAME_OF_LINE_TYPE:
        name += f" - {NAME_OF_LINE_TYPE[line_type]}"
    elif row.region:
        name += f" - {row.region}"
    return Destination(row.prefix, name, row.country, line_type)


def _areas(planned: dict[str, PlanPrefix]) -> dict[str, Destination]:
    """Towns and regions of fixed numbers."""
    names = {prefix: names["en"] for prefix, names in GEOCODE_DATA.items() if "en" in names} | RESTATED_AREAS
    return _named_parts(names, planned, "geographic")


def _carriers(planned: dict[str, PlanPrefix]) -> dict[str, Destination]:
    """Carriers of mobile numbers."""
    names = {prefix: names["en"] for prefix, names in CARRIER_DATA.items() if "en" in names}
    return _named_parts(names, planned, "mobile")


def _named_parts(names: dict[str, str], planned: dict[str, PlanPrefix], kind: str) -> dict[str, Destination]:
    lengths = {str(code): len(str(code)) for code in calling_codes()}
    parts = {}
    for prefix, name in names.items():
        code_length = next((n for n in (1, 2, 3) if prefix[:n] in lengths), None)
        row = _row_above(planned, prefix)
        if prefix.startswith(NORTH_AMERICA) or code_length is None or row is None or row.kind != kind:
            continue
        digits = FINER_AREA_DIGITS if kind == "geographic" and row.country in FINER_COUNTRIES else AREA_DIGITS
        if len(prefix) <= code_length + digits and name != country_name(row.country):
            above = _planned_destination(row)
            parts[prefix] = above._replace(prefix=prefix, name=f"{above.name} - {_cell(name)}")
    return parts


def _cell(name: str) -> str:
    """The name without signs that would need quotes."""
    return " ".join(name.replace('"', "").replace(",", "/").split())


def _row_above(planned: dict[str, PlanPrefix], prefix: str) -> PlanPrefix | None:
    for length in range(len(prefix), 0, -1):
        if prefix[:length] in planned:
            return planned[prefix[:length]]
    return None


def _merged(parts: dict[str, Destination]) -> dict[str, Destination]:
    """The parts, ten brothers of one name put together to their parent."""
    merged = dict(parts)
    for prefix in sorted({part[:-1] for part in parts}, key=len, reverse=True):
        brothers = [merged.get(prefix + digit) for digit in DIGITS]
        first = brothers[0]
        if first is not None and all(b is not None and b.name == first.name for b in brothers):
            merged[prefix] = first._replace(prefix=prefix)
    return merged


def _says_the_same(found: dict[str, Destination], prefix: str) -> bool:
    """Whether the next shorter prefix of the deck has the same name."""
    for length in range(len(prefix) - 1, 0, -1):
        above = found.get(prefix[:length])
        if above is not None:
            return above.name == found[prefix].name
    return False
