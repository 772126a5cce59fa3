"""What the bytes of a file hold, in plain Python from the data contract (§2) alone: the program is not asked.

Readings, where the contract leaves it open: a line ends with LF, CR LF or CR; blank is a line of nothing but space,
tab, vertical tab and form feed; a byte order mark before the first line is no part of it.
"""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

ROOT = Path(__file__).parents[2]
REQUIRED = {"call_id", "source_number", "destination_number", "start_time", "duration_seconds"}
CANONICAL = {*REQUIRED, "account_id", "direction", "end_time", "disposition"}
SECONDS = re.compile(r"[0-9]{1,10}")
BLANK = b" \t\r\v\f"
csv.field_size_limit(2**31 - 1)


class Expected(NamedTuple):
    """The rows of a file: number of the line and its text (None: a typed row).

    `malformed`, `seconds` and `is_refused` are None where the contract alone does not tell: of another source's files.
    """

    rows: dict[int, str | None]
    malformed: set[int] | None = None
    seconds: int | None = None
    is_refused: bool | None = None


REFUSED = Expected({}, set(), 0, is_refused=True)


def unpacked(content: bytes, ending: str) -> bytes | None:
    """The bytes that a compressed file holds; None where it is not whole."""
    if ending.endswith(".gz"):
        return _gzip_members(content)
    if ending.endswith(".zst"):
        try:
            whole = pa.CompressedInputStream(pa.BufferReader(content), "zstd").read()
        except (OSError, pa.ArrowException):
            return None
        return bytes(whole) if content else None
    return content


def _gzip_members(content: bytes) -> bytes | None:
    found = b""
    while True:
        member = zlib.decompressobj(wbits=31)
        try:
            found += member.decompress(content)
        except zlib.error:
            return None
        if not member.eof:
            return None
        content = member.unused_data
        if not content:
            return found


def numbered_lines(content: bytes) -> list[tuple[int, bytes]]:
    """All lines with their numbers, without their ends; behind the last line end there is none."""
    lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
    if not lines[-1]:
        lines.pop()
    return list(enumerate(lines, start=1))


def is_blank(line: bytes) -> bool:
    """Whether nothing stands in the line."""
    return not line.strip(BLANK)


def shown(line: bytes) -> str:
    """The line as a set-aside record shows it: bytes that are no text, and NUL, as escapes."""
    return line.decode(errors="backslashreplace").replace("\0", "\\x00")


def text_of(line: bytes) -> str | None:
    """The line's text; None where it is none."""
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def fields_of(line: bytes) -> list[str] | None:
    """The fields of a line of CSV, trimmed; None where it is none."""
    text = text_of(line)
    try:
        return None if text is None else [field.strip() for field in next(csv.reader([text], strict=True))]
    except csv.Error:
        return None


def json_cells(line: bytes) -> dict[str, str] | None:
    """The canonical cells of a line of JSON; None where it is no object of texts and numbers, each key once."""
    text = text_of(line)
    try:
        pairs: Any = json.loads(
            text or "", parse_int=str, parse_float=str, object_pairs_hook=_Pairs, parse_constant=_no
        )
        if not isinstance(pairs, _Pairs):
            return None
        cells = dict(pairs)
        used = {name: "" if cells.get(name) is None else cells[name] for name in CANONICAL}
        if any(not isinstance(cell, str) or "\0" in cell for cell in used.values()):
            return None
        "".join(used.values()).encode()
        return {name: cell.strip() for name, cell in used.items()}
    except (ValueError, RecursionError):
        return None


class _Pairs(list[tuple[str, Any]]):
    """An object's keys and values; a key that stands twice makes no object."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key stands twice")


def _no(constant: str) -> Any:
    raise ValueError(constant)


def seconds_of(text: str) -> int:
    """The duration as far as it can be read by itself, else 0."""
    return int(text) if SECONDS.fullmatch(text) and int(text) < 2**31 else 0


def canonical_csv(lines: list[tuple[int, bytes]]) -> Expected:
    """A canonical CSV file."""
    header = fields_of(lines[0][1]) if lines else None
    if header is None or len(set(header)) < len(header) or not set(header) >= REQUIRED:
        return REFUSED
    place = header.index("duration_seconds")
    rows = {number: line for number, line in lines[1:] if not is_blank(line)}
    cells = {number: fields_of(line) for number, line in rows.items()}
    good = {number: fields for number, fields in cells.items() if fields is not None and len(fields) == len(header)}
    seconds = sum(seconds_of(fields[place]) for fields in good.values())
    texts: dict[int, str | None] = {number: shown(line) for number, line in rows.items()}
    return Expected(texts, rows.keys() - good.keys(), seconds, is_refused=False)


def canonical_json(lines: list[tuple[int, bytes]]) -> Expected:
    """A canonical file of JSON lines."""
    rows = {number: line for number, line in lines if not is_blank(line)}
    cells = {number: json_cells(line) for number, line in rows.items()}
    good = {number: found for number, found in cells.items() if found is not None}
    seconds = sum(seconds_of(found["duration_seconds"]) for found in good.values())
    texts: dict[int, str | None] = {number: shown(line) for number, line in rows.items()}
    return Expected(texts, rows.keys() - good.keys(), seconds, is_refused=False)


def typed_rows(content: bytes) -> Expected | None:
    """A Parquet file, as far as its rows can be counted; None where another reader cannot read it either."""
    try:
        count = pq.read_table(io.BytesIO(content)).num_rows
    except (OSError, ValueError, pa.ArrowException):
        return None
    return Expected(dict.fromkeys(range(1, count + 1)))


def looks_like_utf_16(content: bytes) -> bool:
    """Whether the beginning may be taken for UTF-16: it has a mark that says so, or many NULs in every other place."""
    head = content[:64]
    nuls = max(head[::2].count(0), head[1::2].count(0))
    return head.startswith((b"\xff\xfe", b"\xfe\xff")) or nuls * 4 >= len(head)


def header_lines(source: str) -> int:
    """How many lines a file of the source begins with that are no rows."""
    dialect = _source(source).get("dialect", {})
    return int(dialect.get("header_lines", dialect.get("header", True)))


def _source(name: str) -> dict[str, Any]:
    return tomllib.loads((ROOT / "schemas" / "sources" / f"{name}.toml").read_text(encoding="utf-8"))


def expected(content: bytes, ending: str, source: str) -> Expected | None:
    """What a file holds; None where nothing can be said of it."""
    if ending == ".parquet":
        return typed_rows(content)
    text = unpacked(content, ending)
    if text is None:
        return REFUSED
    is_wide = looks_like_utf_16(text)
    lines = numbered_lines(text.removeprefix(b"\xef\xbb\xbf"))
    is_csv = ending.startswith(".csv")
    if source == "canonical":
        found = canonical_csv(lines) if is_csv else canonical_json(lines)
        return found._replace(is_refused=None) if is_wide else found
    return rows_of_source(lines, source, is_csv=is_csv)


def is_comment(line: bytes, begins: tuple[bytes, ...]) -> bool:
    """Whether a line is a comment. Reading: one that is no text is a row all the same."""
    try:
        return line.startswith(begins) and line.decode() is not None
    except UnicodeDecodeError:
        return False


def rows_of_source(lines: list[tuple[int, bytes]], source: str, *, is_csv: bool) -> Expected | None:
    """The rows of another source's file: lines behind the header that are neither blank nor a comment."""
    dialect = _source(source).get("dialect", {})
    if str(dialect.get("encoding", "utf-8")).lower() not in ("utf-8", "utf8"):
        return None
    comment = dialect.get("comment", ())
    comments = tuple(text.encode() for text in ([comment] if isinstance(comment, str) else comment))
    told = [(number, line) for number, line in lines if not (is_csv and is_comment(line, comments))]
    behind = told[header_lines(source) :] if is_csv else told
    return Expected({number: shown(line) for number, line in behind if not is_blank(line)})
