"""`tollbook bill --draft`, a month that is held, and `tollbook issue`: on the screen."""

from __future__ import annotations

import sys
from pathlib import Path

from rich.console import Console

from flows.options import DONE, WAREHOUSE, WarehouseOrStore, console
from flows.runner import BillOutcome, WorkUnits
from flows.settings import Settings, month_text, parse_month


def _next_steps(screen: Console, folder: Path, month: str, warehouse: str) -> None:
    from flows.draft import DRAFT_DATABASE, SUMMARY

    named = "" if warehouse == str(WAREHOUSE) else f" --warehouse {warehouse}"
    for line in (
        f"Look at it:  {folder / SUMMARY} (this page), {folder / 'details'}",
        f"             {folder / DRAFT_DATABASE} (every table, as `tollbook.duckdb` would be)",
        f"Issue it:    tollbook issue {month}{named}",
        f"Replace it:  tollbook bill {month} --draft, once its inputs are put right",
    ):
        screen.print(line, soft_wrap=True)


def _show_draft(settings: Settings, run_id: str, folder: Path) -> Console:
    from flows.draft import shown_draft
    from flows.summary import show_summary

    screen = console()
    show_summary(screen, settings, run_id, shown_draft(folder))
    return screen


def draft_and_show(settings: Settings, work: WorkUnits) -> int:
    """The month drafted, and shown as a bill would be."""
    from flows.draft_runs import draft_month
    from flows.progress import advance, progress_bar

    month = month_text(settings.invoice_month)
    with progress_bar(Console(stderr=True), f"opening {month}"):
        outcome = draft_month(settings, work, advance)
    screen = _show_draft(settings, outcome.run_id, outcome.folder)
    told = "is drafted" if outcome.is_new else "was drafted before, from the same inputs"
    screen.print(f"\n{month} {told} (run {outcome.run_id}). Nothing is issued.", soft_wrap=True)
    _next_steps(screen, outcome.folder, month, settings.named_warehouse)
    return DONE


def show_held(settings: Settings, outcome: BillOutcome) -> str:
    """A month that is held: its draft is shown. Returns the sentence that says why."""
    from flows.draft_place import draft_link

    month = month_text(settings.invoice_month)
    folder = draft_link(settings.warehouse, month)
    screen = _show_draft(settings, outcome.run_id, folder)
    screen.print()
    _next_steps(screen, folder, month, settings.named_warehouse)
    sys.stdout.flush()
    return held_sentence(month, outcome)


def held_sentence(month: str, outcome: BillOutcome) -> str:
    """That a month is held, and by what."""
    count = len(outcome.anomalies)
    found = "1 anomaly was" if count == 1 else f"{count:,} anomalies were"
    return f"{month} is held: {found} found; nothing was issued, the draft is kept (run {outcome.run_id})."


def issue(month: str, /, *, warehouse: WarehouseOrStore = WAREHOUSE) -> int:
    """Issue the draft of an invoice month: exactly what `tollbook bill --draft` computed.

    It is refused where the draft is not as it was kept, or where its inputs have changed since.

    Parameters
    ----------
    month
        Invoice month, like 2020-02.

    Examples
    --------
    tollbook issue 2020-02
        What `tollbook bill 2020-02 --draft` kept; refused where it would come to something else today.
    """
    from flows.draft_runs import issue_draft
    from flows.s3_warehouse import on_object_store, place_of
    from flows.summary import show_summary

    invoice_month = parse_month(month)
    place, store = place_of(warehouse)
    settings = Settings(invoice_month, warehouse=place, object_store=store)
    with on_object_store(settings, f"issue {month}"):
        outcome = issue_draft(place, invoice_month)
    screen = console()
    if not outcome.is_new:
        line = f"{month} was issued by run {outcome.run_id}, and no draft is left; nothing to do."
        screen.print(line, soft_wrap=True)
        return DONE
    show_summary(screen, settings, outcome.run_id)
    screen.print(f"\n{month} is issued from its draft (run {outcome.run_id}).", soft_wrap=True)
    return DONE
