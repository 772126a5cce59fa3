"""What the Prefect flows have in common: a unit of a stage as a task, and how a flow run ends."""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from prefect import task
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.logging import get_run_logger
from prefect.runtime import deployment, flow_run
from prefect.states import Completed, Failed
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from flows.confidential import confidential_files, masked, masked_errors
from flows.failures import passes_by_itself, system_refusal
from flows.flow_parameters import month_of
from flows.retries import tried_again
from flows.stages import KEEP_DRAFT, RERUN_STAGES, STAGES, Stage
from schemas.faults import ControlFailedError, InputRefusedError

TASK_RUNNER: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=2)
RETRY_SECONDS = "TOLLBOOK_RETRY_SECONDS"
_PATIENCE = "60,300,900"
_SHOWN_FAULTS = 20
_STAGES = {stage.name: stage for stage in (*STAGES, KEEP_DRAFT, *RERUN_STAGES)}


class Ended(NamedTuple):
    """What a flow run came to: the run of the warehouse, and a sentence about it."""

    run_id: str
    sentence: str


def bill_name() -> str:
    """The name of a month end's flow run.

    It stands here because a cluster's workers are told of the flow, and a served flow's own module is none of theirs.
    """
    return f"bill {flow_run.parameters.get('month') or month_of(flow_run.scheduled_start_time)}"


def rerun_name() -> str:
    """The name of a rerun's flow run."""
    parameters = flow_run.parameters
    accounts = parameters.get("accounts") or []
    whose = "" if not accounts else f" of {accounts[0]}" if len(accounts) == 1 else f" of {len(accounts)} accounts"
    return f"rerun {parameters.get('month')}{whose}"


def is_worth_another_try(_task: Task[..., Path], _run: TaskRun, state: State) -> bool:
    """A refused input or a failed control comes out the same again; a disk that is full may be emptied."""
    failure = state.data if isinstance(state.data, BaseException) else getattr(state.data, "exception", None)
    return failure is not None and passes_by_itself(failure)


@task(task_run_name="{stage} {unit}", retries=2, retry_delay_seconds=[1, 10], retry_condition_fn=is_worth_another_try)
def work_on(stage: str, plan: Path, unit: str) -> Path:
    """One unit of a stage; safe to try again, because what it writes is whole or not there."""
    with confidential_files(), masked_errors():
        return _STAGES[stage].work(plan, unit)


def as_tasks(stage: Stage, plan: Path, units: list[str]) -> Iterator[Path]:
    """The units of a stage as task runs, as many at a time as it allows; their paths in the units' order.

    None is at work any more when this ends, however it ends.
    """
    named = work_on.with_options(name=f"{stage.name}: {stage.says}")
    waiting: deque[PrefectFuture[Path]] = deque()
    try:
        for unit in units:
            waiting.append(named.submit(stage.name, plan, unit))
            if len(waiting) >= stage.width:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.wait()


def _delays_seconds() -> list[int]:
    """How long to wait before each further try. Who sits at the command line is told at once instead."""
    if deployment.id is None:
        return []
    return [int(part) for part in os.environ.get(RETRY_SECONDS, _PATIENCE).split(",") if part.strip()]


def _tell_of_another_try(error: Exception, seconds: int) -> None:
    get_run_logger().warning("%s. This may pass by itself: tried again in %d s.", masked(_sentence(error)), seconds)


def _sentence(error: Exception) -> str:
    """The error as the command line tells it."""
    if isinstance(error, InputRefusedError):
        lines = str(error).splitlines()
        more = len(lines) - _SHOWN_FAULTS
        return "\n".join([*lines[:_SHOWN_FAULTS], *([f"... and {more} more"] if more > 0 else [])])
    if isinstance(error, ControlFailedError):
        return str(error)
    refusal = system_refusal(error)
    return f"{type(error).__name__}: {error}" if refusal is None else refusal.sentence


def _leave_out_traceback(error: Exception) -> None:
    """Prefect logs any error that a flow run ends with once more, with a page about the program's insides.

    Whoever has an input to mend looks for the sentence. The frames would hold files and the database open as well.
    """
    here: BaseException | None = error
    while here is not None:
        here.__traceback__ = None
        here = here.__cause__ or here.__context__

    def is_another(record: logging.LogRecord) -> bool:
        return not record.exc_info or record.exc_info[1] is not error

    for name in ("prefect.flow_runs", "prefect.engine"):
        logging.getLogger(name).addFilter(is_another)


def final_state(work: Callable[[], Ended]) -> State[str]:
    """How the flow run ends: its message is the sentence that the command line would show.

    What may pass by itself is tried again. Raises what nobody foresaw, whose place in the program the log then shows.
    """
    try:
        with masked_errors():
            ended = tried_again(work, _delays_seconds(), _tell_of_another_try)
    except Exception as error:
        is_foreseen = isinstance(error, InputRefusedError | ControlFailedError) or system_refusal(error) is not None
        if not is_foreseen:
            raise
        get_run_logger().error(_sentence(error))
        _leave_out_traceback(error)
        return Failed(message=_sentence(error), data=error)
    get_run_logger().info(ended.sentence)
    return Completed(message=ended.sentence, data=ended.run_id)
