"""The month end in two steps: `draft_month` computes and reports, `issue_draft` issues exactly that."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from flows.anomalies import run_anomalies
from flows.audit import audited
from flows.confidential import confidential_files
from flows.draft import Draft, draft_faults, find_draft, publish_draft, standing_draft
from flows.draft_place import draft_link, drafted_run
from flows.files import read_json
from flows.fixed_charges import fixed_charges
from flows.ingest_plan import sweep_pieces
from flows.locks import only_run
from flows.month import Month
from flows.next_database import run_manifest
from flows.runner import (
    Advance,
    BillOutcome,
    WorkUnits,
    facts_of,
    issued_run,
    open_writable,
    prepare_bill,
    run_stages,
    sweep_issued,
    work_in_process,
)
from flows.settings import Settings, month_text
from flows.stages import DRAFT_STAGES, write_plan
from flows.sweep import sweep_month, sweep_others
from flows.warehouse import published_runs
from schemas.faults import Fault, InputRefusedError
from transforms.anomalies import Anomaly

SHOWN_FAULTS = 3
_WORDS = {
    "adjustments": "the adjustments that it takes: another month took some, or a rerun allowed others",
    "anomalies": "the months that it was compared with",
    "call_records": "the call records",
    "contracts": "the contracts",
    "issue_date": "the day of issue",
    "program": "the program",
    "rate_manifest_sha256": "the rate version",
    "sources": "a source's description",
}


class DraftOutcome(NamedTuple):
    """The draft of a month, and whether it was computed now or stood there before; where to look at it."""

    run_id: str
    is_new: bool
    folder: Path
    anomalies: tuple[Anomaly, ...]


def _drafted(month: Month, *, is_new: bool) -> DraftOutcome:
    warehouse, invoice_month = month.settings.warehouse, month.settings.invoice_month
    link = draft_link(warehouse, month_text(invoice_month))
    return DraftOutcome(month.run_id, is_new, link, run_anomalies(warehouse, invoice_month, month.run_id))


def _refuse_issued(month: Month) -> None:
    """An issued month has no draft: what would differ is what a rerun tells. Raises InputRefusedError."""
    issued = issued_run(month)
    if issued is None:
        return
    invoice_month = month_text(month.settings.invoice_month)
    problem = f"was issued by run {issued} from the same inputs, so there is nothing to draft"
    raise InputRefusedError(Fault(invoice_month, problem, f"look at it with `tollbook status {invoice_month}`"))


@confidential_files()
def draft_month(settings: Settings, work: WorkUnits = work_in_process, advance: Advance | None = None) -> DraftOutcome:
    """The month's invoices, computed, checked and kept, but not issued; a draft before gives way to this one.

    Nothing is done where the same inputs were drafted before. Raises InputRefusedError (nothing was changed) and
    ControlFailedError (the draft before stands).
    """
    started_at = dt.datetime.now(dt.UTC)
    month = open_writable(settings)
    warehouse, invoice_month = settings.warehouse, month_text(settings.invoice_month)
    with (
        only_run(warehouse, invoice_month, f"bill {invoice_month} --draft"),
        audited(warehouse, "draft", facts_of(month)) as log,
    ):
        _refuse_issued(month)
        log.run_id = month.run_id
        if standing_draft(month) is not None:
            log.result = "nothing to do"
            return _drafted(month, is_new=False)
        fixed_charges(month)  # refused before any call is read
        sweep_month(warehouse, invoice_month, resumed=month.run_id)
        sweep_others(warehouse, invoice_month)
        plan = write_plan(month, started_at)
        run_stages(DRAFT_STAGES, month, plan, work, advance or (lambda _: None), prepare_bill)
        sweep_month(warehouse, invoice_month, resumed=None)
        sweep_pieces(month.ingest_plan)
    return _drafted(month, is_new=True)


def _issued_by(warehouse: Path, invoice_month: dt.date) -> str | None:
    runs = [run for run in published_runs(warehouse) if run["kind"] == "bill" and run["invoice_month"] == invoice_month]
    return str(runs[0]["run_id"]) if runs else None


def _no_draft(invoice_month: str, problem: str) -> InputRefusedError:
    return InputRefusedError(Fault(invoice_month, problem, f"make one with `tollbook bill {invoice_month} --draft`"))


def _finish_issued(warehouse: Path, invoice_month: dt.date, issued: str) -> BillOutcome:
    """The month is issued already: by this draft, or there is none. Raises InputRefusedError where there is another."""
    month = month_text(invoice_month)
    drafted = drafted_run(warehouse, month)
    sweep_issued(warehouse, month)
    if drafted not in (None, issued):
        problem, remedy = f"was issued by run {issued}, which is not its draft", "the draft was removed; nothing to do"
        raise InputRefusedError(Fault(month, problem, remedy))
    return BillOutcome(issued, is_new=False, anomalies=run_anomalies(warehouse, invoice_month, issued))


def _opened_again(draft: Draft) -> Month:
    """The month as its draft was asked for, with the inputs of today. Raises InputRefusedError."""
    try:
        settings = Settings.from_text(draft.plan["settings"])
    except (KeyError, ValueError, TypeError) as error:
        raise _no_draft(draft.month, "the draft's plan cannot be read") from error
    return open_writable(replace(settings, warehouse=draft.warehouse))


def _refuse_untrue(draft: Draft, month: Month) -> None:
    """What is issued is what was kept, and what a bill of today would come to. Raises InputRefusedError."""
    if faults := draft_faults(draft):
        more = f" (and {len(faults) - SHOWN_FAULTS} more)" if len(faults) > SHOWN_FAULTS else ""
        told = "; ".join(faults[:SHOWN_FAULTS]) + more
        raise _no_draft(draft.month, f"the draft is not as it was kept: {told}; nothing was issued")
    kept: dict[str, Any] = read_json(draft.run_folder / "manifest.json")
    now = json.loads(json.dumps(run_manifest(month)))
    changed = sorted(key for key in {*kept, *now} - {"run_id"} if kept.get(key) != now.get(key))
    if changed:
        told = "; ".join(_WORDS.get(key, key) for key in changed)
        raise _no_draft(draft.month, f"the draft is not true any more, changed since: {told}; nothing was issued")


@confidential_files()
def issue_draft(warehouse: Path, invoice_month: dt.date) -> BillOutcome:
    """The month's draft, published to the byte; nothing is done where the month is issued and no draft is left.

    Raises InputRefusedError where there is no draft, where it is not as it was kept, or where a bill of today would
    come to another result; and ControlFailedError.
    """
    month_name = month_text(invoice_month)
    if not warehouse.is_dir():
        raise _no_draft(month_name, "there is no draft of the month")
    with only_run(warehouse, month_name, f"issue {month_name}"):
        if (issued := _issued_by(warehouse, invoice_month)) is not None:
            return _finish_issued(warehouse, invoice_month, issued)
        draft = find_draft(warehouse, month_name)
        if draft is None:
            raise _no_draft(month_name, "there is no draft of the month")
        month = _opened_again(draft)
        with audited(warehouse, "issue", {**facts_of(month), "run_id": draft.run_id}) as log:
            log.run_id = draft.run_id
            _refuse_untrue(draft, month)
            sweep_month(warehouse, month_name, resumed=draft.run_id)
            sweep_others(warehouse, month_name)
            publish_draft(month, draft)
            sweep_pieces(month.ingest_plan)
    return BillOutcome(draft.run_id, is_new=True, anomalies=run_anomalies(warehouse, invoice_month, draft.run_id))
