"""The rows of the billed call details CSV put together by machine code (rule 11).

What a cell says is decided where it always is: the expressions of `call_details` make the tables of days, times,
minutes and call types that are copied from here. Calls that are not in the tables are left to them.
"""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl

from transforms.call_details import (
    CALL_TYPE_TEXTS,
    LINE_END,
    SECONDS_A_DAY,
    AccountText,
    billable_minutes_text,
    call_type_places,
    days_of,
    times_of_day,
)
from transforms.machine_code import compiled
from transforms.timestamps import MICROS_PER_SECOND
from transforms.usual_bytes import WORD_BYTES, Longs, Words64
from transforms.usual_texts import (
    Cells,
    Column,
    Page,
    blank_page,
    cells_of,
    column_of,
    digits_of_thousand,
    put_cell,
    put_micros,
    put_text,
    put_whole,
)

_TABLED_SECONDS = 2**16
"""Of longer calls the minutes are written bucket by bucket."""
_SECONDS_BELOW = 10**11
"""So that minutes have place in a cell."""
_MOST_DAYS = 1_000
_MICROS_BELOW = 10**18
"""As `call_details` writes them."""
_COMMA, _TIME_BYTES, _CELL_BYTES = np.uint64(ord(",")), 19, 16
_WHOLE_BYTES, _DECIMALS_BYTES = 19, 7
_ROW_BYTES = 2 * _TIME_BYTES + _CELL_BYTES + 3 * _WHOLE_BYTES + 2 * _DECIMALS_BYTES + 8
"""At most, of a row without its numbers and its type; a comma is behind each of eight cells."""
_TIMES_AND_NUMBERS = (
    *("start_time", "end_time"),
    *("duration_seconds", "cost_micros", "rate_per_minute_micros"),
)


class _Calls(NamedTuple):
    """Columns of the calls; times in microseconds, `types` and `minutes`: places of their texts."""

    sources: Column
    destinations: Column
    types: Longs
    minutes: Longs
    starts: Longs
    ends: Longs
    durations: Longs
    costs: Longs
    rates: Longs


class _Tables(NamedTuple):
    """Texts that many calls share. Times of day are words; a day has a blank behind it, a call type its line end."""

    days: Cells
    times: Words64
    minutes: Cells
    types: Column
    digits: Words64


@compiled
def are_in_tables(calls: _Calls, tables: _Tables, begin: int) -> bool:
    """Whether all days and minutes are in the tables, and no number is negative or too large to be written.

    begin: the second that the days begin with.
    """
    least, dearest, first, last = 0, 0, 0, 0
    for row in range(len(calls.types)):
        least = min(least, calls.minutes[row], calls.durations[row], calls.costs[row], calls.rates[row])
        dearest = max(dearest, calls.costs[row], calls.rates[row])
        start, end = calls.starts[row] // MICROS_PER_SECOND - begin, calls.ends[row] // MICROS_PER_SECOND - begin
        first, last = min(first, start, end), max(last, start, end)
    are_days = first >= 0 and last < len(tables.days.lengths) * SECONDS_A_DAY
    return are_days and least >= 0 and dearest < _MICROS_BELOW


@compiled
def put_rows(calls: _Calls, tables: _Tables, begin: int, page: Page, behind: Longs) -> None:
    """The row of each call, and its line end. Needs: calls that are in the tables.

    begin: the second that the days begin with; `behind`: where the next row begins.
    """
    sources, destinations, types, minutes, starts, ends, durations, costs, rates = calls
    days, times, minute_texts, type_texts, digits = tables
    words = page.words
    at = 0
    for row in range(len(behind)):
        at = put_text(words, at, sources, row)
        words[at] = _COMMA
        at = put_text(words, at + 1, destinations, row)
        words[at] = _COMMA
        at += 1
        for side in range(2):
            micros = starts[row] if side == 0 else ends[row]
            second = micros // MICROS_PER_SECOND - begin
            day = second // SECONDS_A_DAY
            put_cell(words, at, days, day)
            at += _TIME_BYTES
            words[at - WORD_BYTES] = times[second - day * SECONDS_A_DAY]
            words[at] = _COMMA
            at += 1
        at = put_whole(page, at, durations[row], digits)
        words[at] = _COMMA
        at = put_cell(words, at + 1, minute_texts, minutes[row])
        words[at] = _COMMA
        at = put_micros(page, at + 1, costs[row], digits)
        words[at] = _COMMA
        at = put_micros(page, at + 1, rates[row], digits)
        words[at] = _COMMA
        at = put_text(words, at + 1, type_texts, types[row])
        behind[row] = at


def _minute_cells(seconds: pl.Series) -> Cells:
    return cells_of(seconds.to_frame("s").select(billable_minutes_text(pl.col("s"))).to_series().to_list(), 2)


@cache
def _shared_tables() -> _Tables:
    """The tables without days, and without the minutes of long calls."""
    types = [f"{text}{LINE_END}".encode() for text in CALL_TYPE_TEXTS]
    borders = np.cumsum([0, *map(len, types)], dtype=np.int64)
    return _Tables(
        days=cells_of([], 2),
        times=cells_of(times_of_day().to_list(), 1).words[:, 0],
        minutes=_minute_cells(pl.int_range(_TABLED_SECONDS, eager=True)),
        types=column_of(np.frombuffer(b"".join(types), np.uint8), borders),
        digits=digits_of_thousand(),
    )


def _column(texts: pl.Series) -> Column:
    """The texts as they stand in memory, one behind the other."""
    import pyarrow as pa

    whole = texts.to_frame().to_arrow(compat_level=pl.CompatLevel.oldest()).column(0)
    array = pa.concat_arrays(whole.chunks)
    _, borders, content = array.buffers()
    text = np.frombuffer(content or b"", np.uint8)
    return column_of(text, np.frombuffer(borders, np.int64, len(array) + 1, 8 * array.offset))


class _Minutes(NamedTuple):
    """Texts of minutes, and the place of each call's."""

    cells: Cells
    places: pl.Series


def _minutes(calls: pl.DataFrame, shared: Cells) -> _Minutes:
    """The shared texts, and behind them those of calls that last longer."""
    charged = calls["billable_seconds"] - calls["included_seconds"]
    at = (charged >= _TABLED_SECONDS).arg_true()
    if at.is_empty():
        return _Minutes(shared, charged)
    longer = charged.gather(at)
    seconds = longer.unique().sort()
    own = _minute_cells(seconds)
    cells = Cells(np.concatenate([shared.words, own.words]), np.concatenate([shared.lengths, own.lengths]))
    return _Minutes(cells, charged.scatter(at, seconds.search_sorted(longer).cast(pl.Int64) + _TABLED_SECONDS))


def _joined(calls: pl.DataFrame, types: pl.Series) -> tuple[Page, Longs] | None:
    """The rows of all calls, and where the next one begins behind each; None where one is not in the tables."""
    days = days_of(calls, "start_time", "end_time")
    is_whole = all(column.null_count() == 0 for column in calls) and len(days.texts) <= _MOST_DAYS
    if not is_whole or (calls["billable_seconds"] >= _SECONDS_BELOW).any():
        return None
    shared = _shared_tables()
    minutes = _minutes(calls, shared.minutes)
    tables = shared._replace(days=cells_of(days.texts.to_list(), 2), minutes=minutes.cells)
    numbers = (calls[name].to_physical().to_numpy() for name in _TIMES_AND_NUMBERS)
    sources, destinations = _column(calls["source_number"]), _column(calls["destination_number"])
    in_sources, in_destinations = (int(column.borders[-1] - column.borders[0]) for column in (sources, destinations))
    longest_type = int(np.diff(tables.types.borders).max())
    places = (types.cast(pl.Int64).to_numpy(), minutes.places.to_numpy())
    columns = _Calls(sources, destinations, *places, *numbers)
    if not are_in_tables(columns, tables, days.begin):
        return None
    page = blank_page(in_sources + in_destinations + calls.height * (_ROW_BYTES + longest_type))
    behind = np.empty(calls.height, np.int64)
    put_rows(columns, tables, days.begin, page, behind)
    return page, behind


def account_texts(calls: pl.DataFrame, languages: pl.DataFrame) -> list[AccountText] | None:
    """What `call_details.account_texts` gives of the same calls, at least one; None where one of them is not usual."""
    runs = calls["account_id"].rle().struct.unnest().rename({"value": "account_id"})
    accounts = runs.join(languages, on="account_id", how="left", validate="m:1", maintain_order="left")
    is_french = pl.Series(np.repeat((accounts["language"] == "fr").to_numpy(), runs["len"].to_numpy()))
    joined = _joined(calls, calls.select(call_type_places(pl.lit(is_french))).to_series())
    if joined is None:
        return None
    page, behind = joined
    text = page.text.data
    borders = [0, *behind[runs["len"].cum_sum().to_numpy() - 1].tolist()]
    return [
        AccountText(account, language, text[begin:end])
        for (account, language), (begin, end) in zip(
            accounts.select("account_id", "language").iter_rows(), pairwise(borders), strict=True
        )
    ]
