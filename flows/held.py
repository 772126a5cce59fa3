"""What a bill does with what it finds: the month is issued, or its draft is kept for a person to look at."""

from __future__ import annotations

from collections.abc import Iterator

from flows.anomalies import ANOMALIES, kept_anomalies
from flows.draft_place import drafted_run
from flows.month import Month
from flows.settings import month_text
from flows.stages import COMPUTING_STAGES, KEEP_DRAFT, PUBLISH, Stage


def issued_or_held(month: Month, *, hold_on_anomaly: bool) -> Iterator[Stage]:
    """The stages of a bill, the last by what those before it found."""
    yield from COMPUTING_STAGES
    is_held = hold_on_anomaly and bool(kept_anomalies(month.work_folder() / ANOMALIES))
    yield KEEP_DRAFT if is_held else PUBLISH


def issue_standing(month: Month, *, hold_on_anomaly: bool) -> bool:
    """Issues the draft that this very run computed before, unless it is held; whether there was one."""
    if drafted_run(month.settings.warehouse, month_text(month.settings.invoice_month)) != month.run_id:
        return False
    from flows.draft import publish_draft, standing_draft

    draft = standing_draft(month)
    if draft is not None and not (hold_on_anomaly and draft.anomalies):
        publish_draft(month, draft)
    return draft is not None
