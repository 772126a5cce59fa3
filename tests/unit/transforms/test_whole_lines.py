"""Lines read at once are those that reading line by line gives: no proof of full width takes a short or long line."""

from __future__ import annotations

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms import delimited
from transforms.delimited import Layout, read_delimited
from transforms.odd_lines import MOST_ODD_LINES, lines_at

WIDTH = 3
LAYOUT = Layout(",", '"', ("a", "b", "c"), (WIDTH,))

PLAIN = ["", "x", "yy", " ", "é", "z" * 20, "\ufeff", "\ufeffx"]
ODD = ['"x"', '"', 'x"y', '"a""b"', "\0", "\x1e", "\udcff", "é\udcc3"]  # the last two are no UTF-8


def rows_of(cells: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(cells, min_size=WIDTH, max_size=WIDTH) | st.lists(cells, max_size=WIDTH + 2)


rows = rows_of(st.sampled_from(PLAIN))
some_odd = rows | rows_of(st.sampled_from(PLAIN + ODD))


def by_line(block: bytes) -> pl.DataFrame:
    rows = delimited._as_rows(delimited._numbered(delimited.text_lines(block), 1), LAYOUT)
    return with_all_columns(rows.with_columns(pl.col(pl.String).str.strip_chars()))


def with_all_columns(rows: pl.DataFrame) -> pl.DataFrame:
    """Where no line is a row, columns may be absent or null."""
    absent = [name for name in LAYOUT.columns if name not in rows.columns]
    return rows.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in absent)


@given(st.lists(some_odd, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
@example([["x", '"x', "x"], ["x", "x", "x"], ["x", "x"], ["x", "\udcff", "x"], ["x", "x", "x"]], "\n", False)
@example([['"x"', "x", "x"]], "\n", True)
@example([["x", "x", "x"], ["x", "x"]], "\n", True)
@example([["\ufeff"]], "\n", False)
@example([["\ufeffx", "x", "x"], ["x", "x", "x"]], "\n", True)
@example([["x", "x"], ["x", "x", "x"]], "\n", False)
@example([["x", "x", "x"], ["x", "x", "x", "x"]], "\n", True)
@example([["x", "x", "x", "x"], ["x", "x", "x"]], "\n", True)
@example([["x", "x", "x"], [], ["x", "x", "x"]], "\n", True)
@example([["x", "x", ""], ["x", "x", "x"]], "\n", True)
@example([["x", "x", "x"], ["x", "x", ""]], "\r\n", True)
def test_reading_at_once_and_line_by_line_agree(table: list[list[str]], line_end: str, is_ended: bool) -> None:
    block = (line_end.join(",".join(row) for row in table) + (line_end if is_ended else "")).encode(
        errors="surrogateescape"
    )
    assert_frame_equal(with_all_columns(read_delimited(block, LAYOUT, 1)), by_line(block), check_column_order=False)


@given(st.lists(rows, min_size=1, max_size=12), st.booleans())
@example([["\ufeffx", "x", "x"]], True)
@example([["\ufeff"]], False)
def test_every_line_that_is_not_blank_is_a_row_with_its_own_cells(table: list[list[str]], is_ended: bool) -> None:
    lines = [",".join(row) for row in table]
    read = read_delimited(("\n".join(lines) + ("\n" if is_ended else "")).encode(), LAYOUT, 1)
    expected = [
        (number, *((cell.strip() for cell in line.split(",")) if line.count(",") == WIDTH - 1 else [None] * WIDTH))
        for number, line in enumerate(lines, 1)
        if line.strip(" ")
    ]
    found = [(row["source_line"], *(row.get(name) for name in LAYOUT.columns)) for row in read.to_dicts()]
    assert found == [tuple(row) for row in expected]


def test_more_odd_lines_than_are_picked_out_are_all_read() -> None:
    lines = [f'{number},"{number}",z' if number % 2 else f"{number},y" for number in range(3 * MOST_ODD_LINES)]
    block = "\n".join(lines).encode()
    assert_frame_equal(with_all_columns(read_delimited(block, LAYOUT, 1)), by_line(block), check_column_order=False)
    few = b"\n".join([b"x,y,z"] * 100_000 + [b'"a",b,c', b"short"] + [b"x,y,z"] * 100_000)
    read = read_delimited(few, LAYOUT, 5)
    assert read["source_line"].to_list() == list(range(5, 200_007))
    assert read.filter("is_malformed")["source_line"].to_list() == [100_006]
    assert read["a"][100_000] == "a"


@given(st.lists(st.integers(0, 300), min_size=1, max_size=600), st.booleans(), st.data())
def test_lines_are_found_by_their_number(lengths: list[int], is_ended: bool, data: st.DataObject) -> None:
    lines = [b"x" * length for length in lengths]
    asked = sorted(data.draw(st.sets(st.integers(0, len(lines) - 1), max_size=20)))
    block = b"\n".join(lines) + (b"\n" if is_ended else b"")
    assert lines_at(block, asked) == [lines[number] for number in asked]
