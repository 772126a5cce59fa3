"""The stages of a month end, files in to files out: one list for both ways to run.

A stage's unit takes the path of the run's plan and a name (a file, a bucket), and returns the path that it wrote.
Nothing but paths passes between units, so each can run in another process.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from flows.accounts_of_rows import account_for_rows, gather_set_aside
from flows.anomalies import find_anomalies
from flows.compare_calls import compare_bucket, compare_units
from flows.comparison import comparison
from flows.files import read_json, write_json
from flows.inbox import RecordFile
from flows.ingest import ingest_file
from flows.invoicing import invoice_month
from flows.month import Month, RerunOrder, open_month
from flows.rating import rate_bucket
from flows.repeated_calls import find_repeats
from flows.settings import Settings
from flows.stopping import workers
from flows.value_difference import value_difference
from schemas.faults import Fault, InputRefusedError

_OPEN: dict[Path, Month] = {}
_elsewhere: dict[tuple[Path, str], Month] = {}
_opening = threading.Lock()


def _order_as_json(order: RerunOrder | None) -> dict[str, Any] | None:
    if order is None:
        return None
    return {**order._asdict(), "disputed_on": None if order.disputed_on is None else order.disputed_on.isoformat()}


def _order(content: dict[str, Any] | None) -> RerunOrder | None:
    """The rerun's order that `_order_as_json` wrote."""
    if content is None:
        return None
    accounts, disputed_on = content["accounts"], content["disputed_on"]
    return RerunOrder(
        accounts=None if accounts is None else tuple(accounts),
        reason=content["reason"],
        disputed_on=None if disputed_on is None else dt.date.fromisoformat(disputed_on),
        issued_run=content["issued_run"],
        earlier=tuple(content["earlier"]),
    )


def write_plan(month: Month, started_at: dt.datetime) -> Path:
    """The run's plan: settings, rerun's order, call record files, and the run id that its inputs must still lead to."""
    plan = month.work_folder() / "plan.json"
    records = [[record.name, record.source, record.sha256, list(record.stat)] for record in month.record_files]
    content = {
        "record_files": records,
        "rerun": _order_as_json(month.rerun),
        "run_id": month.run_id,
        "started_at": started_at.isoformat(),
        "settings": month.settings.as_text(),
    }
    write_json(content, plan)
    return plan


@contextmanager
def kept_open(plan: Path, month: Month) -> Iterator[None]:
    """While this lasts, units of the plan in this process share the month; elsewhere they open it again."""
    _OPEN[plan] = month
    try:
        yield
    finally:
        del _OPEN[plan]


def month_of(plan: Path) -> Month:
    """The month of a plan: the one that this process has open, or opened again."""
    return _OPEN[plan] if plan in _OPEN else _opened_elsewhere(plan)


def _opened_elsewhere(plan: Path) -> Month:
    """The month in a process that does not run it: opened once a run, however many threads ask for it."""
    content = read_json(plan)
    run = (plan, content["started_at"])
    with _opening:
        if run not in _elsewhere:
            _elsewhere.clear()  # the run before
            _elsewhere[run] = _open_plan(plan, content)
        return _elsewhere[run]


def _open_plan(plan: Path, content: dict[str, Any]) -> Month:
    """The month of a plan opened again. Raises InputRefusedError where its inputs changed."""
    settings = Settings.from_text(content["settings"])
    records = tuple(
        RecordFile(settings.cdrs / name, name, source, sha256, tuple(stat))
        for name, source, sha256, stat in content["record_files"]
    )
    month = replace(open_month(settings, found_before=records), rerun=_order(content["rerun"]))
    if month.run_id != content["run_id"]:
        raise InputRefusedError(Fault(str(plan), "an input changed while the month was run", "run the month again"))
    return month


def _ingest(plan: Path, unit: str) -> Path:
    month = month_of(plan)
    record = next(record for record in month.record_files if record.name == unit)
    return ingest_file(month.ingest_plan, record)


def _repeats(plan: Path, _: str) -> Path:
    return find_repeats(month_of(plan).ingest_plan)


def _rate(plan: Path, unit: str) -> Path:
    return rate_bucket(month_of(plan), int(unit))


def _invoice(plan: Path, _: str) -> Path:
    month = month_of(plan)
    with workers(1) as beside:
        set_aside = beside.submit(gather_set_aside, month)  # the next stage's longest part, and a core would wait here
        written = invoice_month(month)
        set_aside.result()
    return written


def _account(plan: Path, _: str) -> Path:
    return account_for_rows(month_of(plan))


def _compare(plan: Path, unit: str) -> Path:
    return compare_bucket(month_of(plan), int(unit))


def _value(plan: Path, _: str) -> Path:
    return value_difference(month_of(plan))


def _anomalies(plan: Path, _: str) -> Path:
    return find_anomalies(month_of(plan))


def _keep_draft(plan: Path, _: str) -> Path:
    from flows.draft import keep_draft

    return keep_draft(month_of(plan), dt.datetime.fromisoformat(read_json(plan)["started_at"]))


def _publish(plan: Path, _: str) -> Path:
    from flows.publish import publish

    return publish(month_of(plan), dt.datetime.fromisoformat(read_json(plan)["started_at"]))


def _files(month: Month) -> list[str]:
    return [record.name for record in month.record_files]


def _files_to_read(month: Month) -> list[str]:
    """The files whose calls a rerun needs: none where they are as they were published."""
    return [] if comparison(month).are_calls_as_issued else _files(month)


def _buckets(month: Month) -> list[str]:
    return [str(bucket) for bucket in range(month.ingest_plan.bucket_count)]


def _whole(month: Month) -> list[str]:
    return [month.settings.invoice_month.strftime("%Y-%m")]


def _whole_where_read(month: Month) -> list[str]:
    return [] if comparison(month).are_calls_as_issued else _whole(month)


class Stage(NamedTuple):
    """A step of the month end: its name, what it says it does, its units, and the work on one.

    `width`: how many units may be worked on at a time; more would need more memory. `publishes`: what it writes is
    seen by others, of a draft by those who look at it.
    """

    name: str
    says: str
    units: Callable[[Month], list[str]]
    work: Callable[[Path, str], Path]
    width: int = 1
    publishes: bool = False


INGEST_STAGES: tuple[Stage, ...] = (
    Stage("ingest", "reading call records", _files, _ingest, width=2),
    Stage("repeats", "looking for repeated calls", _whole, _repeats),
)
COMPUTING_STAGES: tuple[Stage, ...] = (
    *INGEST_STAGES,
    Stage("rate", "rating calls", _buckets, _rate, width=3),
    Stage("invoice", "writing invoices", _whole, _invoice),
    Stage("account", "accounting for every row", _whole, _account),
    Stage("anomalies", "looking for anomalies", _whole, _anomalies),
)
PUBLISH = Stage("publish", "checking and publishing", _whole, _publish, publishes=True)
KEEP_DRAFT = Stage("draft", "checking and keeping the draft", _whole, _keep_draft, publishes=True)
STAGES: tuple[Stage, ...] = (*COMPUTING_STAGES, PUBLISH)
DRAFT_STAGES: tuple[Stage, ...] = (*COMPUTING_STAGES, KEEP_DRAFT)
RERUN_STAGES: tuple[Stage, ...] = (
    INGEST_STAGES[0]._replace(units=_files_to_read),
    INGEST_STAGES[1]._replace(units=_whole_where_read),
    Stage("compare", "rating calls again", compare_units, _compare, width=2),
    Stage("value", "comparing with the invoices", _whole, _value),
    PUBLISH,
)
