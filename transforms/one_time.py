"""One-time charges, credits, equipment returns and the buyout (rules 2.4, 10)."""

from __future__ import annotations

import polars as pl

from transforms.charge_prices import with_charge
from transforms.line_items import UNITS, draft_lines
from transforms.money import HUNDRED_PERCENT_MICROS
from transforms.plans import with_plan_on

LATE_RETURN_CODE = "rma_late_return"
BUYOUT_CODE = "buyout"
BUYOUT_LABELS = {"en": "Early termination (buyout)", "fr": "Résiliation anticipée (rachat)"}
RETURN_LABELS = {"en": "Equipment return", "fr": "Retour d’équipement"}


def _on_its_day(rows: pl.DataFrame) -> pl.DataFrame:
    """Lines of one day: the period runs from it to the next."""
    return rows.with_columns(
        period_start="on",
        period_end=pl.col("on") + pl.duration(days=1),
        base_category="category",
        unit=pl.lit("each"),
    )


def price_one_time(
    one_time_charges: pl.DataFrame, accounts: pl.DataFrame, charges: pl.DataFrame, changes: pl.DataFrame
) -> pl.DataFrame:
    """One-time rows with the day that decides, and the price: the row's own, else the list price (rules 4.4, 10.1).

    Grain: one row a charge. Adds: on (its date, or billing_start if later), price_micros (null = none), labels.
    """
    terms = accounts.select("account_id", "billing_start", "currency")
    return (
        one_time_charges.join(terms, on="account_id", how="inner", validate="m:1", maintain_order="left")
        .with_columns(on=pl.max_horizontal("charge_date", "billing_start"))
        .pipe(with_plan_on, "on", changes)
        .pipe(with_charge, "on", charges)
        .with_columns(price_micros=pl.coalesce("unit_price_micros", "price_micros"))
    )


def one_time_lines(priced: pl.DataFrame) -> pl.DataFrame:
    """One line a one-time charge; a negative one is a credit of quantity 1 with the whole sum as price (rule 10.1)."""
    total = pl.col("price_micros").cast(pl.Int128) * pl.col("quantity").cast(pl.Int128)
    is_credit = total < 0
    described = pl.when(pl.col("description") != "").then(pl.col("description"))
    lines = priced.with_columns(
        category=pl.when(is_credit).then(pl.lit("credits")).otherwise(pl.lit("one_time")),
        quantity=pl.when(is_credit).then(1).otherwise(pl.col("quantity")) * UNITS,
        unit_numerator=pl.when(is_credit).then(total).otherwise(pl.col("price_micros").cast(pl.Int128)),
        unit_denominator=pl.lit(1),
        exact_numerator=total,
        exact_denominator=pl.lit(1),
        label_en=pl.coalesce(described, "label_en", "charge_code"),
        label_fr=pl.coalesce(described, "label_fr", "charge_code"),
        item_id="charge_id",
    )
    return draft_lines(_on_its_day(lines))


def return_credit_numerator(restocking_percent_micros: pl.Expr) -> pl.Expr:
    """Price less restocking, provisioning and missing parts, at least 0 (rule 10.2).

    Unrounded, over HUNDRED_PERCENT_MICROS: the line's amount is rounded half up to the cent (rule 4.1).
    """
    kept = HUNDRED_PERCENT_MICROS - restocking_percent_micros.cast(pl.Int128)
    fees = pl.col("provisioning_fee_micros").fill_null(0) + pl.col("missing_parts_fee_micros").fill_null(0)
    numerator = pl.col("price_micros").cast(pl.Int128) * kept - fees.cast(pl.Int128) * HUNDRED_PERCENT_MICROS
    return pl.when(numerator > 0).then(numerator).otherwise(0)


def return_lines(returns: pl.DataFrame) -> pl.DataFrame:
    """The credit of each equipment return (rule 10.2). Needs restocking_percent_micros."""
    described = pl.when(pl.col("description") != "").then(pl.col("description"))
    credit = 0 - return_credit_numerator(pl.col("restocking_percent_micros"))
    lines = returns.with_columns(
        on="verified_on",
        category=pl.lit("credits"),
        charge_code="rma_id",
        quantity=pl.lit(UNITS),
        unit_numerator=credit,
        unit_denominator=pl.lit(HUNDRED_PERCENT_MICROS),
        exact_numerator=credit,
        exact_denominator=pl.lit(HUNDRED_PERCENT_MICROS),
        label_en=pl.coalesce(described, pl.lit(RETURN_LABELS["en"])),
        label_fr=pl.coalesce(described, pl.lit(RETURN_LABELS["fr"])),
        item_id="rma_id",
    )
    return draft_lines(_on_its_day(lines))


def late_returns(
    returns: pl.DataFrame, accounts: pl.DataFrame, charges: pl.DataFrame, changes: pl.DataFrame
) -> pl.DataFrame:
    """Returns received more than the return window after shipping, as one-time charges at list price (rule 10.2).

    Needs return_window_days. The price is that of the day of verification.
    """
    days = (pl.col("received_on") - pl.col("shipped_on")).dt.total_days()
    late = returns.filter(days > pl.col("return_window_days")).select(
        "account_id",
        "line",
        charge_id="rma_id",
        charge_code=pl.lit(LATE_RETURN_CODE),
        description=pl.lit(""),
        quantity=pl.lit(1, dtype=pl.Int64),
        on="verified_on",
    )
    terms = accounts.select("account_id", "currency")
    return (
        late.join(terms, on="account_id", how="inner", validate="m:1", maintain_order="left")
        .pipe(with_plan_on, "on", changes)
        .pipe(with_charge, "on", charges)
    )


def buyout_lines(accounts: pl.DataFrame) -> pl.DataFrame:
    """The buyout of accounts that left before their contract's end, dated their last day of service (rule 2.4)."""
    left_early = accounts.filter(
        (pl.col("end_of_service") < pl.col("contract_end")) & (pl.col("buyout_fee_micros").fill_null(0) > 0)
    )
    fee = pl.col("buyout_fee_micros").cast(pl.Int128)
    lines = left_early.with_columns(
        on="end_of_service",
        category=pl.lit("one_time"),
        charge_code=pl.lit(BUYOUT_CODE),
        quantity=pl.lit(UNITS),
        unit_numerator=fee,
        unit_denominator=pl.lit(1),
        exact_numerator=fee,
        exact_denominator=pl.lit(1),
        label_en=pl.lit(BUYOUT_LABELS["en"]),
        label_fr=pl.lit(BUYOUT_LABELS["fr"]),
        item_id=pl.lit(BUYOUT_CODE),
    )
    return draft_lines(_on_its_day(lines))
