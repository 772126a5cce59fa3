"""A published month under another rate version: what every call and line would be, read from the warehouse alone.

Only what can change is rated again: calls that a differing row matches, and every call of accounts whose plan, pool,
dates, numbers or way of dialling differ, or of which a call becomes one of another kind. Bucket by bucket, so memory
does not grow with the month. Nothing is published, nothing is written into the warehouse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import polars as pl

from flows.invoicing import month_lines
from flows.issued import IssuedRun, find_issued_run, recorded_month
from flows.month import Month, refuse_uncovered_currencies
from flows.published_calls import CallTable, PublishedCalls
from flows.rating import refuse_missing_plans
from flows.settings import Settings
from flows.stopping import workers
from flows.warehouse import published
from rate_tables.versions import RateTables, load_version, try_version
from schemas.faults import Fault, refuse_if_any
from schemas.reasons import UNBILLED_REASONS
from transforms.numbers import NUMBER_KIND
from transforms.rate_book import RateBook, RateTableFrames, build_rate_book
from transforms.rate_calls import rate_calls
from transforms.suspended import stored_number_kinds
from transforms.version_changes import Terms, changed_accounts, changed_rows, touched_calls
from transforms.what_if import (
    EFFECT_KEYS,
    added_up,
    call_effects,
    changed_totals,
    line_effects,
    usage_changes,
)

Watch = Callable[[int], Callable[[], None]]
"""Is told how many buckets there are; what it returns is called for each that is done."""
BUCKETS_AT_A_TIME = 2
_LINES = """
select line.*, invoice.currency
from invoice_line_items as line join invoices as invoice using (invoice_id)
where invoice.run_id = $run_id
"""
_PRICED_ALONE = ("international", "toll_free", "no_rate")
"""What calls are that no others' plan minutes depend on."""
_EARLY = tuple(reason for reason in UNBILLED_REASONS if reason != "toll_free_outbound")
"""Why calls are not billed whose destination was not looked up."""
_NO_PLACES = pl.Series([], dtype=pl.UInt32)


class Changes(NamedTuple):
    """What can touch calls: accounts to be rated whole, and a book of differing rows. None: the old version is gone."""

    accounts: pl.Series
    rows: RateTableFrames | None
    book: RateBook | None

    @property
    def may_touch_calls(self) -> bool:
        """Whether rows differ that calls are matched with; those of plans concern whole accounts."""
        return self.rows is not None and any(
            table.height for name, table in self.rows._asdict().items() if name != "plans"
        )

    @property
    def may_be_deep(self) -> bool:
        """Whether a call may become one of another kind."""
        return self.rows is not None and bool(self.rows.numbering_plan.height + self.rows.premium_prefixes.height)


class Rerated(NamedTuple):
    """What rating a bucket again came to (see `transforms.what_if`), and how many of its calls were rated."""

    effects: pl.DataFrame
    usage: pl.DataFrame
    rerated_count: int
    accepted_count: int


class WhatIf(NamedTuple):
    """The month under both versions.

    lines: amounts by account, currency, category and charge code, in cents. priced: every line under the new version,
    before it is numbered. calls: exact costs of the calls that were
    rated again, by EFFECT_KEYS and currency, in micros. changed: differing rows by table; None where the version that
    issued the month is gone or is another one now, so that every call was rated.
    """

    settings: Settings
    run: IssuedRun
    version: str
    lines: pl.DataFrame
    priced: pl.DataFrame
    calls: pl.DataFrame
    rerated_count: int
    accepted_count: int
    changed: dict[str, int] | None


def _old_rates(settings: Settings, run: IssuedRun) -> RateTables | None:
    """The version that issued the month; None where it is not there, or is another one of that name."""
    if not (settings.rate_tables / run.rate_version).is_dir():
        return None
    rates = load_version(settings.rate_tables, run.rate_version)
    return rates if rates.digest == run.rate_digest else None


def _terms(month: Month) -> Terms:
    return Terms(month.rated_accounts, month.owners, month.rates.dialing_plans)


def _changes(old: Month | None, new: Month) -> Changes:
    if old is None:
        return Changes(new.accounts["account_id"], None, None)
    rows = changed_rows(old.rate_book_tables, new.rate_book_tables, new.usage_month)
    return Changes(changed_accounts(_terms(old), _terms(new), rows), rows, build_rate_book(rows, new.accounts))


def _touched(
    tables: Sequence[CallTable], changes: Changes, is_asked: pl.Expr
) -> tuple[pl.Series, dict[str, pl.Series]]:
    """Accounts of which a call may become one of another kind; and by fate the places of calls that may cost more."""
    if changes.book is None or not changes.may_touch_calls:
        return pl.Series([], dtype=pl.String), {}
    may_differ = pl.col("was").is_in(_PRICED_ALONE) if not changes.may_be_deep else ~pl.col("was").is_in(_EARLY)
    deep, alone = [pl.Series([], dtype=pl.String)], {}
    for table in tables:
        probes = table.probes(is_asked & may_differ)
        touched = touched_calls(probes, changes.book)
        deep.append(probes["account_id"].gather(touched.deep))
        alone[table.fate] = probes["place"].gather(touched.alone)
    return pl.concat(deep).unique(), alone


def _with_kinds(calls: pl.DataFrame, month: Month) -> pl.DataFrame:
    countries = month.accounts.select("account_id", "country")
    numbers = calls.select("account_id", number="destination_number").join(
        countries, on="account_id", how="left", validate="m:1", maintain_order="left"
    )
    kinds = stored_number_kinds(numbers, month.rates.dialing_plans).cast(NUMBER_KIND)
    return calls.with_columns(kinds.alias("destination_kind"))


def _rerated(month: Month, changes: Changes, tables: Sequence[CallTable], is_asked: pl.Expr) -> Rerated:
    """The calls of a bucket that can differ, rated again under the month's version."""
    deep, alone = _touched(tables, changes, is_asked)
    whole = pl.concat([changes.accounts, deep]).unique()
    chosen = [
        table.chosen(
            is_asked
            & (
                pl.col("account_id").is_in(whole.implode())
                | pl.col("place").is_in(alone.get(table.fate, _NO_PLACES).implode())
            )
        )
        for table in tables
    ]
    accepted = sum(table.calls.filter(is_asked).select(pl.len()).collect().item() for table in tables)
    calls = _with_kinds(pl.concat(chosen).rechunk(), month)
    rated = rate_calls(calls, month.rated_accounts, month.rate_book, month.owners, month.usage_month)
    refuse_missing_plans(month, rated)
    return Rerated(call_effects(rated), usage_changes(rated), calls.height, accepted)


def _known_accounts(month: Month, account_ids: Sequence[str]) -> pl.Expr:
    """Whether a row is of one of these accounts; of any where none is named. Raises InputRefusedError."""
    known = set(month.accounts["account_id"])
    refuse_if_any(
        Fault("--account", "the month was issued without such an account", "name one of its accounts", value=name)
        for name in account_ids
        if name not in known
    )
    if not account_ids:
        return pl.lit(value=True)
    return pl.col("account_id").is_in(pl.Series(account_ids, dtype=pl.String).implode())


def _buckets(calls: PublishedCalls, account_ids: Sequence[str]) -> Sequence[int]:
    if not account_ids:
        return range(calls.bucket_count)
    return calls.buckets(account_ids)


def _published_lines(settings: Settings) -> tuple[IssuedRun, pl.DataFrame]:
    with published(settings.warehouse) as connection:
        not_known = "there are no stored calls to rate again"
        run = find_issued_run(connection, settings.invoice_month, settings.invoice_month, not_known)
        if connection is None:
            raise AssertionError("a run was found in a database that is not there")
        lines: pl.DataFrame = connection.sql(_LINES, params={"run_id": run.run_id}).pl()
    return run, lines


def _added(parts: list[Rerated]) -> tuple[pl.DataFrame, pl.DataFrame]:
    effects = added_up(pl.concat(part.effects for part in parts), list(EFFECT_KEYS))
    return effects, pl.concat(part.usage for part in parts)


def what_if(settings: Settings, account_ids: Sequence[str] = (), watch: Watch = lambda _: lambda: None) -> WhatIf:
    """The month under the version that the settings name (a draft too), for these accounts (all where none is named).

    Raises InputRefusedError where the month is not issued, the version or an account is not known, or a bill of the
    month would be refused under the version.
    """
    run, lines = _published_lines(settings)
    settings = replace(settings, issue_date=run.issue_date)
    new = recorded_month(settings, run, try_version(settings.rate_tables, settings.rates or ""))
    refuse_uncovered_currencies(new)
    is_asked = _known_accounts(new, account_ids)
    old_rates = _old_rates(settings, run)
    changes = _changes(None if old_rates is None else recorded_month(settings, run, old_rates), new)
    calls = PublishedCalls(settings.warehouse, run)
    buckets = _buckets(calls, account_ids)
    bucket_done = watch(len(buckets))

    def rerate(bucket: int) -> Rerated:
        rerated = _rerated(new, changes, calls.tables(bucket), is_asked)
        bucket_done()
        return rerated

    with workers(BUCKETS_AT_A_TIME) as pool:
        parts = list(pool.map(rerate, buckets))
    effects, usage = _added(parts)
    currencies = new.accounts.select("account_id", "currency")
    priced = month_lines(new, changed_totals(lines, usage), new.accounts).filter(is_asked)
    return WhatIf(
        settings,
        run,
        new.rates.version,
        line_effects(lines.filter(is_asked), priced, currencies),
        priced,
        effects.join(currencies, on="account_id", how="left", validate="m:1").sort("currency", *EFFECT_KEYS),
        sum(part.rerated_count for part in parts),
        sum(part.accepted_count for part in parts),
        None if changes.rows is None else {name: table.height for name, table in changes.rows._asdict().items()},
    )
