"""Ctrl-C and SIGTERM: a command ends at once, with a sentence and the shell's exit code.

Whatever moment it is, nothing is published by halves: that holds for a process that is killed too. So nobody waits for
work that has begun; its month stays locked until the process is gone, and the next run clears what it left.
"""

from __future__ import annotations

import os
import signal
import sys
import types
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

_NAMES = {signal.SIGINT: "Ctrl-C (SIGINT)", signal.SIGTERM: "SIGTERM"}
_asked: list[int] = []


class StoppedError(BaseException):
    """Somebody stopped the command. No Exception: nothing but the end of the command answers it."""


def exit_code(signal_number: int) -> int:
    """What shells call a command that a signal ended: 130 for SIGINT, 143 for SIGTERM."""
    return 128 + signal_number


def asked_to_stop() -> int | None:
    """The signal that the command was stopped by; None while it was not."""
    return _asked[0] if _asked else None


def sentence(signal_number: int) -> str:
    """What the person is told."""
    name = _NAMES.get(signal.Signals(signal_number), signal.Signals(signal_number).name)
    return f"stopped by {name}; what is published is whole. Run the command again: it clears what was left."


def _stop(signal_number: int, _: types.FrameType | None) -> None:
    if _asked:  # again: at once, without a word
        os._exit(exit_code(signal_number))
    _asked.append(signal_number)
    raise StoppedError(signal_number)


def end_when_asked() -> None:
    """From now on both signals stop this process's command; one that whoever started it has it ignore is ignored."""
    for number in _NAMES:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
        else:
            signal.pthread_sigmask(signal.SIG_BLOCK, {number})  # Polars' own handler would end a query by it


def leave_to_the_server() -> None:
    """From now on the signals are as Python has them: what serves until it is stopped ends well by one."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) is _stop:
            signal.signal(number, usual)


@contextmanager
def workers(count: int) -> Iterator[ThreadPoolExecutor]:
    """So many threads; their work is waited for at the end, unless the command was stopped."""
    pool = ThreadPoolExecutor(max_workers=count)
    try:
        yield pool
    finally:
        is_stopped = asked_to_stop() is not None
        pool.shutdown(wait=not is_stopped, cancel_futures=is_stopped)


def leave(signal_number: int) -> None:
    """The process is gone: threads that are at work with it, then its locks."""
    sys.stderr.flush()
    os._exit(exit_code(signal_number))
