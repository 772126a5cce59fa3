"""The longest other prefix that a prefix begins with, among those of its scope; no loop over rows."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from transforms.prefixes import MAXIMUM_DIGITS


def longest_beginning(
    prefixes: pl.DataFrame, known: pl.DataFrame, scope: Sequence[str] = (), *, itself: bool = True
) -> pl.Series:
    """For each prefix the longest of `known` that it begins with in its scope, null where there is none.

    Grain: one value a row of `prefixes`, order kept. Both have the scope's columns and `prefix`; `itself` says
    whether a prefix may be its own beginning. The empty prefix is the beginning of every other.
    """
    wanted = prefixes.select(*scope, "prefix").unique()
    heads = known.select(*scope, pl.col("prefix").alias("beginning")).unique().with_columns(is_known=pl.lit(value=True))
    lengths = heads.select(pl.col("beginning").str.len_bytes().unique()).to_series().sort(descending=True).to_list()
    found = pl.lit(None, dtype=pl.String)
    candidates: list[str] = []
    for length in lengths:
        if length > MAXIMUM_DIGITS:
            continue
        size = pl.col("prefix").str.len_bytes()
        fits = size >= length if itself else size > length
        name = f"of {length}"
        beginning = pl.when(fits).then(pl.col("prefix").str.slice(0, length))
        wanted = wanted.with_columns(beginning=beginning).join(
            heads, on=[*scope, "beginning"], how="left", validate="m:1", maintain_order="left"
        )
        wanted = wanted.with_columns(pl.when("is_known").then("beginning").alias(name)).drop("beginning", "is_known")
        candidates.append(name)
    found = pl.coalesce(*candidates, found) if candidates else found
    nearest = wanted.select(*scope, "prefix", nearest=found)
    joined = prefixes.select(*scope, "prefix").join(
        nearest, on=[*scope, "prefix"], how="left", validate="m:1", maintain_order="left"
    )
    return joined["nearest"]
