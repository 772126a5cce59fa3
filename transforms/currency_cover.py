"""Tables must have rows in an account's currency wherever they have rows for its country (rule 9.4)."""

from __future__ import annotations

import polars as pl

from schemas.faults import Fault


def currency_faults(accounts: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> list[Fault]:
    """A fault for each table, country and currency of an account that the table has only in other currencies.

    Needs: accounts with country and currency; tables by file name, each with a currency column, some with a
    country column.
    """
    asked = accounts.select("country", "currency").unique().sort("country", "currency")
    return [
        Fault(
            file,
            f"has no row in {currency} for accounts in {country}, but rows in other currencies",
            f"add the {currency} rows in a new rate version",
            column="currency",
            value=currency,
        )
        for file, table in tables.items()
        for country, currency in asked.iter_rows()
        if _lacks(table, country, currency)
    ]


def _lacks(table: pl.DataFrame, country: str, currency: str) -> bool:
    relevant = table.filter(pl.col("country") == country) if _is_by_country(table) else table
    return not relevant.is_empty() and relevant.filter(pl.col("currency") == currency).is_empty()


def _is_by_country(table: pl.DataFrame) -> bool:
    return {"region", "plan_id", "origin_prefix"} & set(table.columns) != set() and "country" in table.columns
