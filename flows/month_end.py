"""The month end as a Prefect flow: the same stages, each unit a task that takes and returns paths."""

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from rich.console import Console

from flows.draft_command import held_sentence
from flows.draft_place import draft_link
from flows.flow_artifacts import Meter, show_run
from flows.flow_cluster import units_of_flow
from flows.flow_parameters import DateText, MonthText, SchedulerAddress, VersionName, month_of, scheduler
from flows.flow_steps import TASK_RUNNER, Ended, bill_name, final_state
from flows.progress import advance
from flows.runner import bill_month
from flows.settings import Settings, month_text, parse_date, parse_month
from flows.stages import STAGES
from flows.summary import invoice_totals, show_summary
from schemas.faults import ControlFailedError


@flow(name="month_end", flow_run_name=bill_name, task_runner=TASK_RUNNER, log_prints=False)
def month_end(
    month: MonthText | None = None,
    cdrs: Path = Path("data/inbox"),
    contracts: Path = Path("data/contracts"),
    rate_tables: Path = Path("rate_tables"),
    rates: VersionName | None = None,
    warehouse: Path = Path("data/warehouse"),
    issue_date: DateText | None = None,
    hold_on_anomaly: bool = False,
    dask: SchedulerAddress | None = None,
) -> State[str]:
    """The month's invoices, published; its result is the run id. Refusals and failed controls fail the flow run.

    Args:
        month: Invoice month, like 2020-02; it bills the calls of the month before. Not given: the month in which the
            run was due, in UTC.
        cdrs: Inbox of call records, a folder a month.
        contracts: Contract tables.
        rate_tables: Rate versions.
        rates: Rate version, like 2020.1. Not given: the newest frozen one.
        warehouse: Where results go.
        issue_date: Day of issue, 1st to 7th of the month. Not given: the 1st.
        hold_on_anomaly: Issue nothing where an anomaly is found: the draft is kept, and the flow run fails.
        dask: Scheduler of a Dask cluster, like tcp://host:8786, to read and rate on. Not given: TOLLBOOK_DASK of the
            flow run's environment, or this process.
    """
    due = month_of(flow_run.scheduled_start_time)

    def work() -> Ended:
        issued_on = parse_date(issue_date, "issue_date") if issue_date else None
        settings = Settings(parse_month(month or due), cdrs, contracts, rate_tables, rates, warehouse, issued_on)
        name = month_text(settings.invoice_month)
        get_run_logger().info(
            "opening %s: contracts, rates and the files of %s", name, month_text(settings.usage_month)
        )
        meter = Meter(f"progress-{name}", STAGES)
        with units_of_flow(scheduler(dask), settings) as units:
            outcome = bill_month(settings, meter.around(units), advance, hold_on_anomaly=hold_on_anomaly)
        if outcome.is_held:
            remedy = f"look at {draft_link(warehouse, name)}, then `tollbook issue {name}`, or mend and draft again"
            raise ControlFailedError(f"{held_sentence(name, outcome)} {remedy}")
        run_id, is_new = outcome.run_id, outcome.is_new

        def show(screen: Console) -> None:
            show_summary(screen, settings, run_id)

        show_run("", name, warehouse, run_id, show)
        done = "issued" if is_new else "was issued before from the same inputs; nothing to do"
        return Ended(run_id, f"{name} {done}: {', '.join(invoice_totals(warehouse, run_id))} (run {run_id})")

    return final_state(work)
