"""Which rows of a rate version differ from another's within a month, and which accounts and calls they can touch.

A call that no differing row matches is found by the same rows under both versions, so it costs the same: were its row
of the one version another's in the other, one of the two would be a differing row that matches it.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl

from transforms.prefixes import PrefixIndex, is_empty, match_numbers
from transforms.rate_book import RateBook, RateTableFrames
from transforms.timestamps import add_months, month_start

_RATED_BY = ("rate_per_minute_micros", "connection_fee_micros", "minimum_seconds", "increment_seconds", "rounding")
_TIME = ("effective_from", "effective_to")
DECIDING: dict[str, tuple[str, ...]] = {
    "international_rates": ("currency", "prefix", *_RATED_BY, *_TIME),
    "premium_prefixes": ("country", "currency", "plan_id", "prefix", *_RATED_BY, *_TIME),
    "toll_free_rates": ("country", "currency", "origin_prefix", *_RATED_BY, *_TIME),
    "plans": (
        *("plan_id", "currency", "included_countries", "overage_rate_micros"),
        *("minimum_seconds", "increment_seconds", "rounding", *_TIME),
    ),
    "numbering_plan": ("prefix", "country", "kind"),
}
"""What decides a call's price in each table: all but names, and what accounts are compared by (`changed_accounts`)."""
_ACCOUNT_TERMS = ("plan_id", "currency", "calling_code", "billing_start", "end_of_service", "pool_seconds")
_DIALLED = ("country", "calling_code", "emergency_numbers", "short_codes")


class Terms(NamedTuple):
    """What a version makes of the accounts: rated_accounts, owners of numbers, dialing plans."""

    accounts: pl.DataFrame
    owners: pl.DataFrame
    dialing_plans: pl.DataFrame


class Touched(NamedTuple):
    """Places of calls: `alone`, whose price may differ and nothing else's; `deep`, which may be another kind of call.

    A deep one may take plan minutes, or no longer take them, before others of its account (rule 7.1).
    """

    alone: pl.Series
    deep: pl.Series


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    """A column as rows can be compared by it."""
    return pl.col(name).list.join(";") if isinstance(dtype, pl.List) else pl.col(name)


def _only_in_one(old: pl.DataFrame, new: pl.DataFrame, columns: tuple[str, ...]) -> pl.DataFrame:
    """Rows of either frame whose columns are in no row of the other. Rows of one frame differ in these columns."""
    both = pl.concat([old, new])
    keys = [_plain(name, both.schema[name]) for name in columns]
    return both.filter(pl.len().over(keys) == 1) if both.height else both


def _within(rows: pl.DataFrame, begin: dt.datetime, end: dt.datetime) -> pl.DataFrame:
    """Rows in force at some time of [begin, end), their time cut to it; undated rows as they are."""
    if "effective_from" not in rows.columns:
        return rows
    cut = rows.with_columns(
        effective_from=pl.max_horizontal("effective_from", pl.lit(begin)),
        effective_to=pl.min_horizontal("effective_to", pl.lit(end)),
    )
    return cut.filter(pl.col("effective_from") < pl.col("effective_to"))


def changed_rows(old: RateTableFrames, new: RateTableFrames, usage_month: dt.date) -> RateTableFrames:
    """The rows of either version that calls of the month can be rated by under one alone, their time cut to the month.

    Undated tables are compared whole.
    """
    begin, end = month_start(usage_month), month_start(add_months(usage_month, 1))

    def changed(name: str) -> pl.DataFrame:
        before, after = (_within(getattr(tables, name), begin, end) for tables in (old, new))
        return _only_in_one(before, after, DECIDING[name])

    return RateTableFrames(*(changed(name) for name in RateTableFrames._fields))


def _accounts_that_differ(old: pl.DataFrame, new: pl.DataFrame, columns: tuple[str, ...]) -> pl.Series:
    needed = ("account_id", *columns)
    return _only_in_one(old.select(needed).unique(), new.select(needed).unique(), needed)["account_id"]


def changed_accounts(old: Terms, new: Terms, changed: RateTableFrames) -> pl.Series:
    """Accounts of which every call may end otherwise: their plan, pool, dates, numbers or way of dialling differ."""
    dialled = _only_in_one(old.dialing_plans.select(_DIALLED), new.dialing_plans.select(_DIALLED), _DIALLED)
    is_concerned = pl.col("plan_id").is_in(changed.plans["plan_id"].unique().implode()) | pl.col("country").is_in(
        dialled["country"].unique().implode()
    )
    parts = [
        _accounts_that_differ(old.accounts, new.accounts, _ACCOUNT_TERMS),
        _accounts_that_differ(old.owners, new.owners, ("number", "kind", "owned_from", "owned_until")),
        new.accounts.filter(is_concerned)["account_id"],
    ]
    return pl.concat(parts).unique().sort()


def touched_calls(calls: pl.DataFrame, changed: RateBook) -> Touched:
    """The calls that a row of `changed` matches, by their position.

    Needs: account_id, source_number, destination_number, start_time, and was, what each call is: a call type, or why
    it is not billed or suspended; `changed`, a rate book of differing rows alone.
    """
    scopes = calls.select("account_id").join(
        changed.scopes, on="account_id", how="left", validate="m:1", maintain_order="left"
    )
    was, seconds = pl.col("was"), calls["start_time"].dt.epoch("s")
    is_inbound = calls.select(was == "toll_free")["was"]
    may_be_abroad = calls.select(was.is_in(["international", "no_rate"]))["was"]
    may_be_inbound = calls.select(was.is_in(["toll_free", "no_rate"]))["was"]

    def matches(index: PrefixIndex, scope: pl.Series, number: str, is_asked: pl.Series) -> pl.Series:
        asked = is_asked.arg_true()
        nothing = pl.repeat(value=False, n=calls.height, dtype=pl.Boolean, eager=True)
        if is_empty(index) or asked.is_empty():
            return nothing
        asked_calls = {"scope": scope.fill_null(-1), "number": calls[number], "second": seconds}
        found = match_numbers(index, pl.LazyFrame(asked_calls).select(pl.all().gather(asked)))
        return nothing.scatter(asked.filter(found.is_not_null()), values=True)

    everywhere = pl.repeat(0, calls.height, dtype=pl.Int64, eager=True)
    deep = matches(changed.numbering, everywhere, "destination_number", ~is_inbound) | matches(
        changed.premium, scopes["premium_scope"], "destination_number", ~is_inbound
    )
    alone = matches(
        changed.international, scopes["international_scope"], "destination_number", may_be_abroad
    ) | matches(changed.toll_free, scopes["toll_free_scope"], "source_number", may_be_inbound)
    return Touched(alone=alone.arg_true(), deep=deep.arg_true())
