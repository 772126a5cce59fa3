"""Stage: the calls of a bucket rated, summed and explained; a bucket holds whole accounts."""

from __future__ import annotations

import datetime as dt
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl

from flows.files import read_json, write_json, write_parquet, write_published, written_once
from flows.ingest_plan import SET_ASIDE_SCHEMA
from flows.month import Month
from flows.settings import month_text
from flows.stored_calls import bucket_calls
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from schemas.reasons import RECORD_WARNINGS
from schemas.warehouse_tables import CALL_COLUMNS
from transforms.anomalies import DESTINATION_SCHEMA, dear_destinations, destination_totals
from transforms.call_details import AccountText, account_texts, detail_calls, header
from transforms.call_sums import destination_costs, hourly_calls
from transforms.classify import PLAN_MINUTES
from transforms.money import decimal_of_micros
from transforms.rate_book import RateBook
from transforms.rate_calls import RatedCalls, rate_calls
from transforms.usage_lines import call_totals

HASHES = "hashes.json"
DETAILS = "details"
"""In a bucket's folder: the billed call details of its accounts, until they are gathered."""


def _published_calls(calls: pl.DataFrame, usage_month: dt.date) -> pl.DataFrame:
    return calls.with_columns(usage_month=pl.lit(usage_month)).select(CALL_COLUMNS)


def billed_table(billed: pl.DataFrame, usage_month: dt.date, run_id: str) -> pl.DataFrame:
    """Billed calls as the warehouse has them (contract §5)."""
    money = {
        "connection_fee": decimal_of_micros(pl.col("connection_fee_micros")),
        "rate_per_minute": decimal_of_micros(pl.col("rate_per_minute_micros")),
        "cost": decimal_of_micros(pl.col("cost_micros")),
    }
    names = ("billable_seconds", "included_seconds", "call_type", "rate_table", "rate_prefix", "destination")
    return pl.concat(
        [
            _published_calls(billed, usage_month),
            billed.select(*names, run_id=pl.lit(run_id).cast(pl.Categorical), **money),
        ],
        how="horizontal",
    ).select(*CALL_COLUMNS, *names, *money, "run_id")


def unbilled_table(unbilled: pl.DataFrame, usage_month: dt.date, run_id: str) -> pl.DataFrame:
    """Calls that are not billed, with the reason (contract §5)."""
    return _published_calls(unbilled, usage_month).with_columns(
        unbilled["outcome"].alias("reason"), pl.lit(run_id).cast(pl.Categorical).alias("run_id")
    )


def refuse_missing_plans(month: Month, rated: RatedCalls) -> None:
    """A plan without a row in force at a call's start, or without a pool, refuses the run (contract §4)."""
    outcome = pl.col("outcome")
    needed = rated.billed.filter(
        (outcome.is_in([PLAN_MINUTES, "international"]) & pl.col("plan_row").is_null())
        | ((outcome == PLAN_MINUTES) & pl.col("pool_seconds").is_null())
    )
    if needed.is_empty():
        return
    plans = month.accounts.select("account_id", "plan_id")
    first = (
        needed.join(plans, on="account_id", how="left")
        .sort("start_time", "call_id")
        .unique("plan_id", keep="first", maintain_order=True)
    )
    refuse_if_any(
        Fault(
            f"{month.rates.version}/plans.csv",
            f"has no row of the plan in force on {start:%Y-%m-%d}, when account {account} calls",
            "add the row to a new rate version",
            column="effective_from",
            value=plan,
        )
        for plan, account, start in first.select("plan_id", "account_id", "start_time").iter_rows()
    )


def outcome_counts(rated: RatedCalls) -> pl.DataFrame:
    """Rows and seconds by file and outcome. Grain: source_file, outcome."""
    parts = {"billed": rated.billed, "unbilled": rated.unbilled, "suspended": rated.suspended}
    return pl.concat(
        calls.group_by("source_file")
        .agg(outcome=pl.lit(outcome), rows=pl.len().cast(pl.Int64), seconds=pl.col("duration_seconds").sum())
        .cast({"source_file": pl.String})
        for outcome, calls in parts.items()
    ).sort("source_file", "outcome")


def warning_counts(rated: RatedCalls) -> pl.DataFrame:
    """Calls with a warning by file. Grain: source_file, kind."""
    has_any = pl.col("warning_bits") > 0
    flagged = pl.concat([part.select("source_file", "warning_bits").filter(has_any) for part in rated])
    counts = flagged.group_by("source_file", "warning_bits").len("calls").cast({"source_file": pl.String})
    bits = [2**place for place in range(len(RECORD_WARNINGS))]
    kinds = pl.DataFrame({"kind": RECORD_WARNINGS, "bit": bits}, schema_overrides={"bit": pl.UInt8})
    return (
        counts.join(kinds, how="cross")
        .filter(pl.col("warning_bits") & pl.col("bit") > 0)
        .group_by("source_file", "kind")
        .agg(pl.col("calls").sum().cast(pl.Int64))
        .sort("source_file", "kind")
    )


def _suspended_rows(suspended: pl.DataFrame, book: RateBook) -> pl.DataFrame:
    """Suspended calls, and what they are as rows set aside; their raw record is fetched once, for all buckets."""
    priced_as = pl.col("priced_as").cast(pl.String)
    rows = suspended.with_columns(
        outcome=pl.lit("suspended"),
        reason=pl.col("outcome"),
        # no_rate by the numbering plan alone is a premium number that the premium table lacks (rule 5, 7a)
        call_type=pl.when(priced_as == "no_rate")
        .then(pl.lit("domestic_premium"))
        .when(priced_as != "unknown_destination")
        .then(priced_as),
        rate_table=book.rows["rate_table"].gather(suspended["rate_row"]),
        rate_prefix=book.rows["rate_prefix"].gather(suspended["rate_row"]),
        detail=pl.format("account {}, to {} ", "account_id", "destination_number")
        + pl.col("start_time").dt.to_string("at %Y-%m-%d %H:%M:%S"),
    )
    aside = {name: dtype for name, dtype in SET_ASIDE_SCHEMA.items() if name != "raw_record"}
    others = [name for name in CALL_COLUMNS if name not in aside and name != "usage_month"]
    texts = [pl.col(name).cast(pl.String) for name in ("call_type", "rate_table", "rate_prefix")]
    return rows.select(*(pl.col(name).cast(dtype) for name, dtype in aside.items()), *others, *texts)


def _account_texts(calls: pl.DataFrame, accounts: pl.DataFrame, *, by_machine_code: bool) -> list[AccountText]:
    languages = accounts.select("account_id", "language")
    if by_machine_code:
        from transforms.usual_details import account_texts as usual_texts

        texts = usual_texts(calls, languages)
        if texts is not None:
            return texts
    return account_texts(calls, languages)


def write_details(
    calls: pl.DataFrame, accounts: pl.DataFrame, folder: Path, *, by_machine_code: bool = False
) -> dict[str, str]:
    """One CSV an account, in its language; none for an account without such calls (rule 11.3). Their SHA-256 by name.

    Files are written in place: the folder is the unit's own until it is whole.
    """
    folder.mkdir(parents=True, exist_ok=True)
    listed = detail_calls(calls)
    if listed.is_empty():
        return {}
    headers = {"en": header("en").encode(), "fr": header("fr").encode()}
    hashes = {}
    for account, language, text in _account_texts(listed, accounts, by_machine_code=by_machine_code):
        path = folder / f"{account}.csv"
        content = hashlib.sha256()
        with path.open("wb") as stream:
            for part in (headers[language], text):
                stream.write(part)
                content.update(part)
        hashes[path.name] = content.hexdigest()
    return hashes


def bucket_folder(month: Month, bucket: int) -> Path:
    """Where a bucket's unit puts what the next stages read."""
    return month.work_folder() / f"bucket={bucket:04d}"


def bucket_path(month: Month, table: str, bucket: int) -> Path:
    """Where the run's rows of a call-level table of one bucket stand."""
    return month.partition(table, month.usage_month) / f"bucket={bucket:04d}.parquet"


def _dear_destinations(month: Month, billed: pl.DataFrame) -> pl.DataFrame:
    """What the search for anomalies needs of the calls; nothing where it has no month to compare with."""
    if not month.earlier_bills:
        return pl.DataFrame(schema=DESTINATION_SCHEMA)
    return dear_destinations(destination_totals(billed), month.settings.thresholds.new_destination)


def rate_bucket(month: Month, bucket: int) -> Path:
    """The folder with a bucket's sums; its calls and CSVs are written beside. Done already where it exists.

    Writes billed_calls and unbilled_calls of the bucket, and under the run's work folder totals, counts,
    dear destinations, warnings, suspended rows, what the report sums, and the details CSVs. Two of it at the same time
    come to what one does.
    """
    target = bucket_folder(month, bucket)
    if target.is_dir():
        return target
    with written_once(target, target.is_dir) as partial:
        calls = bucket_calls(month.ingest_plan, bucket)
        rated = rate_calls(calls, month.rated_accounts, month.rate_book, month.owners, month.usage_month)
        del calls  # what is rated holds what it needs of them
        refuse_missing_plans(month, rated)
        run_id, usage_month = month.run_id, month.usage_month
        with ThreadPoolExecutor(max_workers=2) as pool:  # file after file here, columns there: neither waits
            by_code = month.ingest_plan.by_machine_code
            details = pool.submit(
                write_details, rated.billed, month.accounts, partial / DETAILS, by_machine_code=by_code
            )
            billed = billed_table(rated.billed, usage_month, run_id)
            hashes = {"billed_calls": write_published(billed, bucket_path(month, "billed_calls", bucket))}
            unbilled = unbilled_table(rated.unbilled, usage_month, run_id)
            hashes["unbilled_calls"] = write_published(unbilled, bucket_path(month, "unbilled_calls", bucket))
            write_json({"tables": hashes, "details": details.result()}, partial / HASHES)
        write_parquet(call_totals(rated.billed), partial / "totals.parquet")
        write_parquet(_dear_destinations(month, rated.billed), partial / "dear_destinations.parquet")
        write_parquet(outcome_counts(rated), partial / "counts.parquet")
        write_parquet(warning_counts(rated), partial / "warnings.parquet")
        write_parquet(_suspended_rows(rated.suspended, month.rate_book), partial / "suspended.parquet")
        write_parquet(hourly_calls(rated, usage_month), partial / "hourly_calls.parquet")
        write_parquet(destination_costs(rated.billed, month.accounts), partial / "destinations.parquet")
    return target


def gather_details(month: Month, folder: Path) -> None:
    """The details of all buckets in one folder, by renames; what was gathered before is left alone.

    The last step of no unit, but the first of publishing: a unit that is done twice never writes to what is shown.
    """
    for bucket in range(month.ingest_plan.bucket_count):
        details = bucket_folder(month, bucket) / DETAILS
        if details.is_dir():
            folder.mkdir(exist_ok=True)
            for path in details.iterdir():
                path.replace(folder / path.name)
            details.rmdir()


def bucket_hashes(month: Month) -> dict[Path, str]:
    """SHA-256 of every file that the buckets' units wrote to be published, by the path it is found at then."""
    hashes: dict[Path, str] = {}
    details = month.settings.warehouse / "details" / month_text(month.usage_month)
    for bucket in range(month.ingest_plan.bucket_count):
        found = read_json(bucket_folder(month, bucket) / HASHES)
        hashes |= {bucket_path(month, table, bucket): sha256 for table, sha256 in found["tables"].items()}
        hashes |= {details / name: sha256 for name, sha256 in found["details"].items()}
    return hashes


def bucket_frames(month: Month, name: str) -> pl.DataFrame:
    """One of the small tables of all buckets, under each other."""
    folders = [bucket_folder(month, bucket) for bucket in range(month.ingest_plan.bucket_count)]
    if not all(folder.is_dir() for folder in folders):
        raise InputRefusedError(Fault(month.run_id, "not every bucket is rated", "run the month again"))
    return pl.scan_parquet([folder / f"{name}.parquet" for folder in folders], glob=False).collect()
