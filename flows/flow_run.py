"""A month end as a Prefect flow run from the command line: against a server, or one that lives as long as the run."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from pathlib import Path

from flows.runner import BillOutcome, issued_run
from flows.settings import Settings
from schemas.faults import Fault, InputRefusedError

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


def _refuse_silent_server() -> None:
    """A server that is named must answer: Prefect's own word on it comes late, and names no remedy."""
    url = os.environ.get("PREFECT_API_URL")
    if not url:
        return
    try:
        urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=30).close()
    except urllib.error.HTTPError:
        return  # it answers, if only to say that it wants to know who asks
    except (OSError, ValueError) as error:
        remedy = "start it, or unset PREFECT_API_URL to bill without a server"
        raise InputRefusedError(
            Fault("PREFECT_API_URL", "no Prefect server answers there", remedy, value=url)
        ) from error


def bill_as_flow_run(settings: Settings) -> BillOutcome:
    """The month billed by the flow `month_end`; the same bytes as in process."""
    from flows.month import open_month

    issued = issued_run(open_month(settings))
    if issued is not None:
        return BillOutcome(issued, is_new=False)
    _refuse_silent_server()
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
        return_state=True,
    )
    return BillOutcome(str(state.result()), is_new=True)
