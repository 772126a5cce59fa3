"""Stage: a new database beside the old one, checked by SQL, then swapped in with one rename (contract §5)."""

from __future__ import annotations

import datetime as dt
import json
import os
import shutil
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from flows.adjustments import taken_adjustments
from flows.audit import PUBLISHES, append
from flows.confidential import make_read_only
from flows.files import (
    make_durable,
    put_in_place,
    read_parquet,
    sha256_of,
    write_json,
    write_parquet,
    write_published,
    write_text,
    written_whole,
)
from flows.locks import publishing
from flows.month import Month
from flows.rating import bucket_frames, bucket_hashes
from flows.report.facts import Facts, report_facts
from flows.report.files import write_report
from flows.settings import month_text
from flows.sweep import details_mark, sweep_publication
from flows.warehouse import (
    DATABASE,
    NEW_DATABASE,
    comment_tables,
    comment_views,
    create_call_views,
    create_tables,
    create_views,
    mark_published,
    opened,
    quoted,
    rate_table_name,
)
from schemas.faults import ControlFailedError, Fault, InputRefusedError
from schemas.rate_files import RATE_TABLES
from schemas.text_columns import Column
from schemas.warehouse_tables import CALL_TABLES, SMALL_TABLES
from transforms.money import decimal_of_micros

if TYPE_CHECKING:
    import duckdb

_STAGED = {
    "invoices": "invoices",
    "invoice_line_items": "invoices",
    "plan_pools": "invoices",
    "set_aside_records": "rows",
    "suspended_calls": "rows",
    "source_files": "rows",
    "warnings": "rows",
    "anomalies": "anomalies",
}
BILL_TABLES = tuple(_STAGED)
_BY_INVOICE_MONTH = ("invoices", "invoice_line_items", "anomalies")
_STAGED_BY_RERUN = dict.fromkeys(("rerun_line_items", "rerun_call_differences", "adjustments"), "result")
_TAKE = """
update adjustments set taken_by_invoice_id = adjustments.account_id || '-' || $month
from taken
where adjustments.allowed and adjustments.taken_by_invoice_id is null
    and adjustments.rerun_id = taken.rerun_id and adjustments.account_id = taken.account_id
    and adjustments.base_category = taken.base_category
"""
SHOWN_FAILURES = 5
CONTROLS = "controls.parquet"
FILES = "files.json"


def run_folder(warehouse: Path, run_id: str) -> Path:
    """Where manifest, controls, list of files and contracts of a published run stand."""
    return warehouse / "runs" / run_id


def _published_column(column: Column, key: tuple[str, ...]) -> pl.Expr:
    """The column as analysts see it: an empty text that is no part of the key does not apply, so it is NULL."""
    typed = pl.col(column.typed_name)
    if column.kind in ("money", "percent"):
        return decimal_of_micros(typed).alias(column.name)
    if column.kind == "list":
        return _null_if_empty(typed.list.join(";")).alias(column.name)
    if column.kind == "whole_number_list":
        return _null_if_empty(typed.cast(pl.List(pl.String)).list.join(";")).alias(column.name)
    if column.kind == "text" and column.name not in key:
        return _null_if_empty(typed).alias(column.name)
    return typed.alias(column.name)


def _null_if_empty(text: pl.Expr) -> pl.Expr:
    return pl.when(text != "").then(text)


def _small_tables(month: Month) -> dict[str, pl.DataFrame]:
    """The run's rows of each small table, but for `runs`."""
    work = month.work_folder()
    staged = _STAGED if month.rerun is None else _STAGED_BY_RERUN
    frames = {name: read_parquet(work / folder / f"{name}.parquet") for name, folder in staged.items()}
    if month.rerun is not None:
        return frames
    frames["invoices"] = frames["invoices"].with_columns(
        pl.col("invoice_recipients").list.join(";"),
        *(_null_if_empty(pl.col(name)).alias(name) for name in ("region", "receipt_recipient")),
    )
    return frames


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
    for name, frame in _small_tables(month).items():
        path = archived_path(month, name)
        hashes[path] = write_published(frame, path)
    files = [path for path in hashes if path.suffix == ".parquet"]
    make_durable([*files, *_folders_of(files, month.settings.warehouse)])
    return hashes


def _folders_of(paths: Iterable[Path], root: Path) -> list[Path]:
    """Every folder between the root and the files, the root with them."""
    return sorted({folder for path in paths for folder in path.parents if folder.is_relative_to(root)})


def _insert_old(connection: duckdb.DuckDBPyConnection, database: Path) -> None:
    """Everything that was published before."""
    connection.execute(f"attach {quoted(str(database))} as old (read_only)")
    query = "select table_name from duckdb_tables() where database_name = 'old'"
    known = {name for (name,) in connection.sql(query).fetchall()}  # an older program's file has fewer tables
    for table in (table for table in SMALL_TABLES if table.name in known):
        connection.execute(f"insert into {table.name} by name select * from old.{table.name}")  # noqa: S608 - our names
    for spec in RATE_TABLES:
        name = rate_table_name(spec)
        connection.execute(f"insert into {name} by name select * from old.{name}")  # noqa: S608 - our names
    connection.execute("detach old")


def _insert_rates(connection: duckdb.DuckDBPyConnection, month: Month) -> None:
    """The tables of the rate version, once."""
    version = month.rates.version
    known = connection.sql("select 1 from policy where rate_version = $version limit 1", params={"version": version})
    if known.fetchall():
        return
    for spec in RATE_TABLES:
        rows = getattr(month.rates, spec.name).select(
            *(_published_column(column, spec.key) for column in spec.columns), rate_version=pl.lit(version)
        )
        connection.register("rows_in", rows)
        connection.execute(f"insert into {rate_table_name(spec)} by name select * from rows_in")  # noqa: S608 - our names
        connection.unregister("rows_in")


class RunRows(NamedTuple):
    """What the database is told of a run: when it began, its status, its tables; None: as its stages left them."""

    started_at: dt.datetime
    status: str = "published"
    tables: dict[str, pl.DataFrame] | None = None


def _insert_run(connection: duckdb.DuckDBPyConnection, month: Month, run: RunRows) -> None:
    for name, frame in (_small_tables(month) if run.tables is None else run.tables).items():
        connection.register("rows_in", frame)
        connection.execute(f"insert into {name} by name select * from rows_in")  # noqa: S608 - our names
        connection.unregister("rows_in")
    finished_at = dt.datetime.now(dt.UTC)
    manifest = json.dumps(run_manifest(month), sort_keys=True, ensure_ascii=False)
    values = [month.run_id, month.settings.invoice_month, month.kind, run.started_at, finished_at, run.status]
    reason = None if month.rerun is None else month.rerun.reason
    connection.execute(
        "insert into runs values (?, ?, ?, ?, ?, ?, ?, ?, ?)", [*values, month.rates.version, reason, manifest]
    )
    if month.rerun is None and not month.adjustments.is_empty():
        connection.register("taken", month.adjustments)
        connection.execute(_TAKE, {"month": month_text(month.settings.invoice_month)})
        connection.unregister("taken")


def _sort_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Rows in the order of their keys, so that the same runs give the same rows in the same order."""
    for table in SMALL_TABLES:
        order = ", ".join(f'"{name}" nulls last' for name in table.order)
        connection.execute(
            f"create temp table sorted as select * from {table.name} order by {order}; "  # noqa: S608 - our names
            f"delete from {table.name}; insert into {table.name} select * from sorted; drop table sorted"
        )


def _issued_runs(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, dt.date]]:
    return connection.sql("select run_id, invoice_month from runs order by invoice_month, kind, run_id").fetchall()


def _call_folders(month: Month, runs: list[tuple[str, dt.date]]) -> dict[str, list[Path]]:
    warehouse = month.settings.warehouse.resolve()
    return {
        table.name: [
            warehouse / table.name / f"month={month_text(_usage_month(invoice_month))}" / f"run_id={run_id}"
            for run_id, invoice_month in runs
        ]
        for table in CALL_TABLES
    }


def _usage_month(invoice_month: dt.date) -> dt.date:
    return (invoice_month - dt.timedelta(days=1)).replace(day=1)


def run_manifest(month: Month) -> dict[str, Any]:
    """What determined the run: the hash of every input, and the program."""
    return {"run_id": month.run_id, "kind": month.kind, **month.identity}


def base_database(month: Month) -> Path:
    """The database as it is without the run: what was published before, the rate version, views and comments.

    Done already where it exists: it is named by the database that it continues.
    """
    old = (month.settings.warehouse / DATABASE).resolve()  # once: another month may be published meanwhile
    continues = old.stem if old.exists() else "nothing"
    target = month.work_folder() / f"base-{continues}.duckdb"
    if target.exists():
        return target
    with written_whole(target) as partial, opened(partial, NEW_DATABASE) as connection:
        connection.execute("begin")
        create_tables(connection)
        create_call_views(connection, {table.name: [] for table in CALL_TABLES})
        create_views(connection)
        comment_tables(connection)
        comment_views(connection)
        connection.execute("commit")
        if old.exists():
            _insert_old(connection, old)
        connection.execute("begin")
        _insert_rates(connection, month)
        connection.execute("commit; checkpoint")
    return target


def build_database(month: Month, run: RunRows, target: Path) -> None:
    """The database with all that was published before and this run, every table and column with its comment."""
    shutil.copyfile(base_database(month), target)
    with opened(target, NEW_DATABASE) as connection:
        connection.execute("begin")
        _insert_run(connection, month, run)
        if (month.settings.warehouse / DATABASE).exists():
            _sort_tables(connection)
        create_call_views(connection, _call_folders(month, _issued_runs(connection)))
        connection.execute("commit; checkpoint")


def check_controls(database: Path, run_id: str) -> pl.DataFrame:
    """The controls of the run, both sides. Raises ControlFailedError where one does not balance (rule 13)."""
    with opened(database) as connection:
        query = "select * from run_controls where run_id = $run_id"
        controls: pl.DataFrame = connection.sql(query, params={"run_id": run_id}).pl()
    failed = controls.filter(pl.col("difference") != 0)
    if not failed.is_empty():
        shown = "; ".join(
            f"{control} of {subject}: {left} ≠ {right}"
            for control, subject, left, right in failed.select("control", "subject", "left_side", "right_side")
            .head(SHOWN_FAILURES)
            .iter_rows()
        )
        raise ControlFailedError(f"{failed.height} controls of {run_id} do not balance; nothing was published: {shown}")
    return controls


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
    beside = link.with_name(f".{link.name}.{os.getpid()}.link")
    beside.unlink(missing_ok=True)
    beside.symlink_to(database.name)
    beside.replace(link)


def staged_database(month: Month) -> Path:
    """Where the new database is made, under the name that it is published by."""
    return month.work_folder() / f"tollbook-{month.run_id}.duckdb"


def build_checked(month: Month, run: RunRows, staged: Path) -> Checked:
    """The new database, all of whose controls balance, and the run's tables as Parquet. Raises ControlFailedError."""
    with ThreadPoolExecutor(max_workers=1) as beside, written_whole(staged) as partial:
        archived = beside.submit(archive_tables, month)
        build_database(month, run, partial)
        controls = check_controls(partial, month.run_id)
        facts = report_facts(month, partial, controls)
        make_read_only(partial)
        hashes = archived.result()
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
