"""Which numbers a rate version knows and prices: prefixes beside the numbering plan, and numbers that were called."""

from __future__ import annotations

import datetime as dt

import polars as pl

from transforms.nearest_prefix import longest_beginning
from transforms.numbering_facts import numbering_facts
from transforms.rate_findings import findings
from transforms.rate_rows import SCOPE, in_force, winning_rows

_SWALLOWED_KINDS = ("toll_free", "premium")
_COVERED_KINDS = ("geographic", "mobile")
_INTERNATIONAL = "international_rates"
EXAMPLES = 5


def _examples(column: str) -> pl.Expr:
    """The first texts of a group, and how many more there are."""
    count = pl.col(column).len()
    shown = pl.col(column).sort().head(EXAMPLES).str.join(", ")
    return shown + pl.when(count > EXAMPLES).then(pl.format(" and {} more", count - EXAMPLES)).otherwise(pl.lit(""))


def unknown_findings(rows: pl.DataFrame, numbering_plan: pl.DataFrame) -> pl.DataFrame:
    """`unknown_prefix`. The empty prefix stands for every number."""
    asked = rows.filter(pl.col("prefix") != "")
    facts = numbering_facts(asked["prefix"], numbering_plan)
    unknown = asked.filter(~facts["is_known"])
    return findings("unknown_prefix", unknown, pl.lit("no numbering plan knows it"), "prefix", "prefix")


def _planned(rows: pl.DataFrame, numbering_plan: pl.DataFrame) -> pl.DataFrame:
    """Each prefix of the plan in each currency of the international deck, with the row that prices it."""
    international = rows.filter(pl.col("table") == _INTERNATIONAL)
    scopes = international.select(SCOPE).unique().sort(SCOPE)
    plan = numbering_plan.select("prefix", "country", "kind", plan_line="line")
    return winning_rows(scopes.join(plan, how="cross"), international)


def swallowed_findings(rows: pl.DataFrame, numbering_plan: pl.DataFrame, moment: dt.datetime) -> pl.DataFrame:
    """`swallowed`: one finding a row of the deck and kind of number. Needs `rate_rows`."""
    planned = _planned(in_force(rows, moment), numbering_plan)
    swallowed = planned.filter(
        pl.col("kind").is_in(_SWALLOWED_KINDS)
        & pl.col("won_rate").is_not_null()
        & (pl.col("won_prefix").str.len_bytes() < pl.col("prefix").str.len_bytes())
        & (pl.col("won_line_type") != pl.col("kind"))
    )
    grouped = swallowed.group_by("table", "scope", "won_prefix", "won_line", "won_line_type", "kind").agg(
        examples=_examples("prefix")
    )
    kind = pl.col("kind").str.replace("_", "-", literal=True)
    line_type = pl.when(pl.col("won_line_type") == "").then(pl.lit("any line")).otherwise("won_line_type")
    sentence = pl.format("its price for {} ({}) also takes {} numbers: {}", line_type, "scope", kind, "examples")
    rows_named = grouped.rename({"won_line": "line"})
    return findings("swallowed", rows_named, sentence, "prefix", "won_prefix")


def country_findings(rows: pl.DataFrame, numbering_plan: pl.DataFrame, moment: dt.datetime) -> list[pl.DataFrame]:
    """`country_without_price` and `part_without_price`, a currency and country. Needs `rate_rows`."""
    current = in_force(rows, moment)
    planned = _planned(current, numbering_plan).filter((pl.col("country") != "") & pl.col("kind").is_in(_COVERED_KINDS))
    priced = current.filter((pl.col("table") == _INTERNATIONAL) & pl.col("rate_per_minute_micros").is_not_null())
    begun = longest_beginning(
        priced, planned, SCOPE
    )  # the plan's prefix that a longer row of the deck prices a part of
    parts = priced.select(SCOPE).with_columns(begun.alias("prefix"), is_begun=pl.lit(value=True)).unique().drop_nulls()
    judged = planned.join(parts, on=[*SCOPE, "prefix"], how="left", validate="m:1").with_columns(
        is_covered=pl.col("won_rate").is_not_null() | pl.col("is_begun").fill_null(value=False)
    )
    countries = judged.group_by(*SCOPE, "country").agg(
        is_covered=pl.col("is_covered").any(),
        count=pl.len(),
        bare=(~pl.col("is_covered")).sum(),
        examples=_examples("prefix"),
        bare_examples=pl.col("prefix").filter(~pl.col("is_covered")).sort().head(EXAMPLES).str.join(", "),
        line=pl.col("plan_line").min(),
    )
    named = countries.with_columns(table=pl.lit("numbering_plan"))
    none = named.filter(~pl.col("is_covered"))
    part = named.filter(pl.col("is_covered") & (pl.col("bare") > 0))
    nothing = pl.format("no price in {} for any of its numbers ({})", "scope", "examples")
    some = pl.format("no price in {} for {} of its {} prefixes ({})", "scope", "bare", "count", "bare_examples")
    return [
        findings("country_without_price", none, nothing, "country", "country"),
        findings("part_without_price", part, some, "country", "country"),
    ]


def called_findings(
    called: pl.DataFrame, rows: pl.DataFrame, numbering_plan: pl.DataFrame, moment: dt.datetime
) -> pl.DataFrame:
    """`called_without_price`: what was called and has no price in this version, by the plan's prefix.

    Needs: called (what, table, currency (null: any), digits, calls, seconds), one row a number or prefix. Where table
    is null, the number was in no numbering plan, and is covered by being in this one.
    """
    known = longest_beginning(called.select(prefix="digits"), numbering_plan)
    asked = called.with_columns(known.alias("known"))
    current = in_force(rows, moment)
    by_currency = current.select("table", "prefix", "rate_per_minute_micros", "line", "line_type", scope="currency")
    in_one = by_currency.sort("rate_per_minute_micros", nulls_last=True)  # of several scopes one that has a price
    tables = asked.filter(pl.col("table").is_not_null())
    won = winning_rows(tables.rename({"digits": "prefix", "currency": "scope"}), in_one)
    bare = won.filter(pl.col("won_rate").is_null()).rename({"prefix": "digits", "scope": "currency"})
    unplanned = asked.filter(pl.col("table").is_null() & pl.col("known").is_null())
    names = ["what", "table", "currency", "digits", "calls", "seconds", "known"]
    missing = pl.concat([bare.select(names), unplanned.select(names)]).with_columns(
        table=pl.col("table").fill_null("numbering_plan"),
        group=pl.coalesce("known", pl.col("digits").str.slice(0, 7)),
    )
    grouped = missing.group_by("what", "table", "currency", "group").agg(
        pl.col("calls").sum(), pl.col("seconds").sum(), examples=_examples("digits")
    )
    place = (
        pl.when(pl.col("table") == "numbering_plan")
        .then(pl.lit("are in no numbering plan"))
        .otherwise(pl.format("have no price in {}", pl.col("currency").fill_null("any currency")))
    )
    sentence = pl.format(
        "{} calls, {} seconds ({}): numbers such as {} {}", "calls", "seconds", "what", "examples", place
    )
    return findings(
        "called_without_price", grouped.with_columns(line=pl.lit(None, dtype=pl.Int64)), sentence, "prefix", "group"
    )
