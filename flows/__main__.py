"""`tollbook`, and `python -m flows`."""

from __future__ import annotations

import gc
import os
import sys

from flows.process_memory import keep_large_blocks


def set_up_process() -> None:
    """The interpreter as one command wants it; before Polars is imported."""
    gc.disable()  # a command ends before cycles of garbage add up, and looking for them takes a tenth of a second
    sys.setswitchinterval(0.0005)  # a thread back from Polars waits less long for one that is at work in Python
    os.environ.setdefault("POLARS_ENGINE_AFFINITY", "in-memory")  # blocks are in memory: the other cuts them up again
    os.environ.setdefault("_RJEM_MALLOC_CONF", "narenas:1")  # Polars' memory: what one thread frees another uses
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy's threads would only wait
    keep_large_blocks()


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
