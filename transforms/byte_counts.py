"""How often a byte stands in a block: of a large one without a walk from one to the next."""

from __future__ import annotations

import polars as pl

_LARGE = 2**20
"""Smaller blocks are not worth the library that lends their bytes to Polars."""


def count_byte(block: bytes, byte: bytes) -> int:
    """How many bytes of the block are this one."""
    if len(block) < _LARGE:
        return block.count(byte)
    import pyarrow as pa

    lent = pa.UInt8Array.from_buffers(pa.uint8(), len(block), [None, pa.py_buffer(block)])
    return int((pl.Series(lent) == byte[0]).sum())
