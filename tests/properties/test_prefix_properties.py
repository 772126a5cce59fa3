"""Longest prefix in force against a plain dictionary, the way a person would look it up (rule 6.1)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from random import Random

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tests.prefix_tables import with_tables
from tests.properties.month_strategies import EXPRESSIONS
from transforms.prefixes import (
    ENTRY_SCHEMA,
    NEVER,
    OPEN_SECOND,
    build_prefix_index,
    match_rows,
    number_keys,
)

JANUARY = 1_577_836_800
MONTH_SECONDS = 31 * 86_400
Span = tuple[int, int]
Deck = dict[str, list[Span]]
"""The times in force of each prefix: from this second on, until that one."""


def matched(deck: Deck, asked: list[tuple[str, int]]) -> list[tuple[str, Span] | None]:
    """What the index finds for each number and second, by tables and by searching alone."""
    rows = [(prefix, span) for prefix, spans in deck.items() for span in spans]
    entries = [(0, prefix, *span, place, 0) for place, (prefix, span) in enumerate(rows)]
    frame = pl.DataFrame(entries, schema=ENTRY_SCHEMA, orient="row")
    texts = [f"+{digits}" if digits else "" for digits, _ in asked]
    numbers = pl.DataFrame({"number": texts}, schema={"number": pl.String})
    keys = number_keys(numbers["number"])
    scopes = pl.repeat(0, len(asked), dtype=pl.Int64, eager=True)
    seconds = pl.Series([second for _, second in asked], dtype=pl.Int64)
    found, searched = (
        match_rows(with_tables(build_prefix_index(frame), after), scopes, keys, seconds).to_list()
        for after in (0, NEVER)
    )
    assert found == searched
    return [None if place is None else rows[place] for place in found]


def plain(deck: Deck, digits: str, second: int) -> tuple[str, Span] | None:
    """The longest beginning of the number that the dictionary has in force."""
    for length in range(len(digits), -1, -1):
        for span in deck.get(digits[:length], ()):
            if span[0] <= second < span[1]:
                return digits[:length], span
    return None


def borders(deck: Deck) -> list[int]:
    """Every second at which a row begins or ends, the one before and the one after."""
    ends = {second for spans in deck.values() for span in spans for second in span if 0 < second < OPEN_SECOND}
    return sorted({second + more for second in ends for more in (-1, 0, 1)} | {JANUARY})


SECONDS = st.integers(JANUARY, JANUARY + 4) | st.integers(JANUARY, JANUARY + MONTH_SECONDS)
PREFIXES = st.text("019", min_size=1, max_size=5).map(lambda text: text.lstrip("0"))


@st.composite
def dated(draw: st.DrawFn) -> list[Span]:
    """Times in force one behind the other, some with a second between them, some with a gap, some of one second."""
    cuts = sorted(draw(st.sets(SECONDS, max_size=4)) | draw(st.sampled_from((set(), {0}, {OPEN_SECOND}))))
    cuts = cuts if len(cuts) > 1 else [0, OPEN_SECOND]
    gone = draw(st.sets(st.integers(0, 3), max_size=2))
    return [span for place, span in enumerate(itertools.pairwise(cuts)) if place not in gone]


@EXPRESSIONS
@given(st.dictionaries(PREFIXES, dated(), max_size=12), st.lists(st.text("019", max_size=7), max_size=6))
def test_rows_dated_to_the_second_are_found_as_in_a_dictionary(deck: Deck, numbers: list[str]) -> None:
    """At every border of every row, and for numbers as long as a prefix, shorter by a digit and longer by one."""
    near = {part for prefix in deck for part in (prefix, prefix[:-1], prefix + "0", prefix + "9")}
    digits = sorted({text.lstrip("0") for text in {*near, *numbers}})
    asked = [(number, second) for number in digits for second in borders(deck)]
    assert matched(deck, asked) == [plain(deck, *question) for question in asked]


def test_a_deck_of_50_000_prefixes_is_matched_as_a_dictionary_does() -> None:
    random = Random(5)
    deck: Deck = defaultdict(list)
    parents = list("123456789")
    while len(parents) < 50_000:
        parents.append(random.choice(parents)[:14] + str(random.randrange(10)))
    for prefix in set(parents):
        cut = JANUARY + random.randrange(MONTH_SECONDS)
        deck[prefix] = random.choice(([(0, OPEN_SECOND)], [(0, cut), (cut, OPEN_SECOND)], [(cut, OPEN_SECOND)]))
    prefixes = sorted(deck)
    asked = []
    for _ in range(20_000):
        prefix = random.choice(prefixes)
        digits = (prefix + str(random.randrange(10**9)))[: random.choice((len(prefix) - 1, len(prefix), 12, 15))]
        begins = deck[prefix][-1][0]
        asked.append((digits, max(begins + random.choice((-1, 0, 1)), JANUARY)))
    found = matched(deck, asked)
    assert found == [plain(deck, *question) for question in asked]
    assert len({row[0] for row in found if row is not None}) > 5_000
