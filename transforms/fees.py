"""Regulatory recovery fees and the universal service fee (rule 8)."""

from __future__ import annotations

import datetime as dt

import polars as pl

from schemas.categories import CATEGORIES, RECURRING_CATEGORIES
from transforms.line_items import UNITS, amount_cents, draft_lines
from transforms.money import HUNDRED_PERCENT_MICROS, MICROS_PER_CENT, bounded, divide_down
from transforms.regional_rows import for_the_month, rows_for_region

_LABELS = pl.DataFrame(CATEGORIES, schema=["category", "label_en", "label_fr"], orient="row")


def _percent_bases(rows: pl.DataFrame, lines: pl.DataFrame) -> pl.DataFrame:
    """Cents that each percent row applies to: rounded amounts of the base categories it lists."""
    bases = lines.filter(pl.col("category") != "adjustments").select("account_id", "base_category", "amount_cents")
    return (
        rows.select("account_id", "fee", "categories")
        .explode("categories")
        .join(bases, left_on=["account_id", "categories"], right_on=["account_id", "base_category"])
        .group_by("account_id", "fee")
        .agg(base_cents=pl.col("amount_cents").sum())
    )


def recovery_fee_lines(
    fee: str,
    accounts: pl.DataFrame,
    fees: pl.DataFrame,
    lines: pl.DataFrame,
    devices: pl.DataFrame,
    invoice_month: dt.date,
) -> pl.DataFrame:
    """One line an account of this fee, where its amount is not 0.00 (rule 8.1).

    Needs: accounts with an invoice; fees in force on the issue date; the lines above; devices with a full-month
    line by account.
    """
    rows = rows_for_region(accounts, fees.filter(pl.col("fee") == fee), ["country", "currency"], "fee")
    is_recurring = pl.col("base_category").is_in(RECURRING_CATEGORIES) & (pl.col("category") != "adjustments")
    recurring = lines.filter(is_recurring).select("account_id").unique()
    amount = pl.col("amount_micros").cast(pl.Int128)
    base = pl.col("base_cents").fill_null(0).clip(lower_bound=0).cast(pl.Int128)
    is_percent, is_per_device = pl.col("basis") == "percent", pl.col("basis") == "per_device"
    counted = (
        rows.join(_percent_bases(rows, lines), on=["account_id", "fee"], how="left", maintain_order="left")
        .join(devices, on="account_id", how="left", maintain_order="left")
        .join(
            recurring.with_columns(has_recurring=pl.lit(value=True)),
            on="account_id",
            how="left",
            maintain_order="left",
        )
        .join(_LABELS, left_on="fee", right_on="category", how="left", maintain_order="left")
        .with_columns(
            devices=pl.col("devices").fill_null(0),
            flat_count=pl.col("has_recurring").fill_null(value=False).cast(pl.Int64),
        )
    )
    exact = (
        pl.when(is_percent)
        .then(base * MICROS_PER_CENT * amount)
        .when(is_per_device)
        .then(amount * pl.col("devices").cast(pl.Int128) * HUNDRED_PERCENT_MICROS)
        .otherwise(amount * pl.col("flat_count").cast(pl.Int128) * HUNDRED_PERCENT_MICROS)
    )
    charged = counted.with_columns(
        category="fee",
        base_category="fee",
        charge_code="fee",
        quantity=pl.when(is_per_device).then(pl.col("devices")).otherwise(1) * UNITS,
        unit=pl.when(is_per_device).then(pl.lit("device")).otherwise(pl.lit("each")),
        unit_numerator=pl.when(is_per_device).then(amount),
        unit_denominator=pl.lit(1),
        exact_numerator=exact,
        exact_denominator=pl.lit(HUNDRED_PERCENT_MICROS),
    )
    drafts = draft_lines(for_the_month(charged, invoice_month)).with_columns(amount_cents=amount_cents())
    return drafts.filter(pl.col("amount_cents") != 0)


def quarter_of(month: dt.date) -> str:
    """`2020Q1` for the quarter that the month is in."""
    return f"{month.year}Q{(month.month + 2) // 3}"


def usf_lines(
    accounts: pl.DataFrame,
    factors: pl.DataFrame,
    shares: pl.DataFrame,
    lines: pl.DataFrame,
    invoice_month: dt.date,
) -> pl.DataFrame:
    """The universal service fee: factor × Σ (amount × interstate share), rounded down once (rule 8.2).

    Needs: accounts with an invoice; factors of the invoice month's quarter; shares in force on the issue date.
    """
    charged = lines.filter(pl.col("category") != "adjustments")
    label = _LABELS.filter(pl.col("category") == "usf").row(0)
    based = (
        charged.select("account_id", "base_category", "amount_cents")
        .join(accounts.select("account_id", "country"), on="account_id", how="inner", validate="m:1")
        .join(
            shares,
            left_on=["country", "base_category"],
            right_on=["country", "category"],
            how="inner",
            validate="m:1",
        )
        .with_columns(
            part=pl.col("amount_cents").cast(pl.Int128) * pl.col("interstate_share_percent_micros").cast(pl.Int128)
        )
        .group_by("account_id", "country")
        .agg(pl.col("part").sum())
        .join(factors, on="country", how="inner", validate="m:1")
        .sort("account_id")
    )
    exact = pl.col("part") * pl.col("factor_percent_micros").cast(pl.Int128) * MICROS_PER_CENT
    whole = HUNDRED_PERCENT_MICROS**2
    fee = based.with_columns(
        category=pl.lit("usf"),
        base_category=pl.lit("usf"),
        charge_code=pl.lit("usf"),
        label_en=pl.lit(label[1]),
        label_fr=pl.lit(label[2]),
        quantity=pl.lit(UNITS),
        unit=pl.lit("each"),
        exact_numerator=exact,
        exact_denominator=pl.lit(whole),
    )
    cents = bounded(divide_down(pl.col("exact_numerator"), pl.lit(whole).cast(pl.Int128) * MICROS_PER_CENT))
    return (
        draft_lines(for_the_month(fee, invoice_month))
        .with_columns(amount_cents=cents)
        .filter(pl.col("amount_cents") > 0)
    )
