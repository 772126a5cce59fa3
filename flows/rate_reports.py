"""What the commands about rate versions show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import polars as pl
from rich.console import Console

from flows.rate_import import Imported

LINES_SHOWN = 10


def _some(items: Sequence[object], count: int = LINES_SHOWN) -> str:
    more = f" and {len(items) - count:,} more" if len(items) > count else ""
    return ", ".join(str(item) for item in items[:count]) + more


def _with_lines(rows: pl.DataFrame, column: str) -> str:
    return _some([f"{prefix or '(any)'} (line {line})" for line, prefix in rows.select("line", column).iter_rows()])


def _import_sentences(done: Imported) -> Iterator[str]:
    rows, merged, spec = done.rows, done.merged, done.deck_map.table
    prefix = done.deck_map.prefix_column
    priced = rows.rows.height - rows.unpriced.height
    begun = f", begun as a copy of {done.base}" if done.base else ""
    yield f"{done.deck} stands in {done.folder}/{spec.name}.csv{begun}; the version is not frozen."
    yield f"{rows.line_count:,} rows read, {rows.skipped:,} skipped by the map: {priced:,} priced rows, " + (
        f"{rows.unpriced.height:,} without a price"
    )
    if rows.unpriced.height:
        yield f"without a price (calls to them are suspended): {_with_lines(rows.unpriced, prefix)}"
    if rows.rounded_up:
        yield f"{rows.rounded_up:,} rows had more than 6 decimals and were rounded up, as the map says."
    if rows.cut_seconds:
        yield f"{rows.cut_seconds:,} rows begin or end within a second; the part of the second is left out."
    if rows.unknown.height:
        yield f"{rows.unknown.height:,} prefixes are in no numbering plan: {_with_lines(rows.unknown, 'prefix')}"
    if rows.mixed.height:
        yield (
            f"{rows.mixed.height:,} prefixes lead to several countries or kinds, so one of them is left empty: "
            f"{_with_lines(rows.mixed, 'prefix')}"
        )
    ended = f"{merged.ended:,} ended where a new one begins, " if merged.ended else ""
    yield f"rows that were there: {merged.replaced:,} replaced, {ended}{merged.kept:,} kept as they are"
    yield f"next: tollbook rates lint {done.version}"


def show_import(console: Console, done: Imported) -> None:
    """What was read, what could not be found, and what became of the rows that were there."""
    for sentence in _import_sentences(done):
        console.print(sentence, soft_wrap=True)
