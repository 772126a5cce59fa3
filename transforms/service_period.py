"""When billing begins and service ends (rules 2.1, 2.3, 5.6)."""

from __future__ import annotations

import polars as pl

from transforms.policy import with_setting

NOTICE = "cancellation_notice_days"


def last_service_day(cancel_requested_on: pl.Expr, notice_days: pl.Expr) -> pl.Expr:
    """The last day of service after a request to cancel; null without one (rule 2.3).

    Example: with 10 days' notice, 21 July ends on 31 July and 22 July on 31 August.
    """
    month_end = cancel_requested_on.dt.month_end()
    next_month_end = cancel_requested_on.dt.month_start().dt.offset_by("1mo").dt.month_end()
    days_left = (month_end - cancel_requested_on).dt.total_days()
    return pl.when(days_left >= notice_days).then(month_end).otherwise(next_month_end)


def billing_start() -> pl.Expr:
    """The contract's day, or the service's start and the free months after it (rule 2.1).

    Example: 31 January and 1 free month is the last day of February.
    """
    free_months = pl.format("{}mo", pl.col("free_months").fill_null(0))
    return pl.coalesce("billing_start", pl.col("service_start").dt.offset_by(free_months))


def with_end_of_service(rows: pl.DataFrame, policy: pl.DataFrame) -> pl.DataFrame:
    """Accounts, items or numbers with their own last day of service (rule 2.3).

    Grain: one row a row, order kept. Needs cancel_requested_on. Adds: end_of_service (null = open).
    """
    noticed = with_setting(rows, policy, NOTICE, "cancel_requested_on")
    end = last_service_day(pl.col("cancel_requested_on"), pl.col(NOTICE))
    return noticed.with_columns(end_of_service=end).drop(NOTICE)


def resolved_accounts(accounts: pl.DataFrame, policy: pl.DataFrame) -> pl.DataFrame:
    """Accounts with billing_start filled in and end_of_service, their last day (null = open).

    Grain: account_id, order kept.
    """
    return accounts.with_columns(billing_start=billing_start()).pipe(with_end_of_service, policy)


def phone_owners(phone_numbers: pl.DataFrame, accounts: pl.DataFrame, policy: pl.DataFrame) -> pl.DataFrame:
    """Whose a number is, and from which day to which (rule 5.6).

    Grain: a row of phone_numbers, but for those whose end is before their start. Needs accounts with
    end_of_service. Adds: owned_from and owned_until (both days included, null = open).
    """
    account_ends = accounts.select("account_id", account_end="end_of_service")
    return (
        phone_numbers.pipe(with_end_of_service, policy)
        .join(account_ends, on="account_id", how="left", validate="m:1", maintain_order="left")
        .with_columns(
            owned_from="start_date",
            owned_until=pl.min_horizontal("end_of_service", "account_end"),
        )
        .filter(pl.col("owned_until").is_null() | (pl.col("owned_until") >= pl.col("owned_from")))
        .drop("account_end")
    )
