"""Longest matching prefix in force, by intervals (rule 6.1; design in DECISIONS.md).

Nested prefixes are flattened once to disjoint intervals of numbers. An interval leads to a node, a node to
its dated rows, where the longest prefix in force has won already. A look-up is two binary searches, or, where an
index is large, a few steps in tables (`digit_table`, `dated_table`) that give the same. In large months machine code
does it (`usual_prefixes`).
"""

from __future__ import annotations

from functools import cached_property
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from transforms.dated_table import NOT_SETTLED, DatedTable, dated_table, row_in_span, span_at
from transforms.digit_table import (
    KEY_SPACE,
    LENGTH_SLOTS,
    PLACES,
    DigitTable,
    digit_table,
    is_open,
    with_interval,
)

if TYPE_CHECKING:
    from transforms.usual_prefixes import Intervals, Steps

MAXIMUM_DIGITS = PLACES
SCOPES_PER_PART = 500  # 500 * KEY_SPACE fits Int64
OPEN_SECOND = 2**34  # after the year 2500
MOST_NODES = 2**29  # times OPEN_SECOND fits Int64
NO_ROW = -1
FEW_INTERVALS = 256  # a binary search of fewer is as fast as a table
LOOKUPS_AN_INTERVAL = 20  # so many cost as much by searching as tables cost to make
NEVER = 2**63
_SHIFTS = pl.Series("shift", [10 ** (MAXIMUM_DIGITS - length) * LENGTH_SLOTS for length in range(LENGTH_SLOTS)])

_ASKED = ("scope", "key", "second")
_SHIFTS_OF_TEXT = pl.concat([_SHIFTS[:1], _SHIFTS])  # by the length with the plus sign


ENTRY_SCHEMA = pl.Schema(
    {
        "scope": pl.Int64,
        "prefix": pl.String,
        "from_second": pl.Int64,
        "to_second": pl.Int64,
        "row": pl.Int64,
        "preference": pl.Int64,
    }
)
"""One row of a table: from when until when its prefix leads to it, in one scope.

Between rows of equal length the higher `preference` wins (a plan's own row before `*`).
"""


class _Part:
    """Intervals and nodes of up to 500 scopes; tables of them once they have been asked for often enough."""

    def __init__(self, starts: pl.Series, nodes: pl.Series, segment_keys: pl.Series, segment_rows: pl.Series) -> None:
        self.starts, self.nodes = starts, nodes
        self.segment_keys, self.segment_rows = segment_keys, segment_rows
        self.tables_after = len(starts) * LOOKUPS_AN_INTERVAL if len(starts) >= FEW_INTERVALS else NEVER
        self._asked = 0

    def _pay(self, asked: int) -> bool:
        self._asked += asked
        return self._asked >= self.tables_after

    def tables_for(self, asked: int) -> tuple[DigitTable, DatedTable] | None:
        """The tables, where making them pays: a small month ends before. What they give is what searching gives."""
        return self._tables if self._pay(asked) else None

    @cached_property
    def _by_digits(self) -> DigitTable:
        return digit_table(self.starts)

    @cached_property
    def _tables(self) -> tuple[DigitTable, DatedTable]:
        by_time = dated_table(self.nodes, self.segment_keys, self.segment_rows, OPEN_SECOND)
        return self._by_digits, by_time

    @cached_property
    def intervals(self) -> Intervals:
        """For machine code."""
        from transforms.usual_prefixes import intervals_of

        return intervals_of(self.starts, self.nodes, self.segment_keys, self.segment_rows, OPEN_SECOND)

    @cached_property
    def _steps(self) -> Steps:
        from transforms.usual_prefixes import steps_of

        return steps_of(self._by_digits)

    def steps_for(self, asked: int) -> Steps:
        """The first of the tables for machine code, where making it pays, else an empty one."""
        from transforms.usual_prefixes import no_steps

        return self._steps if self._pay(asked) else no_steps()


class PrefixIndex(NamedTuple):
    """Look-up of many numbers at once; see `match_rows`. Parts hold up to 500 scopes each."""

    parts: tuple[_Part, ...]
    by_machine_code: bool = False


Segments = list[tuple[int, int]]  # (from this second on, row), ascending, the first at 0


def with_number_key(calls: pl.LazyFrame, number: str) -> pl.LazyFrame:
    """Adds `key`: order of E.164 text (`+` and at most 15 digits) in which each prefix is one interval.

    Digits are shifted to 15 places and the length put behind, so that a number shorter than a prefix stays
    outside it. Text that is not E.164 (extensions, an anonymous source) is 0: only the empty prefix holds it.
    """
    length = pl.col("length")
    shift = pl.lit(_SHIFTS_OF_TEXT).gather(length.clip(0, MAXIMUM_DIGITS + 1))
    key = pl.when("is_e164").then(pl.col("digits") * shift + (length - 1)).otherwise(0).fill_null(0)
    return calls.with_columns(  # side by side, then put together
        length=pl.col(number).str.len_bytes(),
        is_e164=pl.col(number).str.starts_with("+"),
        digits=pl.col(number).cast(pl.Int64, strict=False),  # reads the plus sign as such
    ).with_columns(key=key)


def number_keys(numbers: pl.Series) -> pl.Series:
    """The key of each number (see `with_number_key`)."""
    return with_number_key(numbers.alias("number").to_frame().lazy(), "number").select("key").collect()["key"]


def _bounded(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries with the first number key that their prefix holds and the first after it; an outer prefix comes first.

    Entries that no call can meet are left out: over before 1970, or not begun within five centuries.
    """
    length = pl.col("prefix").str.len_bytes().cast(pl.Int64)
    digits = pl.when(length > 0).then("prefix").otherwise(pl.lit("0")).cast(pl.Int64)
    width = pl.lit(_SHIFTS).gather(length)
    local = (pl.col("scope") % SCOPES_PER_PART) * KEY_SPACE
    end = pl.when(length > 0).then((digits + 1) * width).otherwise(10**MAXIMUM_DIGITS * LENGTH_SLOTS)
    return (
        entries.filter((pl.col("to_second") > 0) & (pl.col("from_second") < OPEN_SECOND))
        .select(
            part=pl.col("scope") // SCOPES_PER_PART,
            start=local + digits * width + length,
            end=local + end,
            from_second=pl.col("from_second").clip(0),
            to_second=pl.col("to_second").clip(None, OPEN_SECOND),
            row="row",
            preference="preference",
            length=length,
        )
        .sort("part", "start", "length", "preference", maintain_order=True)
    )


def _overlay(segments: Segments, begin: int, end: int, row: int) -> Segments:
    """The rows over time: while an entry is in force it hides what was there."""
    before = [segment for segment in segments if segment[0] < begin]
    if end >= OPEN_SECOND:
        return [*before, (begin, row)]
    after = [segment for segment in segments if segment[0] > end]
    row_at_end = [other for second, other in segments if second <= end][-1]
    return [*before, (begin, row), (end, row_at_end), *after]


class _Flattening:
    """Sweep over nested prefixes: the open ones are a stack, and each border begins an interval."""

    def __init__(self) -> None:
        self.starts: list[int] = []
        self.nodes: list[int] = []
        self.segment_keys: list[int] = []
        self.segment_rows: list[int] = []
        self.node_count = 0
        self.open: list[tuple[int, int, Segments]] = []  # (end, node, segments)
        self.outside = self._node([(0, NO_ROW)])
        self._begin(0, self.outside)

    def _node(self, segments: Segments) -> int:
        node = self.node_count
        if node >= MOST_NODES:
            raise OverflowError(f"more than {MOST_NODES:,} prefixes in one index")
        self.node_count += 1
        for second, row in segments:
            self.segment_keys.append(node * OPEN_SECOND + second)
            self.segment_rows.append(row)
        return node

    def _begin(self, start: int, node: int) -> None:
        if self.starts and self.starts[-1] == start:
            self.nodes[-1] = node
        else:
            self.starts.append(start)
            self.nodes.append(node)

    def close_until(self, key: int) -> None:
        while self.open and self.open[-1][0] <= key:
            end, _, _ = self.open.pop()
            self._begin(end, self.open[-1][1] if self.open else self.outside)

    def inherited(self) -> Segments:
        return self.open[-1][2] if self.open else [(0, NO_ROW)]

    def add(self, start: int, end: int, segments: Segments) -> None:
        node = self._node(segments)
        self._begin(start, node)
        self.open.append((end, node, segments))

    def part(self) -> _Part:
        return _Part(
            starts=pl.Series("start", self.starts, dtype=pl.Int64),
            nodes=pl.Series("node", self.nodes, dtype=pl.Int64),
            segment_keys=pl.Series("segment_key", self.segment_keys, dtype=pl.Int64),
            segment_rows=pl.Series("row", self.segment_rows, dtype=pl.Int32),
        )


def _flatten(bounded: pl.DataFrame) -> _Part:
    flattening = _Flattening()
    columns = bounded.select("start", "end", "from_second", "to_second", "row").iter_rows()
    for (start, end), entries in groupby(columns, key=itemgetter(0, 1)):
        flattening.close_until(start)
        segments = flattening.inherited()
        for _, _, begin, until, row in entries:
            segments = _overlay(segments, begin, until, row)
        flattening.add(start, end, segments)
    flattening.close_until(SCOPES_PER_PART * KEY_SPACE)
    return flattening.part()


def build_prefix_index(entries: pl.DataFrame) -> PrefixIndex:
    """The index of all entries (ENTRY_SCHEMA).

    Scopes are numbered from 0; prefixes have at most 15 digits, the empty one holds every number; seconds are UTC.
    """
    bounded = _bounded(entries)
    last = bounded["part"].max() if bounded.height else 0
    parts = bounded.partition_by("part", as_dict=True)
    return PrefixIndex(tuple(_flatten(parts.get((part,), bounded.clear())) for part in range(int(str(last)) + 1)))


def is_empty(index: PrefixIndex) -> bool:
    """Whether no number has a row, ever."""
    return all((part.segment_rows == NO_ROW).all() for part in index.parts)


def _or_null(row: pl.Expr) -> pl.Expr:
    return pl.when(row != NO_ROW).then(row)


def _searched(part: _Part, asked: pl.DataFrame) -> pl.Series:
    """The row of each key of a scope at a second: two binary searches."""
    key = pl.col("scope") * KEY_SPACE + pl.col("key")
    node = pl.lit(part.nodes).gather(pl.lit(part.starts).search_sorted(key, side="right") - 1)
    segment = pl.lit(part.segment_keys).search_sorted(node * OPEN_SECOND + pl.col("second"), side="right")
    return asked.select(row=_or_null(pl.lit(part.segment_rows).gather(segment - 1))).to_series()


def _match_in_part(part: _Part, asked: pl.LazyFrame, count: int) -> pl.Series:
    """The row of each `key` of a `scope` at a `second`, null where none is."""
    tables = part.tables_for(count)
    if tables is None:
        return _searched(part, asked.select(_ASKED).collect())
    by_digits, by_time = tables
    row, is_divided = row_in_span(by_time), is_open(by_digits)
    found = (
        asked.with_columns(span=span_at(by_time))
        .pipe(with_interval, by_digits)
        .select(*_ASKED, row=row, is_open=is_divided)
        .with_columns(row=_or_null(pl.col("row")), is_open=pl.col("is_open") | (pl.col("row") == NOT_SETTLED))
        .collect()
    )
    open_ones = found["is_open"].arg_true()
    if open_ones.is_empty():
        return found["row"]
    return found["row"].scatter(open_ones, _searched(part, found.select(_ASKED)[open_ones]))


def _matched_by_machine_code(index: PrefixIndex, scopes: pl.Series, keys: pl.Series, seconds: pl.Series) -> pl.Series:
    from transforms.usual_prefixes import Scopes, rows_of

    parts = [
        (Scopes(number * SCOPES_PER_PART, (number + 1) * SCOPES_PER_PART), part.intervals, part.steps_for(len(keys)))
        for number, part in enumerate(index.parts)
    ]
    rows = rows_of(parts, scopes, keys, seconds, NO_ROW)
    return rows.set(rows == NO_ROW, None)


def _is_in_first_part(scope: pl.Expr) -> pl.Expr:
    """Keys of other scopes would be none of this part's, or not fit Int64."""
    return scope.is_between(0, SCOPES_PER_PART - 1)


def match_numbers(index: PrefixIndex, asked: pl.LazyFrame) -> pl.Series:
    """`match_rows` of `scope`, `number` (E.164 text) and `second` in one pass, for numbers that are looked up once."""
    keyed = with_number_key(asked, "number").select(_ASKED)
    has_one_part = len(index.parts) == 1 and not index.by_machine_code
    count, are_here = asked.select(pl.len(), _is_in_first_part(pl.col("scope")).all()).collect().row(0)
    if has_one_part and are_here:
        return _match_in_part(index.parts[0], keyed, count)
    return match_rows(index, *keyed.collect())


def match_rows(index: PrefixIndex, scopes: pl.Series, keys: pl.Series, seconds: pl.Series) -> pl.Series:
    """For each number the row of its longest prefix in force, null where none is (rule 6.1).

    Grain: one value a number, order kept. Needs Int64 series without null: scope (-1 = in no scope),
    `number_keys`, start of the call in whole seconds since 1970 UTC.
    """
    if index.by_machine_code:
        return _matched_by_machine_code(index, scopes, keys, seconds)
    if len(index.parts) == 1 and scopes.to_frame("scope").select(_is_in_first_part(pl.col("scope")).all()).item():
        return _match_in_part(
            index.parts[0], pl.LazyFrame({"scope": scopes, "key": keys, "second": seconds}), len(keys)
        )
    rows = pl.Series([None], dtype=pl.Int32).new_from_index(0, len(keys))
    for number, part in enumerate(index.parts):
        local = scopes - number * SCOPES_PER_PART
        is_here = (local >= 0) & (local < SCOPES_PER_PART)
        if not is_here.any():
            continue
        asked = {"scope": local.zip_with(is_here, pl.Series([0])), "key": keys, "second": seconds}
        found = _match_in_part(part, pl.LazyFrame(asked), len(keys))
        rows = found if is_here.all() else found.zip_with(is_here, rows)
    return rows
