"""Numbers as dialled to E.164, by the dialing plan of a country (contract §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

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
    numbers with a meaning of their own are in a country is told by keys of place and number (`key`). Its
    expressions are made once: for a block of records that takes as long as a thousand numbers.
    """

    def __init__(self, plans: tuple[tuple[str, DialingPlan], ...]) -> None:
        countries = [country for country, _ in plans]
        self.plans = (DialingPlan(), *(plan for _, plan in plans))
        places = pl.Series(range(1, len(self.plans)), dtype=pl.UInt32)
        self.place = pl.col("country").replace_strict(countries, places, default=0, return_dtype=pl.UInt32)
        """The place of each row's plan."""
        emergency = self._keys(plan.emergency_numbers for plan in self.plans)
        short_codes = self._keys(plan.short_codes for plan in self.plans)
        own = {number for plan in self.plans for number in (*plan.emergency_numbers, *plan.short_codes)}
        self.own_numbers = _set_of(sorted(own))
        """What has a meaning of its own in one country at least."""
        long_keys = [key for key in (*emergency, *short_codes) if len(key.partition(":")[2]) > 6]
        key = pl.col("key")
        self.is_emergency, self.is_short_code = key.is_in(_set_of(emergency)), key.is_in(_set_of(short_codes))
        self.is_long_key = key.is_in(_set_of(long_keys))
        """Whether a number of 7 digits or more has a meaning of its own."""
        self.code = self._term([f"+{plan.calling_code}" for plan in self.plans])
        self.international_prefix = self._term([plan.international_prefix for plan in self.plans])
        self.national_prefix = self._term([plan.national_prefix for plan in self.plans])
        self.digits_before_abroad = self._term([_digits_before_abroad(plan) for plan in self.plans])
        self.carrier_code_digits = self._term([plan.carrier_code_digits for plan in self.plans])
        self.has_carrier_codes = any(plan.carrier_code_digits for plan in self.plans)
        self.is_long_by_carrier = self._has_length(lengths_with_carrier)
        self.is_as_long_as_at_home = self._has_length(lengths_at_home)

    @staticmethod
    def _keys(numbers: Iterable[tuple[str, ...]]) -> list[str]:
        return [f"{place}:{number}" for place, of_plan in enumerate(numbers) for number in of_plan]

    @staticmethod
    def _term(values: list[str] | list[int]) -> pl.Expr:
        """What a plan says, for each row's plan."""
        return pl.lit(pl.Series(values)).gather("plan")

    def _has_length(self, lengths: Callable[[DialingPlan], set[int]]) -> pl.Expr:
        """Whether the `digits` of each row are as many as one of its plan's lengths."""
        fits = [count in of_plan for of_plan in map(lengths, self.plans) for count in range(_COUNTED)]
        place = pl.col("plan") * _COUNTED + pl.col("digits").str.len_bytes().clip(0, _COUNTED - 1)
        return pl.lit(pl.Series(fits)).gather(place)


def _set_of(texts: list[str]) -> pl.Expr:
    return pl.lit(pl.Series(texts, dtype=pl.String)).implode()


def _kind(name: str) -> pl.Expr:
    return pl.lit(name, dtype=NUMBER_KIND)


def _digits_before_abroad(plan: DialingPlan) -> int:
    return len(plan.international_prefix) + plan.carrier_code_digits


def lengths_with_carrier(plan: DialingPlan) -> set[int]:
    """Lengths that are too long by the carrier's digits, and by nothing else."""
    if not plan.carrier_code_digits:
        return set()
    return {length + plan.carrier_code_digits for length in plan.national_lengths} - set(plan.national_lengths)


def lengths_at_home(plan: DialingPlan) -> set[int]:
    """National lengths that E.164 has room for."""
    return {length for length in plan.national_lengths if 7 <= length + len(plan.calling_code) <= 15}


def _with_national_digits(texts: pl.LazyFrame, table: _PlanTable) -> pl.LazyFrame:
    """Adds `digits`: what was dialled without the national prefix, and without the carrier's digits behind it."""
    dialled, digits = pl.col("dialled"), pl.col("digits")
    texts = texts.with_columns(digits=dialled.str.strip_prefix(table.national_prefix))
    if not table.has_carrier_codes:
        return texts
    has_prefix = digits.str.len_bytes() < dialled.str.len_bytes()
    behind_carrier = digits.str.slice(table.carrier_code_digits)
    names_carrier = has_prefix & table.is_long_by_carrier
    return texts.with_columns(digits=pl.when(names_carrier).then(behind_carrier).otherwise(digits))


def _read_long(texts: pl.LazyFrame, table: _PlanTable) -> pl.LazyFrame:
    """Numbers of 7 digits or more, dialled with or without prefixes: E.164, or bad, and then as they were dialled.

    Behind the international prefix and the carrier's digits stands E.164 without its plus sign; else calling code and
    national number make it, where a national length fits.
    """
    dialled, abroad = pl.col("dialled"), pl.col("abroad")
    prefix = table.international_prefix
    fits_abroad = abroad.str.len_bytes().is_between(7, 15) & ~abroad.str.starts_with("0")
    return (
        texts.pipe(_with_national_digits, table)
        .with_columns(
            is_abroad=(prefix != "") & dialled.str.starts_with(prefix),
            abroad=dialled.str.slice(table.digits_before_abroad),
        )
        .with_columns(
            fits=pl.when("is_abroad").then(fits_abroad).otherwise(table.is_as_long_as_at_home),
            number=pl.concat_str(
                pl.when("is_abroad").then(pl.lit("+")).otherwise(table.code),
                pl.when("is_abroad").then("abroad").otherwise("digits"),
            ),
        )
        .select(
            "place",
            number=pl.when("fits").then("number").otherwise("dialled"),
            number_kind=pl.when("fits").then(_kind("e164")).otherwise(_kind("bad")),
        )
    )


def _read_short(texts: pl.LazyFrame) -> pl.LazyFrame:
    """Fewer than 7 digits, without a meaning of their own anywhere: an extension, or no number."""
    is_extension = pl.col("dialled").str.len_bytes().is_between(*_EXTENSION_DIGITS)
    return texts.select(
        "place", number="dialled", number_kind=pl.when(is_extension).then(_kind("extension")).otherwise(_kind("bad"))
    )


def _read_other(texts: pl.LazyFrame, table: _PlanTable) -> pl.LazyFrame:
    """All else: what has a meaning of its own, E.164 with separators, and what is no number."""
    dialled = pl.col("dialled")
    words = (
        (pl.col("text") == "", "anonymous"),
        (dialled.str.contains(_FEATURE_CODE), "feature_code"),
        (dialled.str.contains(E164), "e164"),
        (table.is_emergency, "emergency"),
        (table.is_short_code, "short_code"),
        (dialled.str.contains(_EXTENSION), "extension"),
    )
    is_short_code = pl.col("number_kind") == "short_code"
    return texts.with_columns(
        number_kind=pl.coalesce(*(pl.when(is_it).then(_kind(name)) for is_it, name in words), _kind("bad"))
    ).select(
        "place", pl.when(is_short_code).then(table.code + dialled).otherwise(dialled).alias("number"), "number_kind"
    )


@lru_cache(maxsize=8)
def _plan_table(plans: tuple[tuple[str, DialingPlan], ...]) -> _PlanTable:
    return _PlanTable(plans)


def _read_odd(odd: pl.LazyFrame, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """Place, number and number_kind of numbers that are not E.164 as they stand, each by its country's plan.

    Most are digits and nothing else, which reading them as a number has told, and nowhere have a meaning of their own:
    no pattern and no key is needed for those.
    """
    table = _plan_table(tuple(dialing_plans_by_country(dialing_plans).items()))
    is_usual = pl.col("is_digits") & ~pl.col("text").is_in(table.own_numbers)
    told = odd.with_columns(plan=table.place, is_usual=is_usual).collect().lazy()
    usual = told.filter("is_usual").with_columns(dialled="text")
    has_many = pl.col("dialled").str.len_bytes() >= 7
    others = (
        told.filter(~pl.col("is_usual"))
        .with_columns(dialled=pl.col("text").str.replace_all(_PUNCTUATION, ""))
        .with_columns(key=pl.concat_str(pl.col("plan").cast(pl.String), "dialled", separator=":"))
        .with_columns(is_long=pl.col("dialled").str.contains(r"^[0-9]{7,}$") & ~table.is_long_key)
    )
    read = (
        usual.filter(has_many).pipe(_read_long, table),
        usual.filter(~has_many).pipe(_read_short),
        others.filter("is_long").pipe(_read_long, table),
        others.filter(~pl.col("is_long")).pipe(_read_other, table),
    )
    return pl.concat(read).collect()


def _is_number(text: pl.Expr) -> pl.Expr:
    """Whether a text is digits with a sign or without; a null is none. Takes a quarter of a pattern's time."""
    return text.cast(pl.Int64, strict=False).is_not_null()


def _e164(text: pl.Expr, is_number: pl.Expr) -> pl.Expr:
    """Whether a text matches E164; a null does not."""
    is_long = text.str.len_bytes().is_between(8, 16)  # with the +
    begins = (text >= "+1") & (text < "+:")  # + and a digit that is not 0, as bytes are ordered
    return (begins & is_long & is_number).fill_null(value=False)


def is_e164(texts: pl.Series) -> pl.Series:
    """Whether each text matches E164; a null does not."""
    text = pl.col("text")
    return texts.to_frame("text").select(is_e164=_e164(text, _is_number(text))).to_series()


def normalise_numbers(dialled: pl.DataFrame, dialing_plans: pl.DataFrame) -> pl.DataFrame:
    """Each number as it is stored, and its kind.

    Grain: one row a row of `dialled` (country, text; text trimmed), order kept. Adds: number (E.164 with `+`;
    emergency numbers, extensions and feature codes as dialled; anonymous empty), number_kind (`bad` = none).
    A country without a dialing plan leaves only E.164, extensions and feature codes readable.
    """
    text = pl.col("text")
    is_digits = pl.col("is_number") & (text >= "0")  # signs are before 0
    odd = (
        dialled.lazy()
        .select("country", "text", is_number=_is_number(text))
        .with_row_index("place")
        .filter(~_e164(text, pl.col("is_number")))
        .select("place", "country", text.fill_null(""), is_digits=is_digits.fill_null(value=False))
    )
    judged = _read_odd(odd, dialing_plans)
    kinds = pl.repeat(NUMBER_KINDS.index("e164"), dialled.height, dtype=pl.UInt8, eager=True)
    codes = judged["number_kind"].to_physical()
    return dialled.with_columns(
        dialled["text"].clone().scatter(judged["place"], judged["number"]).alias("number"),
        kinds.scatter(judged["place"], codes).cat.to(NUMBER_KIND).alias("number_kind"),
    )
