"""Lines of a block that hold certain bytes, or are not UTF-8: found in the bytes, the other lines left together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

MOST_ODD_LINES = 2000
"""Where more lines of a block are odd, all are judged one by one."""

_PART = 2**16


class OddLine(NamedTuple):
    """Where a line is in its block, its end of line included, and how many lines stand before it."""

    begin: int
    end: int
    number: int


def _line_at(block: bytes, place: int) -> tuple[int, int]:
    begin = block.rfind(b"\n", 0, place) + 1
    end = block.find(b"\n", place)
    return begin, len(block) if end < 0 else end + 1


def _lines_with(block: bytes, sought: bytes) -> set[tuple[int, int]]:
    """Begin and end of the lines that hold the bytes, of one more than the most at most."""
    found: set[tuple[int, int]] = set()
    place = block.find(sought)
    while place >= 0 and len(found) <= MOST_ODD_LINES:
        line = _line_at(block, place)
        found.add(line)
        place = block.find(sought, line[1])
    return found


def _lines_not_utf_8(block: bytes) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    place = 0
    while not block.isascii() and place < len(block) and len(found) <= MOST_ODD_LINES:
        try:
            block[place:].decode()
            break
        except UnicodeDecodeError as error:
            line = _line_at(block, place + error.start)
        found.add(line)
        place = line[1]
    return found


def odd_lines(block: bytes, sought: Sequence[bytes]) -> list[OddLine] | None:
    """Lines that hold any of the bytes or are not UTF-8, ascending; None where there are too many of them."""
    found = _lines_not_utf_8(block).union(*(_lines_with(block, text) for text in sought))
    if len(found) > MOST_ODD_LINES:
        return None
    lines, place, number = [], 0, 0
    for begin, end in sorted(found):
        number += block.count(b"\n", place, begin)
        lines.append(OddLine(begin, end, number))
        place = begin
    return lines


def without_lines(block: bytes, lines: Sequence[OddLine]) -> bytes:
    """The block without these lines."""
    edges = [0, *(edge for line in lines for edge in (line.begin, line.end)), len(block)]
    return b"".join(block[begin:end] for begin, end in zip(edges[::2], edges[1::2], strict=True))


def numbers_without(lines: Sequence[OddLine], count: int) -> pl.Series:
    """How many lines of the block stand before each of the `count` lines that are not among these."""
    place = pl.int_range(count, eager=True)
    before = pl.Series([line.number - others for others, line in enumerate(lines)], dtype=pl.Int64)
    return place + before.search_sorted(place, side="right").cast(pl.Int64)


def lines_at(block: bytes, numbers: Sequence[int]) -> list[bytes]:
    """Some lines of the block (0 = the first), ascending; their ends of line are left out."""
    found: list[bytes] = []
    begin, first = 0, 0  # of the part of the block that is looked at, and its first line
    for number in numbers:
        while (there := first + block.count(b"\n", begin, begin + _PART)) < number:
            begin, first = begin + _PART, there
        place = begin
        for _ in range(number - first):
            place = block.index(b"\n", place) + 1
        if number == first:
            place = block.rfind(b"\n", 0, begin) + 1
        end = block.find(b"\n", place)
        found.append(block[place : end if end >= 0 else len(block)])
    return found
