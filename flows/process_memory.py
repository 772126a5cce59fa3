"""The memory that the system's library keeps for this process; only glibc can be told."""

from __future__ import annotations

import ctypes
from contextlib import suppress

_MMAP_THRESHOLD, _TRIM_THRESHOLD, _ARENA_MAX = -3, -1, -8  # as malloc.h has them


def keep_large_blocks() -> None:
    """Memory of blocks of call records is used again: given back, each next block is a fault a page.

    What one thread frees another uses: each would keep its own, which is a fifth of all that a large month takes.
    """
    with suppress(AttributeError, OSError, TypeError):
        memory = ctypes.CDLL(None)
        memory.mallopt(_MMAP_THRESHOLD, 2**30)
        memory.mallopt(_TRIM_THRESHOLD, 2**31 - 1)
        memory.mallopt(_ARENA_MAX, 1)


def give_back() -> None:
    """What is kept and not used goes back to the system: the stages behind reading need other memory."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)
