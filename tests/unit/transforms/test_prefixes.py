"""Longest prefix by intervals (rule 6.1), against a plain scan of all rows."""

from __future__ import annotations

import itertools
import random
from typing import NamedTuple

import polars as pl
import pytest

from tests.prefix_tables import with_tables
from transforms.prefixes import (
    ENTRY_SCHEMA,
    NEVER,
    OPEN_SECOND,
    build_prefix_index,
    match_numbers,
    match_rows,
    number_keys,
)

JANUARY = 1_577_836_800


class DatedPrefix(NamedTuple):
    """An entry of the index."""

    scope: int
    prefix: str
    from_second: int
    to_second: int
    row: int
    preference: int = 0


def matched(entries: list[DatedPrefix], asked: list[tuple[int, str, int]]) -> list[int | None]:
    """By tables, and by searching alone: both must be the same."""
    frame = pl.DataFrame(entries, schema=ENTRY_SCHEMA, orient="row")
    calls = pl.DataFrame(
        {
            "scope": [scope for scope, _, _ in asked],
            "number": ["+" + digits if digits else "" for _, digits, _ in asked],
            "second": [second for _, _, second in asked],
        }
    )
    keys = number_keys(calls["number"])
    found, searched = (
        match_rows(with_tables(build_prefix_index(frame), after), calls["scope"], keys, calls["second"]).to_list()
        for after in (0, NEVER)
    )
    at_once = match_numbers(with_tables(build_prefix_index(frame), after=0), calls.lazy()).to_list()
    assert found == searched == at_once
    return found


def scanned(entries: list[DatedPrefix], scope: int, digits: str, second: int) -> int | None:
    fits = [
        entry
        for entry in entries
        if entry.scope == scope and digits.startswith(entry.prefix) and entry.from_second <= second < entry.to_second
    ]
    return max(fits, key=lambda entry: (len(entry.prefix), entry.preference)).row if fits else None


@pytest.mark.parametrize("seed", range(40))
def test_random_nested_dated_rows_are_found_as_a_plain_scan_finds_them(seed: int) -> None:
    chance = random.Random(seed)
    entries: list[DatedPrefix] = []
    for scope in (0, 1, 499, 500, 1200):
        for prefix in {"".join(chance.choices("0189", k=chance.randint(0, 5))).lstrip("0") for _ in range(20)}:
            cuts = sorted(chance.sample([0, 10, 20, 30, OPEN_SECOND], chance.randint(2, 5)))
            for begin, end in itertools.pairwise(cuts):
                if chance.random() < 0.7:
                    entries.append(DatedPrefix(scope, prefix, begin, end, len(entries), chance.randint(0, 1)))
    asked = [
        (
            chance.choice([-1, 0, 1, 3, 499, 500, 1200]),
            "".join(chance.choices("0189", k=chance.randint(0, 15))).lstrip("0"),
            chance.choice([0, 5, 10, 20, 29, 30, 31, JANUARY]),
        )
        for _ in range(100)
    ]
    assert matched(entries, asked) == [scanned(entries, *question) for question in asked]


def test_a_number_shorter_than_a_prefix_is_not_under_it() -> None:
    entries = [DatedPrefix(0, "1242", 0, OPEN_SECOND, 0), DatedPrefix(0, "12420", 0, OPEN_SECOND, 1)]
    asked = [(0, "1242", JANUARY), (0, "12420", JANUARY), (0, "124", JANUARY)]
    assert matched(entries, asked) == [0, 1, None]


def test_a_prefix_that_ends_where_its_parent_ends_does_not_reach_into_the_next() -> None:
    entries = [DatedPrefix(0, prefix, 0, OPEN_SECOND, row) for row, prefix in enumerate(("8", "89", "9", "94", "82"))]
    asked = [(0, digits, JANUARY) for digits in ("8212345678", "8912345678", "89", "9", "9123456789", "9412345678")]
    assert matched(entries, asked) == [4, 1, 1, 2, 2, 3]


def test_a_row_that_begins_in_five_centuries_leaves_its_parent_in_force() -> None:
    far = OPEN_SECOND + 1
    entries = [
        DatedPrefix(0, "44", 0, far, 0),
        DatedPrefix(0, "44", far, far + 1, 1),
        DatedPrefix(0, "447", 0, OPEN_SECOND, 2),
    ]
    assert matched(entries, [(0, "447700900000", JANUARY), (0, "442071234567", JANUARY)]) == [2, 0]


def test_a_row_that_ended_before_1970_is_passed_over() -> None:
    entries = [DatedPrefix(0, "44", 0, -1, 0), DatedPrefix(0, "4", 0, OPEN_SECOND, 1)]
    assert matched(entries, [(0, "442071234567", JANUARY)]) == [1]


def test_a_prefix_as_long_as_a_number_can_be_is_found_beyond_the_last_step_of_the_tables() -> None:
    entries = [DatedPrefix(0, prefix, 0, OPEN_SECOND, row) for row, prefix in enumerate(("1", "100000000999999"))]
    asked = [(0, digits, JANUARY) for digits in ("100000000999999", "100000000999998", "100000001000000", "1")]
    assert matched(entries, asked) == [1, 0, 0, 0]


def test_changes_too_many_for_spans_of_their_own_are_found_to_the_second() -> None:
    """300 rows of one prefix, each in force for a prime number of seconds, so that no grid holds their begins."""
    begins = [0, *(JANUARY + 7919 * place + place * place for place in range(300)), OPEN_SECOND]
    entries = [DatedPrefix(0, "44", begin, end, row) for row, (begin, end) in enumerate(itertools.pairwise(begins))]
    asked = [(0, "442071234567", begin + more) for begin in begins[1:-1] for more in (-1, 0, 1)]
    assert matched(entries, asked) == [scanned(entries, *question) for question in asked]


def test_an_account_without_rows_in_a_table_finds_none() -> None:
    entries = [DatedPrefix(0, "44", 0, OPEN_SECOND, 7)]
    assert matched(entries, [(-1, "442071234567", JANUARY), (0, "442071234567", JANUARY)]) == [None, 7]


def test_tables_are_made_once_they_pay() -> None:
    prefixes = [str(number) for number in range(1000, 1300)]
    frame = pl.DataFrame(
        [DatedPrefix(0, prefix, 0, OPEN_SECOND, row) for row, prefix in enumerate(prefixes)],
        schema=ENTRY_SCHEMA,
        orient="row",
    )
    (part,) = build_prefix_index(frame).parts
    enough = len(part.starts) * 20
    assert part.tables_for(enough - 1) is None
    assert part.tables_for(1) is not None
    (few,) = build_prefix_index(frame.head(100)).parts
    assert few.tables_for(10**12) is None
