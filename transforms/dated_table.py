"""From an interval and a second to the row in force, by one table: a cell for each interval and span of time."""

from __future__ import annotations

from math import gcd
from typing import NamedTuple

import polars as pl

NOT_SETTLED = -2
_MOST_CELLS = 6_000_000
_MOST_SPANS = 100
_MOST_SLOTS = 100_000


class DatedTable(NamedTuple):
    """cells: for each interval the row in force in each span, or that it changes within the span (not settled).

    spans: the span that each slot of time is in. The first slot is all the time before first_change, the last all the
    time from the last change on; between them slots are equally long.
    """

    cells: pl.Series
    spans: pl.Series
    span_count: int
    first_change: int
    slot_seconds: int


class _Grid(NamedTuple):
    """Seconds at which the second span and each after it begin, the length of a slot, and how many slots there are."""

    borders: pl.Series
    slot_seconds: int
    slots: int


def _grid(changes: pl.Series, intervals: int) -> _Grid:
    """Spans from change to change, where they are few and on a grid (midnights, mostly); else equally long ones."""
    if changes.is_empty():
        return _Grid(changes, 1, 1)
    between = changes[-1] - changes[0]
    step = gcd(*changes.diff()[1:].to_list()) or 1
    room = max(min(_MOST_CELLS // intervals, _MOST_SPANS) - 2, 1)
    if len(changes) <= room and between // step <= _MOST_SLOTS:
        return _Grid(changes, step, between // step + 2)
    length = -(-between // room)
    slots = -(-between // length) + 2
    return _Grid(changes[0] + pl.int_range(slots - 1, eager=True) * length, length, slots)


def _crossed(left: pl.Series, right: pl.Series, each: int) -> pl.Series:
    """`left * each + right` for every pair, the right one moving first."""
    pairs = (
        left.alias("left").to_frame().join(right.alias("right").to_frame(), how="cross", maintain_order="left_right")
    )
    return pairs.select(pl.col("left") * each + pl.col("right")).to_series()


def dated_table(nodes: pl.Series, segment_keys: pl.Series, segment_rows: pl.Series, keys_a_node: int) -> DatedTable:
    """The table of intervals that lead to these nodes.

    Segments say from when on a node has which row: their keys are `node * keys_a_node + second`, ascending.
    """
    changes = (segment_keys % keys_a_node).unique().sort()[1:]  # every node begins at second 0
    first = changes[0] if len(changes) else 0
    grid = _grid(changes, len(nodes))
    begins = pl.concat([pl.Series([0]), grid.borders])
    ends = pl.concat([grid.borders - 1, pl.Series([keys_a_node - 1])])
    of_nodes = pl.int_range(int(str(nodes.max())) + 1, eager=True)
    at_begin = segment_keys.search_sorted(_crossed(of_nodes, begins, keys_a_node), side="right")
    at_end = segment_keys.search_sorted(_crossed(of_nodes, ends, keys_a_node), side="right")
    rows = segment_rows.gather(at_begin - 1).scatter((at_begin != at_end).arg_true(), NOT_SETTLED)
    slot_begins = first + (pl.int_range(grid.slots, eager=True) - 1) * grid.slot_seconds
    return DatedTable(
        cells=rows.gather(_crossed(nodes, pl.int_range(len(begins), eager=True), len(begins))),
        spans=grid.borders.search_sorted(slot_begins, side="right"),
        span_count=len(begins),
        first_change=first,
        slot_seconds=grid.slot_seconds,
    )


def span_at(table: DatedTable) -> pl.Expr:
    """The span of a call's `second` (since 1970 UTC)."""
    if table.span_count == 1:
        return pl.lit(0, dtype=pl.UInt32)
    slot = ((pl.col("second") - table.first_change) // table.slot_seconds + 1).clip(0, len(table.spans) - 1)
    return pl.lit(table.spans).gather(slot.cast(pl.UInt32))


def row_in_span(table: DatedTable) -> pl.Expr:
    """The row of a call's `interval` in its `span`, or not settled; anything, where the interval is not settled."""
    place = pl.col("interval") * table.span_count + pl.col("span")
    return pl.lit(table.cells).gather(place, null_on_oob=True)
