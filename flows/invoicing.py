"""Stage: rated usage and contracts to invoices and their lines, or a refusal that names the missing row."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from flows.files import write_parquet, written_whole
from flows.month import Month
from flows.rating import bucket_frames
from schemas.categories import RECURRING_CATEGORIES
from schemas.faults import Fault, refuse_if_any
from transforms.fees import quarter_of
from transforms.invoices import FeeTables, add_fees_and_taxes, invoice_rows, number_lines
from transforms.line_items import draft_lines
from transforms.one_time import buyout_lines, late_returns, one_time_lines, price_one_time, return_lines
from transforms.policy import policy_whole_number, with_setting
from transforms.recurring import (
    device_count,
    full_months,
    low_usage_units,
    part_months,
    price_items,
    recurring_lines,
)
from transforms.regional_rows import rows_in_force
from transforms.usage_lines import usage_lines

LARGEST_SUM_MICROS = 10**18


def _price_faults(month: Month, priced: pl.DataFrame, day: str, what: str) -> list[Fault]:
    """A needed charge without a price refuses the run (rule 9.4)."""
    missing = priced.filter(pl.col("price_micros").is_null())
    keys = ["charge_code", "plan_id", "currency", day]
    listed = missing.select(*keys, "account_id").unique(keys, keep="first", maintain_order=True).sort(keys)
    return [
        Fault(
            f"{month.rates.version}/charges.csv",
            f"has no price in {currency} in force on {on} for {what} of account {account} (plan {plan})",
            "add the row to a new rate version, or mend the contract",
            column="price",
            value=code,
        )
        for code, plan, currency, on, account in listed.iter_rows()
    ]


def _sum_faults(charged: pl.DataFrame) -> list[Fault]:
    """One-time charges beyond what an invoice can hold."""
    total = pl.col("price_micros").cast(pl.Int128) * pl.col("quantity").cast(pl.Int128)
    beyond = charged.filter(total.abs() >= LARGEST_SUM_MICROS)
    return [
        Fault(
            "one_time_charges",
            "quantity × price is more than an invoice can hold (a million millions)",
            "split or mend the charge",
            line,
            "unit_price",
            charge,
        )
        for line, charge in beyond.select("line", "charge_id").iter_rows()
    ]


def _category_faults(month: Month, priced: pl.DataFrame) -> list[Fault]:
    """Items must have a charge that recurs: another one would be billed every month under a one-time label."""
    wrong = priced.filter(~pl.col("category").is_in(RECURRING_CATEGORIES))
    return [
        Fault(
            f"{month.rates.version}/charges.csv",
            f"is of category {category}, but item {item} of account {account} recurs",
            f"give the item a charge of {', '.join(RECURRING_CATEGORIES)}",
            column="category",
            value=code,
        )
        for code, category, account, item in wrong.select("charge_code", "category", "account_id", "item_id")
        .unique(maintain_order=True)
        .iter_rows()
    ]


def priced_items(month: Month) -> pl.DataFrame:
    """The items billed this month, whole and part months, with their prices."""
    invoice_month = month.settings.invoice_month
    began = month.items.filter(pl.col("start").is_between(month.usage_month, invoice_month, closed="none"))
    began = with_setting(began, month.rates.policy, "start_day_billed", "start")
    billed = pl.concat([full_months(month.items, invoice_month), part_months(began, invoice_month)], how="diagonal")
    priced = price_items(billed, month.rates.charges, month.rates.plans, month.changes)
    refuse_if_any(_price_faults(month, priced, "price_date", "an item") + _category_faults(month, priced))
    return priced


def _discount_faults(month: Month, priced: pl.DataFrame, discounts: pl.DataFrame) -> list[Fault]:
    """A discount that is due needs a plan row in force that says how much it is."""
    due = discounts.filter(pl.col("discounted") > 0).select("account_id", "item_id")
    lacking = priced.filter(pl.col("low_usage") & pl.col("low_usage_discount_percent_micros").is_null()).join(
        due, on=["account_id", "item_id"], how="semi"
    )
    return [
        Fault(
            f"{month.rates.version}/plans.csv",
            f"has no row of the plan in force on {on}, which the low-usage discount of account {account} needs",
            "add the row to a new rate version",
            column="effective_from",
            value=plan,
        )
        for plan, account, on in lacking.select("plan_id", "account_id", "price_date")
        .unique(maintain_order=True)
        .iter_rows()
    ]


def _in_usage_month(month: Month, day: str) -> pl.Expr:
    return pl.col(day).is_between(month.usage_month, month.settings.invoice_month, closed="left")


def _one_time_drafts(month: Month) -> pl.DataFrame:
    rates, accounts, changes = month.rates, month.accounts, month.changes
    charged = price_one_time(month.contracts.one_time_charges, accounts, rates.charges, changes).filter(
        _in_usage_month(month, "on")
    )
    verified = month.contracts.equipment_returns.filter(_in_usage_month(month, "verified_on"))
    returns = with_setting(verified, rates.policy, "restocking_percent", "received_on").pipe(
        with_setting, rates.policy, "return_window_days", "received_on"
    )
    returns = returns.rename({"restocking_percent": "restocking_percent_micros"})
    late = late_returns(returns, accounts, rates.charges, changes)
    faults = _price_faults(month, charged, "on", "a one-time charge") + _price_faults(
        month, late, "on", "a late return"
    )
    refuse_if_any(faults + _sum_faults(charged))
    buyouts = buyout_lines(accounts.filter(_in_usage_month(month, "end_of_service")))
    return pl.concat([one_time_lines(charged), return_lines(returns), one_time_lines(late), buyouts])


def _fee_tables(month: Month, invoiced: pl.DataFrame) -> FeeTables:
    """Rows in force on the issue date; a quarter without a factor stops the run (rule 8.3)."""
    rates, issue_date = month.rates, month.dates.issue_date
    quarter = quarter_of(month.settings.invoice_month)
    factors = rates.usf_factors.filter(pl.col("quarter") == quarter)
    with_factors = set(rates.usf_factors["country"].to_list())
    countries = sorted(with_factors & set(invoiced["country"].to_list()) - set(factors["country"].to_list()))
    refuse_if_any(
        Fault(
            f"{rates.version}/usf_factors.csv",
            f"has no factor for {country} in {quarter}; the last one is never used again (rule 8.3)",
            "add the published factor in a new rate version",
            column="quarter",
            value=quarter,
        )
        for country in countries
    )
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


def refuse_missing_prices(month: Month) -> None:
    """Raises InputRefusedError where a charge that is due lacks its price, or an invoice's quarter its USF factor.

    Asked before any call is read: what needs no call is refused before anything is written (rules 8.3, 9.4).
    """
    priced = priced_items(month)
    due = pl.concat([priced.select("account_id"), _one_time_drafts(month).select("account_id")]).unique()
    _fee_tables(month, month.accounts.join(due, on="account_id", how="semi"))


def draft_month(month: Month) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """All lines above fees, unrounded; the low-usage discounts; devices with a full-month line."""
    priced = priced_items(month)
    minimum = policy_whole_number(month.rates.policy, "low_usage_minimum_phones", month.settings.invoice_month)
    discounts = low_usage_units(priced, month.accounts, minimum)
    refuse_if_any(_discount_faults(month, priced, discounts))
    recurring = draft_lines(recurring_lines(priced, discounts))
    usage = usage_lines(bucket_frames(month, "totals"), month.usage_month)
    drafts = pl.concat([recurring, usage, _one_time_drafts(month)])
    return drafts, discounts, device_count(priced)


def invoice_month(month: Month) -> Path:
    """The folder with the month's invoices, lines and warnings. Raises InputRefusedError; done where it exists."""
    target = month.work_folder() / "invoices"
    if target.is_dir():
        return target
    drafts, discounts, devices = draft_month(month)
    month_start: dt.date = month.settings.invoice_month
    invoiced = month.accounts.join(drafts.select("account_id").unique(), on="account_id", how="semi")
    lines = add_fees_and_taxes(drafts, month.accounts, _fee_tables(month, invoiced), devices, month_start)
    invoices = invoice_rows(lines, month.accounts, month.dates, month.rates.version)
    with written_whole(target) as partial:
        partial.mkdir()
        write_parquet(number_lines(lines, month.accounts, month_start), partial / "invoice_line_items.parquet")
        write_parquet(invoices.with_columns(run_id=pl.lit(month.run_id)), partial / "invoices.parquet")
        write_parquet(_warnings(month, lines, discounts), partial / "warnings.parquet")
    return target
