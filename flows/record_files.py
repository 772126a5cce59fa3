"""Reads a file of call records block by block: bytes in, text rows out, nothing skipped silently."""

from __future__ import annotations

import json
import mmap
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import BinaryIO, NamedTuple

import polars as pl

from flows.columns import check_columns, headed_layout, header_of
from flows.encodings import UTF_8, as_utf_8
from flows.files import read_parquet
from flows.inbox import RecordFile, stat_of
from schemas.faults import Fault, InputRefusedError
from schemas.source_spec import SourceSpec
from transforms.byte_counts import byte_counts, count_before
from transforms.delimited import Layout, count_rows, is_utf_16, raw_text, read_delimited, unify_line_ends
from transforms.json_rows import is_writable, read_json_lines, read_typed_rows
from transforms.source_fields import used_columns

BLOCK_BYTES = 16 * 2**20
LINE_END_WITHIN = 2**20
KEPT_MARK_BYTES, MARKED_BYTES = 2**20, 2**16
"""Marks that are kept are few; of a block that is at hand finer ones are made."""
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}
_BOM = b"\xef\xbb\xbf"


LineMarks = list[tuple[int, int]]
"""Places in a file (bytes from its start), ascending, and the number of the line that each is in."""


class Block(NamedTuple):
    """Some rows of a file: how to get at them as text (so that it can be done beside), and as they stood.

    `marks`: where its lines are in the file; none where the file's bytes are not the block's. `line_count`: counted
    in the bytes, blank lines and all; of a typed file the rows that its footer names. `columns`: the names of the
    file's columns, none where each row has its own. `layout`: of a file whose lines are cut by a delimiter.
    """

    rows: Callable[[], pl.DataFrame]
    lines: bytes | None
    typed: pl.DataFrame | None
    first_line: int
    marks: LineMarks
    line_count: int
    columns: tuple[str, ...] = ()
    layout: Layout | None = None

    def row_count(self) -> int:
        """The rows that stand in the bytes, counted without the reader."""
        comment = self.layout.comment if self.layout is not None else ()
        return self.line_count if self.lines is None else count_rows(self.lines, comment)

    def with_rows(self) -> Block:
        """The block with its rows at hand."""
        rows = self.rows()
        return self._replace(rows=lambda: rows)

    def raw_records(self, source_lines: pl.Series) -> list[str]:
        """The rows of these lines as they stand in the file; of a typed file as JSON."""
        if self.typed is not None:
            return typed_records(self.typed, source_lines)
        lines = self.lines or b""
        return _lines_of(lines, line_marks(lines, 0, self.first_line, MARKED_BYTES), source_lines)


def typed_records(frame: pl.DataFrame, rows: pl.Series) -> list[str]:
    """Rows of a typed file, numbered from 1, as JSON."""
    picked = frame[(rows - 1).to_list()].with_columns(
        pl.when(is_writable(name, dtype)).then(name)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.Datetime)
    )
    return [json.dumps(row, ensure_ascii=False, default=str) for row in picked.to_dicts()]


def line_marks(block: bytes, offset: int, first_line: int, each: int) -> LineMarks:
    """A mark every so many bytes of a block that begins at the offset of its file with the line; the last behind it."""
    marks = [(offset, first_line)]
    for count in byte_counts(block, b"\n", each):
        begin, line = marks[-1]
        marks.append((min(begin + each, offset + len(block)), line + count))
    return marks


def _line_in(piece: bytes, place: int, line_count: int) -> bytes:
    """The line at this place of about so many, found from where it would be if all were equally long."""
    at = len(piece) * place // max(line_count, 1)
    passed = count_before(piece, b"\n", at)
    for _ in range(passed, place):
        at = piece.index(b"\n", at) + 1
    for _ in range(place, passed + 1):
        at = piece.rfind(b"\n", 0, at)
    begin = at + 1 if passed >= place else at
    end = piece.find(b"\n", begin)
    return piece[begin : end if end >= 0 else None]


def _lines_of(content: bytes | mmap.mmap, marks: LineMarks, source_lines: pl.Series) -> list[str]:
    """Some lines of a block or file, ascending: only the pieces between two marks that hold one are looked into."""
    found: list[str] = []
    numbers = source_lines.to_list()
    for (begin, first_line), (until, line_there) in pairwise(marks):
        here = numbers[len(found) : bisect_right(numbers, line_there, lo=len(found))]
        if here:
            end = content.find(b"\n", until)
            piece = content[begin : end if end >= 0 else len(content)]
            line_count = line_there - first_line + 1
            found += [raw_text(_line_in(piece, number - first_line, line_count)) for number in here]
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
    r"""Whole lines; where a lone `\r` has become `\n`, or an encoding UTF-8, they are not the file's bytes."""

    block: bytes
    is_as_in_file: bool


def _unified(lines: bytes, encoding: str) -> _Bytes:
    block = unify_line_ends(lines)
    return _Bytes(block, block is lines and encoding == UTF_8)


def _whole_lines(block: bytes) -> int:
    r"""How far whole lines go. Without `\n` a `\r` ends one too, but not the last byte: it may be half of `\r\n`."""
    return block.rfind(b"\n") + 1 or block.rfind(b"\r", 0, -1) + 1


def _as_utf_8(record: RecordFile, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, where they are not UTF-16: line by line such a file would be nothing but malformed rows."""
    for place, piece in enumerate(pieces):
        if place == 0 and is_utf_16(piece):
            remedy = "save it as UTF-8, or name its encoding in the source file"
            raise InputRefusedError(Fault(record.name, "the file is UTF-16, and its source is UTF-8", remedy))
        yield piece


def _chunks(record: RecordFile, encoding: str) -> Iterator[bytes]:
    """The file's bytes, decompressed, piece by piece; of another encoding than UTF-8 as UTF-8."""
    with _open_bytes(record) as stream:
        is_plain = encoding == UTF_8 and record.path.suffix not in COMPRESSIONS
        pieces = _pieces_of_lines(stream, record.size) if is_plain else iter(partial(stream.read, BLOCK_BYTES), b"")
        yield from _as_utf_8(record, pieces) if encoding == UTF_8 else as_utf_8(pieces, encoding)


def _pieces_of_lines(stream: BinaryIO, size: int) -> Iterator[bytes]:
    """The file cut behind lines, where they are not too long to look for their end: nothing is copied to cut it."""
    begin = 0
    while begin < size:
        end = min(begin + BLOCK_BYTES, size)
        if end < size:
            stream.seek(end)
            end += len(stream.readline(LINE_END_WITHIN))
            stream.seek(begin)
        piece = stream.read(end - begin)
        if not piece:
            return  # it became shorter, which is refused when it was read
        yield piece
        begin += len(piece)


def _byte_blocks(record: RecordFile, encoding: str) -> Iterator[_Bytes]:
    """The file as UTF-8, cut at line ends into blocks of BLOCK_BYTES."""
    rest = b""
    for chunk in _chunks(record, encoding):
        block = rest + chunk if rest else chunk
        cut = _whole_lines(block)
        rest = block[cut:]
        if cut:
            yield _unified(block if cut == len(block) else block[:cut], encoding)
    if rest:
        yield _unified(rest, encoding)


def read_raw_records(record: RecordFile, source_lines: pl.Series, marks: LineMarks, encoding: str = UTF_8) -> list[str]:
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
    for block, _ in _byte_blocks(record, encoding):
        after = first_line + block.count(b"\n") + (not block.endswith(b"\n"))
        here = source_lines.filter((source_lines >= first_line) & (source_lines < after))
        if not here.is_empty():
            text = block.removeprefix(_BOM) if first_line == 1 else block
            found += _lines_of(text, line_marks(text, 0, first_line, MARKED_BYTES), here)
        first_line = after
    return found


class _Marked(NamedTuple):
    """A block's number of its first line, its marks, and how many lines it has."""

    block: bytes
    first_line: int
    marks: LineMarks
    line_count: int


def _with_marks(blocks: Iterator[_Bytes], offset: int, first_line: int) -> Iterator[_Marked]:
    """Each block with its marks and lines, from one place and line of the file on."""
    for block, is_as_in_file in blocks:
        marks = line_marks(block, offset, first_line, KEPT_MARK_BYTES)
        line_count = marks[-1][1] - first_line + (not block.endswith(b"\n"))
        yield _Marked(block, first_line, marks if is_as_in_file else [], line_count)
        offset, first_line = marks[-1]


def _delimited_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    blocks = _byte_blocks(record, source.dialect.encoding)
    first = next(blocks, _Bytes(b"", is_as_in_file=True))
    content = first.block.removeprefix(_BOM)
    header = header_of(source.dialect, content)
    while len(header.lines) < source.dialect.header_lines and (more := next(blocks, None)) is not None:
        first = _Bytes(first.block + more.block, first.is_as_in_file and more.is_as_in_file)
        content = first.block.removeprefix(_BOM)
        header = header_of(source.dialect, content)
    layout, columns = headed_layout(record, source, header)
    content = content[header.size :]
    rest = _chained(first._replace(block=content), blocks)
    behind = _with_marks(rest, len(first.block) - len(content), header.line_count + 1)
    for block, line, marks, line_count in behind:
        rows = partial(read_delimited, block, layout, line)
        yield Block(rows, block, None, line, marks, line_count, columns, layout)


def _chained(first: _Bytes, blocks: Iterator[_Bytes]) -> Iterator[_Bytes]:
    if first.block:
        yield first
    yield from blocks


def _json_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    used, is_encoded = used_columns(source), source.dialect.percent_encoded
    blocks = _byte_blocks(record, source.dialect.encoding)
    first = next(blocks, _Bytes(b"", is_as_in_file=True))
    content = first.block.removeprefix(_BOM)
    rest = _chained(first._replace(block=content), blocks)
    for block, line, marks, line_count in _with_marks(rest, len(first.block) - len(content), 1):
        rows = partial(read_json_lines, block, line, used, is_encoded)
        yield Block(rows, block, None, line, marks, line_count)


def _parquet_blocks(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
    frame = read_parquet(record.path)
    columns = tuple(frame.columns)
    check_columns(record, source, columns, None)
    row_count = pl.scan_parquet(record.path, glob=False).select(pl.len()).collect().item()
    rows = partial(read_typed_rows, frame, 1, used_columns(source))
    yield Block(rows, None, frame, 1, [], row_count, columns)


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
