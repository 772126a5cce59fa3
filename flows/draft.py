"""A month computed and checked but not issued: kept whole, compared with what was kept, and issued as it is.

A draft is its run stopped before the publication: the Parquet files stand where the published ones do (no database
that readers open names them), details and run folder in the run's folder, which `drafts/2020-02` leads to. Its list
of files is that of a published run; the SHA-256 of the list and of the plan stand in the log.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console

from flows.anomalies import ANOMALIES, run_anomalies
from flows.audit import append, read_log
from flows.confidential import make_read_only
from flows.draft_place import drafted_run, forget_draft, lead_to_draft
from flows.files import (
    FILES,
    make_durable,
    read_json,
    read_parquet,
    remove,
    run_folder,
    sha256_of,
    write_json,
    written_whole,
)
from flows.locks import publishing
from flows.month import Month
from flows.next_database import BILL_TABLES, RunRows, build_database, check_controls
from flows.publish import (
    CONTROLS,
    archived_path,
    build_checked,
    refuse_taken_adjustments,
    show_run,
    stage_run_folder,
    staged_database,
    staged_details,
)
from flows.report.files import REPORT
from flows.settings import month_text, parse_month
from flows.summary import Shown, show_summary
from flows.sweep import details_mark, sweep_month, sweep_publication
from schemas.faults import ControlFailedError
from transforms.anomalies import Anomaly
from transforms.timestamps import add_months

PLAN, DRAFT_DATABASE, SUMMARY = "draft.json", "draft.duckdb", "summary.txt"
DRAFTED = "drafted"
SUMMARY_WIDTH = 120
FILES_AT_A_TIME = 2
_SCRATCH = ("bucket=*", "invoices", "rows", ANOMALIES, "base-*.duckdb")


class Draft(NamedTuple):
    """A draft that stands in the warehouse: its month, the run that computed it, and that run's plan."""

    warehouse: Path
    month: str
    run_id: str
    plan: dict[str, Any]

    @property
    def folder(self) -> Path:
        """The folder of its run."""
        return self.warehouse / "work" / self.run_id

    @property
    def started_at(self) -> dt.datetime:
        """When the run began that computed it."""
        return dt.datetime.fromisoformat(self.plan["started_at"])

    @property
    def run_folder(self) -> Path:
        """Manifest, controls, contracts and list of files; published already where issuing was stopped behind that."""
        staged = self.folder / "run"
        return staged if staged.is_dir() else run_folder(self.warehouse, self.run_id)

    @property
    def anomalies(self) -> tuple[Anomaly, ...]:
        """What it found out of pattern."""
        return run_anomalies(self.warehouse, parse_month(self.month), self.run_id)


def find_draft(warehouse: Path, month: str) -> Draft | None:
    """The month's draft, as it says it is; None where there is none that could be one."""
    run_id = drafted_run(warehouse, month)
    if run_id is None:
        return None
    try:
        return Draft(warehouse, month, run_id, read_json(warehouse / "work" / run_id / PLAN))
    except (OSError, ValueError):
        return Draft(warehouse, month, run_id, {})


def _write_summary(month: Month, shown: Shown, target: Path) -> None:
    with written_whole(target) as partial, partial.open("w", encoding="utf-8") as text:
        screen = Console(file=text, width=SUMMARY_WIDTH, highlight=False, markup=False, emoji=False)
        show_summary(screen, month.settings, month.run_id, shown)


def shown_draft(folder: Path) -> Shown:
    """Where the summary of a draft is read from, and the places that it names."""
    database = folder / DRAFT_DATABASE
    run = folder / "run"
    places = {
        "database": database,
        "billed call details": folder / "details",
        "manifest": run / "manifest.json",
        "report": run / REPORT,
    }
    return Shown(database, folder / "run" / CONTROLS, places)


def keep_draft(month: Month, started_at: dt.datetime) -> Path:
    """The month's draft, whole and on the disk; the one before gives way to it. Raises ControlFailedError."""
    warehouse, folder = month.settings.warehouse, month.work_folder()
    month_name = month_text(month.settings.invoice_month)
    if standing_draft(month) is not None:  # it was kept when this was stopped
        return folder
    checked = build_checked(month, RunRows(started_at, "draft"), folder / DRAFT_DATABASE)
    staged_run = stage_run_folder(month, checked)
    _write_summary(month, shown_draft(folder), folder / SUMMARY)
    write_json(read_json(folder / "plan.json"), folder / PLAN)  # the draft's own: an ingest of the month writes another
    details = staged_details(month)
    folders = [*([details] if details.is_dir() else []), folder, folder.parent]
    make_durable([checked.database, folder / SUMMARY, folder / PLAN, *details.glob("*.csv"), *folders])
    hashes = {"plan_sha256": sha256_of(folder / PLAN), "files_sha256": sha256_of(staged_run / FILES)}
    append(warehouse, DRAFTED, {"run_id": month.run_id, **hashes})
    lead_to_draft(warehouse, month_name, month.run_id)
    for path in [path for pattern in _SCRATCH for path in folder.glob(pattern)]:
        remove(path)  # what is issued is what is listed
    return folder


def _place_of(draft: Draft, name: str) -> Path:
    """Where a file of the list stands now: not published yet, but for what a stopped issue has renamed."""
    head, _, tail = name.partition("/")
    if head == "runs":
        return draft.run_folder / Path(tail).relative_to(draft.run_id)
    if head == "details" and (draft.folder / "details").is_dir():
        return draft.folder / "details" / Path(tail).name
    return draft.warehouse / name


def _logged_hashes(draft: Draft) -> dict[str, Any]:
    """What the log says of the draft; nothing where it does not know it."""
    entries = [line.entry for line in read_log(draft.warehouse) if line.entry is not None]
    own = [entry for entry in entries if entry.get("event") == DRAFTED and entry.get("run_id") == draft.run_id]
    return own[-1] if own else {}


def _listed(draft: Draft) -> dict[str, str]:
    listed: dict[str, str] = read_json(draft.run_folder / FILES)["sha256"]
    return listed


def _added_files(draft: Draft, places: set[Path]) -> Iterator[str]:
    """Files that stand between those of the draft, and that it does not list."""
    folders = {draft.folder / "details", *(place.parent for place in places)}
    for path in sorted(path for folder in folders for path in folder.glob("*")):
        is_own = path in places or path == draft.run_folder / FILES or path.is_dir() or path.name.startswith(".")
        if not is_own:
            yield f"{path.relative_to(draft.warehouse)} is not listed"


def _lost_details(draft: Draft) -> Iterator[str]:
    """The folder of details is the draft's own, or stands published under the draft's name."""
    mark = details_mark(draft.warehouse / "details" / month_text(add_months(parse_month(draft.month), -1)))
    is_published = mark.is_file() and mark.read_text(encoding="utf-8") == draft.run_id
    if not is_published and not (draft.folder / "details").is_dir():
        yield "its billed call details are gone"


def standing_draft(month: Month) -> Draft | None:
    """The draft that this very run computed before, if it is as it was kept; one that is not is removed."""
    warehouse, month_name = month.settings.warehouse, month_text(month.settings.invoice_month)
    draft = find_draft(warehouse, month_name)
    if draft is None or draft.run_id != month.run_id:
        return None
    if draft_faults(draft):
        forget_draft(warehouse, month_name)
        sweep_month(warehouse, month_name, resumed=None)
        return None
    return draft


def draft_faults(draft: Draft) -> list[str]:
    """What of the draft is not as it was kept: by its list of files, and the list by the log. Nothing is written."""
    try:
        logged = _logged_hashes(draft)
    except FileNotFoundError:
        return ["the log is gone"]
    for path, key in ((draft.folder / PLAN, "plan_sha256"), (draft.run_folder / FILES, "files_sha256")):
        if not path.is_file():
            return [f"{path.relative_to(draft.warehouse)} is gone"]
        if sha256_of(path) != logged.get(key):
            return [f"{path.relative_to(draft.warehouse)} was altered"]
    listed = {_place_of(draft, name): sha256 for name, sha256 in _listed(draft).items()}
    with ThreadPoolExecutor(max_workers=FILES_AT_A_TIME) as pool:
        found = list(pool.map(lambda path: sha256_of(path) if path.is_file() else None, listed))
    compared = zip(listed.items(), found, strict=True)
    faults = [
        f"{path.relative_to(draft.warehouse)} {'is gone' if sha256 is None else 'was altered'}"
        for (path, expected), sha256 in compared
        if sha256 != expected
    ]
    return [*faults, *_lost_details(draft), *_added_files(draft, set(listed))]


def publish_draft(month: Month, draft: Draft) -> None:
    """The draft issued: the files that were kept are renamed, and its tables are put into a new database.

    The database is built anew, as other months may have been issued since; the controls must come out as they did.
    Needs: a draft without `draft_faults`, of the run that the month opened today would be. Raises ControlFailedError.
    """
    warehouse, database = month.settings.warehouse, staged_database(month)
    with publishing(warehouse):
        sweep_publication(warehouse)
        refuse_taken_adjustments(month)
        tables = {name: read_parquet(archived_path(month, name)) for name in BILL_TABLES}
        with written_whole(database) as partial:
            build_database(month, RunRows(draft.started_at, tables=tables), partial)
            controls = check_controls(partial, month.run_id, month.kind)
            make_read_only(partial)
        kept = read_parquet(draft.run_folder / CONTROLS)
        if not controls.sort(controls.columns).equals(kept.sort(controls.columns)):
            problem = "come out otherwise than in the draft; nothing was published"
            raise ControlFailedError(f"the controls of {month.run_id} {problem}: make the draft anew")
        show_run(month, database, draft.run_folder)
    forget_draft(warehouse, draft.month)
    shutil.rmtree(month.work_folder(), ignore_errors=True)
