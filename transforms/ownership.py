"""Whose call it is: by the account named, else by the owner of a number on the day of the call (rules 5.4, 5.6)."""

from __future__ import annotations

import polars as pl

from schemas.source_spec import SourceSpec
from transforms.numbers import normalise_numbers


def owners_of(calls: pl.LazyFrame, number: str, phone_owners: pl.LazyFrame, *others: str) -> pl.LazyFrame:
    """Calls of which the number belongs to somebody on the call's UTC date (rule 5.6), with owner and kind.

    Grain: one row an owned call. Needs: row, `number`, start_time, others. Gives: row, others, owner_id, owned_kind.
    """
    day = pl.col("start_time").dt.date()
    owners = phone_owners.select("number", "owned_from", "owned_until", owner_id="account_id", owned_kind="kind")
    return (
        calls.select("row", "start_time", *others, number=pl.col(number))
        .join(owners, on="number", how="inner")
        .filter((day >= pl.col("owned_from")) & (day <= pl.col("owned_until").fill_null(pl.date(9999, 12, 31))))
        .select("row", *others, "owner_id", "owned_kind")
    )


def _looked_up(calls: pl.DataFrame, column: str, source: SourceSpec, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """The number as it is looked up: only with `+`, unless the source names a country to read it by."""
    texts = calls.select(
        "row", "start_time", country=pl.lit(source.default_country, dtype=pl.String), text=pl.col(column)
    )
    if source.default_country is None:
        texts = texts.filter(pl.col("text").str.contains(r"^[ ().\-]*\+"))
    return normalise_numbers(texts, dialing_plans).filter(pl.col("number_kind").is_in(["e164", "short_code"]))


def find_accounts(
    calls: pl.DataFrame, source: SourceSpec, phone_owners: pl.DataFrame, dialing_plans: pl.DataFrame
) -> pl.DataFrame:
    """Calls with the account they are billed to, as far as one is named or found.

    Grain: one row a call, order kept. Needs: row, account_id (text, may be empty), both numbers as text,
    start_time. Sets account_id (null = nobody's); adds second_party (the destination is another customer's).
    """
    if not (calls["account_id"] == "").any():
        return calls.with_columns(second_party=pl.lit(value=False))
    orphans = calls.filter((pl.col("account_id") == "") & pl.col("start_time").is_not_null())
    owners = {
        side: owners_of(
            _looked_up(orphans, f"{side}_number", source, dialing_plans).lazy(), "number", phone_owners.lazy()
        )
        .select("row", pl.col("owner_id").alias(f"{side}_owner"))
        .collect()
        for side in ("source", "destination")
    }
    named = pl.when(pl.col("account_id") != "").then(pl.col("account_id"))
    both = pl.col("source_owner").is_not_null() & (pl.col("source_owner") != pl.col("destination_owner"))
    return (
        calls.join(owners["source"], on="row", how="left", maintain_order="left", validate="1:1")
        .join(owners["destination"], on="row", how="left", maintain_order="left", validate="1:1")
        .with_columns(
            account_id=pl.coalesce(named, "source_owner", "destination_owner"),
            second_party=both.fill_null(value=False),
        )
        .drop("source_owner", "destination_owner")
    )
