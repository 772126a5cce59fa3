"""Longest matching prefix in force, by intervals (rule 6.1; design in DECISIONS.md).

Nested prefixes are flattened once to disjoint intervals of numbers. An interval leads to a node, a node to
its dated rows, where the longest prefix in force has won already. A look-up is two binary searches.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import polars as pl

MAXIMUM_DIGITS = 15
LENGTH_SLOTS = 16
KEY_SPACE = 2**54  # > 10**15 * 16, the greatest number key
SCOPES_PER_PART = 500  # 500 * KEY_SPACE fits Int64
OPEN_SECOND = 2**34  # after the year 2500
NO_ROW = -1
_SHIFTS = pl.Series("shift", [10 ** (MAXIMUM_DIGITS - length) for length in range(LENGTH_SLOTS)])


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


class _Part(NamedTuple):
    starts: pl.Series
    nodes: pl.Series
    node_count: int
    segment_keys: pl.Series
    segment_rows: pl.Series


class PrefixIndex(NamedTuple):
    """Look-up of many numbers at once; see `match_rows`. Parts hold up to 500 scopes each."""

    parts: tuple[_Part, ...]


Segments = list[tuple[int, int]]  # (from this second on, row), ascending, the first at 0


def number_key(number: pl.Expr) -> pl.Expr:
    """Order of E.164 text (`+` and at most 15 digits) in which each prefix is one interval.

    Digits are shifted to 15 places and the length put behind, so that a number shorter than a prefix stays
    outside it. Text that is not E.164 (extensions, an anonymous source) is 0: only the empty prefix holds it.
    """
    length = number.str.len_bytes().cast(pl.Int64) - 1
    is_e164 = number.str.starts_with("+")
    digits = number.str.slice(1).cast(pl.Int64, strict=False)
    shift = pl.lit(_SHIFTS).gather(length.clip(0, MAXIMUM_DIGITS))
    return pl.when(is_e164).then(digits * shift * LENGTH_SLOTS + length).otherwise(0).fill_null(0)


def _bounded(entries: pl.DataFrame) -> pl.DataFrame:
    """Entries with the first number key that their prefix holds and the first after it; an outer prefix comes first.

    Entries that no call can meet are left out: over before 1970, or not begun within five centuries.
    """
    length = pl.col("prefix").str.len_bytes().cast(pl.Int64)
    digits = pl.when(length > 0).then("prefix").otherwise(pl.lit("0")).cast(pl.Int64)
    width = pl.lit(_SHIFTS).gather(length) * LENGTH_SLOTS
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
            node_count=self.node_count,
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


def _match_in_part(part: _Part, scopes: pl.Series, keys: pl.Series, seconds: pl.Series) -> pl.Series:
    positions = part.starts.search_sorted(scopes * KEY_SPACE + keys, side="right")
    nodes = part.nodes.gather(positions - 1)
    if len(part.segment_keys) == part.node_count:  # no row is dated
        return part.segment_rows.gather(nodes)
    segments = part.segment_keys.search_sorted(nodes * OPEN_SECOND + seconds, side="right")
    return part.segment_rows.gather(segments - 1)


def match_rows(index: PrefixIndex, scopes: pl.Series, keys: pl.Series, seconds: pl.Series) -> pl.Series:
    """For each number the row of its longest prefix in force, null where none is (rule 6.1).

    Grain: one value a number, order kept. Needs Int64 series without null: scope (-1 = in no scope),
    `number_key`, start of the call in whole seconds since 1970 UTC.
    """
    rows = pl.repeat(NO_ROW, len(keys), dtype=pl.Int32, eager=True)
    for number, part in enumerate(index.parts):
        local = scopes - number * SCOPES_PER_PART
        is_here = (local >= 0) & (local < SCOPES_PER_PART)
        if not is_here.any():
            continue
        found = _match_in_part(part, local.zip_with(is_here, pl.Series([0])), keys, seconds)
        rows = found if is_here.all() else found.zip_with(is_here, rows)
    return rows.to_frame("row").select(pl.when(pl.col("row") != NO_ROW).then(pl.col("row")))["row"]
