"""Which failed tasks of a flow are worth another try."""

from __future__ import annotations

import errno
from typing import Any

import pytest
from prefect.states import Failed

from flows.flow_steps import work_on
from schemas.faults import ControlFailedError, Fault, InputRefusedError


def is_tried_again(error: Exception) -> bool:
    """What Prefect asks when a task has failed."""
    asked: Any = work_on.retry_condition_fn
    return bool(asked(work_on, None, Failed(data=error)))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.ESTALE])
def test_a_task_that_met_a_busy_system_is_tried_again(number: int) -> None:
    assert work_on.retries == 2
    assert is_tried_again(OSError(number, "busy"))


@pytest.mark.parametrize(
    "error",
    [
        InputRefusedError(Fault("calls.csv", "is wrong", "mend it")),
        ControlFailedError("1 control does not balance"),
        FileNotFoundError(errno.ENOENT, "gone"),
        ValueError("a slip of ours"),
    ],
)
def test_a_task_that_would_fail_the_same_again_is_not(error: Exception) -> None:
    assert not is_tried_again(error)
