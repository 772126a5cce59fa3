"""Ways in which files go wrong, each a function of bytes and a source of chance; none knows what is read from them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq

Mutation = Callable[[bytes, Random], bytes]
ODD_BYTES = (b"\0", b'"', b'""', b"'", b"\\", b"\xe9", b"\xff", b"\xc3", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a", b"\x1e")
ODD_LINES = (
    b"",
    b"   ",
    b"\t",
    b"\x0b\x0c",
    b"\x1c",
    "\u00a0".encode(),
    "\u2028".encode(),
    b"\0",
    b'"',
    b",",
    b"#",
    b"\x85",
)
ODD_VALUES = (
    "NULL",
    "null",
    "nan",
    "NaN",
    "Infinity",
    "1e5",
    "0x10",
    "-1",
    "-0",
    "+5",
    "60.5",
    "6 0",
    "\u0661\u0662",
    "",
    " ",
    '""',
    '"NULL"',
    "true",
    "9999999999",
    "2147483647",
    "2147483648",
    "18446744073709551616",
    "9" * 400,
    "x" * 200_000,
    "2020-01-15T10:00:00Z",
    "2020-02-30T10:00:00Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "1578657600",
    "a\u0301",
    "\u2028",
    "\U0001f4de",
    "=1+1",
    "sip:+15551234567@host",
    "*98",
    "+800123",
    "[]",
    "{}",
    "\\ud800",
    "\\u0000",
    "[" * 2_000,
    '{"a":' * 500,
    "\r",
    "\x85",
    "\x0b",
)


def _lines(content: bytes) -> list[bytes]:
    return content.splitlines(keepends=True) or [b""]


def _place(content: bytes, random: Random) -> int:
    return random.randrange(len(content) + 1)


def _part(content: bytes, random: Random) -> tuple[int, int]:
    begin, end = sorted((_place(content, random), _place(content, random)))
    return begin, end


def flip_bytes(content: bytes, random: Random) -> bytes:
    """Some bits of some bytes are others."""
    changed = bytearray(content)
    for _ in range(random.choice((1, 1, 3, 20))):
        if changed:
            changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def cut_end(content: bytes, random: Random) -> bytes:
    """The file ends too early."""
    return content[: _place(content, random)]


def cut_begin(content: bytes, random: Random) -> bytes:
    """The file begins too late."""
    return content[_place(content, random) :]


def cut_part(content: bytes, random: Random) -> bytes:
    """A part is missing."""
    begin, end = _part(content, random)
    return content[:begin] + content[end:]


def double_part(content: bytes, random: Random) -> bytes:
    """A part stands twice."""
    begin, end = _part(content, random)
    return content[:end] + content[begin:]


def double_file(content: bytes, random: Random) -> bytes:
    """The file was written twice behind itself."""
    return content + random.choice((b"", b"\n")) + content


def empty_file(content: bytes, random: Random) -> bytes:
    """Nothing is left, or nearly nothing."""
    return random.choice((b"", b"\n", b"\r\n", b" ", b"\xef\xbb\xbf", _lines(content)[0], _lines(content)[0].rstrip()))


def swap_lines(content: bytes, random: Random) -> bytes:
    """Two lines change places."""
    lines = _lines(content)
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"".join(lines)


def double_line(content: bytes, random: Random) -> bytes:
    """A line stands several times."""
    lines = _lines(content)
    place = random.randrange(len(lines))
    return b"".join([*lines[:place], *[lines[place]] * random.choice((2, 3, 50)), *lines[place + 1 :]])


def delete_line(content: bytes, random: Random) -> bytes:
    """A line is missing."""
    lines = _lines(content)
    del lines[random.randrange(len(lines))]
    return b"".join(lines)


def join_lines(content: bytes, random: Random) -> bytes:
    """The end of a line is missing."""
    lines = _lines(content)
    place = random.randrange(len(lines))
    lines[place] = lines[place].rstrip(b"\r\n")
    return b"".join(lines)


def odd_line(content: bytes, random: Random) -> bytes:
    """A line that is blank, or nearly so, stands between two."""
    lines = _lines(content)
    lines.insert(random.randrange(len(lines) + 1), random.choice(ODD_LINES) + b"\n")
    return b"".join(lines)


def _with_fields(content: bytes, random: Random, change: Callable[[list[bytes]], None]) -> bytes:
    """The fields of one line changed; what separates them is found as a switch would have it."""
    lines = _lines(content)
    delimiter = max((b",", b"|", b";", b"\t"), key=content.count)
    for _ in range(random.choice((1, 1, 4))):
        place = random.randrange(len(lines))
        line = lines[place].rstrip(b"\r\n")
        fields = line.split(delimiter)
        change(fields)
        lines[place] = delimiter.join(fields) + lines[place][len(line) :]
    return b"".join(lines)


def swap_fields(content: bytes, random: Random) -> bytes:
    """Two fields of a line change places."""

    def change(fields: list[bytes]) -> None:
        one, other = random.randrange(len(fields)), random.randrange(len(fields))
        fields[one], fields[other] = fields[other], fields[one]

    return _with_fields(content, random, change)


def drop_field(content: bytes, random: Random) -> bytes:
    """A line has too few fields."""

    def change(fields: list[bytes]) -> None:
        del fields[random.randrange(len(fields))]

    return _with_fields(content, random, change)


def add_field(content: bytes, random: Random) -> bytes:
    """A line has too many fields."""
    return _with_fields(content, random, lambda fields: fields.insert(random.randrange(len(fields) + 1), b"more"))


def odd_value(content: bytes, random: Random) -> bytes:
    """A field holds what nobody thought of; in JSON behind its colon."""

    def change(fields: list[bytes]) -> None:
        place = random.randrange(len(fields))
        key, colon, _ = fields[place].partition(b": ")
        value = random.choice(ODD_VALUES)
        if colon and random.random() < 0.5:
            value = json.dumps(value, ensure_ascii=random.random() < 0.5)
        fields[place] = (key + colon if colon else b"") + value.encode("utf-8", "surrogatepass")

    return _with_fields(content, random, change)


def quoted_field(content: bytes, random: Random) -> bytes:
    """A field stands in quotes, whole or not."""

    def change(fields: list[bytes]) -> None:
        place = random.randrange(len(fields))
        forms = (b'"%s"', b'"%s', b'%s"', b' "%s"', b'"%s" ', b'"a"%s"b"', b"'%s'")
        fields[place] = random.choice(forms) % fields[place]

    return _with_fields(content, random, change)


def odd_byte(content: bytes, random: Random) -> bytes:
    """NUL, quotes, Latin-1, marks of byte order and the like, somewhere."""
    for _ in range(random.choice((1, 1, 5))):
        place = _place(content, random)
        content = content[:place] + random.choice(ODD_BYTES) + content[place:]
    return content


def byte_order_mark(content: bytes, _: Random) -> bytes:
    """The file begins with the mark of UTF-8."""
    return b"\xef\xbb\xbf" + content


def utf_16(content: bytes, random: Random) -> bytes:
    """The file was saved as UTF-16, with a mark or without."""
    return content.decode(errors="replace").encode(random.choice(("utf-16", "utf-16-le", "utf-16-be")))


def latin_1(content: bytes, _: Random) -> bytes:
    """The file was saved as Latin-1."""
    return content.decode(errors="replace").encode("latin-1", "replace")


def line_ends(content: bytes, random: Random) -> bytes:
    """The lines end as on another system, or each as it pleases."""
    lines = content.splitlines()
    one = random.choice((b"\r\n", b"\r", b"\n\n", b"\r\r\n", b"\n\r", None))
    return b"".join(line + (one or random.choice((b"\n", b"\r\n", b"\r"))) for line in lines)


def no_last_end(content: bytes, _: Random) -> bytes:
    """The last line does not end."""
    return content.rstrip(b"\r\n")


def other_delimiter(content: bytes, random: Random) -> bytes:
    """The file was saved with another separator."""
    return content.replace(b",", random.choice((b";", b"\t", b"|")))


def other_header(content: bytes, random: Random) -> bytes:
    """The first line names a column twice, in capitals, misspelt or in another order."""
    lines = _lines(content)
    names = lines[0].rstrip(b"\r\n").split(b",")
    place = random.randrange(len(names))
    changes: tuple[Callable[[], list[bytes]], ...] = (
        lambda: [*names, names[place]],
        lambda: [name.upper() for name in names],
        lambda: [*names[:place], names[place] + b"x", *names[place + 1 :]],
        lambda: [*names[:place], b"", *names[place + 1 :]],
        lambda: random.sample(names, len(names)),
        lambda: [b" " + name + b"\t" for name in names],
        lambda: [b'"' + name + b'"' for name in names],
    )
    lines[0] = b",".join(random.choice(changes)()) + b"\n"
    return b"".join(lines)


def garbage_behind(content: bytes, random: Random) -> bytes:
    """Bytes stand behind the end."""
    return content + random.choice((b"garbage", b"\0" * 512, random.randbytes(30), b"\n"))


TEXT_MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes,
    cut_end,
    cut_begin,
    cut_part,
    double_part,
    double_file,
    empty_file,
    swap_lines,
    double_line,
    delete_line,
    join_lines,
    odd_line,
    swap_fields,
    drop_field,
    add_field,
    odd_value,
    odd_value,
    quoted_field,
    odd_byte,
    byte_order_mark,
    utf_16,
    latin_1,
    line_ends,
    no_last_end,
    other_delimiter,
    other_header,
)
PACKED_MUTATIONS: tuple[Mutation, ...] = (
    flip_bytes,
    cut_end,
    cut_end,
    cut_part,
    double_part,
    double_file,
    garbage_behind,
    empty_file,
)


def _rewritten(content: bytes, change: Callable[[pa.Table], pa.Table]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(change(pq.read_table(io.BytesIO(content))), stream)
    return stream.getvalue()


def drop_column(content: bytes, random: Random) -> bytes:
    """A typed file lacks a column."""
    return _rewritten(content, lambda table: table.remove_column(random.randrange(table.num_columns)))


def rename_column(content: bytes, random: Random) -> bytes:
    """A column of a typed file has another name, perhaps one that another has, or that the program uses itself."""

    def change(table: pa.Table) -> pa.Table:
        names = table.column_names
        others = (*names, "source_line", "is_malformed", "row", "outcome", "a\0b", "", "CALL_ID")
        names[random.randrange(len(names))] = random.choice(others)
        return table.rename_columns(names)

    return _rewritten(content, change)


def _odd_column(rows: int, random: Random) -> pa.Array:
    makers: tuple[Callable[[], pa.Array], ...] = (
        lambda: pa.nulls(rows),
        lambda: pa.nulls(rows, pa.string()),
        lambda: pa.array([[1, 2]] * rows),
        lambda: pa.array([{"a": 1}] * rows),
        lambda: pa.array([60.5] * rows),
        lambda: pa.array([float("nan")] * rows),
        lambda: pa.array([2**63 - 1] * rows),
        lambda: pa.array([2**64 - 1] * rows, pa.uint64()),
        lambda: pa.array([True] * rows),
        lambda: pa.array([b"\xff\0"] * rows),
        lambda: pa.array([0] * rows, pa.timestamp("ns", "America/New_York")),
        lambda: pa.array([-(2**62)] * rows, pa.timestamp("s")),
        lambda: pa.array([2**62] * rows, pa.timestamp("ms", "UTC")),
        lambda: pa.array([1] * rows, pa.duration("us")),
        lambda: pa.array([1] * rows, pa.time64("us")),
        lambda: pa.array([1] * rows, pa.date32()),
        lambda: pa.array(["1.50"] * rows).cast(pa.decimal128(30, 10)),
        lambda: pa.array(["a\0b"] * rows),
        lambda: pa.array(["x"] * rows).dictionary_encode(),
    )
    return random.choice(makers)()


def odd_column(content: bytes, random: Random) -> bytes:
    """A column of a typed file is of another type."""

    def change(table: pa.Table) -> pa.Table:
        place = random.randrange(table.num_columns)
        return table.set_column(place, table.column_names[place], _odd_column(table.num_rows, random))

    return _rewritten(content, change)


def several_pieces(content: bytes, random: Random) -> bytes:
    """The rows of a typed file, in several row groups and several times."""
    table = pq.read_table(io.BytesIO(content))
    stream = io.BytesIO()
    pieces = [table] * random.choice((0, 1, 3)) or [table.slice(0, 0)]
    pq.write_table(pa.concat_tables(pieces), stream, row_group_size=5)
    return stream.getvalue()


PARQUET_MUTATIONS: tuple[Mutation, ...] = (
    drop_column,
    rename_column,
    odd_column,
    odd_column,
    odd_column,
    several_pieces,
    *PACKED_MUTATIONS,
)
