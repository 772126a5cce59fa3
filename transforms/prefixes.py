"""Longest matching prefix in force, by intervals (rule 6.1; design in DECISIONS.md).

Nested prefixes are flattened once to disjoint intervals of numbers. An interval leads to a node, a node to
its dated rows, where the longest prefix in force has won already. A look-up is two binary searches.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import polars as pl

MAXIMUM_DIGITS = 15
LENGTH_SLOTS = 16
KEY_SPACE = 2**54  # > 10**15 * 16, the greatest number key
SCOPES_PER_PART = 500  # 500 * KEY_SPACE fits Int64
OPEN_SECOND = 2**34  # after the year 2500
NO_ROW = -1
_SHIFTS = pl.Series("shift", [10 ** (MAXIMUM_DIGITS - length) for length in range(LENGTH_SLOTS)])


class DatedPrefix(NamedTuple):
    """One row of a table: from when until when its prefix leads to it, in one scope.

    Between rows of equal length the higher `preference` wins (a plan's own row before `*`).
    """

    scope: int
    prefix: str
    from_second: int
    to_second: int
    row: int
    preference: int = 0


class _Part(NamedTuple):
    starts: pl.Series
    nodes: pl.Series
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


def _bounds(prefix: str) -> tuple[int, int]:
    """First number key that the prefix holds, and the first after it."""
    if not prefix:
        return 0, 10**MAXIMUM_DIGITS * LENGTH_SLOTS
    shift = 10 ** (MAXIMUM_DIGITS - len(prefix))
    return int(prefix) * shift * LENGTH_SLOTS + len(prefix), (int(prefix) + 1) * shift * LENGTH_SLOTS


def _overlay(inherited: Segments, entries: list[DatedPrefix]) -> Segments:
    """The rows over time: where an entry is in force it hides what is inherited."""
    segments = inherited
    for entry in sorted(entries, key=lambda entry: entry.preference):
        if entry.to_second <= 0 or entry.from_second >= OPEN_SECOND:
            continue  # over before 1970, or not begun within five centuries: no call can meet it
        if entry.from_second <= 0 and entry.to_second >= OPEN_SECOND:
            segments = [(0, entry.row)]
            continue
        begin, end = max(entry.from_second, 0), min(entry.to_second, OPEN_SECOND)
        before = [segment for segment in segments if segment[0] < begin]
        after = [segment for segment in segments if segment[0] > end]
        row_at_end = [row for second, row in segments if second <= end][-1]
        resumed = [(end, row_at_end)] if end < OPEN_SECOND else []
        segments = [*before, (begin, entry.row), *resumed, *after]
    return segments


def _nodes(entries: Iterable[DatedPrefix]) -> Iterator[tuple[int, int, list[DatedPrefix]]]:
    """Prefixes in order of their first key, an outer one before those inside it: (start, end, rows)."""
    by_prefix: dict[tuple[int, str], list[DatedPrefix]] = {}
    for entry in entries:
        by_prefix.setdefault((entry.scope % SCOPES_PER_PART, entry.prefix), []).append(entry)
    bounded = []
    for (scope, prefix), rows in by_prefix.items():
        start, end = _bounds(prefix)
        bounded.append((scope * KEY_SPACE + start, len(prefix), scope * KEY_SPACE + end, rows))
    bounded.sort(key=lambda node: node[:2])
    return ((start, end, rows) for start, _, end, rows in bounded)


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

    def add(self, start: int, end: int, rows: list[DatedPrefix]) -> None:
        self.close_until(start)
        inherited = self.open[-1][2] if self.open else [(0, NO_ROW)]
        segments = _overlay(inherited, rows)
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


def _flatten(entries: Iterable[DatedPrefix]) -> _Part:
    flattening = _Flattening()
    for start, end, rows in _nodes(entries):
        flattening.add(start, end, rows)
    flattening.close_until(SCOPES_PER_PART * KEY_SPACE)
    return flattening.part()


def build_prefix_index(entries: Iterable[DatedPrefix]) -> PrefixIndex:
    """The index of all rows. Scopes are numbered from 0; prefixes have at most 15 digits, seconds are UTC."""
    parts: dict[int, list[DatedPrefix]] = {0: []}
    for entry in entries:
        parts.setdefault(entry.scope // SCOPES_PER_PART, []).append(entry)
    return PrefixIndex(tuple(_flatten(parts.get(part, [])) for part in range(max(parts) + 1)))


def _match_in_part(part: _Part, scopes: pl.Series, keys: pl.Series, seconds: pl.Series) -> pl.Series:
    positions = part.starts.search_sorted(scopes * KEY_SPACE + keys, side="right")
    nodes = part.nodes.gather(positions - 1)
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
