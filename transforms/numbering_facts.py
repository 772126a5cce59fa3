"""What the numbering plan says of prefixes, longer or shorter than its own (rule 5)."""

from __future__ import annotations

import polars as pl

from transforms.nearest_prefix import longest_beginning

LINE_TYPE_OF_KIND = {"geographic": "fixed"}


def numbering_facts(prefixes: pl.Series, numbering_plan: pl.DataFrame) -> pl.DataFrame:
    """What the numbering plan says of each prefix: is_known, plan_country, plan_kind, plan_line_type.

    Grain: one row a prefix, order kept. By the plan's longest prefix that it begins with; a prefix that is shorter
    than the plan's has what all of those that begin with it share, else null. An empty country is "" (none).
    """
    keys = prefixes.alias("prefix").to_frame()
    plan = numbering_plan.select("prefix", plan_country="country", plan_kind="kind")
    nearest = longest_beginning(keys, plan).alias("nearest")
    exact = keys.with_columns(nearest).join(
        plan.rename({"prefix": "nearest"}), on="nearest", how="left", validate="m:1", maintain_order="left"
    )
    shorter = _shared_facts(exact.filter(pl.col("nearest").is_null())["prefix"], plan)
    joined = exact.join(shorter, on="prefix", how="left", validate="m:1", maintain_order="left")
    kind = pl.coalesce("plan_kind", "shared_kind")
    line_type = pl.col("plan_kind").replace(LINE_TYPE_OF_KIND)
    return joined.select(
        "prefix",
        is_known=pl.col("nearest").is_not_null() | pl.col("is_begun").fill_null(value=False),
        plan_country=pl.coalesce("plan_country", "shared_country"),
        plan_kind=kind,
    ).with_columns(plan_line_type=line_type)


def _shared_facts(prefixes: pl.Series, plan: pl.DataFrame) -> pl.DataFrame:
    """For prefixes that begin prefixes of the plan: what all of those share. Grain: prefix."""
    wanted = prefixes.unique().to_frame()
    parts = []
    for length in wanted.select(pl.col("prefix").str.len_bytes().unique()).to_series().to_list():
        of_length = wanted.filter(pl.col("prefix").str.len_bytes() == length)
        longer = plan.with_columns(prefix=pl.col("prefix").str.slice(0, length)).join(of_length, on="prefix")
        parts.append(
            longer.group_by("prefix").agg(
                shared_country=pl.when(pl.col("plan_country").n_unique() == 1).then(pl.col("plan_country").first()),
                shared_kind=pl.when(pl.col("plan_kind").n_unique() == 1).then(pl.col("plan_kind").first()),
                is_begun=pl.lit(value=True),
            )
        )
    schema = {"prefix": pl.String, "shared_country": pl.String, "shared_kind": pl.String, "is_begun": pl.Boolean}
    return pl.concat([pl.DataFrame(schema=schema), *parts])
