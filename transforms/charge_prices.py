"""The list price of a charge on a day (contract §4, rules 4.4, 10.1)."""

from __future__ import annotations

import polars as pl

from transforms.plans import at_midnight, in_force
from transforms.rate_book import ANY_PLAN

PRICE_COLUMNS = ("category", "is_phone", "label_en", "label_fr", "price_micros")


def with_charge(
    rows: pl.DataFrame, day: str, charges: pl.DataFrame, columns: tuple[str, ...] = PRICE_COLUMNS
) -> pl.DataFrame:
    """Rows (charge_code, currency, plan_id, a date column) with the charge's row in force that day.

    Grain: one row a row, order kept. The plan's own row wins over `*`. Adds the columns, by default
    category, is_phone, label_en, label_fr, price_micros: null where no row is in force.
    """
    numbered = rows.with_row_index("_row")
    offered = charges.select(
        "charge_code", "currency", "effective_from", "effective_to", *columns, offered_to="plan_id"
    )
    found = (
        numbered.select("_row", "charge_code", "currency", "plan_id", on=at_midnight(pl.col(day)))
        .join(offered, on=["charge_code", "currency"])
        .filter(in_force(pl.col("on")))
        .filter((pl.col("offered_to") == ANY_PLAN) | (pl.col("offered_to") == pl.col("plan_id")))
        .sort("_row", pl.col("offered_to") == ANY_PLAN)
        .unique("_row", keep="first", maintain_order=True)
        .select("_row", *columns)
    )
    return numbered.join(found, on="_row", how="left", validate="1:1", maintain_order="left").drop("_row")
