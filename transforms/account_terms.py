"""What a month's calls and lines need to know of each account (rules 2, 4.4, 7.1, 9.2, 9.4)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from schemas.categories import DEVICES
from transforms.allowance import pool_seconds
from transforms.charge_prices import with_charge
from transforms.money import decimal_of_micros
from transforms.plans import plan_currencies, with_plan_on, with_plan_row
from transforms.timestamps import add_months

_POOL_COLUMNS = ("included_minutes", "included_per", "overage_rate_micros")


def devices_in_service(
    items: pl.DataFrame, charges: pl.DataFrame, changes: pl.DataFrame, usage_month: dt.date
) -> pl.DataFrame:
    """Devices in service on any day of the usage month from billing_start on (rule 7.1).

    Grain: account_id. Devices are units of items whose charge is a service charge; a charge without a row in
    force that day counts as what it is on others. Gives: devices.
    """
    next_month = add_months(usage_month, 1)
    in_service = items.filter(
        (pl.col("start") < next_month) & (pl.col("end").is_null() | (pl.col("end") >= usage_month))
    )
    categories = charges.group_by("charge_code").agg(usual_category=pl.col("category").first())
    return (
        in_service.with_columns(on=pl.max_horizontal("start", pl.lit(usage_month)))
        .pipe(with_plan_on, "on", changes)
        .pipe(with_charge, "on", charges)
        .join(categories, on="charge_code", how="left", validate="m:1")
        .filter(pl.coalesce("category", "usual_category") == DEVICES)
        .group_by("account_id")
        .agg(devices=pl.col("quantity").sum())
    )


def account_terms(
    accounts: pl.DataFrame,
    plans: pl.DataFrame,
    dialing_plans: pl.DataFrame,
    changes: pl.DataFrame,
    usage_month: dt.date,
) -> pl.DataFrame:
    """Accounts with the plan of the usage month, its currency, and how their country dials.

    Grain: account_id, in its order. Needs: billing_start and end_of_service resolved. Adds: account_rank,
    plan_id (of the usage month), currency, calling_code.
    """
    return (
        accounts.drop("plan_id")
        .sort("account_id")
        .with_columns(usage_month=pl.lit(usage_month), account_rank=pl.int_range(pl.len(), dtype=pl.Int64))
        .pipe(with_plan_on, "usage_month", changes)
        .join(plan_currencies(plans), on="plan_id", how="left", validate="m:1", maintain_order="left")
        .join(
            dialing_plans.select("country", "calling_code"),
            on="country",
            how="left",
            validate="m:1",
            maintain_order="left",
        )
        .drop("usage_month")
    )


def pool_terms(terms: pl.DataFrame, plans: pl.DataFrame, devices: pl.DataFrame, usage_month: dt.date) -> pl.DataFrame:
    """Accounts with pool_seconds and what it is made of, by the plan's row on the pool's day (rule 4.4).

    The day is the 1st of the usage month, or billing_start if that is later. Grain: account_id, order kept. Adds:
    included_minutes, included_per, overage_rate_micros, devices, pool_seconds. Null where no row of the plan is in
    force that day.
    """
    pool_date = pl.max_horizontal("billing_start", pl.lit(usage_month))
    pool = pool_seconds(pl.col("included_minutes"), pl.col("included_per"), pl.col("devices"))
    return (
        terms.with_columns(pool_date=pool_date)
        .pipe(with_plan_row, "pool_date", plans, list(_POOL_COLUMNS))
        .join(devices, on="account_id", how="left", validate="m:1", maintain_order="left")
        .with_columns(pl.col("devices").fill_null(0))
        .with_columns(pool_seconds=pl.when(pl.col("included_per").is_not_null()).then(pool))
        .drop("pool_date")
    )


def without_pool_terms(pooled: pl.DataFrame) -> pl.DataFrame:
    """Accounts with pool_seconds alone of what `pool_terms` gives: no call needs the rest."""
    return pooled.drop(*_POOL_COLUMNS, "devices")


def plan_pools(pooled: pl.DataFrame, usage_month: dt.date) -> pl.DataFrame:
    """The pools of a usage month as the warehouse has them: of accounts that are billed on a day of it.

    Grain: account_id, in its order. Needs: what `pool_terms` gives. No minutes and no seconds named is unlimited.
    """
    has_pool = pl.col("included_per").is_not_null() & (pl.col("billing_start") < add_months(usage_month, 1))
    is_in_service = pl.col("end_of_service").is_null() | (pl.col("end_of_service") >= usage_month)
    return pooled.filter(has_pool & is_in_service).select(
        usage_month=pl.lit(usage_month),
        account_id="account_id",
        plan_id="plan_id",
        currency="currency",
        included_minutes="included_minutes",
        included_per="included_per",
        device_count="devices",
        pool_seconds=pl.when(pl.col("included_minutes").is_not_null()).then("pool_seconds"),
        overage_rate=decimal_of_micros(pl.col("overage_rate_micros")),
    )


def in_service(usage_month: dt.date) -> pl.Expr:
    """Accounts that the run can have calls or lines of."""
    after_next = add_months(usage_month, 2)
    has_begun = pl.col("billing_start") < after_next
    return has_begun & (pl.col("end_of_service").is_null() | (pl.col("end_of_service") >= usage_month))
