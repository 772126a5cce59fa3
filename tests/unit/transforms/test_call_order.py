"""The order in which calls use up a pool: by one number where there is room for it, else by sorting places."""

from __future__ import annotations

import datetime as dt
import random

import polars as pl
import pytest

from transforms import rate_calls
from transforms.rate_calls import MOST_RANKS, _places_by_second, call_order

JANUARY = dt.date(2020, 1, 1)
MIDNIGHT = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)


def some_calls(seed: int, *, has_parts_of_seconds: bool) -> tuple[pl.DataFrame, pl.Series]:
    drawn = random.Random(seed)
    count = drawn.choice([0, 1, 2, 500])
    parts = [0, 1, 999_999] if has_parts_of_seconds else [0]
    moments = [drawn.choice([0, 1, 2, drawn.randrange(31 * 86400), 31 * 86400 - 1]) for _ in range(count)]
    starts = [MIDNIGHT + dt.timedelta(seconds=second, microseconds=drawn.choice(parts)) for second in moments]
    ids = [drawn.choice("abc") + str(drawn.randrange(50)) for _ in range(count)]
    calls = pl.DataFrame(
        {"start_time": starts, "call_id": ids, "source": [drawn.choice("xy") for _ in range(count)]},
        schema={"start_time": pl.Datetime("us", "UTC"), "call_id": pl.String, "source": pl.String},
    )
    highest = drawn.choice([1, 9, MOST_RANKS])
    return calls, pl.Series([drawn.randrange(highest) for _ in range(count)], dtype=pl.Int64)


@pytest.mark.parametrize("has_parts_of_seconds", [False, True], ids=["whole seconds", "parts of seconds"])
@pytest.mark.parametrize("seed", range(25))
def test_calls_are_in_the_order_of_account_start_id_and_source(seed: int, has_parts_of_seconds: bool) -> None:
    calls, ranks = some_calls(seed, has_parts_of_seconds=has_parts_of_seconds)
    ordered = calls.with_columns(ranks.alias("rank"))[call_order(calls, ranks, JANUARY)]
    rows = ordered.select("rank", "start_time", "call_id", "source").rows()
    assert rows == sorted(calls.select(ranks.alias("rank"), "start_time", "call_id", "source").rows())


@pytest.mark.parametrize(("rank_bits", "has_room"), [(39, True), (40, False)])
def test_one_number_is_taken_only_where_it_has_room(rank_bits: int, has_room: bool) -> None:
    ranks = pl.Series([2**rank_bits - 1, 0])  # 39 + 22 bits and 2 of the place are 63
    places = _places_by_second(ranks, pl.Series([0, (2**rate_calls.SECOND_BITS - 1) * 1_000_000]))
    assert (None if places is None else places.to_list()) == ([1, 0] if has_room else None)


def test_parts_of_seconds_are_never_cut() -> None:
    assert _places_by_second(pl.Series([0, 0]), pl.Series([1_000_001, 1_000_000])) is None
