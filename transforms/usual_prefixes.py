"""Longest prefixes in force found by machine code: the intervals of `prefixes`, walked call by call (rule 6.1)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from transforms.digit_table import BLOCK, KEY_SPACE, LENGTH_SLOTS, PLACES, DigitTable
from transforms.machine_code import compiled, inlined
from transforms.usual_bytes import Longs, Places, column_values

_TO_BE_SEARCHED = -1


class Intervals(NamedTuple):
    """Where each interval begins; its segments (begin, and end of them), the seconds and rows that these begin with."""

    starts: Longs
    segment_begins: Longs
    segment_ends: Longs
    seconds: Longs
    rows: Places


class Steps(NamedTuple):
    """A digit table, or one without cells. For each step: what digits are divided by, and how many cells it has."""

    cells: npt.NDArray[np.uint32]
    scopes: int
    widths: Longs
    sizes: Longs
    longest: int


class Scopes(NamedTuple):
    """Those of a part: the first, and the first behind them."""

    first: int
    behind: int


class Asked(NamedTuple):
    """What is looked up: scope, number key and second of each call."""

    scopes: Longs
    keys: Longs
    seconds: Longs


@inlined
def _tabled(steps: Steps, scope: int, key: int) -> int:
    """The interval of a key by the leading digits; to be searched where they do not decide it."""
    if len(steps.cells) == 0 or key % LENGTH_SLOTS <= steps.longest:
        return _TO_BE_SEARCHED
    digits = np.uint64(key)
    block = np.uint64(min(scope, steps.scopes - 1) * steps.sizes[0])
    for step in range(len(steps.widths)):
        part = digits // np.uint64(steps.widths[step])
        if part >= np.uint64(steps.sizes[step]):  # more digits than a number has
            return _TO_BE_SEARCHED
        digits -= part * np.uint64(steps.widths[step])
        cell = np.uint64(steps.cells[block + part])
        if cell < np.uint64(BLOCK):
            return int(np.int64(cell))
        block = cell - np.uint64(BLOCK)
    return _TO_BE_SEARCHED


@inlined
def _last_not_beyond(values: Longs, begin: int, end: int, value: int) -> int:
    """The last place from `begin` on whose value is not greater; `begin` where all are."""
    low, high = begin, end
    while high - low > 1:
        middle = (low + high) >> 1
        if values[middle] <= value:
            low = middle
        else:
            high = middle
    return low


@compiled
def find_rows(asked: Asked, here: Scopes, intervals: Intervals, steps: Steps, rows: Places) -> None:
    """The row of each call in these scopes, in its place; others are left alone."""
    starts, begins, ends, seconds, row_of = intervals
    for call in range(len(rows)):
        if asked.scopes[call] < here.first or asked.scopes[call] >= here.behind:
            continue
        scope = asked.scopes[call] - here.first
        key = asked.keys[call]
        at = _tabled(steps, scope, key)
        if at == _TO_BE_SEARCHED:
            at = _last_not_beyond(starts, 0, len(starts), scope * KEY_SPACE + key)
        rows[call] = row_of[_last_not_beyond(seconds, begins[at], ends[at], asked.seconds[call])]


def intervals_of(
    starts: pl.Series, nodes: pl.Series, segment_keys: pl.Series, segment_rows: pl.Series, keys_a_node: int
) -> Intervals:
    """The intervals that lead to these nodes; segments have the keys `node * keys_a_node + second`, ascending."""
    first_keys = nodes * keys_a_node
    return Intervals(
        starts=column_values(starts),
        segment_begins=column_values(segment_keys.search_sorted(first_keys, side="left").cast(pl.Int64)),
        segment_ends=column_values(segment_keys.search_sorted(first_keys + keys_a_node, side="left").cast(pl.Int64)),
        seconds=column_values(segment_keys % keys_a_node),
        rows=column_values(segment_rows),
    )


def steps_of(table: DigitTable) -> Steps:
    """The table as machine code walks it."""
    widths = [LENGTH_SLOTS * 10 ** (PLACES - sum(table.digits[: step + 1])) for step in range(len(table.digits))]
    sizes = [10**digits for digits in table.digits]
    return Steps(
        column_values(table.cells), table.scopes, np.array(widths, np.int64), np.array(sizes, np.int64), table.longest
    )


@cache
def no_steps() -> Steps:
    """Without a table every key is searched for."""
    return steps_of(DigitTable(pl.Series(dtype=pl.UInt32), 0, (), 0))


def rows_of(
    parts: Iterable[tuple[Scopes, Intervals, Steps]],
    scopes: pl.Series,
    keys: pl.Series,
    seconds: pl.Series,
    otherwise: int,
) -> pl.Series:
    """The row of each call in whatever part its scope is; `otherwise` where it is in none."""
    asked = Asked(*map(column_values, (scopes, keys, seconds)))
    rows = np.full(len(keys), otherwise, np.int32)
    for here, intervals, steps in parts:
        find_rows(asked, here, intervals, steps, rows)
    return pl.Series(rows)
