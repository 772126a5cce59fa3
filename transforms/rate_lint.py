"""Prices that look wrong beside the next shorter prefix, or beside the last version."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction

import polars as pl

from transforms.deck_cells import decimal_text
from transforms.nearest_prefix import longest_beginning
from transforms.prefixes import ENTRY_SCHEMA, OPEN_SECOND, build_prefix_index, match_rows, number_keys
from transforms.rate_findings import findings
from transforms.rate_rows import PRICE, SCOPE, in_force, lasting, winning_rows

_MICROS_A_SECOND = 1_000_000
_RATE = "rate_per_minute_micros"
_DEAR_LINE_TYPES = ("premium", "satellite")


def _far_apart(one: pl.Expr, other: pl.Expr, ratio: Fraction) -> pl.Expr:
    """Whether one price is more than `ratio` times the other. Prices of 0 are not compared."""
    up, down = ratio.numerator, ratio.denominator
    both = (one > 0) & (other > 0)
    return (both & ((one * down > other * up) | (other * down > one * up))).fill_null(value=False)


def _price(column: str) -> pl.Expr:
    return decimal_text(pl.col(column))


def with_parents(rows: pl.DataFrame) -> pl.DataFrame:
    """Pairs of rows and those of the next shorter prefix of their scope in force with them; columns `parent_…`."""
    nearest = rows.with_columns(longest_beginning(rows, rows, SCOPE, itself=False).alias("parent_prefix"))
    names = ("begins", "ends", "line", *PRICE)
    parents = rows.select(
        *SCOPE, pl.col("prefix").alias("parent_prefix"), *(pl.col(name).alias(f"parent_{name}") for name in names)
    )
    pairs = nearest.join(parents, on=[*SCOPE, "parent_prefix"], how="inner", maintain_order="left")
    return pairs.filter((pl.col("begins") < pl.col("parent_ends")) & (pl.col("parent_begins") < pl.col("ends")))


def parent_findings(rows: pl.DataFrame, ratio: Fraction) -> list[pl.DataFrame]:
    """`far_from_parent` (but for premium and satellite numbers that cost more), `repeats_parent`. Needs `rate_rows`."""
    pairs = with_parents(rows)
    is_dear_by_nature = pl.col("line_type").is_in(_DEAR_LINE_TYPES) & (pl.col(_RATE) > pl.col(f"parent_{_RATE}"))
    far = pairs.filter(_far_apart(pl.col(_RATE), pl.col(f"parent_{_RATE}"), ratio) & ~is_dear_by_nature)
    sentence = pl.format(
        "{} a minute, and the shorter prefix {} has {} (line {})",
        _price(_RATE),
        _prefix("parent_prefix"),
        _price(f"parent_{_RATE}"),
        "parent_line",
    )
    is_same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"parent_{name}")) for name in PRICE)
    every = pairs.with_columns(is_same=is_same).filter(pl.col("is_same").all().over("table", "line"))
    repeats = every.unique(["table", "line"], keep="first", maintain_order=True)
    repeated = pl.format("the same price as the shorter prefix {} (line {})", _prefix("parent_prefix"), "parent_line")
    return [
        findings("far_from_parent", far, sentence, "rate_per_minute", "prefix"),
        findings("repeats_parent", repeats, repeated, "prefix", "prefix"),
    ]


def _prefix(column: str) -> pl.Expr:
    return pl.when(pl.col(column) == "").then(pl.lit("(any)")).otherwise(column)


def free_findings(rows: pl.DataFrame) -> pl.DataFrame:
    """`costs_nothing`. Needs `rate_rows`."""
    free = rows.filter((pl.col(_RATE) == 0) & (pl.col("connection_fee_micros") == 0))
    return findings("costs_nothing", free, pl.lit("calls are billed at 0"), "rate_per_minute", "prefix")


def price_at_begin(rows: pl.DataFrame, before: pl.DataFrame, moment: dt.datetime) -> pl.DataFrame:
    """Rows that are not over, with what `before` charged when they began, or at the moment if that is later.

    Adds: old_rate (micros; null: no price), old_prefix. Grain: one row a row that is or will be in force.
    """
    second = int((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(seconds=1))
    still = lasting(rows, moment)
    scopes = before.select(SCOPE).unique().sort(SCOPE).with_row_index("number").cast({"number": pl.Int64})
    placed = before.join(scopes, on=SCOPE, how="left", validate="m:1", maintain_order="left")
    entries = placed.select(
        scope="number",
        prefix="prefix",
        from_second=pl.col("begins") // _MICROS_A_SECOND,
        to_second=(pl.col("ends") // _MICROS_A_SECOND).clip(None, OPEN_SECOND),
        row=pl.int_range(pl.len()),
        preference=pl.lit(0),
    ).cast(ENTRY_SCHEMA)
    asked = still.join(scopes, on=SCOPE, how="left", validate="m:1", maintain_order="left").select(
        number=pl.col("number").fill_null(-1),
        e164="+" + pl.col("prefix"),
        second=pl.max_horizontal(pl.col("begins") // _MICROS_A_SECOND, pl.lit(second)),
    )
    found = match_rows(build_prefix_index(entries), asked["number"], number_keys(asked["e164"]), asked["second"])
    return still.with_columns(
        before[_RATE].gather(found).alias("old_rate"), before["prefix"].gather(found).alias("old_prefix")
    )


def moved_findings(rows: pl.DataFrame, before: pl.DataFrame, moment: dt.datetime, ratio: Fraction) -> pl.DataFrame:
    """`price_moved`: prices beside those that `before` has for the same numbers at the same time."""
    compared = price_at_begin(rows, before, moment)
    moved = compared.filter(_far_apart(pl.col(_RATE), pl.col("old_rate"), ratio))
    sentence = pl.format("{} a minute, before {} (prefix {})", _price(_RATE), _price("old_rate"), _prefix("old_prefix"))
    return findings("price_moved", moved, sentence, "rate_per_minute", "prefix")


def lost_findings(rows: pl.DataFrame, before: pl.DataFrame, moment: dt.datetime) -> pl.DataFrame:
    """`price_lost`: prefixes with a price in `before` at the moment, whose numbers have none in `rows`."""
    priced = in_force(before, moment).filter(pl.col(_RATE).is_not_null())
    won = winning_rows(priced, in_force(rows, moment))
    lost = won.filter(pl.col("won_rate").is_null()).with_columns(line=pl.col("won_line"))
    why = (
        pl.when(pl.col("won_line").is_null())
        .then(pl.lit("no row covers it"))
        .otherwise(pl.format("the row of prefix {} has no rate", "won_prefix"))
    )
    sentence = pl.format("{} had {} a minute ({}); now {}", "prefix", _price(_RATE), "scope", why)
    return findings("price_lost", lost, sentence, "prefix", "prefix")
