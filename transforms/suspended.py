"""Suspended calls by what is missing, and what they would cost if it were there (rule 5.1)."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

from transforms.numbers import NUMBER_KIND, dialing_plans_by_country, is_e164, normalise_numbers
from transforms.prefixes import MAXIMUM_DIGITS
from transforms.rate_calls import RatedCalls

CALL_KEY: tuple[str, ...] = ("source_file", "source_line")
_LACKING = {
    "international": "international",
    "domestic_premium": "premium",
    "toll_free": "toll-free",
}


def _deciding_digits() -> pl.Expr:
    """Digits of the number that a rate would be found by: the source of a toll-free call, else the destination."""
    number = pl.when(pl.col("call_type") == "toll_free").then("source_number").otherwise("destination_number")
    return pl.when(number.str.starts_with("+")).then(number.str.slice(1)).otherwise(pl.lit(""))


def _beginnings(digits: pl.DataFrame) -> pl.DataFrame:
    """Every beginning of each text: digits, beginning, length. Grain: digits, length."""
    return (
        digits.with_columns(length=pl.int_ranges(1, pl.col("digits").str.len_bytes().clip(0, MAXIMUM_DIGITS) + 1))
        .explode("length", empty_as_null=False)
        .with_columns(beginning=pl.col("digits").str.slice(0, pl.col("length")))
    )


def numbering_places(digits: pl.Series, numbering_plan: pl.DataFrame) -> pl.DataFrame:
    """Where each number stands in the numbering plan. Grain: one row a different text of digits.

    Gives: digits; known_prefix, the longest prefix of the plan, with its country (null = none);
    unknown_prefix, the shortest beginning that no prefix of the plan begins with, so what would have to be added.
    """
    texts = digits.unique().sort().alias("digits").to_frame()
    beginnings = _beginnings(texts)
    plan = numbering_plan.select(beginning="prefix", country="country")
    known = (
        beginnings.join(plan, on="beginning", how="inner", validate="m:1")
        .sort("length")
        .group_by("digits")
        .agg(pl.col("beginning").last().alias("known_prefix"), pl.col("country").last())
    )
    heads = _beginnings(plan.select(digits="beginning")).select("beginning").unique()
    unknown = (
        beginnings.join(heads, on="beginning", how="anti")
        .sort("length")
        .group_by("digits")
        .agg(pl.col("beginning").first().alias("unknown_prefix"))
    )
    placed = texts.join(known, on="digits", how="left", validate="1:1")
    return placed.join(unknown, on="digits", how="left", validate="1:1")


def lacking() -> pl.Expr:
    """What a suspended call lacks, for a person: `international: no row`, `premium: no price`, `numbering plan`."""
    table = pl.col("call_type").replace_strict(_LACKING, default=None, return_dtype=pl.String)
    has_row = pl.col("rate_table").is_not_null()
    in_table = table + pl.when(has_row).then(pl.lit(": no price")).otherwise(pl.lit(": no row"))
    return pl.when(pl.col("reason") == "unknown_destination").then(pl.lit("numbering plan")).otherwise(in_table)


def with_missing_prefix(suspended: pl.DataFrame, numbering_plan: pl.DataFrame) -> pl.DataFrame:
    """Suspended calls with the prefix that they wait for, its country, and what they lack.

    Grain: one row a call, order kept. missing_prefix: of the row without a price; else where the number leaves the
    numbering plan; else the plan's longest prefix of the number; empty where the number has no digits.
    """
    digits = suspended.with_columns(digits=_deciding_digits())
    placed = digits.join(
        numbering_places(digits["digits"], numbering_plan),
        on="digits",
        how="left",
        validate="m:1",
        maintain_order="left",
    )
    is_unknown = pl.col("reason") == "unknown_destination"
    prefix = pl.when(is_unknown).then("unknown_prefix").otherwise(pl.coalesce("rate_prefix", "known_prefix"))
    return placed.with_columns(missing_prefix=pl.coalesce(prefix, "known_prefix", pl.lit("")), lacking=lacking()).drop(
        "digits", "known_prefix", "unknown_prefix"
    )


def missing_rates(suspended: pl.DataFrame) -> pl.DataFrame:
    """What is missing, most seconds first. Grain: missing_prefix, country, lacking. Needs `with_missing_prefix`."""
    return (
        suspended.group_by("missing_prefix", "country", "lacking")
        .agg(
            calls=pl.len().cast(pl.Int64),
            seconds=pl.col("duration_seconds").sum(),
            accounts=pl.col("account_id").n_unique().cast(pl.Int64),
            first_call=pl.col("start_time").min(),
            last_call=pl.col("start_time").max(),
        )
        .sort("seconds", "missing_prefix", "country", "lacking", descending=[True, False, False, False])
    )


def stored_number_kinds(numbers: pl.DataFrame, dialing_plans: pl.DataFrame) -> pl.Series:
    """What each number is by a country's dialing plan, as calls are classified by it (number_kind).

    Grain: one value a row of `numbers` (country, number as it is stored), order kept.
    """
    codes = pl.DataFrame(
        [
            (country, f"+{plan.calling_code}{code}", code)
            for country, plan in dialing_plans_by_country(dialing_plans).items()
            for code in plan.short_codes
        ],
        schema={"country": pl.String, "number": pl.String, "short_code": pl.String},
        orient="row",
    )
    number = pl.col("number")
    is_other = ~is_e164(numbers["number"]) | numbers.select(number.is_in(codes["number"].implode())).to_series()
    dialled = numbers.select("country", "number").filter(is_other)
    dialled = dialled.join(codes, on=["country", "number"], how="left", maintain_order="left", validate="m:1")
    texts = dialled.select("country", text=pl.coalesce("short_code", "number"))
    kinds = normalise_numbers(texts, dialing_plans)["number_kind"].cast(NUMBER_KIND)
    plain = pl.Series(["e164"], dtype=NUMBER_KIND).new_from_index(0, numbers.height)
    return plain.scatter(is_other.arg_true(), kinds)


def as_accepted(calls: pl.DataFrame, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """Published calls with what rating needs and no table keeps: the kinds of both numbers, and no warnings.

    Grain: one row a call, order kept. Needs: the account's country, source_number, destination_number.
    """
    kinds = {
        f"{party}_kind": stored_number_kinds(calls.select("country", number=f"{party}_number"), dialing_plans)
        for party in ("source", "destination")
    }
    return calls.with_columns(warning_bits=pl.lit(0), **kinds)


class Released(NamedTuple):
    """What suspended calls would come to under a version. Money in micros of the account's currency.

    calls: one row a suspended call: its key, account_id, would_be (a call type, an unbilled or a suspended reason),
    billable_seconds, cost_micros (null where it would not be billed). others: one row an account, with what the
    *other* calls would cost: beside_micros, if the suspended ones were left out, and after_micros, with them taking
    their part of the pool before (rule 7.1); other_calls, how many of them are billed then.
    """

    calls: pl.DataFrame
    others: pl.DataFrame


def _would_be(rated: RatedCalls) -> pl.DataFrame:
    names = [*CALL_KEY, "account_id"]
    parts = [rated.billed.select(*names, "billable_seconds", "cost_micros", would_be=pl.col("call_type"))]
    parts += [part.select(*names, would_be=pl.col("outcome")) for part in (rated.unbilled, rated.suspended)]
    texts = [part.cast({"would_be": pl.String, "source_file": pl.String}) for part in parts]
    return pl.concat(texts, how="diagonal")


def _costs(judged: pl.DataFrame, name: str) -> pl.DataFrame:
    return judged.group_by("account_id").agg(
        pl.col("cost_micros").sum().alias(f"{name}_micros"), pl.col("cost_micros").count().alias(f"{name}_calls")
    )


def without_calls(calls: pl.DataFrame, keys: pl.DataFrame) -> pl.DataFrame:
    """The calls but for those of the keys (source_file as text). Order kept."""
    numbered = calls.with_row_index("place").select("place", *CALL_KEY).cast({"source_file": pl.String})
    return calls[numbered.join(keys, on=CALL_KEY, how="anti", maintain_order="left")["place"]]


def released_calls(together: RatedCalls, beside: RatedCalls, suspended: pl.DataFrame) -> Released:
    """What becomes of the suspended calls (keys and account_id), and of the others of their accounts.

    Needs: together, every accepted call of the accounts, rated; beside, the same without the suspended ones.
    """
    keys = suspended.select(CALL_KEY)
    judged = _would_be(together)
    others = judged.join(keys, on=CALL_KEY, how="anti")
    by_account = suspended.select("account_id").unique().sort("account_id")
    for part, name in ((_would_be(beside), "beside"), (others, "after")):
        by_account = by_account.join(_costs(part, name), on="account_id", how="left", validate="1:1")
    return Released(
        calls=judged.join(keys, on=CALL_KEY, how="semi").sort(CALL_KEY),
        others=by_account.fill_null(0).select(
            "account_id", "beside_micros", "after_micros", other_calls=pl.col("after_calls").cast(pl.Int64)
        ),
    )
