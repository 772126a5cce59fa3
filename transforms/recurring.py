"""Recurring charges: whole months in advance, part months in arrears (rules 1.1, 2, 3, 4.1-4.3)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from schemas.categories import DEVICES, GROUPED_CATEGORIES
from transforms.charge_prices import with_charge
from transforms.line_items import UNITS
from transforms.money import HUNDRED_PERCENT_MICROS
from transforms.plans import with_plan_on, with_plan_row
from transforms.timestamps import add_months


def recurring_items(account_items: pl.DataFrame, phone_numbers: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """Devices and numbers with the days that they are billed between (rule 3.5).

    Grain: one row an item; a number is an item of quantity 1 under its own text. Needs: end_of_service (the last
    day, null = open) of items, numbers and accounts; accounts' billing_start and currency.
    Gives: account_id, item_id, charge_code, quantity, low_usage, billing_group, currency, start, end.
    """
    columns = (
        "account_id",
        "item_id",
        "charge_code",
        "quantity",
        "low_usage",
        "billing_group",
        "start_date",
        "own_end",
    )
    devices = account_items.with_columns(own_end="end_of_service").select(columns)
    numbers = phone_numbers.with_columns(
        item_id="number",
        quantity=pl.lit(1, dtype=pl.Int64),
        low_usage=pl.lit(value=False),
        own_end="end_of_service",
    ).select(columns)
    terms = accounts.select("account_id", "billing_start", "currency", account_end="end_of_service")
    return (
        pl.concat([devices, numbers])
        .join(terms, on="account_id", how="inner", validate="m:1", maintain_order="left")
        .with_columns(
            start=pl.max_horizontal("start_date", "billing_start"),
            end=pl.min_horizontal("own_end", "account_end"),
            billing_group=pl.when(pl.col("billing_group") != "").then(pl.col("billing_group")),
        )
        .filter(pl.col("end").is_null() | (pl.col("end") >= pl.col("start")))
        .drop("start_date", "own_end", "account_end", "billing_start")
    )


def full_months(items: pl.DataFrame, invoice_month: dt.date) -> pl.DataFrame:
    """Items in service on the 1st of the invoice month, for the whole of it (rule 3.5)."""
    not_ended = pl.col("end").is_null() | (pl.col("end") >= invoice_month)
    return items.filter((pl.col("start") <= invoice_month) & not_ended).with_columns(
        price_date=pl.lit(invoice_month),
        period_start=pl.lit(invoice_month),
        period_end=pl.lit(add_months(invoice_month, 1)),
        days=pl.lit(1, dtype=pl.Int64),
        days_in_month=pl.lit(1, dtype=pl.Int64),
        is_prorated=pl.lit(value=False),
    )


def prorated_days(start: pl.Expr, days_in_month: int, *, start_day_billed: pl.Expr) -> pl.Expr:
    """Days behind the start day, and the start day itself where policy says so (rules 3.2, 3.4).

    Example: from 15 July 16 of 31; with the start day 17.
    """
    return days_in_month - start.dt.day().cast(pl.Int64) + start_day_billed.cast(pl.Int64)


def part_months(items: pl.DataFrame, invoice_month: dt.date) -> pl.DataFrame:
    """Items that started in the month before, after its 1st (rules 3.1, 3.2, 3.5). Needs start_day_billed."""
    usage_month = add_months(invoice_month, -1)
    days_in_month = (invoice_month - usage_month).days
    began = (pl.col("start") > usage_month) & (pl.col("start") < invoice_month)
    skipped = pl.when(pl.col("start_day_billed")).then(0).otherwise(1)
    return (
        items.filter(began)
        .with_columns(
            price_date="start",
            period_start=pl.col("start") + pl.duration(days=skipped),
            period_end=pl.lit(invoice_month),
            days=prorated_days(pl.col("start"), days_in_month, start_day_billed=pl.col("start_day_billed")),
            days_in_month=pl.lit(days_in_month, dtype=pl.Int64),
            is_prorated=pl.lit(value=True),
        )
        .filter(pl.col("days") > 0)
    )


def price_items(
    billed: pl.DataFrame, charges: pl.DataFrame, plans: pl.DataFrame, changes: pl.DataFrame
) -> pl.DataFrame:
    """Billed items with category, label, monthly price and low-usage discount of their price date (rule 4.4).

    Null where no row of the charge or of the plan is in force that day.
    """
    return (
        billed.pipe(with_plan_on, "price_date", changes)
        .pipe(with_charge, "price_date", charges)
        .pipe(with_plan_row, "price_date", plans, ["low_usage_discount_percent_micros"])
    )


def phone_count(priced: pl.DataFrame) -> pl.DataFrame:
    """Phones in a full month, low-usage ones included (rule 4.2). Grain: account_id."""
    phones = priced.filter(~pl.col("is_prorated") & pl.col("is_phone"))
    return phones.group_by("account_id").agg(phones=pl.col("quantity").sum())


def device_count(priced: pl.DataFrame) -> pl.DataFrame:
    """Devices with a full-month line (rule 8.1). Grain: account_id."""
    devices = priced.filter(~pl.col("is_prorated") & (pl.col("category") == DEVICES))
    return devices.group_by("account_id").agg(devices=pl.col("quantity").sum())


def low_usage_units(priced: pl.DataFrame, accounts: pl.DataFrame, minimum_phones: int) -> pl.DataFrame:
    """Units of each flagged item that get the low-usage discount, in order of item id (rule 4.2).

    Grain: account_id, item_id of flagged service charges with a line. Adds: flagged, discounted (units).
    """
    flagged = priced.filter(pl.col("low_usage") & (pl.col("category") == DEVICES))
    items = (
        flagged.group_by("account_id", "item_id").agg(flagged=pl.col("quantity").first()).sort("account_id", "item_id")
    )
    before = pl.col("flagged").cum_sum().over("account_id") - pl.col("flagged")
    allowed = pl.when(pl.col("phones").fill_null(0) >= minimum_phones).then(pl.col("low_usage_allowed")).otherwise(0)
    return (
        items.join(phone_count(priced), on="account_id", how="left", validate="m:1", maintain_order="left")
        .join(
            accounts.select("account_id", "low_usage_allowed"),
            on="account_id",
            how="left",
            validate="m:1",
            maintain_order="left",
        )
        .with_columns(discounted=(allowed - before).clip(0, pl.col("flagged")))
        .select("account_id", "item_id", "flagged", "discounted")
    )


def units_by_price(priced: pl.DataFrame, discounts: pl.DataFrame) -> pl.DataFrame:
    """Items split into units at the full price and units at the discounted one."""
    joined = priced.join(
        discounts.drop("flagged"),
        on=["account_id", "item_id"],
        how="left",
        validate="m:1",
        maintain_order="left",
    )
    applies = pl.col("low_usage") & (pl.col("category") == DEVICES)
    discounted = pl.when(applies).then(pl.col("discounted").fill_null(0)).otherwise(0)
    joined = joined.with_columns(discounted=discounted)
    full = joined.with_columns(
        units=pl.col("quantity") - pl.col("discounted"), discount_micros=pl.lit(0, dtype=pl.Int64)
    )
    reduced = joined.with_columns(
        units=pl.col("discounted"), discount_micros=pl.col("low_usage_discount_percent_micros").fill_null(0)
    )
    return pl.concat([full, reduced]).filter(pl.col("units") > 0)


def _suffix() -> pl.Expr:
    share = pl.format(" ({}/{})", pl.col("days"), pl.col("days_in_month"))
    return pl.when(pl.col("is_prorated")).then(share).otherwise(pl.lit(""))


def recurring_lines(priced: pl.DataFrame, discounts: pl.DataFrame) -> pl.DataFrame:
    """One line a charge code, unit price and group; prorated ones also a start date (rule 4.1).

    Adds: exact_numerator and exact_denominator (micros), unrounded.
    """
    category = pl.when(pl.col("is_prorated")).then(pl.lit("prorated_charges")).otherwise(pl.col("category"))
    keys = [
        "account_id",
        "line_category",
        "category",
        "charge_code",
        "unit_numerator",
        "line_group",
        "period_start",
        "period_end",
        "days",
        "days_in_month",
        "prorated_from",
    ]
    off = HUNDRED_PERCENT_MICROS - pl.col("discount_micros").cast(pl.Int128)
    labels = [
        (pl.col(f"label_{language}").first() + _suffix().first()).alias(f"label_{language}")
        for language in ("en", "fr")
    ]
    grouped = (
        units_by_price(priced, discounts)
        .with_columns(prorated_from=pl.when(pl.col("is_prorated")).then(pl.col("start")))
        .with_columns(line_category=category, unit_numerator=pl.col("price_micros").cast(pl.Int128) * off)
        .with_columns(
            line_group=pl.when(pl.col("line_category").is_in(GROUPED_CATEGORIES)).then(pl.col("billing_group"))
        )
        .group_by(keys, maintain_order=True)
        .agg(pl.col("units").sum(), pl.col("item_id").min(), *labels)
    )
    return grouped.select(
        "account_id",
        category="line_category",
        base_category="category",
        charge_code="charge_code",
        billing_group="line_group",
        label_en="label_en",
        label_fr="label_fr",
        period_start="period_start",
        period_end="period_end",
        quantity=pl.col("units") * UNITS,
        unit=pl.lit("month"),
        unit_numerator="unit_numerator",
        unit_denominator=pl.lit(HUNDRED_PERCENT_MICROS, dtype=pl.Int64),
        exact_numerator=pl.col("unit_numerator") * pl.col("units").cast(pl.Int128) * pl.col("days").cast(pl.Int128),
        exact_denominator=pl.col("days_in_month") * HUNDRED_PERCENT_MICROS,
        item_id="item_id",
    )
