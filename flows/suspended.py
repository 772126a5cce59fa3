"""The suspended calls of an issued month: what is missing, and what they would cost under another version (rule 5.1).

Everything is read from the warehouse: the calls that the run published, and the copy of the contracts it read. Only
the other version comes from the rate tables. Nothing is written but the CSV that is asked for.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import NamedTuple

import duckdb
import polars as pl

from flows.ingest_plan import CALLS_WITH_FILE
from flows.issued import IssuedRun, find_issued_run, recorded_month
from flows.month import Month
from flows.published_calls import PublishedCalls
from flows.rating import refuse_missing_plans
from flows.settings import Settings
from flows.warehouse import calls_told, published
from rate_tables.versions import load_version
from schemas.warehouse_tables import CALL_COLUMNS
from transforms.money import decimal_of_micros
from transforms.rate_calls import rate_calls
from transforms.spreadsheets import neutralised
from transforms.suspended import (
    CALL_KEY,
    as_accepted,
    missing_rates,
    released_calls,
    with_missing_prefix,
    without_calls,
)

_SUSPENDED = """
select suspended.* exclude (usage_month, run_id), raw_record
from suspended_calls as suspended
join set_aside_records using (run_id, source_file, source_line)
where run_id = $run_id and not exists (
    select 1 from rerun_call_differences as difference
    join runs on runs.run_id = difference.rerun_id
    where cause = 'released' and runs.invoice_month = $month
        and difference.account_id = suspended.account_id
        and difference.source = suspended.source and difference.call_id = suspended.call_id
)
order by source_file, source_line
"""
_NUMBERING_PLAN = "select prefix, coalesce(country, '') as country from numbering_plan where rate_version = $version"
_COUNTS = """
select account_id, count(*)::bigint as calls
from (
    select account_id from billed_calls where run_id = $run_id and usage_month = $usage_month
    union all
    select account_id from unbilled_calls where run_id = $run_id and usage_month = $usage_month
)
where list_contains($accounts::varchar[], account_id)
group by account_id
"""
_OF_ACCOUNTS = "run_id = $run_id and usage_month = $usage_month and list_contains($accounts::varchar[], account_id)"
_CALLS = ", ".join(CALL_COLUMNS)
_ACCOUNT_CALLS = f"""
select {_CALLS}, (
    select max_by(corrected_value, started_at)::decimal(18, 6) from rerun_call_differences as difference
    join runs on runs.run_id = difference.rerun_id and runs.invoice_month = $usage_month + interval 1 month
    where cause = 'released' and "column" = 'cost' and difference.account_id = suspended_calls.account_id
        and difference.source = suspended_calls.source and difference.call_id = suspended_calls.call_id
) as cost
from suspended_calls where {_OF_ACCOUNTS}
union all
select {_CALLS}, cost from billed_calls where {_OF_ACCOUNTS}
union all
select {_CALLS}, null::decimal(18, 6) as cost from unbilled_calls where {_OF_ACCOUNTS}
"""  # noqa: S608 - our own column names
CALLS_AT_A_TIME = 500_000
EXPORTED: tuple[str, ...] = (
    "missing_prefix",
    "country",
    "lacking",
    *(name for name in CALL_COLUMNS if name != "usage_month"),
    "reason",
    "call_type",
    "rate_table",
    "rate_prefix",
    "raw_record",
)
_OF_OTHERS: tuple[str, ...] = ("account_id", "call_id", "source", "source_file", "raw_record")
"""Columns whose text others wrote; numbers are `+` and digits, or digits, `*` and `#`."""
_PRICED: tuple[str, ...] = ("rate_version", "would_be", "billable_seconds", "currency", "cost")


class Repriced(NamedTuple):
    """What another version makes of the suspended calls. Costs are DECIMAL, exact.

    calls: the suspended calls with would_be, billable_seconds, currency and cost. others: one row a currency, with
    calls, pool_difference (what the other calls of these accounts would cost more because the released ones use up
    plan minutes) and rate_difference (what they would cost more by the version alone).
    """

    version: str
    calls: pl.DataFrame
    others: pl.DataFrame

    @property
    def costs(self) -> pl.DataFrame:
        """Grain: missing_prefix, country, would_be, currency. Null where they would not be billed."""
        keys = ["missing_prefix", "country", "would_be", "currency"]
        is_billed = pl.col("cost").count() > 0
        sums = [pl.when(is_billed).then(pl.col(name).sum()).alias(name) for name in ("billable_seconds", "cost")]
        groups = self.calls.group_by(keys).agg(pl.len().alias("calls"), *sums)
        return groups.sort("cost", *keys, descending=[True, *(False for _ in keys)], nulls_last=True)

    @property
    def totals(self) -> pl.DataFrame:
        """Grain: currency; only what would be billed."""
        billed = self.calls.filter(pl.col("cost").is_not_null())
        return billed.group_by("currency").agg(pl.len().alias("calls"), pl.col("cost").sum()).sort("currency")


class SuspendedCalls(NamedTuple):
    """The suspended calls of a run, and what is missing (see `transforms.suspended`); repriced where asked for."""

    usage_month: dt.date
    run: IssuedRun
    calls: pl.DataFrame
    missing: pl.DataFrame
    repriced: Repriced | None


def _in_utc(calls: pl.DataFrame) -> pl.DataFrame:
    times = [name for name in ("start_time", "end_time") if name in calls.columns]
    return calls.with_columns(pl.col(times).dt.convert_time_zone("UTC").dt.cast_time_unit("us"))


def _asked(connection: duckdb.DuckDBPyConnection, month: Month, query: str, params: dict[str, object]) -> pl.DataFrame:
    """What a query on the run's Parquet files gives. Raises InputRefusedError where they are not found."""
    with calls_told(month.settings.warehouse, "the calls of the month"):
        rows: pl.DataFrame = connection.sql(query, params={**params, "usage_month": month.usage_month}).pl()
    return rows


def _account_groups(
    connection: duckdb.DuckDBPyConnection, month: Month, published_calls: PublishedCalls, accounts: pl.Series
) -> list[list[str]]:
    """The accounts in groups of about CALLS_AT_A_TIME calls: an account is rated whole, and memory is bounded."""
    published_calls.show(connection, accounts.to_list())
    params: dict[str, object] = {"run_id": published_calls.run.run_id, "accounts": accounts.to_list()}
    counts = _asked(connection, month, _COUNTS, params)
    numbered = (
        accounts.to_frame("account_id")
        .join(counts, on="account_id", how="left", validate="1:1")
        .sort("account_id")
        .with_columns(group=pl.col("calls").fill_null(0).cum_sum() // CALLS_AT_A_TIME)
    )
    return [part["account_id"].to_list() for part in numbered.partition_by("group", maintain_order=True)]


def account_calls(
    connection: duckdb.DuckDBPyConnection, month: Month, published_calls: PublishedCalls, accounts: list[str]
) -> pl.DataFrame:
    """Every accepted call of the accounts as it was ingested, and its issued cost.

    From now on `billed_calls` and `unbilled_calls` are, in this session, those of the accounts' buckets alone.
    """
    published_calls.show(connection, accounts)
    found = _asked(connection, month, _ACCOUNT_CALLS, {"run_id": published_calls.run.run_id, "accounts": accounts})
    calls = _in_utc(found).join(
        month.accounts.select("account_id", "country"), on="account_id", how="left", validate="m:1"
    )
    known = as_accepted(calls, month.rates.dialing_plans)
    return known.select(*(pl.col(name).cast(dtype) for name, dtype in CALLS_WITH_FILE.items()), "cost")


def _decimal(micros: str) -> pl.Expr:
    return decimal_of_micros(pl.col(micros))


def _with_currency(rows: pl.DataFrame, month: Month) -> pl.DataFrame:
    currencies = month.accounts.select("account_id", "currency")
    return rows.join(currencies, on="account_id", how="left", validate="m:1", maintain_order="left")


def _released(month: Month, calls: pl.DataFrame, suspended: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Whole accounts rated with and without their suspended calls: these, and a row an account for the others."""
    rating = (month.rated_accounts, month.rate_book, month.owners, month.usage_month)
    accepted = calls.drop("cost")
    together = rate_calls(accepted, *rating)
    refuse_missing_plans(month, together)
    beside = rate_calls(without_calls(accepted, suspended.select(CALL_KEY)), *rating)
    released = released_calls(together, beside, suspended)
    issued = calls.group_by("account_id").agg(issued=pl.col("cost").sum())
    return released.calls, released.others.join(issued, on="account_id", how="left", validate="1:1")


def _by_currency(others: pl.DataFrame) -> pl.DataFrame:
    """How many other calls there are, and what they would cost more, by cause. Grain: currency."""
    beside, after = _decimal("beside_micros").sum(), _decimal("after_micros").sum()
    sums = {"pool_difference": after - beside, "rate_difference": beside - pl.col("issued").sum()}
    return others.group_by("currency").agg(calls=pl.col("other_calls").sum(), **sums).sort("currency")


def _reprice(
    connection: duckdb.DuckDBPyConnection, settings: Settings, run: IssuedRun, suspended: pl.DataFrame, version: str
) -> Repriced:
    month = recorded_month(settings, run, load_version(settings.rate_tables, version))
    published_calls, found = PublishedCalls(settings.warehouse, run), []
    for accounts in _account_groups(connection, month, published_calls, suspended["account_id"].unique()):
        of_accounts = suspended.filter(pl.col("account_id").is_in(accounts))
        found.append(_released(month, account_calls(connection, month, published_calls, accounts), of_accounts))
    judged = _with_currency(pl.concat([calls for calls, _ in found]), month)
    costs = judged.with_columns(cost=_decimal("cost_micros")).drop("account_id", "cost_micros")
    priced = suspended.join(costs, on=CALL_KEY, how="left", validate="1:1", maintain_order="left")
    others = _with_currency(pl.concat([others for _, others in found]), month)
    return Repriced(version, priced, _by_currency(others))


def suspended_calls(settings: Settings) -> SuspendedCalls:
    """The suspended calls of the settings' usage month; with `rates` named, what they would cost under that version.

    Raises InputRefusedError where the month is not issued, or the version is not known.
    """
    with published(settings.warehouse) as connection:
        not_known = "which of its calls are suspended is not known yet"
        run = find_issued_run(connection, settings.invoice_month, settings.usage_month, not_known)
        if connection is None:
            raise AssertionError("a run was found in a database that is not there")
        found = _in_utc(connection.sql(_SUSPENDED, params={"run_id": run.run_id, "month": settings.invoice_month}).pl())
        plan = connection.sql(_NUMBERING_PLAN, params={"version": run.rate_version}).pl()
        calls = with_missing_prefix(found, plan)
        repriced = None
        if settings.rates is not None and calls.is_empty():
            load_version(settings.rate_tables, settings.rates)  # an unknown one is refused all the same
        elif settings.rates is not None:
            repriced = _reprice(connection, replace(settings, issue_date=run.issue_date), run, calls, settings.rates)
    return SuspendedCalls(settings.usage_month, run, calls, missing_rates(calls), repriced)


def exported_calls(found: SuspendedCalls) -> bytes:
    """The calls as CSV (RFC 4180, UTF-8), with their raw records; repriced ones with what they would cost.

    Text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    calls, columns = found.calls, EXPORTED
    if found.repriced is not None:
        calls = found.repriced.calls.with_columns(rate_version=pl.lit(found.repriced.version))
        columns = (*EXPORTED, *_PRICED)
    instant = "%Y-%m-%dT%H:%M:%S%.6fZ"
    texts = calls.with_columns(
        pl.col("start_time", "end_time").dt.to_string(instant), *(neutralised(name) for name in _OF_OTHERS)
    )
    return texts.select(columns).write_csv(line_terminator="\r\n").encode()
