"""What may pass by itself is tried again, for a while; nothing else is."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from flows.failures import passes_by_itself
from flows.locks import only_run
from flows.retries import tried_again
from schemas.faults import ControlFailedError, Fault, InputRefusedError

REFUSED = InputRefusedError(Fault("calls.csv", "is wrong", "mend it"))
FULL = OSError(errno.ENOSPC, "No space left on device", "/w/a")


class Work:
    """Work that fails with each of these errors once, and then goes well."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.tries = 0

    def __call__(self) -> str:
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"


@pytest.fixture
def waits() -> list[float]:
    """How long was waited between the tries."""
    return []


def run(work: Callable[[], str], delays: list[int], waits: list[float]) -> str:
    return tried_again(work, delays, tell=lambda *_: None, wait=waits.append)


def test_a_full_disk_is_waited_for(waits: list[float]) -> None:
    assert run(Work(FULL, FULL), [60, 300, 900], waits) == "done"
    assert waits == [60, 300]


def test_the_last_error_leaves_when_there_is_no_delay_left(waits: list[float]) -> None:
    work = Work(FULL, FULL, FULL)
    with pytest.raises(OSError, match="No space left"):
        run(work, [60, 300], waits)
    assert (work.tries, waits) == (3, [60, 300])


@pytest.mark.parametrize("error", [REFUSED, ControlFailedError("1 control does not balance"), ValueError("a slip")])
def test_what_comes_out_the_same_again_is_not_tried_again(error: Exception, waits: list[float]) -> None:
    work = Work(error)
    with pytest.raises(type(error)):
        run(work, [60, 300, 900], waits)
    assert (work.tries, waits) == (1, [])


def test_each_try_is_told_of_with_what_is_waited() -> None:
    told: list[tuple[Exception, int]] = []
    tried_again(Work(FULL), [60], tell=lambda error, seconds: told.append((error, seconds)), wait=lambda _: None)
    assert told == [(FULL, 60)]


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.ENFILE])
def test_a_busy_system_passes_by_itself(number: int) -> None:
    assert passes_by_itself(OSError(number, "busy"))


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EFBIG])
def test_what_a_person_must_mend_does_not(number: int) -> None:
    assert not passes_by_itself(OSError(number, "away"))


def test_the_systems_error_is_found_in_what_a_library_says_of_it() -> None:
    assert passes_by_itself(pl.exceptions.ComputeError("underlying IO error: No space left (os error 28)"))
    assert not passes_by_itself(pl.exceptions.ComputeError("invalid thrift"))


def test_a_month_that_another_run_holds_passes_by_itself(tmp_path: Path) -> None:
    with (
        only_run(tmp_path, "2020-02", "bill 2020-02"),
        pytest.raises(InputRefusedError, match="another run is at work") as refused,
        only_run(tmp_path, "2020-02", "rerun 2020-02"),
    ):
        pass
    assert passes_by_itself(refused.value)
    assert not passes_by_itself(REFUSED)
