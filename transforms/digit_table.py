"""From the leading digits of a number to its interval, by tables: what a binary search costs 17 steps for, in three.

A table's cell stands for all numbers with the same leading digits. Where no interval begins inside of a cell, the cell
says the interval; elsewhere it leads to a block of cells, one for each value of the next digits.
"""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

PLACES = 15
"""Digits of an E.164 number at most; numbers are looked up padded to as many places."""
LENGTH_SLOTS = 16
KEY_SPACE = 2**54
"""Greater than the greatest number key, 10**15 * 16: keys of scope n begin at n * KEY_SPACE."""
_MOST_CELLS = 6_000_000
_SPACE = KEY_SPACE // LENGTH_SLOTS
BLOCK = 2**30
"""A cell from here on leads to a block, or is not settled."""
_NOT_SETTLED = 2**31


class DigitTable(NamedTuple):
    """cells: an interval's position; or the place of the block for the next digits, plus BLOCK; or not settled.

    digits: how many digits each step takes. longest: the greatest length of a prefix; where a number is not longer,
    the digits alone do not tell whether a prefix holds it. scopes: how many have cells; the last of them has no prefix,
    and stands for all behind it.
    """

    cells: pl.Series
    scopes: int
    digits: tuple[int, ...]
    longest: int


def _children(begins: pl.Series, width: int, count: int) -> pl.Series:
    """Where the cells begin that these are divided into, cell after cell."""
    steps = pl.int_range(count, eager=True) * width
    crossed = begins.to_frame("begin").join(steps.to_frame("step"), how="cross", maintain_order="left_right")
    return crossed.select(pl.col("begin") + pl.col("step")).to_series()


def digit_table(starts: pl.Series) -> DigitTable:
    """The table of the intervals that begin at these keys.

    Keys ascend and are `scope * KEY_SPACE + number_keys`, from 0 on.
    """
    scopes = starts[-1] // KEY_SPACE + 2
    digits = (5, 2, 2) if scopes <= 10 else (3, 2, 2, 2)
    borders = starts // LENGTH_SLOTS
    width = 10 ** (PLACES - digits[0])
    begins = _children(pl.int_range(scopes, eager=True) * _SPACE, width, 10 ** digits[0])
    levels: list[pl.Series] = []
    cells = 0
    for step in (*digits[1:], None):
        at_begin = borders.search_sorted(begins, side="right").cast(pl.Int64) - 1
        at_end = borders.search_sorted(begins + width, side="left").cast(pl.Int64) - 1
        divided = (at_end > at_begin).arg_true()
        cells += len(begins)
        if step is None or cells + len(divided) * 10**step > _MOST_CELLS:
            levels.append(at_begin.scatter(divided, _NOT_SETTLED))
            break
        levels.append(at_begin.scatter(divided, BLOCK + cells + pl.int_range(len(divided), eager=True) * 10**step))
        width //= 10**step
        begins = _children(begins.gather(divided), width, 10**step)
    longest = int(str((starts % LENGTH_SLOTS).max()))
    return DigitTable(pl.concat(levels).cast(pl.UInt32), scopes, digits[: len(levels)], longest)


def with_interval(calls: pl.LazyFrame, table: DigitTable) -> pl.LazyFrame:
    """Adds `interval`, the position of the interval that the `key` of a `scope` is in. Grain: one a call, in order."""
    scope = pl.col("scope").clip(0, table.scopes - 1).cast(pl.UInt32)
    cells, key, place, interval = pl.lit(table.cells), pl.col("key"), pl.col("place"), pl.col("interval")
    below_steps = LENGTH_SLOTS * 10 ** (PLACES - sum(table.digits))
    width = 10 ** sum(table.digits[1:])
    found = (
        calls.with_columns(digits=(key // below_steps).cast(pl.UInt32))  # 9 digits at most
        .with_columns(place=scope * 10 ** table.digits[0] + pl.col("digits") // width)
        .with_columns(interval=cells.gather(place))
    )
    for step in table.digits[1:]:
        width //= 10**step
        deeper = pl.col("digits") // width % 10**step + (interval - BLOCK)
        found = found.with_columns(place=pl.when(interval >= BLOCK).then(deeper).otherwise(place)).with_columns(
            interval=cells.gather(place)
        )
    return found


def is_open(table: DigitTable) -> pl.Expr:
    """Whether a call's `interval` is to be searched for: the table has not settled it.

    Its number is not longer than the longest prefix, or its cell is divided beyond the last step.
    """
    return (pl.col("interval") >= BLOCK) | (pl.col("key") & (LENGTH_SLOTS - 1) <= table.longest)
