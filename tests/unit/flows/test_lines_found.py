"""A line of a file found by a guess at its place: always the one that cutting all lines gives."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flows.inbox import find_record_files
from flows.record_files import _line_in, read_blocks, read_raw_records
from flows.sources import CANONICAL, load_source

LINES = st.lists(st.sampled_from([b"", b"\r", b"x", b"xy" * 20, b"long" * 100]), min_size=1, max_size=30)


@given(LINES, st.integers(-2, 2))
@example([b"", b""], 0)
@example([b"a", b"long" * 1000, b"b", b"c", b"d"], 0)
@example([b"a", b"b", b"c", b"long" * 1000], 2)
def test_every_line_of_a_piece_is_found(lines: list[bytes], wrong_by: int) -> None:
    piece, count = b"\n".join(lines), max(len(lines) + wrong_by, 1)
    assert [_line_in(piece, place, count) for place in range(len(lines))] == lines


@pytest.mark.parametrize("last_end", ["\n", ""])
def test_lines_of_a_large_file_are_found_in_its_pieces(tmp_path: Path, last_end: str) -> None:
    """Pieces of a megabyte, of which each begins within a line; lines are short first, and long then."""
    folder = tmp_path / "2020-01"
    folder.mkdir()
    header = "call_id,account_id,direction,source_number,destination_number,start_time,duration_seconds,disposition"
    lines = [header, *(f"{number}{'x' * (number // 400)},,,,,,," for number in range(40_000))]
    (folder / "a.csv").write_text("\n".join(lines) + last_end, encoding="utf-8")
    (record,) = find_record_files(tmp_path, "2020-01")
    marks = [mark for block in read_blocks(record, load_source(tmp_path, CANONICAL)) for mark in block.marks]
    assert len(marks) > 3
    wanted = pl.Series([2, 3, *range(17, 40_001, 971), 39_999, 40_000, 40_001])
    assert read_raw_records(record, wanted, marks) == [lines[number - 1] for number in wanted]
