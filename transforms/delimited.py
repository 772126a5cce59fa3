"""Text lines of a switch to rows of text columns; every line that is no row says so (contract §2)."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import polars as pl

from transforms.byte_counts import count_byte
from transforms.odd_lines import MOST_ODD_LINES, lines_at, numbers_without, odd_lines, without_lines

SOURCE_LINE = "source_line"
IS_MALFORMED = "is_malformed"
_MARK = b"\x1e"  # the record separator of ASCII
_BYTE_ORDER_MARK = "\ufeff"
_MARK_OF_UTF_8 = _BYTE_ORDER_MARK.encode()
WHITE_SPACE = " \t\r\v\f"
"""A line of nothing else is blank, and no row."""
_BLANKS = (b" ", b"\t", b"\r", b"\v", b"\f", b"\x1c", b"\x1d", b"\x1e", b"\x1f")

csv.field_size_limit(2**31 - 1)  # a long field is a field


class Layout(NamedTuple):
    """Dialect of a file and the names of its columns; a row has one of the column counts."""

    delimiter: str
    quote: str
    columns: tuple[str, ...]
    column_counts: tuple[int, ...]
    escape: str = ""
    is_loose: bool = False
    comment: tuple[str, ...] = ()

    @property
    def has_own_marks(self) -> bool:
        """Whether a line with quotes or escapes is to be read by itself, as no usual reader would."""
        return self.is_loose or bool(self.escape)


def unify_line_ends(block: bytes) -> bytes:
    r"""The block with `\n` after each line, where a switch wrote a lone `\r`. `\r\n` may stay: it is trimmed."""
    if b"\r" not in block or block.count(b"\r") == block.count(b"\r\n"):
        return block
    return block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def is_utf_16(beginning: bytes) -> bool:
    """Whether a file begins as UTF-16: with its mark, or with NUL in nearly every other place and nowhere else."""
    if beginning.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    head = beginning[:64]
    nuls = [head[place::2].count(0) for place in (0, 1)]
    return len(head) > 1 and min(nuls) == 0 and max(nuls) * 8 >= len(head) * 3


def count_rows(block: bytes, comment: tuple[str, ...] = ()) -> int:
    """Lines of a block that are rows, counted in its bytes: all that are not blank, and no comments."""
    marks = tuple(text.encode() for text in comment)
    lines = (line for line in block.split(b"\n") if line.strip())
    return sum(1 for line in lines if not (marks and line.startswith(marks) and _decoded(line) is not None))


def text_lines(block: bytes) -> pl.DataFrame:
    """One row a line: its text, null where it is not UTF-8. Line ends are taken off."""
    lines = block.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    try:
        texts: list[str | None] = [line.decode() for line in lines]
    except UnicodeDecodeError:
        texts = [_decoded(line) for line in lines]
    return pl.DataFrame({"text": texts}, schema={"text": pl.String}).with_columns(pl.col("text").str.strip_suffix("\r"))


def _decoded(line: bytes) -> str | None:
    try:
        return line.decode()
    except UnicodeDecodeError:
        return None


def raw_text(line: bytes) -> str:
    """The line as it stands, for a person: bytes that are not UTF-8, and NUL, are shown as escapes."""
    return line.rstrip(b"\r\n").decode(errors="backslashreplace").replace("\0", "\\x00")


def _read(
    block: bytes, layout: Layout, names: Sequence[str], quote: str | None = None, *, may_be_longer: bool = False
) -> pl.DataFrame:
    """Text columns; what a line lacks is empty. Raises PolarsError for a longer line, where none may be."""
    return pl.read_csv(
        block,
        has_header=False,
        separator=layout.delimiter,
        quote_char=quote,
        infer_schema=False,
        schema=dict.fromkeys(names, pl.String),
        missing_columns="insert",
        truncate_ragged_lines=may_be_longer,
        empty_string_is_null=False,
        raise_if_empty=False,
    )


def _read_filled(block: bytes, layout: Layout, names: Sequence[str]) -> pl.DataFrame | None:
    """All lines at once, or None where it is not proved so that every line is a row of full width.

    The proof: no line is longer, which would be an error; so all have full width if together they have the delimiters
    of so many.
    """
    rows = _read(block, layout, names)
    delimiters = count_byte(block, layout.delimiter.encode())
    return rows if delimiters == rows.height * (len(names) - 1) else None


def _read_with_marks(block: bytes, layout: Layout, names: Sequence[str]) -> pl.DataFrame:
    """All lines, a mark put behind each as one field more.

    The mark stands in the column after the last, `_beyond`, exactly where the line has full width; a short line has
    it earlier, a long one has something else there.
    """
    mark = layout.delimiter.encode() + _MARK + b"\n"
    marked = block.replace(b"\n", mark) if block.endswith(b"\n") else block.replace(b"\n", mark) + mark
    return _read(marked, layout, [*names, "_beyond"], may_be_longer=True)


def _odd_bytes(layout: Layout) -> list[bytes]:
    """What no line has that the plain reader takes as the layout means it."""
    texts = (layout.quote, layout.escape, *layout.comment)
    return [text.encode() for text in texts if text] + [b"\0", _MARK]


def _quoted_fields(delimiter: str, quote: str) -> str:
    """A line whose quotes all enclose whole fields."""
    q, d = f"\\x{ord(quote):02x}", f"\\x{ord(delimiter):02x}"
    one = f"(?:{q}(?:[^{q}]|{q}{q})*{q}|[^{q}{d}][^{q}{d}]*|)"
    return f"^{one}(?:{d}{one})*$"


def _judge_lines(lines: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Lines with their field count: null where only a quote-by-quote reading can tell."""
    text = pl.col("text")
    bare = text
    has_quotes = pl.lit(value=False)
    if layout.quote:
        q = f"\\x{ord(layout.quote):02x}"
        has_quotes = text.str.contains(layout.quote, literal=True)
        is_regular = pl.lit(value=False)
        if not layout.has_own_marks:
            is_regular = text.str.contains(_quoted_fields(layout.delimiter, layout.quote))
        bare = pl.when(has_quotes & is_regular).then(text.str.replace_all(f"{q}[^{q}]*{q}", "")).otherwise(text)
        has_quotes = has_quotes & ~is_regular
    if layout.escape:
        has_quotes = has_quotes | text.str.contains(layout.escape, literal=True)
    has_quotes = has_quotes | text.str.starts_with(_BYTE_ORDER_MARK)
    field_count = bare.str.count_matches(layout.delimiter, literal=True).cast(pl.Int64) + 1
    return lines.with_columns(
        field_count=pl.when(text.is_null() | text.str.contains("\0", literal=True))
        .then(0)
        .when(has_quotes)
        .then(None)
        .otherwise(field_count)
    )


def _loose_pattern(layout: Layout) -> re.Pattern[str]:
    """One field and what ends it: a quoted field ends at the first quote that a delimiter or the line's end follows."""
    d, q = re.escape(layout.delimiter), re.escape(layout.quote)
    one = f"[^{d}{re.escape(layout.escape)}]" if layout.escape else f"[^{d}]"
    escaped = f"|{re.escape(layout.escape)}." if layout.escape else ""
    inside = f"(?:{re.escape(layout.escape)}.|.)" if layout.escape else "."
    return re.compile(f"(?:[ \t]*{q}({inside}*?){q}[ \t]*|((?!{q})(?:{one}{escaped})*))({d}|$)")


def _loose_fields(text: str, pattern: re.Pattern[str], layout: Layout) -> list[str] | None:
    """The fields of a line, quotes in them kept (a doubled one is one); None where a quote is not closed."""
    fields, place, quote = [], 0, layout.quote
    while (found := pattern.match(text, place)) is not None:
        quoted, bare, end = found.groups()
        field = bare if quoted is None else quoted.replace(quote + quote, quote)
        fields.append(re.sub(re.escape(layout.escape) + "(.)", r"\1", field) if layout.escape else field)
        if not end:
            return fields
        place = found.end()
    return None


def _strict_fields(text: str, layout: Layout) -> list[str] | None:
    """The fields of a line whose quotes may stand inside fields; None where a quote or an escape is left open."""
    if layout.escape and (len(text) - len(text.rstrip(layout.escape))) % 2:
        return None
    try:
        return next(
            csv.reader(
                [text],
                delimiter=layout.delimiter,
                quotechar=layout.quote or None,
                quoting=csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
                escapechar=layout.escape or None,
                strict=True,
            )
        )
    except (csv.Error, StopIteration):
        return None


def _read_irregular(lines: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Lines whose quotes stand inside fields, and lines with escapes, one by one; an unclosed quote makes no row."""
    records: list[dict[str, Any]] = []
    pattern = _loose_pattern(layout) if layout.is_loose else None
    for line, text in lines.select(SOURCE_LINE, "text").iter_rows():
        fields = _strict_fields(text, layout) if pattern is None else _loose_fields(text, pattern, layout)
        if fields is not None and len(fields) in layout.column_counts:
            records.append({SOURCE_LINE: line, **dict(zip(layout.columns, fields, strict=False))})
    widest = max((len(record) - 1 for record in records), default=0)
    return pl.DataFrame(records, schema={SOURCE_LINE: pl.Int64, **dict.fromkeys(layout.columns[:widest], pl.String)})


def _read_regular(lines: pl.DataFrame, layout: Layout, width: int) -> pl.DataFrame:
    if lines.is_empty():
        return pl.DataFrame(schema={SOURCE_LINE: pl.Int64, **dict.fromkeys(layout.columns[:width], pl.String)})
    block = ("\n".join(lines["text"].to_list()) + "\n").encode()
    names = layout.columns[:width]
    rows = _read(block, layout, names, quote=layout.quote or None)
    if rows.height != lines.height:
        raise AssertionError(f"{lines.height} lines were read as {rows.height} rows")
    return rows.with_columns(lines[SOURCE_LINE])


def _as_rows(lines: pl.DataFrame, layout: Layout) -> pl.DataFrame:
    """Lines of source_line and text, each judged by itself: rows, and lines that are none (is_malformed)."""
    is_row = pl.col("text").str.strip_chars(WHITE_SPACE) != ""
    for text in layout.comment:
        is_row = is_row & ~pl.col("text").str.starts_with(text)
    judged = lines.filter(is_row.fill_null(value=True)).pipe(_judge_lines, layout)
    widths = sorted(set(layout.column_counts) & set(judged["field_count"].unique().to_list()))
    parts = [_read_regular(judged.filter(pl.col("field_count") == width), layout, width) for width in widths]
    parts.append(_read_irregular(judged.filter(pl.col("field_count").is_null()), layout))
    rows = pl.concat(parts, how="diagonal")
    return (
        judged.select(SOURCE_LINE)
        .join(rows.with_columns(is_read=pl.lit(value=True)), on=SOURCE_LINE, how="left", maintain_order="left")
        .with_columns(pl.col("is_read").is_null().alias(IS_MALFORMED))
        .drop("is_read")
    )


def _numbered(lines: pl.DataFrame, first_line: int) -> pl.DataFrame:
    return lines.with_row_index(SOURCE_LINE, offset=first_line).cast({SOURCE_LINE: pl.Int64})


def _whole(rows: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    return rows.with_columns(numbers.alias(SOURCE_LINE), pl.lit(value=False).alias(IS_MALFORMED))


def _read_at_once(block: bytes, layout: Layout, first_line: int) -> pl.DataFrame | None:
    """All lines at once, or None where not every line is a row of full width that the plain reader takes as meant."""
    if block.startswith(_MARK_OF_UTF_8) or any(odd in block for odd in _odd_bytes(layout)):
        return None
    plain = _read_filled(block, layout, layout.columns[: layout.column_counts[0]])
    return None if plain is None else _whole(plain, pl.int_range(plain.height, eager=True) + first_line)


def _read_but_odd_lines(block: bytes, layout: Layout, first_line: int) -> pl.DataFrame | None:
    """All lines at once but a few that are judged one by one; None where they are not few.

    Odd are lines with a quote, an escape or the like, found in the bytes; and lines without the mark in its place.
    """
    odd = odd_lines(block, _odd_bytes(layout))
    if odd is None:
        return None
    clean = without_lines(block, odd)
    if not clean or clean.startswith(_MARK_OF_UTF_8):  # the reader would take it away from the first cell
        return None
    marked = _read_with_marks(clean, layout, layout.columns[: layout.column_counts[0]])
    numbers = first_line + numbers_without(odd, marked.height)
    is_whole = marked["_beyond"].eq_missing(_MARK.decode())
    short = is_whole.not_().arg_true()
    if len(short) > MOST_ODD_LINES:
        return None
    if (odd or len(short)) and marked.height != clean.count(b"\n") + (not clean.endswith(b"\n")):
        return None  # lines are counted by rows here
    texts = [(first_line + line.number, block[line.begin : line.end]) for line in odd]
    if len(short):
        texts += zip(numbers.gather(short), lines_at(clean, short.to_list()), strict=True)
        marked, numbers = marked.filter(is_whole), numbers.filter(is_whole)
    rows = _whole(marked.drop("_beyond"), numbers)
    if not texts:
        return rows
    return pl.concat([rows, _judged_rows(sorted(texts), layout)], how="diagonal").sort(SOURCE_LINE)


def _judged_rows(lines: list[tuple[int, bytes]], layout: Layout) -> pl.DataFrame:
    """Rows of lines that are judged by themselves, each behind its number."""
    texts = [(number, _decoded(line.removesuffix(b"\n").removesuffix(b"\r"))) for number, line in lines]
    return _as_rows(pl.DataFrame(texts, schema={SOURCE_LINE: pl.Int64, "text": pl.String}, orient="row"), layout)


def read_lines(lines: list[tuple[int, bytes]], layout: Layout) -> pl.DataFrame:
    """What `read_delimited` makes of some lines, each behind its number, ascending."""
    return _judged_rows(lines, layout).with_columns(pl.col(pl.String).str.strip_chars())


def read_delimited(block: bytes, layout: Layout, first_line: int) -> pl.DataFrame:
    """Rows of a block of whole lines, as text, trimmed.

    Grain: one row a line that is not blank, in order. Adds: source_line (1 = the file's first), is_malformed
    (fields ≠ header, an unclosed quote, not UTF-8, NUL): such a row's columns are null. A field never holds a
    line break; columns that a narrower row lacks are null.
    """
    rows = None
    for read in (_read_at_once, _read_but_odd_lines) if block and len(layout.column_counts) == 1 else ():
        with suppress(pl.exceptions.PolarsError):  # not UTF-8, or a line too long: another way tells
            rows = read(block, layout, first_line) if rows is None else rows
    if rows is None:
        rows = _as_rows(_numbered(text_lines(block), first_line), layout)
    if block.isascii() and not any(blank in block for blank in _BLANKS):
        return rows
    return rows.with_columns(pl.col(pl.String).str.strip_chars())


def header_columns(line: bytes, layout: Layout) -> Sequence[str] | None:
    """Names in a header line, trimmed; None where it cannot be read as text."""
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return None
    if not text:
        return []
    fields = _loose_fields(text, _loose_pattern(layout), layout) if layout.is_loose else _strict_fields(text, layout)
    return None if fields is None else [name.strip() for name in fields]
