"""What another version makes of a published month: calls rated again beside what they cost, and the lines of both.

Money in micros or cents of the account's currency. A call's fate is `billed`, `unbilled` or `suspended`; what it is,
its call type, or why it is not billed or suspended.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from transforms.line_items import UNITS
from transforms.money import (
    MICROS_PER_CENT,
    MICROS_PER_UNIT,
    SECONDS_PER_MINUTE,
    divide_half_up,
    micros_of_decimal,
)
from transforms.rate_calls import RatedCalls
from transforms.usage_lines import TOTALS_SCHEMA, call_totals

USAGE_CATEGORIES: tuple[str, ...] = ("included_minutes", "domestic_premium", "overage", "toll_free", "international")
OLD_SCHEMA: dict[str, Any] = {
    "old_fate": pl.String,
    "was": pl.String,
    "old_destination": pl.String,
    "old_billable_seconds": pl.Int64,
    "old_included_seconds": pl.Int64,
    "old_cost_micros": pl.Int64,
}
"""What a published call came to, beside the call. Seconds and cost are null where it was not billed."""
EFFECT_KEYS = ("account_id", "old_fate", "was", "new_fate", "becomes", "destination")


def _new_part(calls: pl.DataFrame, fate: str) -> pl.DataFrame:
    is_billed = fate == "billed"
    becomes = pl.col("call_type" if is_billed else "outcome").cast(pl.String)
    nothing = pl.lit(None, dtype=pl.Int64)
    new = pl.col("destination").cast(pl.String) if is_billed else pl.lit(None, dtype=pl.String)
    return calls.select(
        "account_id",
        *OLD_SCHEMA,
        new_fate=pl.lit(fate),
        becomes=becomes,
        destination=pl.coalesce(new, "old_destination"),
        new_cost_micros=pl.col("cost_micros") if is_billed else nothing,
    )


def call_effects(rated: RatedCalls) -> pl.DataFrame:
    """Calls, and their exact cost before and after. Grain: EFFECT_KEYS.

    Needs: calls rated again, with OLD_SCHEMA beside each. A call stands under the name of its destination in the new
    version, or in the old one where it has none there. Gives: calls, old_cost_micros, new_cost_micros (Int128).
    """
    parts = [_new_part(part, fate) for fate, part in zip(("billed", "unbilled", "suspended"), rated, strict=True)]
    return added_up(
        pl.concat(parts).with_columns(
            pl.col("old_cost_micros", "new_cost_micros").cast(pl.Int128).fill_null(0), calls=pl.lit(1, dtype=pl.Int64)
        ),
        list(EFFECT_KEYS),
    )


def added_up(effects: pl.DataFrame, keys: list[str]) -> pl.DataFrame:
    """Calls and costs of effects by some of their keys."""
    return effects.group_by(keys).agg(pl.col("calls", "old_cost_micros", "new_cost_micros").sum())


def _exact(totals: pl.DataFrame, sign: int) -> pl.DataFrame:
    micros = pl.col("cost_whole").cast(pl.Int128) * MICROS_PER_UNIT + pl.col("cost_micros").cast(pl.Int128)
    return totals.select("account_id", "category", charged_seconds=sign * pl.col("charged_seconds"), cost=sign * micros)


def usage_changes(rated: RatedCalls) -> pl.DataFrame:
    """By how much seconds and exact cost of the calls rated again differ. Grain: account_id, category.

    Gives: charged_seconds (s), cost (micros, Int128): new minus old.
    """
    old = pl.concat(
        part.filter(pl.col("old_fate") == "billed").select(
            "account_id",
            call_type=pl.col("was"),
            billable_seconds=pl.col("old_billable_seconds"),
            included_seconds=pl.col("old_included_seconds"),
            cost_micros=pl.col("old_cost_micros"),
        )
        for part in rated
    )
    changes = pl.concat([_exact(call_totals(old), -1), _exact(call_totals(rated.billed), 1)])
    return changes.group_by("account_id", "category").agg(pl.col("charged_seconds", "cost").sum())


def published_usage(lines: pl.DataFrame) -> pl.DataFrame:
    """Seconds and exact cost of published usage lines. Grain: account_id, category.

    A line shows minutes to 4 decimals, a fraction of a second, so its whole seconds can be told.
    """
    units = pl.col("quantity").to_physical().cast(pl.Int128)
    return lines.filter(pl.col("category").is_in(USAGE_CATEGORIES)).select(
        "account_id",
        "category",
        charged_seconds=divide_half_up(units * SECONDS_PER_MINUTE, UNITS).cast(pl.Int64),
        cost=micros_of_decimal(pl.col("exact_amount")),
    )


def changed_totals(lines: pl.DataFrame, changes: pl.DataFrame) -> pl.DataFrame:
    """The sums of all calls under the new version, as lines are made of (TOTALS_SCHEMA, without counts of calls)."""
    summed = (
        pl.concat([published_usage(lines), changes])
        .group_by("account_id", "category")
        .agg(pl.col("charged_seconds", "cost").sum())
    )
    totals = summed.with_columns(
        call_count=pl.lit(0),
        cost_whole=pl.col("cost") // MICROS_PER_UNIT,
        cost_micros=pl.col("cost") % MICROS_PER_UNIT,
    )
    return totals.select(pl.col(name).cast(dtype) for name, dtype in TOTALS_SCHEMA.items()).sort(
        "account_id", "category"
    )


def line_effects(old: pl.DataFrame, new: pl.DataFrame, currencies: pl.DataFrame) -> pl.DataFrame:
    """Amounts of the lines before and after, in cents. Grain: account_id, currency, category, charge_code.

    Needs: old, published lines with currency and amount; new, priced lines with amount_cents; currencies of the
    accounts under the new version.
    """
    keys = ["account_id", "currency", "category", "charge_code"]
    before = old.select(*keys, old_cents=pl.col("amount").to_physical().cast(pl.Int64), new_cents=pl.lit(0, pl.Int64))
    after = new.join(currencies, on="account_id", how="left", validate="m:1").select(
        *keys, old_cents=pl.lit(0, pl.Int64), new_cents=pl.col("amount_cents")
    )
    return pl.concat([before, after]).group_by(keys).agg(pl.col("old_cents", "new_cents").sum()).sort(keys)


def exported_effects(lines: pl.DataFrame, calls: pl.DataFrame) -> pl.DataFrame:
    """Lines and calls in one table, money in micros. `level` tells which: `lines` add up to invoices, `calls` to usage.

    Calls have what they were and become, their destination and how many they are; lines have their charge code.
    """
    in_micros = [
        (pl.col(f"{side}_cents").cast(pl.Int128) * MICROS_PER_CENT).alias(f"{side}_micros") for side in ("old", "new")
    ]
    of_lines = lines.select("account_id", "currency", "category", "charge_code", *in_micros, level=pl.lit("lines"))
    of_calls = calls.select(
        "account_id",
        "currency",
        "old_fate",
        "was",
        "new_fate",
        "becomes",
        "destination",
        "calls",
        old_micros="old_cost_micros",
        new_micros="new_cost_micros",
        level=pl.lit("calls"),
    )
    return pl.concat([of_lines, of_calls], how="diagonal").with_columns(
        difference_micros=pl.col("new_micros") - pl.col("old_micros")
    )
