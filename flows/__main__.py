"""`tollbook`, and `python -m flows`."""

from __future__ import annotations

import ctypes
import gc
import os
import sys
from contextlib import suppress

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # as malloc.h has them


def set_up_process() -> None:
    """The interpreter as one command wants it; before Polars is imported."""
    gc.disable()  # a command ends before cycles of garbage add up, and looking for them takes a tenth of a second
    sys.setswitchinterval(0.0005)  # a thread back from Polars waits less long for one that is at work in Python
    os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")  # blocks are in memory: the other cuts them up again
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1")  # Polars' memory: what one thread frees another uses
    _keep_large_blocks()


def _keep_large_blocks() -> None:
    """Memory of blocks of call records is used again: given back, each next block is a fault a page. Only glibc can."""
    with suppress(AttributeError, OSError, TypeError):
        memory = ctypes.CDLL(None)
        memory.mallopt(_MMAP_THRESHOLD, 2**30)
        memory.mallopt(_TRIM_THRESHOLD, 2**31 - 1)


def main() -> None:
    """Run the command line of this process."""
    set_up_process()
    from flows.stopping import StoppedError, asked_to_stop, end_when_asked, leave, sentence

    try:
        end_when_asked()
        from flows.cli import main as command_line

        command_line()
    except StoppedError:  # before the command began, or when it had ended
        number = asked_to_stop() or 0
        os.write(2, f"tollbook: {sentence(number)}\n".encode())
        leave(number)


if __name__ == "__main__":
    main()
