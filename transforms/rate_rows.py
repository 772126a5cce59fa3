"""The rows of the three tables that price by prefix, under each other, and which of them are in force."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

import polars as pl

from transforms.nearest_prefix import longest_beginning

SCOPE = ("table", "scope")
PRICE = ("rate_per_minute_micros", "connection_fee_micros", "minimum_seconds", "increment_seconds", "rounding")
_FAR_PAST, _FAR_FUTURE = 0, 2**62


class PrefixTables(NamedTuple):
    """The tables of a version that price calls by a prefix, and the numbering plan; typed, with `line`."""

    international_rates: pl.DataFrame
    premium_prefixes: pl.DataFrame
    toll_free_rates: pl.DataFrame
    numbering_plan: pl.DataFrame


def rate_rows(tables: PrefixTables) -> pl.DataFrame:
    """One row a row of the three tables whose key and times could be read.

    Gives: table, scope (the key but for the prefix, such as `US USD *`), currency, prefix, line, line_type (of
    international rates), begins and ends (µs since 1970), and what prices a call.
    """
    parts = (
        ("international_rates", tables.international_rates, ("currency",), "prefix"),
        ("premium_prefixes", tables.premium_prefixes, ("country", "currency", "plan_id"), "prefix"),
        ("toll_free_rates", tables.toll_free_rates, ("country", "currency"), "origin_prefix"),
    )
    rows = [
        frame.select(
            "currency",
            "line",
            *PRICE,
            table=pl.lit(name),
            scope=pl.concat_str(scope, separator=" "),
            prefix=pl.col(prefix),
            line_type=pl.col("line_type") if "line_type" in frame.columns else pl.lit(""),
            begins=pl.col("effective_from").dt.epoch("us").fill_null(_FAR_PAST),
            ends=pl.col("effective_to").dt.epoch("us").fill_null(_FAR_FUTURE),
        )
        for name, frame, scope, prefix in parts
    ]
    return pl.concat(rows).drop_nulls(["scope", "prefix"])


def _micros(moment: dt.datetime) -> int:
    return int((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1))


def in_force(rows: pl.DataFrame, moment: dt.datetime) -> pl.DataFrame:
    """The rows in force at the moment (UTC)."""
    return rows.filter(pl.col("begins") <= _micros(moment)).pipe(lasting, moment)


def lasting(rows: pl.DataFrame, moment: dt.datetime) -> pl.DataFrame:
    """The rows that are not over at the moment (UTC): in force, or still to come."""
    return rows.filter(pl.col("ends") > _micros(moment))


def winning_rows(prefixes: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """For numbers that begin with these prefixes, the row that prices them: the longest beginning (rule 6.1).

    Grain: one row a prefix (table, scope, prefix and what else it has), order kept; the winner's columns are
    `won_…`, null where there is none. Needs: rows that are in force at one moment, so one a prefix.
    """
    nearest = prefixes.with_columns(longest_beginning(prefixes, rows, SCOPE).alias("won_prefix"))
    won = rows.unique([*SCOPE, "prefix"], keep="first", maintain_order=True).select(
        *SCOPE, won_prefix="prefix", won_line="line", won_rate="rate_per_minute_micros", won_line_type="line_type"
    )
    return nearest.join(won, on=[*SCOPE, "won_prefix"], how="left", validate="m:1", maintain_order="left")
