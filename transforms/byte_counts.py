"""How often a byte stands in a block: of a large one without a walk from one to the next."""

from __future__ import annotations

import polars as pl

_LARGE = 2**20
"""Smaller blocks are not worth the library that lends their bytes to Polars."""


def _lent(block: bytes) -> pl.Series:
    import pyarrow as pa

    return pl.Series(pa.UInt8Array.from_buffers(pa.uint8(), len(block), [None, pa.py_buffer(block)]))


def count_before(block: bytes, byte: bytes, end: int) -> int:
    """How many bytes of the block before this place are this one."""
    if len(block) < _LARGE:
        return block.count(byte, 0, end)
    return int((_lent(block).head(end) == byte[0]).sum())


def byte_counts(block: bytes, byte: bytes, each: int) -> list[int]:
    """How many bytes are this one, in every `each` bytes of the block and in what is left at its end."""
    begins = range(0, len(block), each)
    if len(block) < _LARGE:
        return [block.count(byte, begin, begin + each) for begin in begins]
    lent = _lent(block)
    return [int((lent.slice(begin, each) == byte[0]).sum()) for begin in begins]


def count_byte(block: bytes, byte: bytes) -> int:
    """How many bytes of the block are this one."""
    return sum(byte_counts(block, byte, max(len(block), 1)))
