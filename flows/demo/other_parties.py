"""Whom the demo's customers speak with: number patterns by home country, kind and slot."""

from enum import IntEnum
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from flows.demo import places
from flows.demo.places import NumberRange

SLOTS = 256


class CallKind(IntEnum):
    """What a call of the demo is meant to be; its code is its place in the tables."""

    DOMESTIC = 0
    INBOUND = 1
    INBOUND_TOLL_FREE = 2
    INTERNATIONAL = 3
    PREMIUM = 4
    INTERNAL = 5
    TOLL_FREE_OUTBOUND = 6
    SHORT_CODE = 7
    EMERGENCY = 8
    FEATURE_CODE = 9


CALLS_OF_A_THOUSAND = {
    CallKind.DOMESTIC: 465,
    CallKind.INBOUND: 150,
    CallKind.INBOUND_TOLL_FREE: 100,
    CallKind.INTERNATIONAL: 120,
    CallKind.PREMIUM: 20,
    CallKind.INTERNAL: 40,
    CallKind.TOLL_FREE_OUTBOUND: 80,
    CallKind.SHORT_CODE: 7,
    CallKind.EMERGENCY: 3,
    CallKind.FEATURE_CODE: 15,
}


class Dialled(NamedTuple):
    """How a number is written: `head`, then its digits less `taken_off`."""

    head: str
    taken_off: int = 0


E164 = Dialled("+")
ONE_AND_TEN_DIGITS = Dialled("")
TEN_DIGITS = Dialled("", taken_off=10**10)
_AS_DIALLED_EVERYWHERE = {
    CallKind.INBOUND: E164,
    CallKind.INBOUND_TOLL_FREE: E164,
    CallKind.SHORT_CODE: Dialled(""),
    CallKind.EMERGENCY: Dialled(""),
    CallKind.FEATURE_CODE: Dialled("*"),
}


def _ways_in_brazil(kind: CallKind, item: NumberRange) -> list[Dialled]:
    """0 and the number, 0 with a carrier, or the number alone; abroad 00 with a carrier."""
    if kind is CallKind.INTERNATIONAL:
        return [Dialled(f"00{carrier}") for carrier in places.BRAZILIAN_CARRIER_CODES]
    taken_off = 55 * 10 ** (len(str(item.stem)) + item.tail_digits - 2)
    if kind is not CallKind.DOMESTIC:
        return [Dialled("0", taken_off)]
    heads = ("0", *(f"0{carrier}" for carrier in places.BRAZILIAN_CARRIER_CODES), "")
    return [Dialled(head, taken_off) for head in heads]


def _ways_to_dial(home: str, kind: CallKind, item: NumberRange) -> list[Dialled]:
    """The forms without `+` in which a caller at home dials a number of the range."""
    if kind in _AS_DIALLED_EVERYWHERE:
        return [_AS_DIALLED_EVERYWHERE[kind]]
    if home == "BR":
        return _ways_in_brazil(kind, item)
    if str(item.stem).startswith("1"):
        return [ONE_AND_TEN_DIGITS, TEN_DIGITS]
    return [Dialled("011")]


def _inbound_callers(home: str) -> list[NumberRange]:
    """Mostly callers of the same country, and some from abroad."""
    domestic, foreign = places.DOMESTIC[home], _foreign(home)
    return domestic + foreign[:: max(1, len(foreign) * 8 // len(domestic))]


def _foreign(home: str) -> list[NumberRange]:
    return [item for country, items in places.FOREIGN.items() if country != home for item in items]


def _ranges(home: str) -> dict[CallKind, list[NumberRange]]:
    """The numbers that a call of each kind can meet, with their weights."""
    return {
        CallKind.DOMESTIC: places.DOMESTIC[home],
        CallKind.INBOUND: _inbound_callers(home),
        CallKind.INBOUND_TOLL_FREE: _inbound_callers(home),
        CallKind.INTERNATIONAL: _foreign(home),
        CallKind.PREMIUM: places.PREMIUM[home],
        CallKind.INTERNAL: places.DOMESTIC[home],  # drawn, and not used: both parties are extensions
        CallKind.TOLL_FREE_OUTBOUND: places.TOLL_FREE[home],
        CallKind.SHORT_CODE: [NumberRange(places.SHORT_CODES[home], 0)],
        CallKind.EMERGENCY: [NumberRange(places.EMERGENCY_NUMBERS[home], 0)],
        CallKind.FEATURE_CODE: [NumberRange(places.VOICEMAIL_FEATURE_CODE, 0)],
    }


def slots_by_weight(items: list[NumberRange]) -> list[NumberRange]:
    """SLOTS ranges by share of weight; each at least once while the weights sum to SLOTS at most."""
    ends = list(accumulate(item.weight for item in items))
    chosen = []
    position = 0
    for slot in range(SLOTS):
        while slot * ends[-1] >= ends[position] * SLOTS:
            position += 1
        chosen.append(items[position])
    return chosen


def _pattern(home: str, kind: CallKind, slot: int, item: NumberRange) -> dict[str, int | str]:
    dialled = _ways_to_dial(home, kind, item)
    way = dialled[slot % len(dialled)]
    return {
        "first_number": item.stem * 10**item.tail_digits,
        "number_count": 10**item.tail_digits,
        "e164_head": _AS_DIALLED_EVERYWHERE.get(kind, E164).head,
        "dialled_head": way.head,
        "dialled_taken_off": way.taken_off,
    }


def pattern_row(home_index: pl.Expr, kind: pl.Expr, slot: pl.Expr) -> pl.Expr:
    """The row of `number_patterns` for a home country, a kind of call and a slot."""
    return (home_index * len(CallKind) + kind) * SLOTS + slot


def number_patterns() -> pl.DataFrame:
    """How to draw and write the other party's number.

    Grain: one row a home country, kind of call and slot, in the order of `pattern_row`.
    Numbers are first_number .. first_number + number_count - 1, as digits without `+`.
    """
    rows = [
        _pattern(home, kind, slot, item)
        for home in places.HOMES
        for kind, ranges in sorted(_ranges(home).items())
        for slot, item in enumerate(slots_by_weight(ranges))
    ]
    number = pl.UInt64
    return pl.DataFrame(
        rows,
        schema={
            "first_number": number,
            "number_count": number,
            "e164_head": pl.String,
            "dialled_head": pl.String,
            "dialled_taken_off": number,
        },
    )


def kinds_by_lot() -> pl.Series:
    """A thousand lots, each naming the kind of call it stands for."""
    kinds = [kind.value for kind, count in CALLS_OF_A_THOUSAND.items() for _ in range(count)]
    return pl.Series("kind", kinds, dtype=pl.UInt64)
