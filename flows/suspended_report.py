"""The suspended calls of a month, shown to a person in 100 columns."""

from __future__ import annotations

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from flows.settings import month_text
from flows.suspended import Repriced, SuspendedCalls
from schemas.reasons import SUSPENDED_REASONS
from transforms.timestamps import add_months

_COLUMNS = ("prefix", "country", "missing", "calls", "seconds", "accounts", "first", "last")
_COST_COLUMNS = ("prefix", "country", "would be", "calls", "billable seconds", "currency", "cost")
_NUMBERS = ("calls", "seconds", "accounts", "billable seconds", "cost")


def _table(title: str, names: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in _NUMBERS else "left", overflow="fold")
    return table


def _missing_table(found: SuspendedCalls) -> Table:
    title = f"Suspended calls of {month_text(found.usage_month)}: what {found.run.rate_version} lacks"
    table = _table(title, _COLUMNS)
    for prefix, country, lacking, calls, seconds, accounts, first, last in found.missing.iter_rows():
        days = (f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}")
        numbers = (f"{calls:,}", f"{seconds:,}", f"{accounts:,}")
        table.add_row(prefix or "(none)", country or "-", lacking, *numbers, *days)
    return table


def _cost_table(repriced: Repriced) -> Table:
    table = _table(f"Under version {repriced.version}", _COST_COLUMNS)
    for prefix, country, would_be, currency, calls, seconds, cost in repriced.costs.iter_rows():
        is_billed = cost is not None
        money = (f"{seconds:,}", currency, f"{cost:,}") if is_billed else ("-", "-", "-")
        shown = f"suspended: {would_be}" if would_be in SUSPENDED_REASONS else would_be
        table.add_row(prefix or "(none)", country or "-", shown, f"{calls:,}", *money)
    return table


def _cost_sentences(repriced: Repriced) -> list[str]:
    billed = repriced.totals
    sentences = [
        f"{calls:,} of these calls would cost {cost:,} {currency} under {repriced.version}."
        for currency, calls, cost in billed.iter_rows()
    ]
    still = repriced.calls.height - int(billed["calls"].sum())
    if still:
        sentences.append(f"{still:,} would not be billed under it either.")
    for currency, calls, pool, rates in repriced.others.iter_rows():
        others = f"{calls:,} other calls of these accounts"
        if pool:
            sentences.append(f"{others}: {pool:+,} {currency}, as released calls take plan minutes first.")
        if rates:
            sentences.append(f"{others}: {rates:+,} {currency}, by other prices of that version.")
    return sentences


def show_suspended(console: Console, found: SuspendedCalls) -> None:
    """What is missing, what the calls would cost where that was asked for, and what bills them."""
    usage_month, invoice_month = month_text(found.usage_month), month_text(add_months(found.usage_month, 1))
    if found.calls.is_empty():
        console.print(f"{usage_month} has no suspended calls (run {found.run.run_id}).", soft_wrap=True)
        return
    console.print(_missing_table(found))
    sums = found.calls.select(pl.len().alias("calls"), pl.col("duration_seconds").sum()).row(0)
    accounts = found.calls["account_id"].n_unique()
    sentences = [f"{sums[0]:,} calls, {sums[1]:,} seconds, {accounts:,} accounts; they are on no invoice."]
    if found.repriced is not None:
        console.print(_cost_table(found.repriced))
        sentences += _cost_sentences(found.repriced)
    version = found.repriced.version if found.repriced is not None else "VERSION"
    rerun = f"`tollbook rerun {invoice_month} --rates {version} --reason ...`"
    if found.repriced is not None and found.repriced.totals.is_empty():
        sentences.append(f"{version} prices none of them: a new version needs their rows (`tollbook rates import`).")
    else:
        sentences.append(f"{rerun} bills them (rule 5.1); nothing was changed.")
    for sentence in sentences:
        console.print(sentence, soft_wrap=True)
