"""Which plan an account has on a day, and which of its rows is in force (rules 4.4, 9.4)."""

from __future__ import annotations

import polars as pl


def in_force(on: pl.Expr) -> pl.Expr:
    """Rows with effective_from <= on < effective_to; an empty bound is open."""
    begins = pl.col("effective_from").is_null() | (pl.col("effective_from") <= on)
    return begins & (pl.col("effective_to").is_null() | (on < pl.col("effective_to")))


def at_midnight(day: pl.Expr) -> pl.Expr:
    """The first instant of a date, UTC."""
    return day.cast(pl.Datetime("us")).dt.replace_time_zone("UTC")


def plan_changes(accounts: pl.DataFrame, account_plans: pl.DataFrame) -> pl.DataFrame:
    """From which day an account has which plan: accounts.plan_id holds before the first change.

    Grain: account_id, plan_from. Gives also plan_id.
    """
    first = accounts.select("account_id", "plan_id", plan_from=pl.date(1, 1, 1))
    changes = account_plans.select("account_id", "plan_id", plan_from="effective_from")
    return pl.concat([first, changes]).sort("plan_from", "account_id")


def with_plan_on(rows: pl.DataFrame, day: str, changes: pl.DataFrame) -> pl.DataFrame:
    """Rows (account_id, a date column) with the account's plan_id on that date.

    Grain: one row a row, order kept.
    """
    numbered = rows.with_row_index("_row")
    planned = (
        numbered.select("_row", "account_id", pl.col(day).alias("plan_from"))
        .sort("plan_from", "_row")
        .join_asof(changes, on="plan_from", by="account_id", strategy="backward", check_sortedness=False)
        .select("_row", "plan_id")
    )
    return numbered.join(planned, on="_row", how="left", validate="1:1", maintain_order="left").drop("_row")


def plan_currencies(plans: pl.DataFrame) -> pl.DataFrame:
    """The currency of each plan, which never changes (rule 9.4). Grain: plan_id."""
    return plans.group_by("plan_id").agg(pl.col("currency").first()).sort("plan_id")


def with_plan_row(rows: pl.DataFrame, day: str, plans: pl.DataFrame, columns: list[str]) -> pl.DataFrame:
    """Rows (plan_id, a date column) with columns of the plan's row in force that day; null where none is.

    Grain: one row a row, order kept.
    """
    numbered = rows.with_row_index("_row")
    terms = (
        numbered.select("_row", "plan_id", on=at_midnight(pl.col(day)))
        .join(plans.select("plan_id", "effective_from", "effective_to", *columns), on="plan_id")
        .filter(in_force(pl.col("on")))
        .select("_row", *columns)
    )
    return numbered.join(terms, on="_row", how="left", validate="1:1", maintain_order="left").drop("_row")
