"""What runs on a cluster's workers: a unit of a stage, and a look at whether the worker is fit for it.

A worker needs the same program, the same user, and warehouse and inputs under the same absolute paths.
"""

from __future__ import annotations

import os
import pickle
import secrets
import socket
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from flows.code_version import code_version
from flows.confidential import confidential_files, masked_errors
from flows.failures import passes_by_itself
from flows.prefect_address import ADDRESS, why_silent
from flows.stages import RERUN_STAGES, STAGES
from schemas.faults import ControlFailedError, Fault, InputRefusedError

if TYPE_CHECKING:
    from flows.object_units import Offer

_STAGES = {stage.name: stage for stage in (*STAGES, *RERUN_STAGES)}
_counting = threading.Lock()
_at_work: Counter[Path] = Counter()


class Seen(NamedTuple):
    """What a worker sees: on which host, by which program, and what is in its way, each with its remedy."""

    host: str
    program: str
    problems: tuple[tuple[str, str], ...] = ()


class PrefectSide(NamedTuple):
    """What units need that are tasks of a Prefect flow: the server that they report to, and the same libraries."""

    server: str
    libraries: str


def prefect_libraries() -> str:
    """What tasks are packed and unpacked by: they go to workers as Prefect's objects and Python's code."""
    return f"Prefect {version('prefect')}, Python {sys.version_info.major}.{sys.version_info.minor}"


def program() -> str:
    """What decides the bytes that a unit writes: this program, and the library that writes Parquet."""
    return f"{code_version()}, Polars {pl.__version__}"


def _marker_problem(marker: Path, token: str) -> tuple[str, str] | None:
    folder = marker.parent
    try:
        if marker.read_text(encoding="utf-8") != token:
            return f"sees another folder at {folder}", "mount the warehouse's own there"
        trial = marker.with_name(f"{marker.name}-{secrets.token_hex(4)}")
        trial.touch()
        trial.unlink()
    except OSError as error:
        remedy = "mount the warehouse there, under the same path, and start the worker as the user who bills"
        return f"cannot read and write the warehouse {folder} ({error.strerror})", remedy
    return None


def _prefect_problems(prefect: PrefectSide) -> Iterator[tuple[str, str]]:
    if prefect_libraries() != prefect.libraries:
        problem = f"runs {prefect_libraries()}, and the flow {prefect.libraries}"
        yield problem, "install the same on both"
    if (why := why_silent(prefect.server)) is not None:
        problem = f"does not reach the Prefect server {prefect.server} ({why})"
        yield problem, f"start the server on an address of the network that they share, and set {ADDRESS} to that"


def look_around(marker: Path, token: str, inputs: Sequence[Path], prefect: PrefectSide | None = None) -> Seen:
    """Whether this worker sees the warehouse by the marker in it, and the inputs, and may write; of a flow, more."""
    of_flow = () if prefect is None else (*_prefect_problems(prefect),)
    with confidential_files():
        found = _marker_problem(marker, token)
    of_folder = () if found is None else (found,)
    return Seen(socket.gethostname(), program(), (*of_flow, *of_folder, *inputs_problem(inputs)))


def inputs_problem(inputs: Sequence[Path]) -> Iterator[tuple[str, str]]:
    """What this worker does not see of the inputs."""
    unseen = [str(path) for path in inputs if not os.access(path, os.R_OK | os.X_OK)]
    if unseen:
        remedy = "mount them there, under the same path, readable by the worker's user"
        yield f"does not see {', '.join(unseen)}", remedy


def units_at_work(plan: Path) -> int:
    """How many units of the plan this worker is at work on."""
    return _at_work[plan]


@contextmanager
def _counted(plan: Path) -> Iterator[None]:
    with _counting:
        _at_work[plan] += 1
    try:
        yield
    finally:
        with _counting:
            _at_work[plan] -= 1


def _portable(error: Exception) -> Exception:
    """The error as it can go to the process that asked, with its place in the program."""
    error.add_note(f"on worker {socket.gethostname()}:\n{''.join(traceback.format_exception(error))}")
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _refuse_another_program(expected: str) -> None:
    if program() != expected:
        raise InputRefusedError(another_program(socket.gethostname(), program(), expected))


def another_program(worker: str, found: str, expected: str) -> Fault:
    """What is told of a worker that would not write the same bytes."""
    problem = f"runs another program ({found}) than this command ({expected})"
    return Fault(f"worker {worker}", problem, "install the same release and the same packages on both")


def work_on_unit(stage: str, plan: Path, unit: str, expected: str, offer: Offer | None = None) -> Path | Exception:
    """A unit worked on here; safe to do twice, even at the same time. Its error is returned, so that no log has it.

    With an offer the warehouse is on S3, and the plan but a name.

    Raises, without telephone numbers, only what may pass by itself: then Dask tries again.
    """
    with confidential_files(), masked_errors(), _counted(plan):
        try:
            _refuse_another_program(expected)
            if offer is not None:
                from flows.object_units import work_on_offer

                return work_on_offer(offer, _STAGES[stage], unit)
            return _STAGES[stage].work(plan, unit)
        except (InputRefusedError, ControlFailedError) as error:
            return error
        except Exception as error:
            if passes_by_itself(error):
                raise
            return _portable(error)
