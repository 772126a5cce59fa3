"""Every figure of the run's report, as the run is published: what the page shows is decided here, once.

The facts are kept beside the page (`report.json`), money as text. So the page can be made again to the byte, also when
last month is issued later than this one, or an adjustment is taken meanwhile.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from flows.files import read_parquet
from flows.month import Month
from flows.rating import bucket_frames
from flows.settings import month_text
from flows.warehouse import opened
from schemas.categories import CATEGORY_CODES
from transforms.call_sums import summed_destinations
from transforms.money import MICROS_PER_UNIT
from transforms.suspended import missing_rates, with_missing_prefix
from transforms.timestamps import add_months

if TYPE_CHECKING:
    import duckdb

Facts = dict[str, Any]

SHOWN = 10
"""Accounts and destinations of each currency that are named; the others are one row."""
_OF_A_BILL = ("totals", "revenue", "accounts", "files", "aside_reasons", "other_months", "warnings", "controls")
_OF_A_RERUN = ("rerun_lines", "rerun_amounts", "rerun_accounts", "rerun_causes", "controls")
_ABOUT_ACCOUNTS = ("calls = line before rounding", "usage of the rerun - issued usage = call differences")
_ABOUT_ACCOUNTS_TOO = "rerun lines - issued lines = adjustments"
_LAST_RUN = "select run_id from runs where invoice_month = $last_month and kind = 'bill'"
_HAS_ANOMALIES = """
select 1 from duckdb_tables() where table_name = 'anomalies' and database_name = current_database()
"""
_PLACES = ("run_id", "invoice_month")
"""Columns of an anomaly that are the same for all of a run."""


def report_facts(month: Month, database: Path, controls: pl.DataFrame, of_calls: Facts) -> Facts:
    """The figures of the run's report, from the database that is to be published with it and what the run summed.

    Text, whole numbers, lists and objects alone, as JSON holds them. No telephone number is among them.
    of_calls: `facts_of_calls`.
    """
    names = _OF_A_BILL if month.rerun is None else _OF_A_RERUN
    with opened(database) as connection:
        connection.register("checked_controls", controls)
        params = _params(month)
        facts: Facts = {name: _rows(connection, name, params) for name in names}
        last_run = connection.sql(_LAST_RUN, params={"last_month": params["last_month"]}).fetchall()
        if connection.sql(_HAS_ANOMALIES).fetchall():
            facts["anomalies"] = _without(_rows(connection, "anomalies", params), _PLACES)
        connection.unregister("checked_controls")
    facts["run"] = _run(month)
    if month.rerun is None:
        facts["last_run_id"] = last_run[0][0] if last_run else None
    return facts | of_calls


def _params(month: Month) -> dict[str, object]:
    """What the queries ask for. Last month is one that the run id knows of: not one published while this ran."""
    invoice_month = month.settings.invoice_month
    last_month = add_months(invoice_month, -1)
    is_known = any(bill.invoice_month == last_month for bill in month.earlier_bills)
    return {
        "run_id": month.run_id,
        "invoice_month": invoice_month,
        "last_month": last_month if is_known else None,
        "categories": list(CATEGORY_CODES),
        "about_accounts": [*_ABOUT_ACCOUNTS, _ABOUT_ACCOUNTS_TOO],
        "shown": SHOWN,
    }


def _run(month: Month) -> Facts:
    """What the run is: its identity's parts that a reader asks for."""
    identity = month.identity
    kept = ("issue_date", "rate_version", "rate_manifest_sha256", "contracts", "call_records", "program")
    return {
        "run_id": month.run_id,
        "kind": month.kind,
        "invoice_month": month_text(month.settings.invoice_month),
        "usage_month": month_text(month.usage_month),
        "due_date": str(month.dates.due_date),
        "dispute_until": str(month.dates.dispute_until),
        "rerun": identity.get("rerun"),
        **{name: identity[name] for name in kept},
    }


def _query(name: str) -> str:
    return (files("transforms") / "sql" / "report" / f"{name}.sql").read_text(encoding="utf-8")


def _rows(connection: duckdb.DuckDBPyConnection, name: str, params: dict[str, object]) -> list[Facts]:
    """The rows of one of the report's queries; each takes the parameters that it names."""
    query = _query(name)
    found = connection.sql(query, params={key: value for key, value in params.items() if f"${key}" in query})
    return [dict(zip(found.columns, map(_plain, row), strict=True)) for row in found.fetchall()]


def _plain(value: object) -> str | int | None:
    """The value as JSON holds it exactly: decimals and dates as text, never as a float."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value.isoformat() if isinstance(value, dt.date | dt.datetime) else str(value)


def _without(rows: list[Facts], names: tuple[str, ...]) -> list[Facts]:
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def facts_of_calls(month: Month) -> Facts:
    """What the buckets' sums tell of: calls by fate and time, and where they went; and what suspended calls lack.

    Nothing of a rerun. Needs no database, so it can be done while that is made.
    """
    if month.rerun is not None:
        return {}
    calls = bucket_frames(month, "hourly_calls")
    return {
        "calls": _calls_by_time(calls, (month.settings.invoice_month - month.usage_month).days),
        "destinations": _top_destinations(summed_destinations(bucket_frames(month, "destinations"))),
        "suspended": _suspended(month),
    }


def _calls_by_time(hourly: pl.DataFrame, days: int) -> list[Facts]:
    """One entry a fate: calls and seconds, and its calls in each hour of the day and on each day of the month."""
    found = []
    for (fate,), rows in hourly.group_by("fate", maintain_order=False):
        by_hour, by_day = [0] * 24, [0] * days
        for hour_of_month, calls in rows.select("hour_of_month", "calls").iter_rows():
            by_hour[hour_of_month % 24] += calls
            by_day[hour_of_month // 24] += calls
        sums = {"calls": int(rows["calls"].sum()), "seconds": int(rows["seconds"].sum())}
        found.append({"fate": fate, **sums, "by_hour": by_hour, "by_day": by_day})
    return sorted(found, key=lambda entry: str(entry["fate"]))


def _top_destinations(destinations: pl.DataFrame) -> list[Facts]:
    """Dearest first in each currency, then one entry for all others (destination null)."""
    cost = pl.col("cost_whole").cast(pl.Int128) * MICROS_PER_UNIT + pl.col("cost_micros")
    rows = destinations.with_columns(cost=cost)
    order = ["currency", "cost", "call_type", "destination"]
    ranked = rows.sort(order, descending=[False, True, False, False]).with_columns(
        is_shown=pl.int_range(pl.len()).over("currency") < SHOWN
    )
    groups = ranked.group_by(
        "currency",
        "is_shown",
        *(pl.when("is_shown").then(name).alias(name) for name in ("call_type", "destination")),
        maintain_order=True,
    ).agg(pl.len().alias("destinations"), pl.col("calls", "billable_seconds", "cost").sum())
    return [{**row, "cost": _amount_of_micros(int(row["cost"]))} for row in groups.drop("is_shown").to_dicts()]


def _amount_of_micros(micros: int) -> str:
    return f"{micros // MICROS_PER_UNIT}.{micros % MICROS_PER_UNIT:06d}"


def _suspended(month: Month) -> list[Facts]:
    """What suspended calls wait for, most seconds first: the prefix that lacks a price, not the number called."""
    calls = read_parquet(month.work_folder() / "rows" / "suspended_calls.parquet")
    if calls.is_empty():
        return []
    numbering_plan = month.rates.numbering_plan.select("prefix", "country")
    missing = missing_rates(with_missing_prefix(calls, numbering_plan))
    return missing.select("missing_prefix", "country", "lacking", "calls", "seconds", "accounts").to_dicts()
