"""Stage: a new database beside the old one, checked by SQL, then swapped in with one rename (contract §5)."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import polars as pl

from flows.adjustments import taken_adjustments
from flows.audit import PUBLISHES, append
from flows.confidential import make_read_only
from flows.files import (
    FILES,
    beside,
    make_durable,
    put_in_place,
    run_folder,
    sha256_of,
    write_json,
    write_parquet,
    write_published,
    write_text,
    written_whole,
)
from flows.locks import publishing
from flows.month import Month
from flows.next_database import RunRows, build_database, check_controls, run_manifest, small_tables
from flows.rating import bucket_frames, bucket_hashes, gather_details
from flows.report.facts import Facts, facts_of_calls, report_facts
from flows.report.files import write_report
from flows.settings import month_text
from flows.sweep import details_mark, sweep_publication
from flows.warehouse import DATABASE, mark_published
from schemas.faults import ControlFailedError, Fault, InputRefusedError

if TYPE_CHECKING:
    pass

CONTROLS = "controls.parquet"
_BY_INVOICE_MONTH = ("invoices", "invoice_line_items", "anomalies")


def archived_path(month: Month, table: str) -> Path:
    """Where the run's rows of a small table stand as Parquet."""
    is_of_invoices = table in _BY_INVOICE_MONTH or month.rerun is not None
    partition = month.partition(table, month.settings.invoice_month if is_of_invoices else month.usage_month)
    return partition / f"{table}.parquet"


def archive_tables(month: Month) -> dict[Path, str]:
    """The small tables as Parquet, partitioned by month, beside the calls; kept as this run issued them.

    Returns SHA-256 by path of all Parquet files and details that the run publishes; the Parquet files are on the disk.
    """
    hashes = bucket_hashes(month) if month.rerun is None else {}
    for name, frame in small_tables(month).items():
        path = archived_path(month, name)
        hashes[path] = write_published(frame, path)
    files = [path for path in hashes if path.suffix == ".parquet"]
    make_durable([*files, *_folders_of(files, month.settings.warehouse)])
    return hashes


def _folders_of(paths: Iterable[Path], root: Path) -> list[Path]:
    """Every folder between the root and the files, the root with them."""
    return sorted({folder for path in paths for folder in path.parents if folder.is_relative_to(root)})


def _control_details(month: Month) -> None:
    """A file an account: a file system that does not tell `a1` from `A1` would have put one in place of the other."""
    staged = staged_details(month)
    if month.rerun is not None or not staged.is_dir():  # a run that was stopped behind their rename looked already
        return
    totals = bucket_frames(month, "totals")
    expected = totals.filter(pl.col("category") != "included_minutes")["account_id"].n_unique()
    found = sum(1 for _ in staged.glob("*.csv"))
    if found != expected:
        raise ControlFailedError(
            f"{expected} accounts have billed call details and {found} files were written; nothing was published: "
            "account ids that differ in capital letters alone need a warehouse on a file system that tells them apart"
        )


class Checked(NamedTuple):
    """What stands ready to be published: the database in no reader's way, its controls, what the report shows.

    hashes: SHA-256 of the run's files.
    """

    database: Path
    controls: pl.DataFrame
    facts: Facts
    hashes: dict[Path, str]


def staged_run_folder(month: Month) -> Path:
    """Where the run's folder is made, before it is published."""
    return month.work_folder() / "run"


def staged_details(month: Month) -> Path:
    """Where the run's details are written, before they are published."""
    return month.work_folder() / "details"


def stage_run_folder(month: Month, checked: Checked) -> Path:
    """Manifest, controls, report, the contracts' copy and the list of the run's files, where no reader looks."""
    staged = staged_run_folder(month)
    warehouse, target = month.settings.warehouse, run_folder(month.settings.warehouse, month.run_id)
    with written_whole(staged) as partial:
        write_json(run_manifest(month), partial / "manifest.json")
        write_parquet(checked.controls, partial / CONTROLS)
        write_report(checked.facts, partial)
        (partial / "contracts").mkdir()
        for name, content in month.contracts.contents.items():
            (partial / "contracts" / name).write_bytes(content)
        written = [path for path in sorted(partial.rglob("*")) if path.is_file()]
        listed = checked.hashes | {target / path.relative_to(partial): sha256_of(path) for path in written}
        names = {path.relative_to(warehouse).as_posix(): sha256 for path, sha256 in listed.items()}
        write_json({"sha256": names}, partial / FILES)
        make_durable([*written, partial / FILES, partial / "contracts", partial])
    return staged


def _publish_details(month: Month) -> None:
    """The folder of CSVs in its place with one rename.

    Which run's folder it is stands in a mark beside it, written before the rename: so a run that was stopped
    behind the rename finds its own again, and no other's.
    """
    staged = staged_details(month)
    target = month.settings.warehouse / "details" / month_text(month.usage_month)
    mark = details_mark(target)
    if staged.is_dir():
        write_text(month.run_id, mark)
        put_in_place(staged, target)
    elif not mark.is_file() or mark.read_text(encoding="utf-8") != month.run_id:
        shutil.rmtree(month.work_folder())
        raise AssertionError("the details of an interrupted run are gone; run the month again")


def _swap(database: Path, link: Path) -> None:
    """The link shows the new file from one moment to the next."""
    made = beside(link, "link")
    made.symlink_to(database.name)
    made.replace(link)


def staged_database(month: Month) -> Path:
    """Where the new database is made, under the name that it is published by."""
    return month.work_folder() / f"tollbook-{month.run_id}.duckdb"


def build_checked(month: Month, run: RunRows, staged: Path) -> Checked:
    """The new database, all of whose controls balance, and the run's tables as Parquet. Raises ControlFailedError."""
    with ThreadPoolExecutor(max_workers=2) as pool, written_whole(staged) as partial:
        gathered = pool.submit(gather_details, month, staged_details(month)) if month.rerun is None else None
        archived = pool.submit(archive_tables, month)
        of_calls = pool.submit(facts_of_calls, month)
        build_database(month, run, partial)
        controls = check_controls(partial, month.run_id, month.kind)
        facts = report_facts(month, partial, controls, of_calls.result())
        make_read_only(partial)
        hashes = archived.result()
        if gathered is not None:
            gathered.result()
    _control_details(month)
    return Checked(staged, controls, facts, hashes)


def _log_publication(month: Month, database: Path, staged_run: Path) -> None:
    """What will be published, in the log before any reader sees it: so whatever is published stands there."""
    facts = {
        "run_id": month.run_id,
        "database": database.name,
        "database_sha256": sha256_of(database),
        "files_sha256": sha256_of(staged_run / FILES),
    }
    append(month.settings.warehouse, PUBLISHES, facts)


def refuse_taken_adjustments(month: Month) -> None:
    """No adjustment is taken twice: another month may have been issued, and have taken some, while this one was run."""
    if month.rerun is not None or month.adjustments.is_empty():
        return
    waiting = taken_adjustments(month.settings.warehouse, month.settings.invoice_month)
    key = ["rerun_id", "account_id", "base_category"]
    if not month.adjustments.join(waiting, on=key, how="anti").is_empty():
        problem = "another month was issued meanwhile, and took adjustments that this one was to take"
        raise InputRefusedError(Fault(month_text(month.settings.invoice_month), problem, "run the month again"))


def show_run(month: Month, database: Path, staged_run: Path) -> None:
    """What stands ready is shown: the log first, then renames alone, the link's last; its lock is held."""
    warehouse, target = month.settings.warehouse, run_folder(month.settings.warehouse, month.run_id)
    make_durable([database])
    _log_publication(month, database, staged_run)
    if month.rerun is None:
        _publish_details(month)
    if staged_run != target:
        put_in_place(staged_run, target)
    shown = warehouse / database.name
    database.replace(shown)
    make_durable([*(folder for folder in (warehouse / "details", warehouse / "runs") if folder.is_dir()), warehouse])
    _swap(shown, warehouse / DATABASE)
    mark_published(warehouse)
    make_durable([warehouse])


def publish(month: Month, started_at: dt.datetime) -> Path:
    """The database that analysts open, with the run in it; whole, or the old one stays. Raises ControlFailedError.

    All that may fail for want of space is written where the run works, and is on the disk before the first rename;
    what is left then are renames, the link's last.
    """
    warehouse = month.settings.warehouse
    with publishing(warehouse):
        sweep_publication(warehouse)
        refuse_taken_adjustments(month)
        checked = build_checked(month, RunRows(started_at), staged_database(month))
        show_run(month, checked.database, stage_run_folder(month, checked))
    shutil.rmtree(month.work_folder(), ignore_errors=True)
    return warehouse / DATABASE
