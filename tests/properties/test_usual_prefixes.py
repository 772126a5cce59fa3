"""Rows found by machine code are those that tables and searches find, whatever the deck is (rule 6.1)."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.prefix_tables import with_tables
from tests.properties.month_strategies import EXPRESSIONS
from tests.properties.test_prefix_properties import JANUARY, MONTH_SECONDS, PREFIXES, Span, borders, dated
from transforms.prefixes import (
    ENTRY_SCHEMA,
    NEVER,
    OPEN_SECOND,
    SCOPES_PER_PART,
    PrefixIndex,
    build_prefix_index,
    match_numbers,
    match_rows,
    number_keys,
)

pytest.importorskip("numba")

Entry = tuple[int, str, int, int, int, int]
Question = tuple[int, str, int]
SCOPES = (0, 1, SCOPES_PER_PART - 1, SCOPES_PER_PART, 2 * SCOPES_PER_PART + 3)
"""Of the first part, at both its borders, and of others."""


def found(index: PrefixIndex, asked: list[Question]) -> list[int | None]:
    calls = pl.DataFrame(asked, schema={"scope": pl.Int64, "number": pl.String, "second": pl.Int64}, orient="row")
    rows = match_rows(index, calls["scope"], number_keys(calls["number"]), calls["second"])
    assert rows.dtype == pl.Int32
    assert match_numbers(index, calls.lazy()).equals(rows)
    return rows.to_list()


def same_by_machine_code(entries: list[Entry], asked: list[Question]) -> list[int | None]:
    """What is found without it; with it, by tables and by searches alone, it is the same."""
    frame = pl.DataFrame(entries, schema=ENTRY_SCHEMA, orient="row")
    plain = found(with_tables(build_prefix_index(frame), NEVER), asked)
    for after, by_machine_code in ((0, False), (0, True), (NEVER, True)):
        index = with_tables(build_prefix_index(frame), after)._replace(by_machine_code=by_machine_code)
        assert found(index, asked) == plain
    return plain


def test_keys_that_no_number_has_are_not_looked_up_beyond_the_tables() -> None:
    frame = pl.DataFrame([(0, "44", 0, OPEN_SECOND, 0, 0)], schema=ENTRY_SCHEMA, orient="row")
    index = with_tables(build_prefix_index(frame), 0)._replace(by_machine_code=True)
    keys = pl.Series([2**62, 2**54 - 1], dtype=pl.Int64)
    nowhere = pl.Series([0, 0], dtype=pl.Int64)
    assert match_rows(index, nowhere, keys, nowhere).to_list() == [None, None]


def texts_near(prefixes: set[str]) -> list[str]:
    """Numbers as long as a prefix, shorter by a digit and longer by one; and what is no number."""
    near = {part for prefix in prefixes for part in (prefix, prefix[:-1], prefix + "0", prefix + "9")}
    return ["", "101", "+", "+1x", *(f"+{digits}" for digits in sorted(near) if digits)]


@EXPRESSIONS
@given(st.dictionaries(PREFIXES, st.tuples(st.sampled_from(SCOPES), dated()), max_size=10))
def test_any_deck_at_every_border_of_its_rows(deck: dict[str, tuple[int, list[Span]]]) -> None:
    rows = [(scope, prefix, span) for prefix, (scope, spans) in deck.items() for span in spans]
    entries = [(scope, prefix, *span, place, 0) for place, (scope, prefix, span) in enumerate(rows)]
    seconds = borders({prefix: spans for prefix, (_, spans) in deck.items()})
    scopes = (-1, *sorted({scope for scope, _, _ in rows} | {2}))
    numbers = texts_near(set(deck))
    same_by_machine_code(entries, [(scope, text, at) for scope in scopes for text in numbers for at in seconds])


def test_a_large_deck_of_many_scopes_and_changes() -> None:
    random = Random(7)
    prefixes = list("123456789")
    while len(prefixes) < 5_000:
        prefixes.append(random.choice(prefixes)[:14] + str(random.randrange(10)))
    rows: list[Entry] = []
    for prefix in sorted(set(prefixes)):
        cuts = [
            0,
            *sorted(random.sample(range(JANUARY, JANUARY + MONTH_SECONDS), random.choice((0, 0, 1, 9)))),
            OPEN_SECOND,
        ]
        scope = random.choice(SCOPES)
        rows += [(scope, prefix, begin, end, len(rows) + place, 0) for place, (begin, end) in enumerate(pairwise(cuts))]
    asked = []
    for _ in range(20_000):
        scope, prefix, begin, *_ = random.choice(rows)
        digits = (prefix + str(random.randrange(10**9)))[: random.choice((len(prefix) - 1, len(prefix), 12, 15))]
        at = max(begin + random.choice((-1, 0, 1)), JANUARY)
        asked.append((random.choice((scope, scope, scope, 0, -1)), f"+{digits}", at))
    answers = same_by_machine_code(rows, asked)
    assert len(set(answers)) > 3_000
    assert None in answers


def test_a_month_without_calls_or_without_rows() -> None:
    assert same_by_machine_code([], []) == []
    assert same_by_machine_code([], [(0, "+44", JANUARY), (600, "", JANUARY)]) == [None, None]
    assert same_by_machine_code([(0, "44", 0, OPEN_SECOND, 0, 0)], []) == []


@pytest.mark.parametrize("scope", [1, SCOPES_PER_PART - 1, SCOPES_PER_PART, 512, 1024, 1025, 2**20])
def test_a_scope_behind_all_that_have_rows_has_none(scope: int) -> None:
    """1024 * KEY_SPACE is 2**64: keys of that scope would look like those of the first."""
    entries = [(0, "44", 0, OPEN_SECOND, 0, 0), (0, "", 0, OPEN_SECOND, 1, 0)]
    asked = [(scope, "+442071234567", JANUARY), (0, "+442071234567", JANUARY), (scope, "", JANUARY)]
    assert same_by_machine_code(entries, asked) == [None, 0, None]
    assert same_by_machine_code(entries, asked[2:]) == [None]
