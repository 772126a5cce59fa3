"""How often a byte stands in a block, small or large."""

from __future__ import annotations

import pytest

from transforms.byte_counts import count_byte


@pytest.mark.parametrize("repeats", [0, 1, 2**18], ids=["nothing", "small", "large"])
@pytest.mark.parametrize("byte", [b"\n", b",", b"\xff", b"\0"])
def test_a_byte_is_counted(repeats: int, byte: bytes) -> None:
    line = b"a,b,\xff\n" + b"\n" + b"x\0,"
    assert count_byte(line * repeats, byte) == line.count(byte) * repeats
