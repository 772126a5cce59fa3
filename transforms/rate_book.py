"""The rows that calls can be priced by, and the indexes that find them (rules 4.4, 5.2, 6.1)."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from schemas.rate_files import NUMBER_PLAN_KINDS
from transforms.prefixes import ENTRY_SCHEMA, OPEN_SECOND, PrefixIndex, build_prefix_index

ANY_PLAN = "*"
_LINE_KIND = pl.Enum(NUMBER_PLAN_KINDS)
_ROW_COLUMNS = (
    "rate_table",
    "rate_prefix",
    "destination",
    "connection_fee_micros",
    "rate_per_minute_micros",
    "minimum_seconds",
    "increment_seconds",
    "rounding",
)


class RateTableFrames(NamedTuple):
    """The tables that calls are priced by, as a version has them."""

    international_rates: pl.DataFrame
    premium_prefixes: pl.DataFrame
    toll_free_rates: pl.DataFrame
    plans: pl.DataFrame
    numbering_plan: pl.DataFrame


class RateBook(NamedTuple):
    """rows: every row a call can be priced by, at the position that the indexes lead to.

    scopes: one row an account, with the scope of each index its calls are looked up in (-1 = the account's
    country or currency has no rows there). numbering_rows stand at the positions of `numbering`.
    """

    rows: pl.DataFrame
    scopes: pl.DataFrame
    international: PrefixIndex
    premium: PrefixIndex
    toll_free: PrefixIndex
    plans: PrefixIndex
    numbering: PrefixIndex
    numbering_rows: pl.DataFrame


def found_by_machine_code(book: RateBook) -> RateBook:
    """The book with indexes that machine code walks: in months that are worth loading it. They find the same."""
    names = ("international", "premium", "toll_free", "plans", "numbering")
    return book._replace(**{name: getattr(book, name)._replace(by_machine_code=True) for name in names})


def row_places(tables: RateTableFrames) -> pl.DataFrame:
    """Table and line of each row of a book, at its position. Grain: one row a row of `RateBook.rows`."""
    stacked = {
        "international_rates": tables.international_rates,
        "premium_prefixes": tables.premium_prefixes,
        "toll_free_rates": tables.toll_free_rates,
        "plans": tables.plans,
    }
    return pl.concat(rows.select("line", rate_table=pl.lit(name)) for name, rows in stacked.items())


def _seconds(column: str, when_open: int) -> pl.Expr:
    return (pl.col(column).dt.epoch("s")).fill_null(when_open).alias(column)


def _text_or_none(column: str) -> pl.Expr:
    return pl.when(pl.col(column) != "").then(pl.col(column))


def _stacked_rows(tables: RateTableFrames) -> pl.DataFrame:
    """The rows of the four tables under each other, with the key columns that scopes are made of."""
    no_text = pl.lit(None, dtype=pl.String)
    international = tables.international_rates.with_columns(
        rate_table=pl.lit("international_rates"),
        rate_prefix=pl.col("prefix"),
        destination=_text_or_none("destination"),
        country=no_text,
        plan_id=no_text,
    )
    premium = tables.premium_prefixes.with_columns(
        rate_table=pl.lit("premium_prefixes"),
        rate_prefix=pl.col("prefix"),
        destination=_text_or_none("description"),
    )
    toll_free = tables.toll_free_rates.with_columns(
        rate_table=pl.lit("toll_free_rates"),
        rate_prefix=pl.col("origin_prefix"),
        destination=no_text,
        plan_id=no_text,
    )
    plans = tables.plans.with_columns(
        rate_table=pl.lit("plans"),
        rate_prefix=no_text,
        destination=no_text,
        country=no_text,
        rate_per_minute_micros=pl.col("overage_rate_micros"),
        connection_fee_micros=pl.lit(0, dtype=pl.Int64),
    )
    keys = ("currency", "country", "plan_id")
    dates = (_seconds("effective_from", 0), _seconds("effective_to", OPEN_SECOND))
    parts = (international, premium, toll_free, plans)
    stacked = [table.select(*_ROW_COLUMNS, *keys, *dates, *_included(table)) for table in parts]
    return pl.concat(stacked, how="diagonal").with_row_index("row").cast({"row": pl.Int64})


def _included(table: pl.DataFrame) -> list[str]:
    return [name for name in ("included_countries", "line") if name in table.columns]


def _entries(rows: pl.DataFrame, preference: int = 0) -> pl.DataFrame:
    """Rows as entries of a prefix index; a row without a prefix holds every number."""
    return rows.select(
        scope="scope",
        prefix=pl.col("rate_prefix").fill_null(""),
        from_second="effective_from",
        to_second="effective_to",
        row="row",
        preference=pl.lit(preference),
    ).cast(ENTRY_SCHEMA)


def _numbered(accounts: pl.DataFrame, keys: list[str], name: str) -> pl.DataFrame:
    """Distinct keys of the accounts, numbered from 0 in their order."""
    return accounts.select(keys).unique().sort(keys).with_row_index(name).cast({name: pl.Int64})


def _premium_entries(rows: pl.DataFrame, scopes: pl.DataFrame) -> pl.DataFrame:
    """Rows of any plan in each scope of their country and currency, and a plan's own before them (rule 5.2)."""
    premium = rows.filter(pl.col("rate_table") == "premium_prefixes")
    named = scopes.rename({"premium_scope": "scope"})
    general = premium.filter(pl.col("plan_id") == ANY_PLAN).drop("plan_id").join(named, on=["country", "currency"])
    own = premium.join(named, on=["country", "currency", "plan_id"])
    return pl.concat([_entries(general), _entries(own, preference=1)])


def build_rate_book(tables: RateTableFrames, accounts: pl.DataFrame) -> RateBook:
    """The rate book for these accounts (account_id, country, currency, plan_id: one plan for the usage month)."""
    rows = _stacked_rows(tables)
    by_currency = _numbered(accounts, ["currency"], "international_scope")
    by_country = _numbered(accounts, ["country", "currency"], "toll_free_scope")
    by_plan = _numbered(accounts, ["country", "currency", "plan_id"], "premium_scope")
    by_plan_only = _numbered(accounts, ["plan_id"], "plan_scope")
    scopes = (
        accounts.select("account_id", "country", "currency", "plan_id")
        .join(by_currency, on="currency", how="left", validate="m:1")
        .join(by_country, on=["country", "currency"], how="left", validate="m:1")
        .join(by_plan, on=["country", "currency", "plan_id"], how="left", validate="m:1")
        .join(by_plan_only, on="plan_id", how="left", validate="m:1")
        .drop("country", "currency", "plan_id")
    )

    def of(table: str, keys: pl.DataFrame, scope: str, on: list[str]) -> PrefixIndex:
        scoped = rows.filter(pl.col("rate_table") == table).join(keys.rename({scope: "scope"}), on=on)
        return build_prefix_index(_entries(scoped))

    numbering = tables.numbering_plan.select(
        scope=pl.lit(0, dtype=pl.Int64),
        rate_prefix=pl.col("prefix"),
        effective_from=pl.lit(0),
        effective_to=pl.lit(OPEN_SECOND),
        row=pl.int_range(pl.len()),
    )
    return RateBook(
        rows=rows.select(*_ROW_COLUMNS, *_included(rows)).with_columns(
            pl.col("rate_table", "rate_prefix", "destination").cast(pl.Categorical)  # many calls share few texts
        ),
        scopes=scopes,
        international=of("international_rates", by_currency, "international_scope", ["currency"]),
        premium=build_prefix_index(_premium_entries(rows, by_plan)),
        toll_free=of("toll_free_rates", by_country, "toll_free_scope", ["country", "currency"]),
        plans=of("plans", by_plan_only, "plan_scope", ["plan_id"]),
        numbering=build_prefix_index(_entries(numbering)),
        numbering_rows=tables.numbering_plan.select("country", "region", pl.col("kind").cast(_LINE_KIND)),
    )
