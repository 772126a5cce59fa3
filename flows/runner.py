"""A month run from its settings to what was published: in process, or as a Prefect flow run."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from flows.adjustments import Rerun, published_reruns
from flows.anomalies import run_anomalies
from flows.audit import audited
from flows.comparison import comparison
from flows.confidential import confidential_files
from flows.draft_place import drafted_run
from flows.files import digest, remove
from flows.fixed_charges import fixed_charges
from flows.held import issue_standing, issued_or_held
from flows.inbox import Known
from flows.ingest_plan import is_stored, stored_hashes, sweep_pieces
from flows.issued import issued_run_of
from flows.locks import only_run, publishing
from flows.month import Month, RerunOrder, calls_folder, open_month
from flows.seen_files import known_files, remember, seen_path
from flows.settings import Settings, month_text
from flows.stages import INGEST_STAGES, RERUN_STAGES, Stage, kept_open, write_plan
from flows.stopping import workers
from flows.sweep import sweep_month, sweep_others, sweep_publication
from flows.warehouse import mark_published, published_runs
from schemas.faults import Fault, InputRefusedError
from transforms.anomalies import Anomaly

Advance = Callable[[Stage], None]
HELD = 3
"""Exit code of a month that is held, as of one whose controls fail: nothing was published."""
WorkUnits = Callable[[Stage, Path, list[str]], Iterable[Path]]


class BillOutcome(NamedTuple):
    """The run that the month's invoices come from, and whether it was done now or stood there before.

    anomalies: what it found out of pattern. is_held: it was not issued because of them, and its draft stands.
    """

    run_id: str
    is_new: bool
    anomalies: tuple[Anomaly, ...] = ()
    is_held: bool = False


class IngestOutcome(NamedTuple):
    """The month ingested; the names of its files that stood there before, and of those that were read again.

    `read_again`: the same bytes had been stored, but by other contracts, another source file or another program.
    """

    month: Month
    stood_before: frozenset[str]
    read_again: frozenset[str]


def work_in_process(stage: Stage, plan: Path, units: list[str]) -> Iterator[Path]:
    """The units of a stage, here and now, as many at a time as it allows; their paths in the units' order."""
    with workers(stage.width) as pool:
        yield from pool.map(lambda unit: stage.work(plan, unit), units)


@contextmanager
def units_worked_on(dask: str | None, settings: Settings) -> Iterator[WorkUnits]:
    """How units are worked on: in process, or on the Dask cluster of this scheduler. Raises InputRefusedError."""
    if dask is None:
        yield work_in_process
        return
    from flows.cluster import cluster

    with cluster(dask, settings) as work:
        yield work


def prepare_bill(month: Month) -> None:
    """What needs no call, done while calls are read: what rating looks up, the guards, the database without the run."""
    _ = month.rated_accounts
    from flows.guards import guard_tables

    guard_tables(month.rates, month.contracts)
    from flows.next_database import base_database

    base_database(month)
    from flows.report.files import prepare_report

    prepare_report()


def _prepare_ingest(month: Month) -> None:
    from flows.guards import guard_tables

    guard_tables(month.rates, month.contracts)


def run_stages(
    stages: Iterable[Stage],
    month: Month,
    plan: Path,
    work: WorkUnits,
    advance: Advance,
    prepare: Callable[[Month], None],
) -> None:
    """The recipe of a month end: every unit of every stage, in their order; `prepare` beside the first ones.

    Nothing is published before `prepare` has ended well.
    """
    with kept_open(plan, month), workers(1) as beside:
        prepared = beside.submit(prepare, month)
        for stage in stages:
            if stage.publishes:
                prepared.result()
            for _ in work(stage, plan, stage.units(month)):
                advance(stage)
        prepared.result()


def _of_inputs(identity: dict[str, Any]) -> dict[str, Any]:
    """What the invoices follow from: neither the program, nor what the month was compared with, alters an input."""
    return {key: value for key, value in identity.items() if key not in ("program", "run_id", "kind", "anomalies")}


def issued_run(month: Month) -> str | None:
    """The run that issued this month from the same inputs; None where it was not issued yet.

    Raises InputRefusedError where it was issued from others: an issued invoice never changes (rule 12.1).
    """
    for run in published_runs(month.settings.warehouse):
        if run["kind"] != "bill" or run["invoice_month"] != month.settings.invoice_month:
            continue
        issued = _of_inputs(json.loads(run["manifest"]))
        now = _of_inputs(month.identity)
        if issued == now:
            return str(run["run_id"])
        changed = sorted(key for key in now if issued.get(key) != now[key])
        invoice_month = month_text(month.settings.invoice_month)
        raise InputRefusedError(
            Fault(
                invoice_month,
                f"was issued by run {run['run_id']} from other inputs (changed: {', '.join(changed)}), "
                "and an issued invoice never changes",
                f"use `tollbook rerun {invoice_month} --reason ...` to see what would differ",
            )
        )
    return None


def open_writable(settings: Settings, known: Mapping[str, Known] | None = None) -> Month:
    """The month, and a warehouse that can be written to. Raises InputRefusedError."""
    if "?" in str(settings.warehouse.resolve()):
        problem, remedy = "a database cannot be kept under a path with a question mark", "name another warehouse"
        raise InputRefusedError(Fault(str(settings.warehouse), problem, remedy))
    month = open_month(settings, known)
    try:
        settings.warehouse.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        remedy = "name another folder with --warehouse"
        raise InputRefusedError(Fault(str(settings.warehouse), f"cannot be made: {error.strerror}", remedy)) from error
    return month


def facts_of(month: Month) -> dict[str, Any]:
    """What the log keeps of a command's inputs: where they are, and one digest over what they hold."""
    return {"run_id": month.run_id, "inputs_sha256": digest(month.identity), "settings": month.settings.as_text()}


def sweep_issued(warehouse: Path, invoice_month: str) -> None:
    """What a run that was stopped behind its publication had still to clear."""
    sweep_month(warehouse, invoice_month, resumed=None)
    with publishing(warehouse):
        sweep_publication(warehouse)
        mark_published(warehouse)


def _computed(month: Month, run_id: str, *, is_new: bool, is_held: bool = False) -> BillOutcome:
    anomalies = run_anomalies(month.settings.warehouse, month.settings.invoice_month, run_id)
    return BillOutcome(run_id, is_new, anomalies, is_held)


@confidential_files()
def bill_month(
    settings: Settings,
    work: WorkUnits = work_in_process,
    advance: Advance | None = None,
    *,
    hold_on_anomaly: bool = False,
) -> BillOutcome:
    """The month's invoices, published; nothing is done where the same inputs issued them before.

    With `hold_on_anomaly` a month with anomalies is not published: its draft is kept. Raises InputRefusedError
    (nothing was changed) and ControlFailedError (nothing was published).
    """
    started_at = dt.datetime.now(dt.UTC)
    month = open_writable(settings)
    warehouse, invoice_month = settings.warehouse, month_text(settings.invoice_month)
    with (
        only_run(warehouse, invoice_month, f"bill {invoice_month}"),
        audited(warehouse, "bill", facts_of(month)) as log,
    ):
        issued = issued_run(month)
        if issued is not None:
            sweep_issued(warehouse, invoice_month)
            if issued == month.run_id:
                sweep_pieces(month.ingest_plan)
            log.result, log.run_id = "nothing to do", issued
            return _computed(month, issued, is_new=False)
        fixed_charges(month)  # refused before any call is read
        sweep_month(warehouse, invoice_month, resumed=month.run_id)
        sweep_others(warehouse, invoice_month)
        draft_before = drafted_run(warehouse, invoice_month)
        if not issue_standing(month, hold_on_anomaly=hold_on_anomaly):
            plan = write_plan(month, started_at)
            remember(_seen_path(settings), month.record_files)
            stages = issued_or_held(month, hold_on_anomaly=hold_on_anomaly)
            run_stages(stages, month, plan, work, advance or (lambda _: None), prepare_bill)
        outcome = _computed(
            month, month.run_id, is_new=True, is_held=drafted_run(warehouse, invoice_month) == month.run_id
        )
        if draft_before is not None:
            sweep_month(warehouse, invoice_month, resumed=None)
        sweep_pieces(month.ingest_plan)
        log.run_id = month.run_id
        if outcome.is_held:
            log.result, log.exit_code = f"held: {len(outcome.anomalies)} anomalies", HELD
    return outcome


def _seen_path(settings: Settings) -> Path:
    return seen_path(calls_folder(settings.warehouse), month_text(settings.usage_month))


def _opened_again(settings: Settings, disputed_on: dt.date | None, accounts: Sequence[str]) -> tuple[Month, str]:
    """The issued month and its run: by its own rate version where none is named, on its own day of issue.

    For accounts that are named, call record files that nobody touched are not read; for the whole month all are.
    """
    issued = issued_run_of(settings.warehouse, settings.invoice_month)
    if settings.issue_date not in (None, issued.issue_date):
        remedy = "leave it out: a rerun keeps the day"
        problem = f"the month was issued on {issued.issue_date}"
        raise InputRefusedError(Fault("--issue-date", problem, remedy, value=str(settings.issue_date)))
    if disputed_on is not None and disputed_on < issued.issue_date:
        problem = f"the invoices were issued on {issued.issue_date}, later than that"
        raise InputRefusedError(Fault("--disputed-on", problem, "name the day of the dispute", value=str(disputed_on)))
    version = settings.rates or issued.rate_version
    known = known_files(_seen_path(settings)) if accounts else None
    return open_writable(replace(settings, rates=version, issue_date=issued.issue_date), known), issued.run_id


def _reruns_before(month: Month, order: RerunOrder) -> list[Rerun]:
    accounts = None if order.accounts is None else list(order.accounts)
    return published_reruns(month.settings.warehouse, month.settings.invoice_month, accounts)


def _after_earlier(month: Month, order: RerunOrder) -> Month:
    """The month rerun by this order, which names those before it whose adjustments decide its result."""
    asked = replace(month, rerun=order)
    order_id = asked.identity["rerun"]["order"]
    before = [run for run in _reruns_before(month, order) if run.has_adjusted and run.order_id != order_id]
    return replace(month, rerun=order._replace(earlier=tuple(run.run_id for run in before)))


def _prepare_rerun(month: Month) -> None:
    from flows.guards import guard_tables

    guard_tables(month.rates, month.contracts)
    from flows.next_database import base_database

    base_database(month)


@confidential_files()
def rerun_month(
    settings: Settings,
    accounts: Sequence[str],
    reason: str,
    disputed_on: dt.date | None,
    advance: Advance | None = None,
    work: WorkUnits = work_in_process,
) -> BillOutcome:
    """The issued month rated again beside its invoices, which stay as they are, and compared (rule 12).

    Nothing is done where the same rerun was done before. Raises InputRefusedError (nothing was changed) and
    ControlFailedError (nothing was published).
    """
    started_at = dt.datetime.now(dt.UTC)
    opened, issued_by = _opened_again(settings, disputed_on, accounts)
    order = RerunOrder(tuple(sorted(set(accounts))) or None, reason, disputed_on, issued_by)
    warehouse, invoice_month = settings.warehouse, month_text(settings.invoice_month)
    with only_run(warehouse, invoice_month, f"rerun {invoice_month}"):
        month = _after_earlier(opened, order)
        with audited(warehouse, "rerun", facts_of(month)) as log:
            log.run_id = month.run_id
            if month.run_id in {run.run_id for run in _reruns_before(month, order)}:
                log.result = "nothing to do"
                return BillOutcome(month.run_id, is_new=False)
            comparison(month)  # all that is asked of the database, and refused before any call is read
            fixed_charges(month)
            sweep_month(warehouse, invoice_month, resumed=month.run_id)
            sweep_others(warehouse, invoice_month)
            plan = write_plan(month, started_at)
            remember(_seen_path(settings), month.record_files)
            run_stages(RERUN_STAGES, month, plan, work, advance or (lambda _: None), _prepare_rerun)
    return BillOutcome(month.run_id, is_new=True)


def _is_issued(month: Month) -> bool:
    issued = [run["invoice_month"] for run in published_runs(month.settings.warehouse) if run["kind"] == "bill"]
    return month.settings.invoice_month in issued


@confidential_files()
def ingest_month(settings: Settings, advance: Advance | None = None) -> IngestOutcome:
    """The usage month's records read, checked and stored; what was stored before is not read again."""
    month = open_writable(settings)
    with (
        only_run(settings.warehouse, month_text(settings.invoice_month), f"ingest {month_text(month.usage_month)}"),
        audited(settings.warehouse, "ingest", facts_of(month)),
    ):
        sweep_month(settings.warehouse, month_text(settings.invoice_month), resumed=month.run_id)
        ingest_plan = month.ingest_plan
        before = {record.name for record in month.record_files if is_stored(ingest_plan, record)}
        hashes = stored_hashes(ingest_plan)
        again = {record.name for record in month.record_files if record.sha256 in hashes} - before
        plan = write_plan(month, dt.datetime.now(dt.UTC))
        remember(_seen_path(settings), month.record_files)
        run_stages(INGEST_STAGES, month, plan, work_in_process, advance or (lambda _: None), _prepare_ingest)
        remove(plan)  # a bill writes its own; an ingest leaves nothing at work
        if not _is_issued(month):
            sweep_pieces(ingest_plan)
    return IngestOutcome(month, frozenset(before), frozenset(again))


def prefect_is_asked_for() -> bool:
    """Whether the environment names a Prefect server to run under."""
    return bool(os.environ.get("PREFECT_API_URL"))
