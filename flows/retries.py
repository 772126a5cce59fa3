"""Trying again what may pass by itself, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from flows.failures import passes_by_itself

Result = TypeVar("Result")


def tried_again(
    work: Callable[[], Result],
    delays_seconds: Sequence[int],
    tell: Callable[[Exception, int], None],
    wait: Callable[[float], None] = time.sleep,
) -> Result:
    """What the work returns; after an error that may pass by itself it is done again, once for each delay.

    `tell` is told of the error and the seconds to the next try. Any other error, and the last one, leave at once.
    """
    for seconds in delays_seconds:
        try:
            return work()
        except Exception as error:
            if not passes_by_itself(error):
                raise
            tell(error, seconds)
        wait(seconds)
    return work()
