"""A rerun of a disputed month as a Prefect flow, whose parameters are a form (rule 12)."""

from pathlib import Path

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from rich.console import Console

from flows.flow_artifacts import Meter, show_run
from flows.flow_cluster import units_of_flow
from flows.flow_parameters import (
    AccountIds,
    DateText,
    MonthText,
    Reason,
    SchedulerAddress,
    VersionName,
    checked_reason,
    scheduler,
)
from flows.flow_steps import TASK_RUNNER, Ended, final_state, rerun_name
from flows.rerun_report import rerun_sums, show_rerun
from flows.runner import rerun_month
from flows.settings import Settings, parse_date, parse_month
from flows.stages import RERUN_STAGES


@flow(name="rerun_disputed_month", flow_run_name=rerun_name, task_runner=TASK_RUNNER, log_prints=False)
def rerun_disputed_month(  # noqa: PLR0913, PLR0917 - the form's fields
    month: MonthText,
    reason: Reason,
    accounts: AccountIds = [],  # noqa: B006 - never changed; the form needs a list
    rates: VersionName | None = None,
    disputed_on: DateText | None = None,
    cdrs: Path = Path("data/inbox"),
    contracts: Path = Path("data/contracts"),
    rate_tables: Path = Path("rate_tables"),
    warehouse: Path = Path("data/warehouse"),
    dask: SchedulerAddress | None = None,
) -> State[str]:
    """An issued month rated again beside its invoices, which stay as they are; its result is the rerun's id.

    Args:
        month: Invoice month that is disputed, like 2020-02.
        reason: Why; it stands in the table of runs. No telephone numbers: name the account or the call id.
        accounts: Account ids; all accounts where none is named.
        rates: Rate version, like 2020.2. Not given: the one that the month was issued by.
        disputed_on: Day on which the customer opened the dispute. Not given: differences are shown, none adjusted.
        cdrs: Inbox of call records, a folder a month.
        contracts: Contract tables.
        rate_tables: Rate versions.
        warehouse: Where the month was issued, and the rerun goes.
        dask: Scheduler of a Dask cluster, like tcp://host:8786, to read and rate on. Not given: TOLLBOOK_DASK of the
            flow run's environment, or this process.
    """

    def work() -> Ended:
        disputed = parse_date(disputed_on, "disputed_on") if disputed_on else None
        settings = Settings(parse_month(month), cdrs, contracts, rate_tables, rates, warehouse)
        get_run_logger().info("opening %s: as it was issued, and contracts, rates and files of today", month)
        meter = Meter(f"rerun-progress-{month}", RERUN_STAGES)
        why = checked_reason(reason)
        with units_of_flow(scheduler(dask), settings) as units:
            outcome = rerun_month(settings, accounts, why, disputed, work=meter.around(units))
        run_id, is_new = outcome.run_id, outcome.is_new

        def show(screen: Console) -> None:
            show_rerun(screen, warehouse, run_id, is_new=is_new)

        show_run("rerun-", month, warehouse, run_id, show)
        done = "rerun" if is_new else "the same rerun was done before; nothing to do"
        return Ended(run_id, f"{month} {done}: {'; '.join(rerun_sums(warehouse, run_id))} (run {run_id})")

    return final_state(work)
