"""The accounts as the call generator needs them: weights, and their numbers laid end to end."""

from collections.abc import Sequence
from itertools import accumulate
from typing import NamedTuple

import polars as pl

from flows.demo.customers import SHOWCASES, Customer, own_london_number, own_number, own_toll_free_number
from flows.demo.places import CALLING_CODES, HOMES
from flows.demo.splitmix import drawn_below, stream_key

_BUSIEST = 64
_WEIGHTS_STREAM = 90


class Callers(NamedTuple):
    """`accounts`: a row a customer; `numbers`: digits, account by account; `weight_ends`: running sum.

    Of an account's numbers the two-way ones come first, then those that only receive, then the toll-free one.
    """

    accounts: pl.DataFrame
    numbers: pl.Series
    weight_ends: pl.Series


def _weights(count: int, seed: int) -> list[int]:
    """Whole weights from 64 down to 1, most of them small; the showcases are all among the busy ones."""
    key = stream_key(seed, _WEIGHTS_STREAM)
    lots = (drawn_below(key, index, _BUSIEST * 4) for index in range(count))
    weights = [_BUSIEST * 8 // (8 + lot) for lot in lots]
    of_showcases = [_BUSIEST - 4 * position for position in range(len(SHOWCASES))]
    return [*of_showcases, *weights[len(SHOWCASES) :]][:count]


def _numbers_by_use(customer: Customer) -> tuple[list[int], list[int], list[int]]:
    two_way = [own_number(customer, slot) for slot in range(customer.two_way_numbers)]
    receiving = [own_number(customer, 5)] if customer.phones > 5 else []
    if "international_number" in customer.traits:
        receiving.append(own_london_number(customer))
    toll_free = [own_toll_free_number(customer)] if "toll_free" in customer.traits else []
    return two_way, receiving, toll_free


def callers_of(customers: Sequence[Customer], seed: int) -> Callers:
    """The tables by which a call's account and its own number are looked up."""
    rows: list[dict[str, int | str]] = []
    numbers: list[int] = []
    for customer in customers:
        two_way, receiving, toll_free = _numbers_by_use(customer)
        row: dict[str, int | str] = {
            "account_id": customer.account_id,
            "home_index": HOMES.index(customer.country),
            "calling_code": CALLING_CODES[customer.country],
            "first_own": len(numbers),
            "two_way_count": len(two_way),
            "direct_count": len(two_way) + len(receiving),
            "toll_free_count": len(toll_free),
        }
        rows.append(row)
        numbers += two_way + receiving + toll_free
    word = pl.UInt64
    columns = ("home_index", "calling_code", "first_own", "two_way_count", "direct_count", "toll_free_count")
    return Callers(
        accounts=pl.DataFrame(rows, schema={"account_id": pl.String} | dict.fromkeys(columns, word)),
        numbers=pl.Series("own_number", numbers, dtype=word),
        weight_ends=pl.Series("weight_end", accumulate(_weights(len(customers), seed)), dtype=word),
    )
