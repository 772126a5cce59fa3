"""A month end as a Prefect flow run from the command line: against a server, or one that lives as long as the run."""

from __future__ import annotations

import os
from pathlib import Path

from flows.prefect_address import ADDRESS, refuse_silent_server, shared_server
from flows.runner import BillOutcome, issued_run
from flows.settings import Settings

_DEFAULTS = {
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_CLI_PROMPT": "false",
}


def prepare_environment(warehouse: Path) -> None:
    """What Prefect reads when it is imported: quiet, patient with its own server, at home in the warehouse."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    home = (warehouse / ".prefect").resolve()
    home.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("PREFECT_HOME", str(home))


def bill_as_flow_run(settings: Settings, dask: str | None = None) -> BillOutcome:
    """The month billed by the flow `month_end`, its wide stages on a cluster where one is named; the same bytes."""
    from flows.month import open_month

    if dask is not None:
        shared_server(os.environ.get(ADDRESS))  # before one is started that only this process can reach
    issued = issued_run(open_month(settings))
    if issued is not None:
        return BillOutcome(issued, is_new=False)
    refuse_silent_server()
    prepare_environment(settings.warehouse)
    from flows.month_end import month_end

    state = month_end(
        f"{settings.invoice_month:%Y-%m}",
        cdrs=settings.cdrs,
        contracts=settings.contracts,
        rate_tables=settings.rate_tables,
        rates=settings.rates,
        warehouse=settings.warehouse,
        issue_date=None if settings.issue_date is None else str(settings.issue_date),
        dask=dask,
        return_state=True,
    )
    return BillOutcome(str(state.result()), is_new=True)
