"""Reads a file of call records block by block: bytes in, text rows out, nothing skipped silently."""

from __future__ import annotations

import json
import mmap
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import polars as pl

from flows.files import read_parquet
from flows.inbox import RecordFile, stat_of
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.source_spec import REQUIRED_COLUMNS, SourceSpec
from transforms.delimited import (
    Layout,
    count_rows,
    header_columns,
    is_utf_16,
    raw_text,
    read_delimited,
    unify_line_ends,
)
from transforms.json_rows import is_writable, read_json_lines, read_typed_rows
from transforms.source_fields import field_is_present, used_columns

SMALLEST_BLOCK_BYTES, LARGEST_BLOCK_BYTES = 16 * 2**20, 64 * 2**20
MARKED_BYTES = 2**16
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_BOM = b"\xef\xbb\xbf"


LineMarks = list[tuple[int, int]]
"""Places in a file (bytes from its start), ascending, and the number of the line that each is in."""


class Block(NamedTuple):
    """Some rows of a file: how to get at them as text (so that it can be done beside), and as they stood.

    `marks`: where its lines are in the file; none where the file's bytes are not the block's. `line_count`: counted
    in the bytes, blank lines and all; of a typed file the rows that its footer names.
    """

    rows: Callable[[], pl.DataFrame]
    lines: bytes | None
    typed: pl.DataFrame | None
    first_line: int
    marks: LineMarks
    line_count: int

    def row_count(self) -> int:
        """The rows that stand in the bytes, counted without the reader."""
        return self.line_count if self.lines is None else count_rows(self.lines)

    def with_rows(self) -> Block:
        """The block with its rows at hand."""
        rows = self.rows()
        return self._replace(rows=lambda: rows)

    def raw_records(self, source_lines: pl.Series) -> list[str]:
        """The rows of these lines as they stand in the file; of a typed file as JSON."""
        if self.typed is not None:
            return typed_records(self.typed, source_lines)
        return _lines_of(self.lines or b"", line_marks(self.lines or b"", 0, self.first_line), source_lines)


def typed_records(frame: pl.DataFrame, rows: pl.Series) -> list[str]:
    """Rows of a typed file, numbered from 1, as JSON."""
    picked = frame[(rows - 1).to_list()].with_columns(
        pl.when(is_writable(name, dtype)).then(name)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    )
    return [json.dumps(row, ensure_ascii=False, default=str) for row in picked.to_dicts()]


def line_marks(block: bytes, offset: int, first_line: int) -> LineMarks:
    """A mark each 64 KiB of a block that begins at the offset of its file with the line; the last is behind it."""
    marks = [(offset, first_line)]
    for begin in range(0, len(block), MARKED_BYTES):
        end = min(begin + MARKED_BYTES, len(block))
        marks.append((offset + end, marks[-1][1] + block.count(b"\n", begin, end)))
    return marks


def _lines_of(content: bytes | mmap.mmap, marks: LineMarks, source_lines: pl.Series) -> list[str]:
    """Some lines of a block or file, ascending: only the pieces between two marks that hold one are cut into lines."""
    found: list[str] = []
    numbers = source_lines.to_list()
    for (begin, first_line), (until, line_there) in pairwise(marks):
        here = numbers[len(found) : bisect_right(numbers, line_there, lo=len(found))]
        if here:
            end = content.find(b"\n", until)
            lines = content[begin : end if end >= 0 else len(content)].split(b"\n")
            found += [raw_text(lines[number - first_line]) for number in here]
    return found


def _open_bytes(record: RecordFile) -> BinaryIO:
    compression = COMPRESSIONS.get(record.path.suffix)
    if compression is None:
        return record.path.open("rb")
    if record.size == 0:  # a reader takes it for a whole stream of nothing
        raise EOFError(f"it has 0 bytes, and {compression} of nothing has more")
    import pyarrow as pa  # plain files need none of it

    stream: BinaryIO = pa.input_stream(str(record.path), compression=compression)
    return stream


class _Bytes(NamedTuple):
    r"""Whole lines; a lone `\r` has become `\n`, and then they are not the file's bytes."""

    block: bytes
    is_as_in_file: bool


def _unified(lines: bytes) -> _Bytes:
    block = unify_line_ends(lines)
    return _Bytes(block, block is lines)


def _whole_lines(block: bytes) -> int:
    r"""How far whole lines go. Without `\n` a `\r` ends one too, but not the last byte: it may be half of `\r\n`."""
    return block.rfind(b"\n") + 1 or block.rfind(b"\r", 0, -1) + 1


def _refuse_utf_16(record: RecordFile, beginning: bytes) -> None:
    """A file of another encoding is refused by name: line by line it would be nothing but malformed rows."""
    if is_utf_16(beginning):
        remedy = "save it as UTF-8, or name its encoding in the source file"
        raise InputRefusedError(Fault(record.name, "the file is UTF-16, and its source is UTF-8", remedy))


def _byte_blocks(record: RecordFile) -> Iterator[_Bytes]:
    """The file's bytes, decompressed, cut at line ends into blocks of 16 to 64 MiB."""
    is_begun = False
    rest = b""
    block_bytes = min(max(record.size // 8, SMALLEST_BLOCK_BYTES), LARGEST_BLOCK_BYTES)
    with _open_bytes(record) as stream:
        while chunk := stream.read(block_bytes):
            if not is_begun:
                _refuse_utf_16(record, chunk)
                is_begun = True
            block = rest + chunk if rest else chunk
            cut = _whole_lines(block)
            if cut == len(block):
                rest = b""
                yield _unified(block)
                continue
            rest = block[cut:]
            if cut:
                yield _unified(block[:cut])
    if rest:
        yield _unified(rest)


def read_raw_records(record: RecordFile, source_lines: pl.Series, marks: LineMarks) -> list[str]:
    """The rows of these lines, ascending, as they stand in the file; nothing is parsed.

    Without marks (as `read_blocks` gave them) the file is gone through from its beginning.
    """
    refuse_changed(record)
    if record.ending == ".parquet":
        return typed_records(read_parquet(record.path), source_lines)
    if marks:
        with record.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            return _lines_of(content, marks, source_lines)
    found: list[str] = []
    first_line = 1
    for block, _ in _byte_blocks(record):
        after = first_line + block.count(b"\n") + (not block.endswith(b"\n"))
        here = source_lines.filter((source_lines >= first_line) & (source_lines < after))
        if not here.is_empty():
            text = block.removeprefix(_BOM) if first_line == 1 else block
            found += _lines_of(text, line_marks(text, 0, first_line), here)
        first_line = after
    return found


def _check_columns(record: RecordFile, source: SourceSpec, columns: tuple[str, ...], line: int | None) -> None:
    faults = [
        Fault(
            record.name,
            "the column stands twice in the header",
            "keep one of them",
            line,
            name or "(no name)",
        )
        for name in sorted({name for name in columns if columns.count(name) > 1})
    ]
    faults += [
        Fault(
            record.name,
            "the file lacks a column that every record needs",
            f"add it to the header, or say in the source file of {source.name!r} where it comes from",
            line,
            name,
        )
        for name in REQUIRED_COLUMNS
        if not field_is_present(name, source, set(columns))
    ]
    refuse_if_any(faults)


def _read_names(columns: Sequence[str], source: SourceSpec) -> tuple[str, ...]:
    """The columns' names for reading: one that the source does not use is called by its place."""
    used = used_columns(source)
    return tuple(name if name in used else f"column {place}" for place, name in enumerate(columns, 1))


def _header(record: RecordFile, source: SourceSpec, first_block: bytes) -> tuple[Layout, bytes]:
    """Layout by the header line, and the block behind it."""
    if not first_block:
        problem = "the file is empty: it lacks even its header line"
        raise InputRefusedError(Fault(record.name, problem, "fetch it again, or take it out of the month"))
    line, _, behind = first_block.partition(b"\n")
    columns = header_columns(line, source.delimiter, source.quote)
    if columns is None:
        raise InputRefusedError(
            Fault(record.name, "the header line cannot be read as UTF-8 text", "save the file as UTF-8 CSV", 1)
        )
    _check_columns(record, source, tuple(columns), 1)
    return Layout(source.delimiter, source.quote, _read_names(columns, source), (len(columns),)), behind


class _Marked(NamedTuple):
    """A block's number of its first line, its marks, and how many lines it has."""

    block: bytes
    first_line: int
    marks: LineMarks
    line_count: int


def _with_marks(blocks: Iterator[_Bytes], offset: int, first_line: int) -> Iterator[_Marked]:
    """Each block with its marks and lines, from one place and line of the file on."""
    for block, is_as_in_file in blocks:
        marks = line_marks(block, offset, first_line)
        line_count = marks[-1][1] - first_line + (not block.endswith(b"\n"))
        yield _Marked(block, first_line, marks if is_as_in_file else [], line_count)
        offset, first_line = marks[-1]


def _delimited_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    layout = Layout(source.delimiter, source.quote, _read_names(source.columns, source), source.column_counts)
    blocks = _byte_blocks(record)
    first = next(blocks, _Bytes(b"", is_as_in_file=True))
    content, first_line = first.block.removeprefix(_BOM), 1
    if source.header:
        layout, content = _header(record, source, content)
        first_line = 2
    rest = _chained(first._replace(block=content), blocks)
    for block, line, marks, line_count in _with_marks(rest, len(first.block) - len(content), first_line):
        yield Block(partial(read_delimited, block, layout, line), block, None, line, marks, line_count)


def _chained(first: _Bytes, blocks: Iterator[_Bytes]) -> Iterator[_Bytes]:
    if first.block:
        yield first
    yield from blocks


def _json_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    used = used_columns(source)
    blocks = _byte_blocks(record)
    first = next(blocks, _Bytes(b"", is_as_in_file=True))
    content = first.block.removeprefix(_BOM)
    rest = _chained(first._replace(block=content), blocks)
    for block, line, marks, line_count in _with_marks(rest, len(first.block) - len(content), 1):
        yield Block(partial(read_json_lines, block, line, used), block, None, line, marks, line_count)


def _parquet_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    frame = read_parquet(record.path)
    _check_columns(record, source, tuple(frame.columns), None)
    row_count = pl.scan_parquet(record.path, glob=False).select(pl.len()).collect().item()
    yield Block(partial(read_typed_rows, frame, 1, used_columns(source)), None, frame, 1, [], row_count)


def _arrow_exception() -> type[Exception]:
    import pyarrow as pa

    error: type[Exception] = pa.ArrowException
    return error


def _unreadable(record: RecordFile, problem: str) -> InputRefusedError:
    remedy = "fetch the file again from the switch; nothing of the month was billed"
    return InputRefusedError(Fault(record.name, f"the file cannot be read to its end: {problem}", remedy))


def read_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    """The file's rows as text, block by block. Raises InputRefusedError where the file cannot be read whole."""
    refuse_changed(record)
    try:
        if record.ending == ".parquet":
            yield from _parquet_blocks(record, source)
        elif record.ending.startswith(".jsonl"):
            yield from _json_blocks(record, source)
        else:
            yield from _delimited_blocks(record, source)
    except pl.exceptions.PanicException as error:  # no Exception: polars dies of some damaged pages
        raise _unreadable(record, "a page of it is damaged") from error
    except (OSError, EOFError, _arrow_exception(), pl.exceptions.PolarsError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise _unreadable(record, first_line) from error
    refuse_changed(record)


def refuse_changed(record: RecordFile) -> None:
    """The file must be the one that was hashed: the books name what was read."""
    try:
        if stat_of(record.path) == record.stat:
            return
    except OSError:
        pass
    raise InputRefusedError(
        Fault(record.name, "the file changed while the month was run", "run again when it is whole")
    )
