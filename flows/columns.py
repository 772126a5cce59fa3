"""A file's header lines and columns: what its rows are called, or why it is not a file of its source."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flows.inbox import RecordFile
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.source_spec import REQUIRED_COLUMNS, Dialect, SourceSpec, place_name
from transforms.delimited import Layout, header_columns
from transforms.source_fields import field_is_present, used_columns

_PLACE_NAME = re.compile("#[0-9]+")


def _lacking(source: SourceSpec, columns: tuple[str, ...]) -> Iterator[str]:
    """The columns that a file would need, and has not."""
    present = {*columns, *(place_name(place) for place in range(1, len(columns) + 1))}
    is_timed = source.durations.unit == "times"
    for name in REQUIRED_COLUMNS:
        if not field_is_present(name, source, present) and not (is_timed and name == "duration_seconds"):
            yield name
    yield from (name for name in source.tested_columns if name not in present)


def check_columns(record: RecordFile, source: SourceSpec, columns: tuple[str, ...], line: int | None) -> None:
    """Refuse a file in which a column is missing, or stands twice, that its source needs."""
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
        for name in _lacking(source, columns)
    ]
    used = used_columns(source)
    faults += [
        Fault(record.name, "the column is read by its name and by its place", "use one of them", line, name)
        for place, name in enumerate(columns, 1)
        if name in used and (place_name(place) in used or _PLACE_NAME.fullmatch(name))
    ]
    refuse_if_any(faults)


def _read_names(columns: Sequence[str], source: SourceSpec) -> tuple[str, ...]:
    """The columns' names for reading: one that the source does not use is called by its place."""
    used = used_columns(source)
    return tuple(name if name in used else place_name(place) for place, name in enumerate(columns, 1))


def _layout(dialect: Dialect, columns: tuple[str, ...], column_counts: tuple[int, ...]) -> Layout:
    is_loose = dialect.quoting == "loose"
    return Layout(dialect.delimiter, dialect.quote, columns, column_counts, dialect.escape, is_loose, dialect.comment)


class Header(NamedTuple):
    """What stands before the rows: header lines with their numbers, and how many bytes and lines that is."""

    lines: tuple[tuple[int, bytes], ...]
    size: int
    line_count: int


def header_of(dialect: Dialect, first_block: bytes) -> Header:
    """The header lines at the beginning of a file; comments among them are passed over, but no blank line."""
    comments = tuple(text.encode() for text in dialect.comment)
    found: list[tuple[int, bytes]] = []
    place = number = 0
    while len(found) < dialect.header_lines and place < len(first_block):
        end = first_block.find(b"\n", place) + 1 or len(first_block)
        line, place, number = first_block[place:end], end, number + 1
        if not comments or not line.startswith(comments):
            found.append((number, line.rstrip(b"\n")))
    return Header(tuple(found), place, number)


def _check_header(record: RecordFile, source: SourceSpec, header: Header, plain: Layout) -> list[Sequence[str]]:
    """The texts of each header line. Raises InputRefusedError for lines that are not those of the source."""
    dialect = source.dialect
    if len(header.lines) < dialect.header_lines:
        what = "is empty: it lacks even its header line" if not header.lines else "lacks header lines"
        raise InputRefusedError(Fault(record.name, f"the file {what}", "fetch it again, or take it out of the month"))
    texts: list[Sequence[str]] = []
    for place, (number, line) in enumerate(header.lines):
        columns = header_columns(line, plain)
        if columns is None:
            remedy = f"save the file as {dialect.encoding.upper()} CSV, or name its encoding in the source file"
            problem = f"the header line cannot be read as {dialect.encoding.upper()} text"
            raise InputRefusedError(Fault(record.name, problem, remedy, number))
        expected = dialect.header_begins[place] if place < len(dialect.header_begins) else None
        if expected is not None and (columns[0] if columns else "") != expected:
            problem = f"the header line does not begin with {expected}, as those of source {source.name!r} do"
            remedy = "put the file into the folder of its own source, or mend dialect.header_lines"
            raise InputRefusedError(Fault(record.name, problem, remedy, number, None, columns[0] if columns else ""))
        texts.append(columns)
    return texts


def headed_layout(record: RecordFile, source: SourceSpec, header: Header) -> tuple[Layout, tuple[str, ...]]:
    """Layout of a file's rows, and its columns: by the first header line, or by position as the source lists them."""
    dialect = source.dialect
    by_position = _layout(dialect, _read_names(dialect.names, source), dialect.column_counts)
    texts = _check_header(record, source, header, by_position)
    if not dialect.is_named_by_file:
        return by_position, dialect.columns
    columns = tuple(texts[0])
    check_columns(record, source, columns, header.lines[0][0])
    return _layout(dialect, _read_names(columns, source), (len(columns),)), columns
