"""Numbers as dialled to E.164, by the dialing plan of a country (contract §2)."""

from __future__ import annotations

from typing import Any, NamedTuple

import polars as pl

from schemas.reasons import NUMBER_KINDS

NUMBER_KIND = pl.Enum(NUMBER_KINDS)
E164 = r"^\+[1-9][0-9]{6,14}$"
_FEATURE_CODE = r"^[*#][0-9*#]+$"
_EXTENSION = r"^[0-9]{2,6}$"
_PUNCTUATION = r"[ ().\-]"


class DialingPlan(NamedTuple):
    """How one country dials. Without any prefix and length, only E.164 can be read."""

    calling_code: str = ""
    international_prefix: str = ""
    national_prefix: str = ""
    national_lengths: tuple[int, ...] = ()
    carrier_code_digits: int = 0
    emergency_numbers: tuple[str, ...] = ()
    short_codes: tuple[str, ...] = ()


def dialing_plans_by_country(dialing_plans: pl.DataFrame) -> dict[str, DialingPlan]:
    """The rows of `dialing_plans.csv` by country."""
    return {
        row["country"]: DialingPlan(
            row["calling_code"],
            row["international_prefix"],
            row["national_prefix"],
            tuple(row["national_lengths"]),
            row["carrier_code_digits"],
            tuple(row["emergency_numbers"]),
            tuple(row["short_codes"]),
        )
        for row in dialing_plans.iter_rows(named=True)
    }


def _international_numbers(dialled: pl.Series, plan: DialingPlan) -> pl.Series:
    """E.164 of what was dialled behind the international prefix and the carrier's digits; null where it is none."""
    number = pl.lit("+") + pl.col("dialled").str.slice(len(plan.international_prefix) + plan.carrier_code_digits)
    return dialled.to_frame("dialled").select(number=pl.when(number.str.contains(E164)).then(number))["number"]


def _national_numbers(dialled: pl.Series, plan: DialingPlan) -> pl.Series:
    """Calling code and national number; null where no national length fits."""
    national = dialled.str.strip_prefix(plan.national_prefix) if plan.national_prefix else dialled
    if plan.carrier_code_digits:
        too_long = [length + plan.carrier_code_digits for length in plan.national_lengths]
        has_prefix = national.str.len_bytes() < dialled.str.len_bytes()
        names_carrier = has_prefix & _has_length(national, too_long) & ~_has_length(national, plan.national_lengths)
        national = national.str.slice(plan.carrier_code_digits).zip_with(names_carrier, national)
    lengths = [length for length in plan.national_lengths if 7 <= length + len(plan.calling_code) <= 15]
    fits = _has_length(national, lengths)
    numbers = national.to_frame("national").select(pl.lit("+" + plan.calling_code) + pl.col("national"))
    return numbers.to_series() if fits.all() else pl.select(pl.when(fits).then(numbers.to_series())).to_series()


def _has_length(digits: pl.Series, lengths: list[int] | tuple[int, ...]) -> pl.Series:
    return digits.str.len_bytes().is_in(pl.Series(lengths, dtype=pl.UInt32).implode())


def _kind(name: str) -> pl.Expr:
    return pl.lit(name, dtype=NUMBER_KIND)


def _is_one_of(dialled: pl.Expr, numbers: tuple[str, ...]) -> pl.Expr:
    return dialled.is_in(pl.lit(pl.Series(numbers, dtype=pl.String)).implode())


def _read_long(plan: DialingPlan, texts: pl.DataFrame) -> list[pl.DataFrame]:
    """Numbers of 7 digits or more, dialled with or without prefixes: E.164, or bad."""
    if not plan.international_prefix:
        return [_as_read(texts, _national_numbers(texts["dialled"], plan))]
    is_international = texts["dialled"].str.starts_with(plan.international_prefix)
    abroad, at_home = texts.filter(is_international), texts.filter(~is_international)
    return [
        _as_read(abroad, _international_numbers(abroad["dialled"], plan)),
        _as_read(at_home, _national_numbers(at_home["dialled"], plan)),
    ]


def _as_read(texts: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """Place, number and number_kind; a number that is null is bad, and stays as it was dialled."""
    is_bad = pl.col("number").is_null()
    return texts.select("place", "dialled", numbers.alias("number")).select(
        "place",
        pl.coalesce("number", "dialled").alias("number"),
        pl.when(is_bad).then(_kind("bad")).otherwise(_kind("e164")).alias("number_kind"),
    )


def _read_short(plan: DialingPlan, texts: pl.DataFrame) -> pl.DataFrame:
    """All else: what has a meaning of its own, E.164 with separators, and what is no number."""
    text, dialled = pl.col("text"), pl.col("dialled")
    kind = (
        pl.when(text == "")
        .then(_kind("anonymous"))
        .when(dialled.str.contains(_FEATURE_CODE))
        .then(_kind("feature_code"))
        .when(dialled.str.contains(E164))
        .then(_kind("e164"))
        .when(_is_one_of(dialled, plan.emergency_numbers))
        .then(_kind("emergency"))
        .when(_is_one_of(dialled, plan.short_codes))
        .then(_kind("short_code"))
        .when(dialled.str.contains(_EXTENSION))
        .then(_kind("extension"))
        .otherwise(_kind("bad"))
    )
    number = pl.when(pl.col("number_kind") == "short_code").then(pl.lit("+" + plan.calling_code) + dialled)
    return (
        texts.lazy()
        .with_columns(number_kind=kind)
        .select("place", number.otherwise(dialled).alias("number"), "number_kind")
        .collect()
    )


def _read_by(plan: DialingPlan, texts: pl.DataFrame) -> list[pl.DataFrame]:
    """Place, number and number_kind of texts that were dialled in the country of the plan."""
    dialled = texts.with_columns(pl.col("text").fill_null("")).with_columns(
        dialled=pl.col("text").str.replace_all(_PUNCTUATION, "")
    )
    is_long = dialled["dialled"].str.contains(r"^[0-9]{7,}$")
    reserved = [number for number in (*plan.emergency_numbers, *plan.short_codes) if len(number) > 6]
    if reserved:
        is_long = is_long & ~dialled["dialled"].is_in(reserved)
    return [*_read_long(plan, dialled.filter(is_long)), _read_short(plan, dialled.filter(~is_long))]


def is_e164(texts: pl.Series) -> pl.Series:
    """Whether each text matches E164; a null does not. Reading a number takes a quarter of a pattern's time."""
    size = texts.str.len_bytes()
    is_long = (size >= 8) & (size <= 16)  # with the +
    begins = texts.str.starts_with("+") & ~texts.str.starts_with("+0")
    return (begins & is_long & texts.cast(pl.Int64, strict=False).is_not_null()).fill_null(value=False)


def normalise_numbers(dialled: pl.DataFrame, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """Each number as it is stored, and its kind.

    Grain: one row a row of `dialled` (country, text; text trimmed), order kept. Adds: number (E.164 with `+`;
    emergency numbers, extensions and feature codes as dialled; anonymous empty), number_kind (`bad` = none).
    A country without a dialing plan leaves only E.164, extensions and feature codes readable.
    """
    others = dialled.with_row_index("place").filter(~is_e164(dialled["text"]))
    plans = dialing_plans_by_country(dialing_plans)
    read = [
        frame
        for part in others.partition_by("country", maintain_order=True)
        for frame in _read_by(plans.get(part["country"][0], DialingPlan()), part)
    ]
    schema: dict[str, Any] = {"place": pl.UInt32, "number": pl.String, "number_kind": NUMBER_KIND}
    judged = pl.concat([pl.DataFrame(schema=schema), *read])
    kinds = pl.repeat(NUMBER_KINDS.index("e164"), dialled.height, dtype=pl.UInt8, eager=True)
    codes = judged["number_kind"].to_physical()
    return dialled.with_columns(
        dialled["text"].clone().scatter(judged["place"], judged["number"]).alias("number"),
        kinds.scatter(judged["place"], codes).cat.to(NUMBER_KIND).alias("number_kind"),
    )
