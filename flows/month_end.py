"""The month end as a Prefect flow: the same stages, each unit a task that takes and returns paths."""

import datetime as dt
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner
from prefect.tasks import Task

from flows.confidential import confidential_files, masked_errors
from flows.progress import advance
from flows.runner import bill_month
from flows.settings import Settings, parse_month
from flows.stages import KEEP_DRAFT, STAGES, Stage
from schemas.faults import ControlFailedError, InputRefusedError

_TASK_RUNNER: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=2)
_STAGES = {stage.name: stage for stage in (*STAGES, KEEP_DRAFT)}


def _is_worth_another_try(_task: Task[..., Path], _run: TaskRun, state: State) -> bool:
    """A refused input or a failed control comes out the same again; a disk that was away may be back."""
    failure = state.data if isinstance(state.data, BaseException) else getattr(state.data, "exception", None)
    return not isinstance(failure, InputRefusedError | ControlFailedError)


@task(task_run_name="{stage} {unit}", retries=2, retry_delay_seconds=1, retry_condition_fn=_is_worth_another_try)
def work_on(stage: str, plan: Path, unit: str) -> Path:
    """One unit of a stage; safe to try again, because what it writes is whole or not there."""
    with confidential_files(), masked_errors():
        return _STAGES[stage].work(plan, unit)


def _as_tasks(stage: Stage, plan: Path, units: list[str]) -> Iterator[Path]:
    """The units of a stage as task runs, as many at a time as it allows; their paths in the units' order."""
    waiting: deque[PrefectFuture[Path]] = deque()
    for unit in units:
        waiting.append(work_on.submit(stage.name, plan, unit))
        if len(waiting) >= stage.width:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@flow(
    name="month_end",
    flow_run_name="month end {invoice_month}",
    task_runner=_TASK_RUNNER,
    log_prints=False,
)
def month_end(
    invoice_month: str,
    cdrs: Path = Path("data/inbox"),
    contracts: Path = Path("data/contracts"),
    rate_tables: Path = Path("rate_tables"),
    rates: str | None = None,
    warehouse: Path = Path("data/warehouse"),
    issue_date: dt.date | None = None,
) -> str:
    """The month's invoices, published. Returns the run id. Refusals and failed controls fail the flow run."""
    with masked_errors():
        settings = Settings(parse_month(invoice_month), cdrs, contracts, rate_tables, rates, warehouse, issue_date)
        return bill_month(settings, work=_as_tasks, advance=advance).run_id
