"""What a month bills that needs no call: recurring and one-time charges, priced once, before any call is read."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import polars as pl

from flows.month import Month
from schemas.categories import RECURRING_CATEGORIES
from schemas.faults import Fault, refuse_if_any
from transforms.fees import quarter_of
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

LARGEST_SUM_MICROS = 10**18


class FixedCharges(NamedTuple):
    """drafts: lines above fees, unrounded; discounts: low-usage units; devices: those with a full-month line."""

    drafts: pl.DataFrame
    discounts: pl.DataFrame
    devices: pl.DataFrame


def _price_faults(month: Month, priced: pl.DataFrame, day: str, what: str, name: str) -> list[Fault]:
    """A needed charge without a price refuses the run (rule 9.4). Column `name` tells which row needs it."""
    missing = priced.filter(pl.col("price_micros").is_null())
    keys = ["charge_code", "plan_id", "currency", day]
    listed = missing.select(*keys, "account_id", name).unique(keys, keep="first", maintain_order=True).sort(keys)
    return [
        Fault(
            f"{month.rates.version}/charges.csv",
            f"has no price in {currency} in force on {on} for {what} {needs} of account {account} (plan {plan})",
            "add the row to a new rate version, or mend the contract",
            column="price",
            value=code,
        )
        for code, plan, currency, on, account, needs in listed.iter_rows()
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


def usf_faults(month: Month, account_ids: pl.Series) -> list[Fault]:
    """A quarter without a factor stops the run (rule 8.3)."""
    invoiced = month.accounts.filter(pl.col("account_id").is_in(account_ids.unique().implode()))
    quarter = quarter_of(month.settings.invoice_month)
    factors = month.rates.usf_factors
    known = set(factors.filter(pl.col("quarter") == quarter)["country"].to_list())
    countries = sorted(set(factors["country"].to_list()) & set(invoiced["country"].to_list()) - known)
    return [
        Fault(
            f"{month.rates.version}/usf_factors.csv",
            f"has no factor for {country} in {quarter}; the last one is never used again (rule 8.3)",
            "add the published factor in a new rate version",
            column="quarter",
            value=quarter,
        )
        for country in countries
    ]


def priced_items(month: Month) -> pl.DataFrame:
    """The items billed this month, whole and part months, with their prices."""
    invoice_month = month.settings.invoice_month
    began = month.items.filter(pl.col("start").is_between(month.usage_month, invoice_month, closed="none"))
    began = with_setting(began, month.rates.policy, "start_day_billed", "start")
    billed = pl.concat([full_months(month.items, invoice_month), part_months(began, invoice_month)], how="diagonal")
    return price_items(billed, month.rates.charges, month.rates.plans, month.changes)


def _in_usage_month(month: Month, day: str) -> pl.Expr:
    return pl.col(day).is_between(month.usage_month, month.settings.invoice_month, closed="left")


def returns_verified(month: Month) -> pl.DataFrame:
    """Equipment returns verified in the usage month, with the settings of the day they were received."""
    verified = month.contracts.equipment_returns.filter(_in_usage_month(month, "verified_on"))
    returns = with_setting(verified, month.rates.policy, "restocking_percent", "received_on")
    return with_setting(returns, month.rates.policy, "return_window_days", "received_on").rename(
        {"restocking_percent": "restocking_percent_micros"}
    )


@lru_cache(maxsize=4)  # a rerun looks at a month in a few ways
def fixed_charges(month: Month) -> FixedCharges:
    """Recurring and one-time lines of the month, derived once.

    Asked before any call is read: what needs no call is refused before anything is written, all of it at once (rules
    8.3, 9.4). Raises InputRefusedError.
    """
    rates, accounts, changes, invoice_month = month.rates, month.accounts, month.changes, month.settings.invoice_month
    priced = priced_items(month)
    discounts = low_usage_units(
        priced, accounts, policy_whole_number(rates.policy, "low_usage_minimum_phones", invoice_month)
    )
    charged = price_one_time(month.contracts.one_time_charges, accounts, rates.charges, changes).filter(
        _in_usage_month(month, "on")
    )
    returns = returns_verified(month)
    late = late_returns(returns, accounts, rates.charges, changes)
    buyouts = accounts.filter(_in_usage_month(month, "end_of_service"))
    billed = pl.concat([frame["account_id"] for frame in (priced, charged, returns, late, buyouts)])
    refuse_if_any(
        _price_faults(month, priced, "price_date", "item", "item_id")
        + _category_faults(month, priced)
        + _discount_faults(month, priced, discounts)
        + _price_faults(month, charged, "on", "one-time charge", "charge_id")
        + _price_faults(month, late, "on", "late return", "charge_id")
        + _sum_faults(charged)
        + usf_faults(month, billed)
    )
    drafts = [
        draft_lines(recurring_lines(priced, discounts)),
        one_time_lines(charged),
        return_lines(returns),
        one_time_lines(late),
        buyout_lines(buyouts),
    ]
    return FixedCharges(pl.concat(drafts), discounts, device_count(priced))
