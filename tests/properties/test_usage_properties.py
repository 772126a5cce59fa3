"""Usage of random months: what more calls, longer calls and another order can never do (rules 6, 7, 9.3, 13)."""

from __future__ import annotations

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from itertools import cycle
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.properties.memory_month import (
    LiteralMonth,
    accepted_calls,
    call_costs,
    rate,
    usage_drafts,
    usage_micros,
)
from tests.properties.month_strategies import EXPRESSIONS, IN_MEMORY, months
from transforms.increments import billable_seconds
from transforms.line_items import round_lines
from transforms.rate_calls import RatedCalls
from transforms.usage_lines import call_totals

CENT = Decimal("0.01")
PLACES = st.integers(0, 59)
STEPS = st.tuples(
    st.integers(0, 200) | st.integers(0, 2**31 - 2),
    st.integers(0, 90) | st.integers(0, 86_400),
    st.integers(1, 90) | st.integers(1, 86_400),
)
"""Duration, minimum and increment."""
Cells = tuple[object, ...]


def cells(frame: pl.DataFrame) -> list[Cells]:
    """The rows, but for the line that each stood on."""
    return frame.drop("source_line").cast({pl.Categorical: pl.String}).rows()


def assert_nothing_is_cheaper(before: RatedCalls, after: RatedCalls) -> None:
    """Neither the usage of an account nor any call."""
    usage, costs = usage_micros(after), call_costs(after)
    assert {account: cost for account, cost in usage_micros(before).items() if usage.get(account, 0) < cost} == {}
    assert {call: cost for call, cost in call_costs(before).items() if costs.get(call, -1) < cost} == {}


@IN_MEMORY
@given(months(), st.sets(PLACES, min_size=1, max_size=20))
def test_more_calls_never_lower_the_usage_of_an_account(month: LiteralMonth, added: set[int]) -> None:
    """Each call that was there before costs at least what it did: others can only take the pool from it."""
    terms, calls = month
    before = [call for place, call in enumerate(calls) if place not in added]
    assert_nothing_is_cheaper(
        rate(terms, accepted_calls(terms, before)),
        rate(terms, accepted_calls(terms, calls)),
    )


@IN_MEMORY
@given(months(), st.lists(st.sampled_from((1, 0, 29, 3600)), min_size=1, max_size=8))
def test_a_longer_call_never_costs_less(month: LiteralMonth, more: list[int]) -> None:
    """However many of them are longer, by these seconds in turn."""
    terms, calls = month
    longer = [
        {**call, "duration_seconds": int(str(call["duration_seconds"])) + seconds}
        for call, seconds in zip(calls, cycle(more), strict=False)
    ]
    assert_nothing_is_cheaper(
        rate(terms, accepted_calls(terms, calls)),
        rate(terms, accepted_calls(terms, longer)),
    )


@IN_MEMORY
@given(months(), st.randoms(use_true_random=False))
def test_the_order_of_calls_changes_nothing(month: LiteralMonth, random: Random) -> None:
    terms, calls = month
    shuffled = list(calls)
    random.shuffle(shuffled)
    as_written = rate(terms, accepted_calls(terms, calls))
    in_another_order = rate(terms, accepted_calls(terms, shuffled))
    for part, other in zip(as_written, in_another_order, strict=True):
        assert cells(part) == cells(other)
    assert call_totals(as_written.billed).equals(call_totals(in_another_order.billed))


@IN_MEMORY
@given(months())
def test_an_account_rated_alone_is_rated_as_among_others(month: LiteralMonth) -> None:
    """So a month may be cut into buckets of whole accounts."""
    terms, calls = month
    accepted = accepted_calls(terms, calls)
    alone = [rate(terms, part) for part in accepted.partition_by("account_id")]
    together = rate(terms, accepted)
    for place, name in enumerate(RatedCalls._fields):
        parts = [row for rated in alone for row in cells(rated[place])]
        assert Counter(parts) == Counter(cells(together[place])), name


@IN_MEMORY
@given(months())
def test_every_accepted_call_ends_in_exactly_one_place(month: LiteralMonth) -> None:
    terms, calls = month
    rated = rate(terms, accepted_calls(terms, calls))
    ended = [key for part in rated for key in part.select(pl.col("source").cast(pl.String), "call_id").iter_rows()]
    assert sorted(ended) == sorted((call["source"], call["call_id"]) for call in calls)


@IN_MEMORY
@given(months())
def test_a_usage_line_is_the_sum_of_its_calls_rounded_half_up_once(month: LiteralMonth) -> None:
    terms, calls = month
    billed = rate(terms, accepted_calls(terms, calls)).billed
    cost_of: Counter[tuple[str, str]] = Counter()
    for account, call_type, cost in billed.select("account_id", "call_type", "cost_micros").iter_rows():
        cost_of[account, {"included": "included_minutes"}.get(call_type, call_type)] += cost
    lines = usage_drafts(billed)
    exact = {(account, category): exact for account, category, exact in _cells_of(lines, "exact_numerator")}
    assert lines["exact_denominator"].to_list() == [1] * lines.height
    assert exact == {**dict.fromkeys(exact, 0), **cost_of}
    for account, category, cents in _cells_of(round_lines(lines), "amount_cents"):
        amount = Decimal(cost_of[account, category]).scaleb(-6).quantize(CENT, ROUND_HALF_UP)
        assert Decimal(cents).scaleb(-2) == amount, (account, category)


def _cells_of(lines: pl.DataFrame, column: str) -> list[tuple[str, str, int]]:
    return lines.select("account_id", "category", column).rows()


@IN_MEMORY
@given(months())
def test_included_seconds_are_all_of_the_pool_or_all_that_was_asked(month: LiteralMonth) -> None:
    """The pool is used up to its end and not beyond, and no call is included behind one that was not."""
    terms, calls = month
    billed = rate(terms, accepted_calls(terms, calls)).billed
    pools = dict(terms.month.rated_accounts.select("account_id", "pool_seconds").iter_rows())
    asked: Counter[str] = Counter()
    columns = ("account_id", "outcome", "call_type", "billable_seconds", "included_seconds")
    in_order = billed.sort("start_time", "call_id", pl.col("source").cast(pl.String))
    for account, outcome, call_type, billable, included in in_order.select(columns).iter_rows():
        takes_pool = outcome == "plan_minutes"
        left = max(pools[account] - asked[account], 0)
        assert included == (min(billable, left) if takes_pool else 0)
        assert (call_type == "included") == (takes_pool and included == billable)
        asked[account] += billable if takes_pool else 0


@EXPRESSIONS
@given(st.lists(STEPS, min_size=1, max_size=50))
def test_billable_seconds_are_the_minimum_and_the_whole_increments_that_are_due(steps: list[tuple[int, ...]]) -> None:
    """Up: enough for the call, and one increment less would not be. Nearest: no other whole increment is nearer."""
    calls = pl.DataFrame(steps, schema=["d", "m", "i"], orient="row")
    up, nearest = (
        calls.select(billable_seconds(pl.col("d"), pl.col("m"), pl.col("i"), pl.lit(rounding))).to_series()
        for rounding in ("up", "nearest")
    )
    for (d, m, i), by_up, by_nearest in zip(steps, up, nearest, strict=True):
        if d == 0:
            assert by_up == 0
        else:
            assert by_up >= max(d, m)
            assert (by_up - m) % i == 0
            assert by_up == m or by_up - i < d
        assert by_nearest >= m
        if by_nearest > m:
            assert by_nearest % i == 0
            assert -i < 2 * (d - by_nearest) < i or 2 * (by_nearest - d) == i
        else:
            above = (m // i + 1) * i
            assert 2 * (above - d) > i


@EXPRESSIONS
@given(st.lists(STEPS, min_size=1, max_size=50), st.sampled_from(("up", "nearest")))
def test_a_second_more_is_never_fewer_billable_seconds(steps: list[tuple[int, ...]], rounding: str) -> None:
    calls = pl.DataFrame(steps, schema=["d", "m", "i"], orient="row")
    shorter, longer = (
        calls.select(billable_seconds(pl.col("d") + more, pl.col("m"), pl.col("i"), pl.lit(rounding))).to_series()
        for more in (0, 1)
    )
    assert (longer >= shorter).all()
