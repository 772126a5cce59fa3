"""Lines read at once are those that reading line by line gives: no proof of full width takes a short or long line."""

from __future__ import annotations

import polars as pl
from hypothesis import example, given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from transforms import delimited
from transforms.delimited import Layout, read_delimited

WIDTH = 3
LAYOUT = Layout(",", '"', ("a", "b", "c"), (WIDTH,))

cells = st.sampled_from(["", "x", "yy", " ", "é", "z" * 20, "\ufeff", "\ufeffx"])
rows = st.lists(cells, min_size=WIDTH, max_size=WIDTH) | st.lists(cells, max_size=WIDTH + 2)


@given(st.lists(rows, min_size=1, max_size=12), st.sampled_from(["\n", "\r\n"]), st.booleans())
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
    block = (line_end.join(",".join(row) for row in table) + (line_end if is_ended else "")).encode()
    at_once = read_delimited(block, LAYOUT, 1)
    by_line = delimited._read_line_by_line(block, LAYOUT, 1)
    stripped = by_line.with_columns(pl.col(pl.String).str.strip_chars())
    assert_frame_equal(at_once, stripped, check_column_order=False)


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
