"""Adjustments: what a rerun's difference is worth, and the lines by which a later invoice takes it (rule 12)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from schemas.categories import CATEGORIES, CATEGORY_CODES
from schemas.reasons import CAUSES
from transforms.line_items import UNITS, draft_lines
from transforms.money import MICROS_PER_CENT
from transforms.timestamps import add_months

RELEASED = "released"
ADJUSTMENT_OF = {"en": "Adjustment of {month:%Y-%m}: ", "fr": "Ajustement de {month:%Y-%m} : "}
"""What stands before the category's label in a line that adjusts a month."""
AMOUNTS_SCHEMA: dict[str, Any] = {"account_id": pl.String, "category": pl.String, "cents": pl.Int64}
EARLIER_SCHEMA: dict[str, Any] = {
    "account_id": pl.String,
    "category": pl.String,
    "is_released": pl.Boolean,
    "before_cents": pl.Int64,
    "before_ids": pl.String,
}
"""What earlier reruns of an invoice are allowed already. Grain: account_id, category, is_released."""
TAKEN_SCHEMA: dict[str, Any] = {
    "rerun_id": pl.String,
    "account_id": pl.String,
    "base_category": pl.String,
    "disputed_month": pl.Date,
    "cents": pl.Int64,
}
"""Allowed adjustments that an invoice takes. Grain: rerun_id, account_id, base_category."""


def category_amounts(lines: pl.DataFrame) -> pl.DataFrame:
    """Cents by account and category above tax. Needs: lines with amount_cents."""
    return (
        lines.filter(pl.col("category") != "tax")
        .group_by("account_id", "category")
        .agg(cents=pl.col("amount_cents").sum())
        .select(pl.col(name).cast(dtype) for name, dtype in AMOUNTS_SCHEMA.items())
        .sort("account_id", "category")
    )


def amounts_side_by_side(amounts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """The amounts of each judgement as columns cents_0, cents_1 ..., 0 where it has none. Grain: account, category."""
    keys = ["account_id", "category"]
    together = pl.concat([part.select(keys) for part in amounts]).unique().sort(keys)
    for place, part in enumerate(amounts):
        named = part.rename({"cents": f"cents_{place}"})
        together = together.join(named, on=keys, how="left", validate="1:1", maintain_order="left")
    return together.fill_null(0)


def amount_causes(together: pl.DataFrame, step_names: Sequence[str], calls: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Why each category costs other money. Grain: account_id, category, is_released, cause.

    Step n leads from cents_n to cents_n+1; the last one is the release of suspended calls. `calls`: by step, the
    causes of its calls (account_id, category, cause). Where a category has calls that cost other money, theirs are
    its causes; else the step's, or those of all the account's calls where the step is about calls. What the release
    moves has that cause alone, plan minutes of other calls included: whether it is allowed hangs on it.
    """
    found = []
    for place, (name, of_calls) in enumerate(zip(step_names, calls, strict=True)):
        moved = together.filter(pl.col(f"cents_{place}") != pl.col(f"cents_{place + 1}")).select(
            "account_id", "category"
        )
        of_calls = of_calls.filter(pl.lit(name != RELEASED))
        own = moved.join(of_calls, on=["account_id", "category"], how="inner", validate="1:m")
        others = moved.join(own, on=["account_id", "category"], how="anti")
        of_account = of_calls.select("account_id", "cause").unique()
        if name == "calls":
            told = others.join(of_account, on="account_id", how="left", validate="m:m")
            told = told.with_columns(pl.col("cause").fill_null("call_added"))
        else:
            told = others.with_columns(cause=pl.lit(name))
        rows = pl.concat([part.select("account_id", "category", "cause") for part in (own, told)])
        found.append(rows.with_columns(is_released=pl.lit(name == RELEASED)))
    return pl.concat(found).unique().sort("account_id", "category", "is_released", "cause")


def _joined_causes(causes: pl.DataFrame) -> pl.DataFrame:
    """The causes of a row in the order of rule 12.3, `;` between. Grain: account_id, category, is_released."""
    keys = ["account_id", "category", "is_released"]
    rank = pl.col("cause").replace_strict(list(CAUSES), list(range(len(CAUSES))), return_dtype=pl.Int64)
    return causes.sort(*keys, rank).group_by(keys, maintain_order=True).agg(pl.col("cause").str.join(";"))


def _parts(together: pl.DataFrame) -> pl.DataFrame:
    """The way from issued to corrected in two parts: all but the release, and the release."""
    last = len([name for name in together.columns if name.startswith("cents_")]) - 1
    ways = {False: ("cents_0", f"cents_{last - 1}"), True: (f"cents_{last - 1}", f"cents_{last}")}
    return pl.concat(
        together.select(
            "account_id",
            "category",
            is_released=pl.lit(is_released),
            issued_cents=pl.col(issued),
            corrected_cents=pl.col(corrected),
        )
        for is_released, (issued, corrected) in ways.items()
    )


def dispute_note(disputed_on: dt.date | None, dispute_until: dt.date) -> str:
    """Why a difference is adjusted or is not, as far as the dispute decides it (rule 12.4)."""
    if disputed_on is None:
        return "comparison only: no dispute date was given (rule 12.4)"
    if disputed_on > dispute_until:
        return f"comparison only: disputed on {disputed_on}, after the last day {dispute_until} (rule 12.4)"
    return f"disputed on {disputed_on}, the last day was {dispute_until}"


def adjustment_rows(
    together: pl.DataFrame,
    causes: pl.DataFrame,
    earlier: pl.DataFrame,
    disputed_on: dt.date | None,
    dispute_until: dt.date,
) -> pl.DataFrame:
    """What a rerun adjusts, in cents. Grain: account_id, category, is_released.

    The difference is corrected − issued − what earlier reruns of the invoice are allowed already, so that a second
    rerun never adjusts anything twice. Allowed: disputed up to the last day, or released (rule 12.4).
    """
    keys = ["account_id", "category", "is_released"]
    is_disputed = disputed_on is not None and disputed_on <= dispute_until
    difference = pl.col("corrected_cents") - pl.col("issued_cents") - pl.col("before_cents")
    limit = pl.when("is_released").then(pl.lit("released calls know no limit (rule 12.4)"))
    reason = limit.otherwise(pl.lit(dispute_note(disputed_on, dispute_until)))
    before = pl.format(" (adjusted before by {})", "before_ids")
    return (
        _parts(together)
        .join(earlier, on=keys, how="full", coalesce=True, validate="1:1")
        .with_columns(pl.col("issued_cents", "corrected_cents", "before_cents").fill_null(0))
        .filter((pl.col("issued_cents") != pl.col("corrected_cents")) | (pl.col("before_cents") != 0))
        .join(_joined_causes(causes), on=keys, how="left", validate="1:1")
        .with_columns(difference_cents=difference)
        .with_columns(
            allowed=(pl.col("difference_cents") != 0) & (pl.col("is_released") | is_disputed),
            note=pl.when(pl.col("difference_cents") == 0).then(pl.lit("nothing is left to adjust")).otherwise(reason)
            + before.fill_null(""),
        )
        .sort(keys)
    )


def _labels(month: dt.date) -> Mapping[str, pl.Expr]:
    """`Adjustment of 2020-02: Overage`, in both languages."""
    names = pl.DataFrame(CATEGORIES, schema=["category", "label_en", "label_fr"], orient="row")
    codes = names["category"].to_list()

    def label(column: str, before: str) -> pl.Expr:
        texts = [f"{before}{text}" for text in names[column].to_list()]
        return pl.col("base_category").replace_strict(codes, texts, return_dtype=pl.String)

    return {
        "label_en": label("label_en", ADJUSTMENT_OF["en"].format(month=month)),
        "label_fr": label("label_fr", ADJUSTMENT_OF["fr"].format(month=month)),
    }


def adjustment_lines(taken: pl.DataFrame) -> pl.DataFrame:
    """Draft lines that carry adjustments: one an account, disputed month and category (rules 12.3, 12.5).

    Needs: rows of TAKEN_SCHEMA. The charge code names the reruns, `;` between; the period is the disputed month.
    """
    unknown = set(taken["base_category"]) - set(CATEGORY_CODES)
    if unknown:
        raise AssertionError(f"adjustments of categories that there are not: {sorted(unknown)}")
    keys = ["account_id", "disputed_month", "base_category"]
    summed = (
        taken.sort(*keys, "rerun_id")
        .group_by(keys, maintain_order=True)
        .agg(pl.col("cents").sum(), charge_code=pl.col("rerun_id").unique(maintain_order=True).str.join(";"))
    )
    micros = pl.col("cents").cast(pl.Int128) * MICROS_PER_CENT
    parts = [
        part.with_columns(
            **_labels(month),
            category=pl.lit("adjustments"),
            period_start=pl.lit(month),
            period_end=pl.lit(add_months(month, 1)),
            quantity=pl.lit(UNITS),
            unit=pl.lit("each"),
            unit_numerator=micros,
            unit_denominator=pl.lit(1),
            exact_numerator=micros,
            exact_denominator=pl.lit(1),
            item_id="base_category",
        )
        for (month,), part in summed.group_by(["disputed_month"], maintain_order=True)
    ]
    return pl.concat([draft_lines(part) for part in parts]) if parts else draft_lines(summed)
