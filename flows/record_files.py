"""Reads a file of call records block by block: bytes in, text rows out, nothing skipped silently."""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import BinaryIO, NamedTuple

import polars as pl
import pyarrow as pa

from flows.files import read_parquet
from flows.inbox import RecordFile, stat_of
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.source_spec import REQUIRED_COLUMNS, SourceSpec
from transforms.delimited import Layout, header_columns, raw_text, read_delimited, unify_line_ends
from transforms.json_rows import read_json_lines, read_typed_rows
from transforms.source_fields import field_is_present, used_columns

SMALLEST_BLOCK_BYTES, LARGEST_BLOCK_BYTES = 16 * 2**20, 64 * 2**20
SKIPPED_BYTES = 2**15
_BOM = b"\xef\xbb\xbf"


class Block(NamedTuple):
    """Some rows of a file: how to get at them as text (so that it can be done beside), and as they stood."""

    rows: Callable[[], pl.DataFrame]
    lines: bytes | None
    typed: pl.DataFrame | None
    first_line: int

    def raw_records(self, source_lines: pl.Series) -> list[str]:
        """The rows of these lines as they stand in the file; of a typed file as JSON."""
        if self.typed is not None:
            return typed_records(self.typed, source_lines)
        return _lines_of(self.lines or b"", self.first_line, source_lines)


def typed_records(frame: pl.DataFrame, rows: pl.Series) -> list[str]:
    """Rows of a typed file, numbered from 1, as JSON."""
    picked = frame[(rows - 1).to_list()]
    return [json.dumps(row, ensure_ascii=False, default=str) for row in picked.to_dicts()]


def _lines_of(content: bytes | mmap.mmap, first_line: int, source_lines: pl.Series) -> list[str]:
    """Some lines of a block or file, ascending; what lies between is only counted, not cut up."""
    found = []
    position, line = 0, first_line
    for number in source_lines.to_list():
        position, line = _skip_far(content, position, line, number)
        for _ in range(number - line):
            position = content.find(b"\n", position) + 1
        line = number
        end = content.find(b"\n", position)
        found.append(raw_text(content[position : end if end >= 0 else len(content)]))
    return found


def _skip_far(content: bytes | mmap.mmap, position: int, line: int, number: int) -> tuple[int, int]:
    """Position and number of a line not far before the wanted one, by counting line ends in slices."""
    while True:
        piece = content[position : position + SKIPPED_BYTES]
        skipped = piece.count(b"\n")
        if skipped == 0 or line + skipped > number:
            return position, line
        position, line = position + piece.rfind(b"\n") + 1, line + skipped


def _open_bytes(record: RecordFile) -> BinaryIO:
    compression = {".gz": "gzip", ".zst": "zstd"}.get(record.path.suffix)
    if compression is None:
        return record.path.open("rb")
    stream: BinaryIO = pa.input_stream(str(record.path), compression=compression)
    return stream


def _byte_blocks(record: RecordFile) -> Iterator[bytes]:
    r"""The file's bytes, decompressed, cut at line ends into blocks of 16 to 64 MiB. A lone `\r` ends a line too."""
    rest = b""
    block_bytes = min(max(record.size // 8, SMALLEST_BLOCK_BYTES), LARGEST_BLOCK_BYTES)
    with _open_bytes(record) as stream:
        while chunk := stream.read(block_bytes):
            block = rest + chunk if rest else chunk
            cut = block.rfind(b"\n") + 1
            if cut == len(block):
                rest = b""
                yield unify_line_ends(block)
                continue
            rest = block[cut:]
            if cut:
                yield unify_line_ends(block[:cut])
    if rest:
        yield unify_line_ends(rest)


def read_raw_records(record: RecordFile, source_lines: pl.Series) -> list[str]:
    """The rows of these lines, ascending, as they stand in the file; nothing is parsed."""
    _refuse_changed(record)
    if record.ending == ".parquet":
        return typed_records(read_parquet(record.path), source_lines)
    if record.path.suffix not in (".gz", ".zst"):
        with record.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
            if content.find(b"\r") < 0:
                return _lines_of(content, 1, source_lines)
    found: list[str] = []
    first_line = 1
    for block in _byte_blocks(record):
        after = first_line + block.count(b"\n") + (not block.endswith(b"\n"))
        here = source_lines.filter((source_lines >= first_line) & (source_lines < after))
        if not here.is_empty():
            found += _lines_of(block, first_line, here)
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


def _delimited_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    layout = Layout(source.delimiter, source.quote, _read_names(source.columns, source), source.column_counts)
    line_number = 1
    blocks = _byte_blocks(record)
    first = next(blocks, b"").removeprefix(_BOM)
    if source.header:
        layout, first = _header(record, source, first)
        line_number = 2
    for block in _chained(first, blocks):
        yield Block(partial(read_delimited, block, layout, line_number), block, None, line_number)
        line_number += block.count(b"\n")


def _chained(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from blocks


def _json_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    line_number, used = 1, used_columns(source)
    blocks = _byte_blocks(record)
    for block in _chained(next(blocks, b"").removeprefix(_BOM), blocks):
        yield Block(partial(read_json_lines, block, line_number, used), block, None, line_number)
        line_number += block.count(b"\n")


def _parquet_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    frame = read_parquet(record.path)
    _check_columns(record, source, tuple(frame.columns), None)
    yield Block(partial(read_typed_rows, frame, 1, used_columns(source)), None, frame, 1)


def read_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    """The file's rows as text, block by block. Raises InputRefusedError where the file cannot be read whole."""
    _refuse_changed(record)
    try:
        if record.ending == ".parquet":
            yield from _parquet_blocks(record, source)
        elif record.ending.startswith(".jsonl"):
            yield from _json_blocks(record, source)
        else:
            yield from _delimited_blocks(record, source)
    except (OSError, EOFError, pa.ArrowException, pl.exceptions.PolarsError) as error:
        first_line = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        remedy = "fetch the file again from the switch; nothing of the month was billed"
        raise InputRefusedError(
            Fault(record.name, f"the file cannot be read to its end: {first_line}", remedy)
        ) from error
    _refuse_changed(record)


def _refuse_changed(record: RecordFile) -> None:
    """The file must be the one that was hashed: the books name what was read."""
    try:
        if stat_of(record.path) == record.stat:
            return
    except OSError:
        pass
    raise InputRefusedError(
        Fault(record.name, "the file changed while the month was run", "run again when it is whole")
    )
