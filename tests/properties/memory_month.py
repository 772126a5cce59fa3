"""A month of literal rows, rated and invoiced in memory: the rules at work without a file or a command."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from random import Random
from typing import NamedTuple, TypeVar

import polars as pl

from flows.contract_reader import Contracts
from flows.fixed_charges import fixed_charges
from flows.ingest_plan import CALLS_WITH_FILE
from flows.month import Month
from flows.settings import Settings
from rate_tables.versions import RateTables
from schemas.contract_files import CONTRACT_TABLES
from schemas.rate_files import RATE_TABLES
from schemas.source_spec import CANONICAL_COLUMNS, SourceSpec
from schemas.text_tables import read_csv_table
from tests.rules.small_rates import Row, default_tables, table_text
from transforms.delimited import Layout, read_delimited
from transforms.fees import quarter_of
from transforms.invoices import FeeTables, InvoiceDates, add_fees_and_taxes, invoice_rows, number_lines
from transforms.rate_calls import RatedCalls, rate_calls
from transforms.regional_rows import rows_in_force
from transforms.screen import Directory, screen
from transforms.source_fields import canonical_text
from transforms.usage_lines import call_totals, usage_lines

USAGE_MONTH, INVOICE_MONTH = dt.date(2020, 1, 1), dt.date(2020, 2, 1)
DATES = InvoiceDates(INVOICE_MONTH, INVOICE_MONTH, dt.date(2020, 2, 16), dt.date(2020, 2, 10), dt.date(2020, 2, 16))
Item = TypeVar("Item")
CANONICAL = SourceSpec("canonical")
SPECS = {spec.name: spec for spec in (*CONTRACT_TABLES, *RATE_TABLES)}


@dataclass(frozen=True, repr=False)
class Terms:
    """What a month is billed by: the contracts, and the rate tables that differ from the small ones."""

    accounts: Sequence[Row]
    account_plans: Sequence[Row] = ()
    items: Sequence[Row] = ()
    numbers: Sequence[Row] = ()
    one_time_charges: Sequence[Row] = ()
    equipment_returns: Sequence[Row] = ()
    rates: Mapping[str, Sequence[Row]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """The rows without their empty cells, a line each: what a failing example is read by."""
        tables = {**{name: rows for name, rows in vars(self).items() if name not in ("rates", "month")}, **self.rates}
        return "Terms(\n" + "".join(f"  {name}: {_brief(row)}\n" for name in tables for row in tables[name]) + ")"

    @cached_property
    def month(self) -> Month:
        """The month as the stages of a run share it, without call records."""
        tables = {name: _typed(name, rows) for name, rows in {**default_tables(), **self.rates}.items()}
        rates = RateTables("small", dt.date(2020, 1, 1), "", Path(), **tables)
        contracts = Contracts(
            _typed("accounts", self.accounts),
            _typed("account_plans", self.account_plans),
            _typed("account_items", self.items),
            _typed("phone_numbers", self.numbers),
            _typed("one_time_charges", self.one_time_charges),
            _typed("equipment_returns", self.equipment_returns),
            files={},
            contents={},
        )
        return Month(Settings(INVOICE_MONTH), rates, contracts, (), DATES)


class LiteralMonth(NamedTuple):
    """Terms and call records; a record's `source` is the switch that wrote it."""

    terms: Terms
    calls: list[Row]


class Invoiced(NamedTuple):
    """lines: exact, rounded, with both labels. numbered: the same as the warehouse has them."""

    lines: pl.DataFrame
    numbered: pl.DataFrame
    invoices: pl.DataFrame


def _brief(row: Row) -> str:
    return ", ".join(f"{name}={cell}" for name, cell in row.items() if cell != "")


def _typed(name: str, rows: Sequence[Row]) -> pl.DataFrame:
    return _read(name, table_text(SPECS[name].column_names, rows))


@lru_cache(maxsize=512)
def _read(name: str, text: str) -> pl.DataFrame:
    table = read_csv_table(text.encode(), SPECS[name], name)
    assert not table.faults, table.faults
    return table.rows


def shuffled(rows: Sequence[Item], random: Random) -> list[Item]:
    """The rows in another order."""
    return random.sample(rows, len(rows))


def shuffled_terms(terms: Terms, random: Random) -> Terms:
    """The same contracts and rates, the rows of every table in another order."""
    rates = {name: shuffled(rows, random) for name, rows in terms.rates.items()}
    contracts = [part.name for part in fields(terms) if part.name != "rates"]
    return replace(terms, rates=rates, **{name: shuffled(getattr(terms, name), random) for name in contracts})


def accepted_calls(terms: Terms, calls: Sequence[Row]) -> pl.DataFrame:
    """The records as a run stores them when it has read and accepted them; their ids do not repeat."""
    month = terms.month
    accounts = month.accounts.select("account_id", "country", bucket=pl.lit(0, dtype=pl.Int64))
    directory = Directory(accounts, month.owners, month.rates.dialing_plans)
    layout = Layout(",", '"', CANONICAL_COLUMNS, (len(CANONICAL_COLUMNS),))
    lines = "".join(",".join(str(call[name]) for name in CANONICAL_COLUMNS) + "\n" for call in calls)
    texts = canonical_text(read_delimited(lines.encode(), layout, first_line=1), CANONICAL)
    judged = screen(texts, CANONICAL, directory, USAGE_MONTH)
    assert judged["outcome"].null_count() == len(calls), judged["reason"]
    sources = pl.Series("source", [call["source"] for call in calls], dtype=pl.String)
    stored = judged.with_columns(sources, warning_bits=pl.lit(0), source_file=pl.lit("calls.csv"))
    return stored.select(pl.col(name).cast(dtype) for name, dtype in CALLS_WITH_FILE.items())


def rate(terms: Terms, calls: pl.DataFrame) -> RatedCalls:
    """The accepted calls, each billed, not billed or suspended."""
    month = terms.month
    return rate_calls(calls, month.rated_accounts, month.rate_book, month.owners, USAGE_MONTH)


def usage_drafts(billed: pl.DataFrame) -> pl.DataFrame:
    """The usage lines of these calls before they are rounded."""
    return usage_lines(call_totals(billed), USAGE_MONTH)


def usage_micros(rated: RatedCalls) -> dict[str, int]:
    """Exact usage of each account in micros, before any credit: the sum of its usage lines."""
    lines = usage_drafts(rated.billed).group_by("account_id").agg(pl.col("exact_numerator").sum())
    return dict(lines.iter_rows())


def call_costs(rated: RatedCalls) -> dict[tuple[str, str], int]:
    """Cost in micros of each billed call, by its switch and id."""
    costs = rated.billed.select(pl.col("source").cast(pl.String), "call_id", "cost_micros")
    return {(source, call_id): cost for source, call_id, cost in costs.iter_rows()}


def invoice(terms: Terms, rated: RatedCalls) -> Invoiced:
    """Every line and invoice of the month."""
    month, rates, fixed = terms.month, terms.month.rates, fixed_charges(terms.month)
    factors = rates.usf_factors.filter(pl.col("quarter") == quarter_of(INVOICE_MONTH))
    tables = FeeTables(
        rows_in_force(rates.fees, DATES.issue_date),
        factors.select("country", "factor_percent_micros"),
        rows_in_force(rates.usf_shares, DATES.issue_date).select(
            "country", "category", "interstate_share_percent_micros"
        ),
        rows_in_force(rates.taxes, DATES.issue_date),
    )
    lines = add_fees_and_taxes(
        pl.concat([fixed.drafts, usage_drafts(rated.billed)]), month.accounts, tables, fixed.devices, INVOICE_MONTH
    )
    invoices = invoice_rows(lines, month.accounts, DATES, rates.version)
    return Invoiced(lines, number_lines(lines, month.accounts, INVOICE_MONTH), invoices)
