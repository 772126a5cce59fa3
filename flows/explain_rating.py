"""How a call's price came about: its account's month rated again in memory by the transforms that bill (rules 5-7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from flows.month import Month
from flows.rating import billed_table
from rate_tables.versions import RateTables
from schemas.contract_files import CONTRACT_TABLES
from schemas.rate_files import RATE_TABLES
from schemas.text_columns import Column
from transforms.rate_calls import RatedCalls, rate_calls

Json = dict[str, Any]
COMPARED = (
    "billable_seconds",
    "included_seconds",
    "call_type",
    "rate_table",
    "rate_prefix",
    "destination",
    "connection_fee",
    "rate_per_minute",
    "cost",
)
"""What is recomputed and must be as it was published."""


def money(micros: int | None) -> str | None:
    """Micros as decimal text with 6 places: 18500 is `0.018500`."""
    return None if micros is None else f"{Decimal(micros).scaleb(-6):.6f}"


def cell(value: object) -> object:
    """A value as JSON has it: dates and instants as text, decimals as text."""
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal | dt.date) else value


def of_account(month: Month, account_id: str) -> Month:
    """The month with this account's contracts alone: the same prices and minutes, without those of all others."""
    tables = {
        spec.name: getattr(month.contracts, spec.name).filter(pl.col("account_id") == account_id)
        for spec in CONTRACT_TABLES
    }
    return replace(month, contracts=month.contracts._replace(**tables))


def file_row(rates: RateTables, table: str, line: int) -> Json:
    """A row of a rate file as it stands there: version, file, line and its cells; money and percents as decimals."""
    spec = next(spec for spec in RATE_TABLES if spec.name == table)
    row = getattr(rates, table).filter(pl.col("line") == line).to_dicts()[0]
    cells = {column.name: cell_of(row, column) for column in spec.columns}
    return {"rate_version": rates.version, "file": f"{table}.csv", "line": line, **cells}


def cell_of(row: Json, column: Column) -> object:
    """A cell of a typed row as JSON has it: money and percents as decimals."""
    value = row[column.typed_name]
    return money(value) if column.kind in ("money", "percent") else cell(value)


class RatedAccount(NamedTuple):
    """Every accepted call of an account and month, rated; `month` has all accounts, `own` this one."""

    month: Month
    own: Month
    account_id: str
    calls: RatedCalls

    @property
    def billed(self) -> pl.DataFrame:
        """The billed calls, in the order in which they use up the pool."""
        return self.calls.billed

    def row_of(self, source_file: str, source_line: int) -> tuple[str, Json]:
        """Where the call ended by today's program (billed, unbilled, suspended), and all that is known of it."""
        is_call = (pl.col("source_file").cast(pl.String) == source_file) & (pl.col("source_line") == source_line)
        for place, calls in self.calls._asdict().items():
            found = calls.with_row_index("place").filter(is_call)
            if not found.is_empty():
                return place, found.to_dicts()[0]
        raise AssertionError(f"{source_file}, line {source_line} is no call of {self.account_id}")

    @property
    def account(self) -> Json:
        """The account's terms of the month."""
        return self.own.accounts.to_dicts()[0]


def rate_account(month: Month, account_id: str, calls: pl.DataFrame) -> RatedAccount:
    """The account's calls (as ingested) rated as the run rated them."""
    own = of_account(month, account_id)
    rated = rate_calls(calls, own.rated_accounts, own.rate_book, month.owners, month.usage_month)
    return RatedAccount(month, own, account_id, rated)


def recomputed(rated: RatedAccount, call: Json) -> Json:
    """The columns of COMPARED as today's program publishes them for the call."""
    row = rated.billed.slice(call["place"], 1)
    return billed_table(row, rated.month.usage_month, "").select(COMPARED).to_dicts()[0]
