"""A block of the canonical layout to calls, its usual lines by machine code; the others are handed on (contract §2)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from schemas.reasons import DIRECTIONS, DISPOSITIONS, NUMBER_KINDS
from schemas.source_spec import ANSWER_TIME, CANONICAL_COLUMNS, Dialect, SourceSpec
from transforms import usual_columns, usual_lines, usual_numbers, usual_times, usual_words
from transforms.delimited import Layout
from transforms.numbers import NUMBER_KIND
from transforms.screen import DIRECTION, DISPOSITION, LONG_CALL_SECONDS, Directory, fill_defaults
from transforms.timestamps import MICROS_PER_SECOND, UTC_MICROS, add_months, month_start
from transforms.usual_bytes import Bytes, Longs, Places, Words64, words_anywhere
from transforms.usual_lines import NOWHERE, Lines
from transforms.usual_numbers import Kinds, Numbers
from transforms.usual_tables import Tables, tables_of, words_of
from transforms.usual_times import Talk

_PRINTED = range(0x21, 0x7F)
_MOST_BYTES = 2**31 - 1
_PROBED_BYTES = 2**16
_LINES_AT_A_TIME = 2**13
_KINDS = Kinds(*(NUMBER_KINDS.index(kind) for kind in Kinds._fields))
_DIRECTIONS, _DISPOSITIONS = words_of(DIRECTIONS), words_of(DISPOSITIONS)


class UsualCalls(NamedTuple):
    """What a block came to.

    calls: those of its usual lines, accepted, in the order of their buckets, then of their lines (source_line,
    account_id, call_id, direction, disposition, both numbers and kinds, both times, duration_seconds, warning_bits).
    counts: how many are in each bucket. others: number and bytes of every other line that is not blank.
    """

    calls: pl.DataFrame
    counts: list[int]
    others: list[tuple[int, bytes]]


def is_usual(source: SourceSpec, layout: Layout) -> bool:
    """Whether the source is the canonical layout, by whatever delimiter, and says nothing else about its rows."""
    says = replace(source, name="", description="", switch="", dialect=Dialect(), default_country=None, account_id=None)
    has_all = set(CANONICAL_COLUMNS) - {"end_time"} <= set(layout.columns)
    has_marks = layout.has_own_marks or bool(layout.comment) or not layout.delimiter.isascii()
    is_plain = len(layout.column_counts) == 1 and not has_marks
    return says == SourceSpec("") and is_plain and has_all and ANSWER_TIME not in layout.columns


def _byte_kinds(layout: Layout) -> Bytes:
    kinds = np.full(256, usual_lines.ODD, np.uint8)
    kinds[_PRINTED.start : _PRINTED.stop] = usual_lines.PLAIN
    for text, kind in ((layout.quote, usual_lines.ODD), (layout.delimiter, usual_lines.DELIMITER)):
        kinds[list(text.encode())] = kind
    kinds[ord("\n")], kinds[ord("\r")] = usual_lines.LINE_END, usual_lines.RETURN
    return kinds


def _plain_bytes(kinds: Bytes) -> tuple[int, int]:
    """The longest run of ASCII that is plain: from the first to behind the last."""
    borders = [-1, *np.flatnonzero(kinds[:128] != usual_lines.PLAIN).tolist(), 128]
    first, behind = max(pairwise(borders), key=lambda pair: pair[1] - pair[0])
    return first + 1, behind


def _cut(block: bytes, line_count: int, layout: Layout) -> Lines:
    ends = np.empty((line_count, len(layout.columns)), np.int32)
    text = np.frombuffer(block, np.uint8)
    lines = Lines(text, words_anywhere(text), _places(line_count), ends, _codes(line_count))
    kinds, words = _byte_kinds(layout), np.frombuffer(block, np.uint64, len(block) // 8)
    if usual_lines.cut_lines(words, kinds, _plain_bytes(kinds), lines) != line_count:
        raise AssertionError(f"a block of {len(block)} bytes has other than {line_count} lines")
    return lines


def _places(count: int) -> Places:
    return np.empty(count, np.int32)


def _longs(count: int) -> Longs:
    return np.empty(count, np.int64)


def _codes(count: int) -> Bytes:
    return np.empty(count, np.uint8)


class _Texts(NamedTuple):
    """Where a text begins in the block, and its length."""

    begins: Places
    lengths: Places


class _Fields(NamedTuple):
    """The fields of each line, where it is usual. `plans`: the place of its account's dialing plan."""

    accounts: Longs
    plans: Longs
    directions: Bytes
    talk: Talk
    call_ids: _Texts
    source: Numbers
    destination: Numbers


def _fields(count: int) -> _Fields:
    source, destination = (Numbers(np.empty((count, 2), np.uint64), _places(count), _codes(count)) for _ in range(2))
    return _Fields(
        accounts=_longs(count),
        plans=_longs(count),
        directions=_codes(count),
        talk=Talk(_longs(count), np.full(count, NOWHERE, np.int64), _longs(count), _codes(count)),
        call_ids=_Texts(_places(count), _places(count)),
        source=source,
        destination=destination,
    )


def _of_lines(fields: _Fields, part: slice) -> _Fields:
    """The same arrays, of some lines."""
    accounts, plans, directions, talk, call_ids, source, destination = fields
    return _Fields(
        accounts[part],
        plans[part],
        directions[part],
        Talk(talk.starts[part], talk.ends[part], talk.seconds[part], talk.dispositions[part]),
        _Texts(*(of[part] for of in call_ids)),
        Numbers(source.texts[part], source.lengths[part], source.kinds[part]),
        Numbers(destination.texts[part], destination.lengths[part], destination.kinds[part]),
    )


def _month_micros(usage_month: dt.date) -> tuple[int, int]:
    first, behind = month_start(usage_month), month_start(add_months(usage_month, 1))
    return int(first.timestamp()) * MICROS_PER_SECOND, int(behind.timestamp()) * MICROS_PER_SECOND


def _read_fields(lines: Lines, column: dict[str, int], tables: Tables, month: tuple[int, int], fields: _Fields) -> None:
    """Field after field; lines that prove to be others are marked so."""
    talk = fields.talk
    usual_words.parse_texts(lines, column["call_id"], *fields.call_ids)
    usual_words.parse_accounts(lines, column["account_id"], tables.accounts, fields.accounts, fields.plans)
    usual_words.parse_words(lines, column["direction"], _DIRECTIONS, fields.directions)
    usual_words.parse_words(lines, column["disposition"], _DISPOSITIONS, talk.dispositions)
    usual_words.parse_seconds(lines, column["duration_seconds"], LONG_CALL_SECONDS, talk.seconds)
    usual_times.parse_times(lines, column["start_time"], talk.starts)
    if "end_time" in column:
        usual_times.parse_times(lines, column["end_time"], talk.ends)
    usual_times.judge(lines, month, DISPOSITIONS.index("answered"), talk)
    for side, numbers in (("source_number", fields.source), ("destination_number", fields.destination)):
        usual_numbers.parse_numbers(lines, column[side], _KINDS, numbers)
        usual_numbers.parse_dialled(lines, column[side], fields.plans, tables.plans, _KINDS, numbers)
    anonymous = (lines.kinds == usual_lines.USUAL) & (fields.destination.kinds == _KINDS.anonymous)
    lines.kinds[anonymous] = usual_lines.OTHER  # nobody was called


def _read(lines: Lines, layout: Layout, tables: Tables, usage_month: dt.date) -> _Fields:
    """All fields of all lines, some lines at a time: so many stay near the core while field after field is read."""
    column = {name: layout.columns.index(name) for name in CANONICAL_COLUMNS if name in layout.columns}
    month, count = _month_micros(usage_month), len(lines.kinds)
    fields = _fields(count)
    for begin in range(0, count, _LINES_AT_A_TIME):
        part = slice(begin, begin + _LINES_AT_A_TIME)
        some = Lines(lines.block, lines.words, lines.begins[part], lines.ends[part], lines.kinds[part])
        _read_fields(some, column, tables, month, _of_lines(fields, part))
    return fields


class _Placed(NamedTuple):
    """Columns of what stands a line, each at its place."""

    lines: Lines
    places: Places
    call_count: int

    def source_lines(self, first_line: int) -> pl.Series:
        put = _longs(self.call_count)
        usual_columns.put_lines(self.places, first_line, put)
        return _of_longs(put)

    def longs(self, values: Longs) -> pl.Series:
        put = _longs(self.call_count)
        usual_columns.put_numbers(values, self.places, put)
        return _of_longs(put)

    def times(self, values: Longs) -> pl.Series:
        return self.longs(values).cast(UTC_MICROS)

    def codes(self, values: Bytes, dtype: pl.Enum) -> pl.Series:
        """Codes as words; NOT_TOLD is null."""
        put = _codes(self.call_count)
        usual_columns.put_codes(values, self.places, put)
        codes = pl.Series(pa.Array.from_buffers(pa.uint8(), self.call_count, [None, pa.py_buffer(put)]))
        is_told = codes != usual_words.NOT_TOLD
        return (codes if is_told.all() else codes.set(~is_told, None)).cat.to(dtype)

    def texts(self, begins: Places, lengths: Places) -> pl.Series:
        views = np.empty((self.call_count, 2), np.uint64)
        long_text = _codes(usual_columns.long_text_size(lengths, self.places))
        usual_columns.put_texts(self.lines, begins, lengths, self.places, views, long_text)
        return _of_views(views, long_text)

    def numbers(self, numbers: Numbers) -> pl.Series:
        views = np.empty((self.call_count, 2), np.uint64)
        long_text = _codes(usual_columns.long_text_size(numbers.lengths, self.places))
        usual_columns.put_number_texts(numbers.texts, numbers.lengths, self.places, views, long_text)
        return _of_views(views, long_text)


def _of_longs(values: Longs) -> pl.Series:
    return pl.Series(pa.Array.from_buffers(pa.int64(), len(values), [None, pa.py_buffer(values)]))


def _of_views(views: Words64, beside: Bytes) -> pl.Series:
    buffers = [None, pa.py_buffer(views), pa.py_buffer(beside)]
    return pl.Series(pa.Array.from_buffers(pa.string_view(), len(views), buffers))


def _calls(placed: _Placed, fields: _Fields, directory: Directory, first_line: int) -> pl.DataFrame:
    columns = {
        "source_line": placed.source_lines(first_line),
        "account_id": tables_of(directory).ids.gather(placed.longs(fields.accounts)),
        "call_id": placed.texts(*fields.call_ids),
        "direction_code": placed.codes(fields.directions, DIRECTION),
        "disposition_code": placed.codes(fields.talk.dispositions, DISPOSITION),
        "source_number": placed.numbers(fields.source),
        "source_kind": placed.codes(fields.source.kinds, NUMBER_KIND),
        "destination_number": placed.numbers(fields.destination),
        "destination_kind": placed.codes(fields.destination.kinds, NUMBER_KIND),
        "start_time": placed.times(fields.talk.starts),
        "end_time": placed.times(fields.talk.ends),
        "duration_seconds": placed.longs(fields.talk.seconds),
        "warning_bits": pl.repeat(0, placed.call_count, dtype=pl.UInt8, eager=True),
    }
    return fill_defaults(pl.DataFrame(columns).with_row_index("row"), directory)


def read_usual(
    block: bytes,
    line_count: int,
    first_line: int,
    layout: Layout,
    directory: Directory,
    usage_month: dt.date,
) -> UsualCalls:
    """The calls of the block's usual lines, and its other lines.

    Needs: a source that `is_usual`; line_count: the block's line ends, and one more behind a last line without.
    """
    tables = tables_of(directory)
    lines = _cut(block, line_count, layout)
    fields = _read(lines, layout, tables, usage_month)
    counts = np.zeros(int(tables.accounts.buckets.max(initial=0)) + 1, np.int64)
    places = _places(line_count)
    count = usual_columns.bucket_places(
        lines.kinds, fields.accounts, tables.accounts.buckets, counts, np.empty_like(counts), places
    )
    others = np.flatnonzero(lines.kinds == usual_lines.OTHER).tolist()
    return UsualCalls(
        _calls(_Placed(lines, places, count), fields, directory, first_line),
        counts.tolist(),
        [(first_line + line, block[lines.begins[line] : lines.ends[line, -1]]) for line in others],
    )


def is_mostly_usual(block: bytes, layout: Layout, directory: Directory, usage_month: dt.date) -> bool:
    """Whether three of four lines at the block's beginning are usual: else reading it twice would be in vain."""
    beginning = block[: block.rfind(b"\n", 0, _PROBED_BYTES) + 1]
    if len(block) > _MOST_BYTES or not beginning:
        return False
    lines = _cut(beginning, beginning.count(b"\n"), layout)
    _read(lines, layout, tables_of(directory), usage_month)
    return 4 * int((lines.kinds == usual_lines.OTHER).sum()) <= len(lines.kinds)
