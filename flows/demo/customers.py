"""The demo's customers: who they are, where they sit, and the traits that put lines on their invoices."""

from collections.abc import Sequence
from typing import NamedTuple

from flows.demo import places
from flows.demo.splitmix import drawn_below, stream_key

NUMBERS_AN_ACCOUNT = 8
OWN_SUBSCRIBERS = 3_000_000  # 600-0000 to 899-9999 of every area code
LOW_USAGE_MINIMUM_PHONES = 20
MOST_ACCOUNTS = OWN_SUBSCRIBERS // NUMBERS_AN_ACCOUNT

_NAMES = ("Maple", "Harbor", "Cedar", "Summit", "Lakeside", "Union", "Prairie", "Coral", "Granite", "Willow")
_TRADES = (
    "Dental",
    "Logistics",
    "Legal",
    "Bakery",
    "Travel",
    "Clinic",
    "Foods",
    "Motors",
    "Studio",
    "Supply",
)


class Showcase(NamedTuple):
    """A customer of the first twelve, written by hand so that every category of line has an account."""

    country: str
    region: str
    plan_id: str
    phones: int
    traits: str


SHOWCASES: tuple[Showcase, ...] = (
    Showcase(
        "US",
        "NY",
        "us-essential",
        24,
        "toll_free low_usage_over_allowance groups contact_center rentals prorated changes goodwill recipients",
    ),
    Showcase("US", "PR", "us-metered", 6, "toll_free returns item_cancelled installation receipt"),
    Showcase("CA", "QC", "ca-unlimited", 21, "toll_free low_usage groups prorated rentals international_number"),
    Showcase("BR", "SP", "br-equipe", 8, "toll_free changes prorated contact_center"),
    Showcase("US", "IL", "us-essential", 5, "buyout returns"),
    Showcase("US", "FL", "us-team", 9, "late_start toll_free"),
    Showcase("US", "TX", "us-unlimited", 12, "exempt goodwill toll_free prorated"),
    Showcase("CA", "BC", "ca-team", 7, "cancelled changes"),
    Showcase("CA", "ON", "ca-team", 10, "toll_free rentals returns recipients"),
    Showcase("BR", "RJ", "br-basico", 4, "free_months returns toll_free"),
    Showcase("US", "GA", "us-unlimited", 19, "low_usage plan_change groups contact_center"),
    Showcase("US", "CA", "us-team", 30, "low_usage exempt international_number toll_free item_cancelled"),
)
_CHANCES_IN_A_HUNDRED = {
    "toll_free": 55,
    "groups": 20,
    "contact_center": 15,
    "rentals": 25,
    "prorated": 15,
    "changes": 10,
    "goodwill": 5,
    "recipients": 20,
    "receipt": 15,
    "returns": 6,
    "item_cancelled": 6,
    "installation": 4,
    "international_number": 12,
    "exempt": 5,
    "low_usage": 30,
}
_LIVES_IN_A_HUNDRED = (
    *("late_start",) * 3,
    *("cancelled",) * 3,
    *("buyout",) * 1,
    *("left_in_december",) * 1,
    *("free_months",) * 2,
    *("plan_change",) * 2,
)


class Customer(NamedTuple):
    """One account of the demo. `position` counts from 0; `traits` choose its rows in the contract tables."""

    position: int
    account_id: str
    name: str
    country: str
    region: str
    language: str
    plan_id: str
    phones: int
    two_way_numbers: int
    traits: frozenset[str]

    @property
    def is_steady(self) -> bool:
        """In service with every number on every day of January 2020."""
        return not self.traits & {"late_start", "free_months", "left_in_december"}


def own_number(customer: Customer, slot: int) -> int:
    """The digits of one of the account's numbers in its own area: no other account or slot has them."""
    serial = customer.position * NUMBERS_AN_ACCOUNT + slot
    codes = places.AREA_CODES_BY_REGION[customer.country, customer.region]
    code = codes[slot % len(codes)]
    if customer.country == "BR":
        return (5500 + code) * 10**8 + 40_000_000 + serial
    return (1000 + code) * 10**7 + 6_000_000 + serial


def own_toll_free_number(customer: Customer) -> int:
    """The digits of the account's toll-free number."""
    stems = places.OWN_TOLL_FREE_STEMS[customer.country]
    return stems[customer.position % len(stems)] * 10**7 + 6_000_000 + customer.position


def own_london_number(customer: Customer) -> int:
    """The digits of the account's number abroad."""
    return 44_208_0_000_000 + customer.position


def _drawn_showcase(key: int) -> Showcase:
    """A customer like any other: country, plan, size and traits by lot."""
    country = ("US",) * 70 + ("CA",) * 18 + ("BR",) * 12
    home = country[drawn_below(key, 0, 100)]
    regions = [region for place, region in places.AREA_CODES_BY_REGION if place == home]
    plans = places.PLANS_BY_COUNTRY[home]
    size = drawn_below(key, 1, 1000)
    traits = [
        trait
        for place, (trait, chances) in enumerate(_CHANCES_IN_A_HUNDRED.items())
        if drawn_below(key, 10 + place, 100) < chances
    ]
    life = drawn_below(key, 4, 100)
    traits += _LIVES_IN_A_HUNDRED[life : life + 1]
    phones = 1 + size * size * size // 25_000_000 + size // 60
    if phones < LOW_USAGE_MINIMUM_PHONES and "low_usage" in traits:
        traits.remove("low_usage")
    return Showcase(
        home,
        regions[drawn_below(key, 2, len(regions))],
        plans[drawn_below(key, 3, len(plans))],
        phones,
        " ".join(traits),
    )


def _customer(index: int, seed: int) -> Customer:
    key = stream_key(seed, 1_000_000 + index)
    made = SHOWCASES[index] if index < len(SHOWCASES) else _drawn_showcase(key)
    name = f"{_NAMES[drawn_below(key, 50, 10)]} {_TRADES[drawn_below(key, 51, 10)]} {index + 1:04}"
    return Customer(
        position=index,
        account_id=f"A{index + 1:05}",
        name=name,
        country=made.country,
        region=made.region,
        language=places.LANGUAGE_BY_REGION.get(made.region, "en"),
        plan_id=made.plan_id,
        phones=made.phones,
        two_way_numbers=min(4, 1 + made.phones // 6),
        traits=frozenset(made.traits.split()),
    )


def demo_customers(accounts: int, seed: int) -> Sequence[Customer]:
    """The first `accounts` customers: up to twelve showcases, then others by lot."""
    return [_customer(index, seed) for index in range(accounts)]
