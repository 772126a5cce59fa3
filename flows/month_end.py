"""The month end as a Prefect flow: the same stages, each unit a task that takes and returns paths."""

import datetime as dt
from pathlib import Path

from prefect import flow, task
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task

from flows.progress import advance
from flows.runner import bill_month
from flows.settings import Settings, parse_month
from flows.stages import STAGES, Stage
from schemas.faults import ControlFailedError, InputRefusedError

_STAGES = {stage.name: stage for stage in STAGES}


def _is_worth_another_try(_task: Task[..., Path], _run: TaskRun, state: State) -> bool:
    """A refused input or a failed control comes out the same again; a disk that was away may be back."""
    failure = state.data if isinstance(state.data, BaseException) else getattr(state.data, "exception", None)
    return not isinstance(failure, InputRefusedError | ControlFailedError)


@task(task_run_name="{stage} {unit}", retries=2, retry_delay_seconds=1, retry_condition_fn=_is_worth_another_try)
def work_on(stage: str, plan: Path, unit: str) -> Path:
    """One unit of a stage; safe to try again, because what it writes is whole or not there."""
    return _STAGES[stage].work(plan, unit)


def _as_task(stage: Stage, plan: Path, unit: str) -> Path:
    return work_on(stage.name, plan, unit)


@flow(name="month_end", flow_run_name="month end {invoice_month}", log_prints=False)
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
    settings = Settings(parse_month(invoice_month), cdrs, contracts, rate_tables, rates, warehouse, issue_date)
    return bill_month(settings, work=_as_task, advance=advance).run_id
