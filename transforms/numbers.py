"""Numbers as dialled to E.164, by the dialing plan of a country (contract §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import polars as pl

from schemas.reasons import NUMBER_KINDS

NUMBER_KIND = pl.Enum(NUMBER_KINDS)
E164 = r"^\+[1-9][0-9]{6,14}$"
_FEATURE_CODE = r"^[*#][0-9*#]+$"
_EXTENSION_DIGITS = (2, 6)
_EXTENSION = r"^[0-9]{2,6}$"
_PUNCTUATION = r"[ ().\-]"
_COUNTED = 32  # no national length comes near


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


class _PlanTable:
    """Dialing plans side by side, so that numbers of all countries are read at once: each by the terms of its own.

    A row has the place of its country's plan in `plan`; a country without one has an empty plan, at place 0. What
    numbers with a meaning of their own are in a country is told by keys of place and number (`own_key`).
    """

    def __init__(self, plans: tuple[tuple[str, DialingPlan], ...]) -> None:
        self.countries = [country for country, _ in plans]
        self.plans = (DialingPlan(), *(plan for _, plan in plans))
        self.emergency = self._keys(plan.emergency_numbers for plan in self.plans)
        self.short_codes = self._keys(plan.short_codes for plan in self.plans)
        self.long_keys = [key for key in (*self.emergency, *self.short_codes) if len(key.partition(":")[2]) > 6]

    @staticmethod
    def _keys(numbers: Iterable[tuple[str, ...]]) -> list[str]:
        return [f"{place}:{number}" for place, of_plan in enumerate(numbers) for number in of_plan]

    def place(self) -> pl.Expr:
        """The place of each row's plan."""
        places = pl.Series(range(1, len(self.plans)), dtype=pl.UInt32)
        return pl.col("country").replace_strict(self.countries, places, default=0, return_dtype=pl.UInt32)

    def term(self, value: Callable[[DialingPlan], Any], dtype: Any = pl.String) -> pl.Expr:  # noqa: ANN401
        """What a plan says, for each row's plan."""
        return pl.lit(pl.Series([value(plan) for plan in self.plans], dtype=dtype)).gather("plan")

    def has_length(self, digits: pl.Expr, lengths: Callable[[DialingPlan], set[int]]) -> pl.Expr:
        """Whether the digits of each row are as many as one of its plan's lengths."""
        fits = [count in of_plan for of_plan in map(lengths, self.plans) for count in range(_COUNTED)]
        place = pl.col("plan") * _COUNTED + digits.str.len_bytes().clip(0, _COUNTED - 1)
        return pl.lit(pl.Series(fits)).gather(place)


def _own_key() -> pl.Expr:
    return pl.concat_str(pl.col("plan").cast(pl.String), pl.col("dialled"), separator=":")


def _is_in(key: pl.Expr, keys: list[str]) -> pl.Expr:
    return key.is_in(pl.lit(pl.Series(keys, dtype=pl.String)).implode())


def _kind(name: str) -> pl.Expr:
    return pl.lit(name, dtype=NUMBER_KIND)


def _digits_before_abroad(plan: DialingPlan) -> int:
    return len(plan.international_prefix) + plan.carrier_code_digits


def _lengths_with_carrier(plan: DialingPlan) -> set[int]:
    """Lengths that are too long by the carrier's digits, and by nothing else."""
    if not plan.carrier_code_digits:
        return set()
    return {length + plan.carrier_code_digits for length in plan.national_lengths} - set(plan.national_lengths)


def _lengths_at_home(plan: DialingPlan) -> set[int]:
    """National lengths that E.164 has room for."""
    return {length for length in plan.national_lengths if 7 <= length + len(plan.calling_code) <= 15}


def _with_national_digits(texts: pl.LazyFrame, table: _PlanTable) -> pl.LazyFrame:
    """Adds `digits`: what was dialled without the national prefix, and without the carrier's digits behind it."""
    dialled, digits = pl.col("dialled"), pl.col("digits")
    texts = texts.with_columns(digits=dialled.str.strip_prefix(table.term(lambda plan: plan.national_prefix)))
    if not any(plan.carrier_code_digits for plan in table.plans):
        return texts
    has_prefix = digits.str.len_bytes() < dialled.str.len_bytes()
    behind_carrier = digits.str.slice(table.term(lambda plan: plan.carrier_code_digits, pl.Int64))
    names_carrier = has_prefix & table.has_length(digits, _lengths_with_carrier)
    return texts.with_columns(digits=pl.when(names_carrier).then(behind_carrier).otherwise(digits))


def _read_long(texts: pl.LazyFrame, table: _PlanTable) -> pl.LazyFrame:
    """Numbers of 7 digits or more, dialled with or without prefixes: E.164, or bad, and then as they were dialled.

    Behind the international prefix and the carrier's digits stands E.164 without its plus sign; else calling code and
    national number make it, where a national length fits.
    """
    dialled, abroad = pl.col("dialled"), pl.col("abroad")
    prefix = table.term(lambda plan: plan.international_prefix)
    code = table.term(lambda plan: "+" + plan.calling_code)
    fits_abroad = abroad.str.len_bytes().is_between(7, 15) & ~abroad.str.starts_with("0")
    fits_home = table.has_length(pl.col("digits"), _lengths_at_home)
    return (
        texts.pipe(_with_national_digits, table)
        .with_columns(
            is_abroad=(prefix != "") & dialled.str.starts_with(prefix),
            abroad=dialled.str.slice(table.term(_digits_before_abroad, pl.Int64)),
        )
        .with_columns(
            fits=pl.when("is_abroad").then(fits_abroad).otherwise(fits_home),
            number=pl.concat_str(
                pl.when("is_abroad").then(pl.lit("+")).otherwise(code),
                pl.when("is_abroad").then("abroad").otherwise("digits"),
            ),
        )
        .select(
            "place",
            number=pl.when("fits").then("number").otherwise("dialled"),
            number_kind=pl.when("fits").then(_kind("e164")).otherwise(_kind("bad")),
        )
    )


def _read_short(texts: pl.LazyFrame, table: _PlanTable, *, are_digits: bool) -> pl.LazyFrame:
    """All else: what has a meaning of its own, E.164 with separators, and what is no number."""
    dialled, key = pl.col("dialled"), pl.col("key")
    words = [(_is_in(key, table.emergency), "emergency"), (_is_in(key, table.short_codes), "short_code")]
    if are_digits:
        words.append((dialled.str.len_bytes().is_between(*_EXTENSION_DIGITS), "extension"))
    else:
        first = [(pl.col("text") == "", "anonymous"), (dialled.str.contains(_FEATURE_CODE), "feature_code")]
        words = [*first, (dialled.str.contains(E164), "e164"), *words, (dialled.str.contains(_EXTENSION), "extension")]
    code = table.term(lambda plan: "+" + plan.calling_code)
    is_short_code = pl.col("number_kind") == "short_code"
    return texts.with_columns(
        number_kind=pl.coalesce(*(pl.when(is_it).then(_kind(name)) for is_it, name in words), _kind("bad"))
    ).select("place", pl.when(is_short_code).then(code + dialled).otherwise(dialled).alias("number"), "number_kind")


@lru_cache(maxsize=8)
def _plan_table(plans: tuple[tuple[str, DialingPlan], ...]) -> _PlanTable:
    return _PlanTable(plans)


def _read_odd(odd: pl.LazyFrame, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """Place, number and number_kind of numbers that are not E.164 as they stand, each by its country's plan.

    Most are digits and nothing else, which reading them as a number has told: no pattern is needed for those.
    """
    table = _plan_table(tuple(dialing_plans_by_country(dialing_plans).items()))
    told = odd.with_columns(plan=table.place()).collect().lazy()
    digits = told.filter("is_digits").with_columns(dialled="text")
    others = told.filter(~pl.col("is_digits")).with_columns(dialled=pl.col("text").str.replace_all(_PUNCTUATION, ""))
    is_of_digits = pl.col("dialled").str.contains(r"^[0-9]{7,}$")
    read = []
    for texts, is_long, are_digits in (
        (digits, pl.col("dialled").str.len_bytes() >= 7, True),
        (others, is_of_digits, False),
    ):
        is_read_long = is_long & ~_is_in(pl.col("key"), table.long_keys)
        keyed = texts.with_columns(key=_own_key()).with_columns(is_long=is_read_long)
        read.append(keyed.filter("is_long").pipe(_read_long, table))
        read.append(keyed.filter(~pl.col("is_long")).pipe(_read_short, table, are_digits=are_digits))
    return pl.concat(read).collect()


def _e164(text: pl.Expr) -> pl.Expr:
    """Whether a text matches E164; a null does not. Reading a number takes a quarter of a pattern's time."""
    is_long = text.str.len_bytes().is_between(8, 16)  # with the +
    begins = (text >= "+1") & (text < "+:")  # + and a digit that is not 0, as bytes are ordered
    return (begins & is_long & text.cast(pl.Int64, strict=False).is_not_null()).fill_null(value=False)


def is_e164(texts: pl.Series) -> pl.Series:
    """Whether each text matches E164; a null does not."""
    return texts.to_frame("text").select(is_e164=_e164(pl.col("text"))).to_series()


def normalise_numbers(dialled: pl.DataFrame, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """Each number as it is stored, and its kind.

    Grain: one row a row of `dialled` (country, text; text trimmed), order kept. Adds: number (E.164 with `+`;
    emergency numbers, extensions and feature codes as dialled; anonymous empty), number_kind (`bad` = none).
    A country without a dialing plan leaves only E.164, extensions and feature codes readable.
    """
    text = pl.col("text")
    is_digits = (text >= "0") & text.cast(pl.Int64, strict=False).is_not_null()  # signs are before 0
    odd = (
        dialled.lazy()
        .select("country", "text")
        .with_row_index("place")
        .filter(~_e164(text))
        .with_columns(text.fill_null(""), is_digits=is_digits.fill_null(value=False))
    )
    judged = _read_odd(odd, dialing_plans)
    kinds = pl.repeat(NUMBER_KINDS.index("e164"), dialled.height, dtype=pl.UInt8, eager=True)
    codes = judged["number_kind"].to_physical()
    return dialled.with_columns(
        dialled["text"].clone().scatter(judged["place"], judged["number"]).alias("number"),
        kinds.scatter(judged["place"], codes).cat.to(NUMBER_KIND).alias("number_kind"),
    )
