"""Accounts and dialing plans as machine code looks them up."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import polars as pl

from schemas.reasons import NUMBER_KINDS
from transforms import usual_lines, usual_numbers, usual_words
from transforms.numbers import DialingPlan, dialing_plans_by_country, lengths_at_home, lengths_with_carrier
from transforms.screen import Directory
from transforms.usual_bytes import with_words
from transforms.usual_lines import NOWHERE
from transforms.usual_numbers import Plans
from transforms.usual_words import Accounts, Ids, Words


def words_of(texts: Iterable[str]) -> Words:
    """Texts as machine code has them."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([len(text) for text in encoded], dtype=np.int64)
    return Words(np.frombuffer(b"".join(encoded), np.uint8), ends)


def _ids_of(texts: Iterable[str]) -> Ids:
    text, ends = words_of(texts)
    return Ids(*with_words(text), np.concatenate([np.zeros(1, np.int64), ends]))


def _bits(lengths: set[int]) -> int:
    return sum(1 << length for length in lengths if length <= usual_lines.MOST_DIGITS)


def _plans(plans: list[DialingPlan]) -> Plans:
    own: dict[int, int] = {}
    for place, plan in enumerate(plans):  # a number that is both is for emergencies
        for kind, numbers in (("short_code", plan.short_codes), ("emergency", plan.emergency_numbers)):
            keys = (usual_numbers.own_number_key(int(number), len(number), place) for number in numbers)
            own |= dict.fromkeys(keys, NUMBER_KINDS.index(kind))
    return Plans(
        codes=words_of([f"+{plan.calling_code}" for plan in plans]),
        international_prefixes=words_of([plan.international_prefix for plan in plans]),
        national_prefixes=words_of([plan.national_prefix for plan in plans]),
        carrier_code_digits=np.array([plan.carrier_code_digits for plan in plans], np.int64),
        lengths_at_home=np.array([_bits(lengths_at_home(plan)) for plan in plans], np.int64),
        lengths_with_carrier=np.array([_bits(lengths_with_carrier(plan)) for plan in plans], np.int64),
        own_lengths=np.array(
            [_bits({*map(len, plan.short_codes), *map(len, plan.emergency_numbers)}) for plan in plans]
        ),
        own_numbers=np.array(sorted(own), np.int64),
        own_kinds=np.array([own[key] for key in sorted(own)], np.uint8),
    )


class Tables(NamedTuple):
    """Whom lines can belong to, as machine code looks it up; the account ids as they are numbered there."""

    ids: pl.Series
    accounts: Accounts
    plans: Plans


@lru_cache(maxsize=2)
def tables_of(directory: Directory) -> Tables:
    """The directory as machine code has it, made once."""
    by_country = dialing_plans_by_country(directory.dialing_plans)
    places = {country: place for place, country in enumerate(by_country, 1)}
    accounts = directory.accounts.filter(pl.col("country").is_not_null())
    ids = _ids_of(accounts["account_id"].to_list())
    slots = np.full(2 ** (2 * accounts.height).bit_length(), NOWHERE, np.int64)
    usual_words.fill_slots(ids, slots)
    plans = accounts["country"].replace_strict(places, default=0, return_dtype=pl.Int64).to_numpy()
    buckets = accounts["bucket"].cast(pl.Int64).to_numpy()
    numbering = _plans([DialingPlan(), *by_country.values()])
    return Tables(accounts["account_id"], Accounts(ids, slots, plans, buckets), numbering)
