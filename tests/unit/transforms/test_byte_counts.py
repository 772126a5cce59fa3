"""How often a byte stands in a block, small or large."""

from __future__ import annotations

import pytest

from transforms.byte_counts import byte_counts, count_byte


@pytest.mark.parametrize("repeats", [0, 1, 2**18], ids=["nothing", "small", "large"])
@pytest.mark.parametrize("byte", [b"\n", b",", b"\xff", b"\0"])
def test_a_byte_is_counted(repeats: int, byte: bytes) -> None:
    line = b"a,b,\xff\n" + b"\n" + b"x\0,"
    assert count_byte(line * repeats, byte) == line.count(byte) * repeats


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 2**20 - 1, 2**20, 2**20 + 7])
def test_bytes_are_counted_piece_by_piece(size: int) -> None:
    block = (b"1\n23\n\n4" * (size // 7 + 1))[:size]
    each = 10 if size < 1000 else 2**18 + 1
    pieces = [block[begin : begin + each] for begin in range(0, size, each)]
    assert byte_counts(block, b"\n", each) == [piece.count(b"\n") for piece in pieces]
