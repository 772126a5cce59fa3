"""Numbers as dialled to E.164, by the dialing plan of a country (contract §2)."""

from __future__ import annotations

import polars as pl

from schemas.reasons import NUMBER_KINDS

NUMBER_KIND = pl.Enum(NUMBER_KINDS)
_E164 = r"^\+[1-9][0-9]{6,14}$"
_FEATURE_CODE = r"^[*#][0-9*#]+$"
_EXTENSION = r"^[0-9]{2,6}$"
_PUNCTUATION = r"[ ().\-]"
_PLAN_COLUMNS = (
    "calling_code",
    "international_prefix",
    "national_prefix",
    "national_lengths",
    "carrier_code_digits",
    "emergency_numbers",
    "short_codes",
)


def _is_national_length(digits: pl.Expr) -> pl.Expr:
    return pl.col("national_lengths").list.contains(digits.str.len_bytes().cast(pl.Int64))


def _international_number() -> pl.Expr:
    """What was dialled behind the international prefix and the carrier's digits."""
    prefix_length = pl.col("international_prefix").str.len_bytes()
    return pl.lit("+") + pl.col("dialled").str.slice(
        prefix_length + pl.col("carrier_code_digits").cast(pl.UInt32)
    )


def _national_number() -> pl.Expr:
    """Calling code and national number; null where no national length fits."""
    dialled = pl.col("dialled")
    prefix = pl.col("national_prefix")
    has_prefix = (prefix != "") & dialled.str.starts_with(prefix)
    significant = pl.when(has_prefix).then(dialled.str.slice(prefix.str.len_bytes())).otherwise(dialled)
    carrier_digits = pl.col("carrier_code_digits").cast(pl.UInt32)
    without_carrier = significant.str.slice(carrier_digits)
    drops_carrier = (
        has_prefix
        & (carrier_digits > 0)
        & ~_is_national_length(significant)
        & _is_national_length(without_carrier)
    )
    national = pl.when(drops_carrier).then(without_carrier).otherwise(significant)
    return pl.when(_is_national_length(national)).then(pl.lit("+") + pl.col("calling_code") + national)


def _judged(dialled: pl.LazyFrame) -> pl.LazyFrame:
    """Adds number and number_kind to distinct (country, text) with its dialing plan beside it."""
    text = pl.col("dialled")
    is_digits = text.str.contains(r"^[0-9]+$")
    prefix = pl.col("international_prefix")
    is_international = is_digits & (prefix != "") & text.str.starts_with(prefix)
    long_number = (
        pl.when(is_international).then(_international_number()).when(is_digits).then(_national_number())
    )
    kind = (
        pl.when(pl.col("text").fill_null("") == "")
        .then(pl.lit("anonymous"))
        .when(text.str.contains(_FEATURE_CODE))
        .then(pl.lit("feature_code"))
        .when(text.str.starts_with("+"))
        .then(pl.when(text.str.contains(_E164)).then(pl.lit("e164")).otherwise(pl.lit("bad")))
        .when(pl.col("emergency_numbers").list.contains(text))
        .then(pl.lit("emergency"))
        .when(pl.col("short_codes").list.contains(text))
        .then(pl.lit("short_code"))
        .when(text.str.contains(_EXTENSION))
        .then(pl.lit("extension"))
        .when(long_number.str.contains(_E164))
        .then(pl.lit("e164"))
        .otherwise(pl.lit("bad"))
    )
    number = (
        pl.when(pl.col("number_kind") == "short_code")
        .then(pl.lit("+") + pl.col("calling_code") + text)
        .when((pl.col("number_kind") == "e164") & ~text.str.starts_with("+"))
        .then(long_number)
        .otherwise(text)
    )
    return dialled.with_columns(number_kind=kind.fill_null("bad")).with_columns(number=number)


def normalise_numbers(dialled: pl.DataFrame, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """Each number as it is stored, and its kind.

    Grain: one row a row of `dialled` (country, text; text trimmed), order kept. Adds: number (E.164 with `+`;
    emergency numbers, extensions and feature codes as dialled; anonymous empty), number_kind (`bad` = none).
    A country without a dialing plan leaves only E.164 and feature codes readable.
    """
    is_e164 = dialled["text"].str.contains(_E164).fill_null(value=False)
    if is_e164.all():
        return dialled.with_columns(number=pl.col("text"), number_kind=pl.lit("e164").cast(NUMBER_KIND))
    plans = dialing_plans.select("country", *_PLAN_COLUMNS)
    distinct = (
        dialled.filter(~is_e164)
        .unique(["country", "text"], maintain_order=True)
        .lazy()
        .with_columns(dialled=pl.col("text").str.replace_all(_PUNCTUATION, "").fill_null(""))
        .join(plans.lazy(), on="country", how="left", validate="m:1")
        .pipe(_judged)
        .select("country", "text", "number", number_kind=pl.col("number_kind").cast(NUMBER_KIND))
        .collect()
    )
    return dialled.join(
        distinct, on=["country", "text"], how="left", nulls_equal=True, maintain_order="left"
    ).with_columns(
        number=pl.coalesce("number", "text").fill_null(""),
        number_kind=pl.col("number_kind").fill_null(pl.lit("e164").cast(NUMBER_KIND)),
    )
