"""Stage: rated usage and fixed charges to invoices and their lines, or a refusal that names the missing row."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from flows.files import write_parquet, written_whole
from flows.fixed_charges import fixed_charges, usf_faults
from flows.month import Month
from flows.rating import bucket_frames
from flows.settings import month_text
from schemas.faults import Fault, refuse_if_any
from schemas.limits import HIGHEST_INVOICE_CENTS, HIGHEST_LINE_UNITS
from transforms.account_terms import plan_pools
from transforms.adjustments import adjustment_lines
from transforms.amount_limits import invoices_beyond
from transforms.fees import quarter_of
from transforms.invoices import FeeTables, add_fees_and_taxes, invoice_rows, number_lines
from transforms.regional_rows import rows_in_force
from transforms.usage_lines import usage_lines


def _fee_tables(month: Month) -> FeeTables:
    """Rows in force on the issue date, and the factors of the quarter."""
    rates, issue_date = month.rates, month.dates.issue_date
    factors = rates.usf_factors.filter(pl.col("quarter") == quarter_of(month.settings.invoice_month))
    return FeeTables(
        rows_in_force(rates.fees, issue_date),
        factors.select("country", "factor_percent_micros"),
        rows_in_force(rates.usf_shares, issue_date).select("country", "category", "interstate_share_percent_micros"),
        rows_in_force(rates.taxes, issue_date),
    )


def _warnings(month: Month, lines: pl.DataFrame, discounts: pl.DataFrame) -> pl.DataFrame:
    """Warnings of invoicing. Grain: account, kind."""
    refused = (
        discounts.filter(pl.col("flagged") > pl.col("discounted"))
        .group_by("account_id")
        .agg(detail=pl.format("{} units at the full price", (pl.col("flagged") - pl.col("discounted")).sum()))
    )
    invoiced = month.accounts.filter(~pl.col("is_exempt")).join(
        lines.select("account_id").unique(), on="account_id", how="semi"
    )
    taxes = rows_in_force(month.rates.taxes, month.dates.issue_date).rename({"region": "row_region"})
    is_for_region = (pl.col("row_region") == "*") | (pl.col("row_region") == pl.col("region"))
    taxed = invoiced.join(taxes, on="country", how="inner").filter(is_for_region).select("account_id")
    without = invoiced.join(taxed, on="account_id", how="anti").select(
        "account_id", detail=pl.lit("1 invoice without tax rows")
    )
    return (
        pl.concat(
            [
                refused.with_columns(kind=pl.lit("low_usage_not_allowed")),
                without.with_columns(kind=pl.lit("no_tax_rows")),
            ],
            how="diagonal",
        )
        .select("account_id", "kind", "detail")
        .sort("kind", "account_id")
    )


def _beyond_faults(lines: pl.DataFrame, invoice_month: dt.date) -> Iterator[Fault]:
    """A fault for each line, or invoice, that is more than an invoice can hold."""
    limits = {
        "amount": f"more than {HIGHEST_INVOICE_CENTS // 100:,} on one invoice",
        "quantity": f"a quantity of {HIGHEST_LINE_UNITS:,} or more",
        "unit_price": f"a unit price of {HIGHEST_LINE_UNITS:,} or more",
    }
    for account, category, code, column in invoices_beyond(lines).iter_rows():
        invoice = f"invoice {account}-{month_text(invoice_month)}"
        line = "its lines together have" if category is None else f"its line {category} ({code}) has"
        remedy = "look for a wrong price, quantity or duration, or share it out over several accounts"
        yield Fault(invoice, f"{line} {limits[column]}", remedy, column=column)


def month_lines(month: Month, totals: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Every line of these accounts, with amount_cents, from the sums of their calls (see `call_totals`).

    Raises InputRefusedError.
    """
    fixed = fixed_charges(month)
    drafts = pl.concat([fixed.drafts, usage_lines(totals, month.usage_month), adjustment_lines(month.adjustments)])
    drafts = drafts.join(accounts.select("account_id"), on="account_id", how="semi", maintain_order="left")
    refuse_if_any(usf_faults(month, drafts["account_id"]))
    lines = add_fees_and_taxes(drafts, accounts, _fee_tables(month), fixed.devices, month.settings.invoice_month)
    refuse_if_any(_beyond_faults(lines, month.settings.invoice_month))
    return lines


def invoice_month(month: Month) -> Path:
    """The folder with the month's invoices, lines, pools, warnings. Raises InputRefusedError; done where it exists."""
    target = month.work_folder() / "invoices"
    if target.is_dir():
        return target
    month_start: dt.date = month.settings.invoice_month
    lines = month_lines(month, bucket_frames(month, "totals"), month.accounts)
    invoices = invoice_rows(lines, month.accounts, month.dates, month.rates.version)
    with written_whole(target) as partial:
        partial.mkdir()
        write_parquet(number_lines(lines, month.accounts, month_start), partial / "invoice_line_items.parquet")
        write_parquet(invoices.with_columns(run_id=pl.lit(month.run_id)), partial / "invoices.parquet")
        pools = plan_pools(month.pooled_accounts, month.usage_month).with_columns(run_id=pl.lit(month.run_id))
        write_parquet(pools, partial / "plan_pools.parquet")
        write_parquet(_warnings(month, lines, fixed_charges(month).discounts), partial / "warnings.parquet")
    return target
