"""The billed call details CSV: every call that costs something, explained to the customer (rule 11)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import NamedTuple

import polars as pl

from schemas.categories import DETAIL_CALL_TYPES, Language
from transforms.money import SECONDS_PER_MINUTE, decimal_of_micros, divide_half_up
from transforms.timestamps import MICROS_PER_SECOND

BYTE_ORDER_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
LINE_END = "\r\n"
SECONDS_A_DAY = 24 * 3600
_SOME_DAY = dt.date(2000, 1, 1)
_NEEDED = (
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
    "billable_seconds",
    "included_seconds",
    "cost_micros",
    "rate_per_minute_micros",
    "call_type",
)
_HEADERS: dict[Language, tuple[str, ...]] = {
    "en": (
        "Source Number",
        "Destination Number",
        "Start Time (UTC)",
        "End Time (UTC)",
        "Duration (Seconds)",
        "Billable Minutes",
        "Total Cost",
        "Rate",
        "Call Type",
    ),
    "fr": (
        "Numéro de la source",
        "Numéro de destination",
        "Heure de début (UTC)",
        "Heure de fin (UTC)",
        "Durée (secondes)",
        "Minutes facturables",
        "Coût Total",
        "Taux",
        "Type d’appel",
    ),
}
_PAIR_HEADERS: dict[Language, tuple[str, ...]] = {
    "en": (
        "Source Number",
        "Destination Number",
        "First Start",
        "Last End",
        "Calls",
        "Duration",
        "Billable Minutes",
        "Total Cost",
        "Rate",
        "Call Type",
    ),
    "fr": (
        "Numéro de la source",
        "Numéro de destination",
        "Premier début (UTC)",
        "Dernière fin (UTC)",
        "Appels",
        "Durée (secondes)",
        "Minutes facturables",
        "Coût Total",
        "Taux",
        "Type d’appel",
    ),
}


def header(language: Language, *, by_pair: bool = False) -> str:
    """The first line of the file, with the mark that lets spreadsheets read its letters right."""
    names = (_PAIR_HEADERS if by_pair else _HEADERS)[language]
    return BYTE_ORDER_MARK + ",".join(names) + LINE_END


def _fixed(number: pl.Expr, places: int) -> pl.Expr:
    """Whole number of 10^-places units as text with that many decimals, exactly."""
    unit = pl.lit(str(Decimal(1).scaleb(-places))).cast(pl.Decimal(places + 1, places))
    return (number.cast(pl.Decimal(18, 0)) * unit).cast(pl.Decimal(18 + places, places)).cast(pl.String)


@cache
def times_of_day() -> pl.Series:
    """`00:00:00` to `23:59:59`."""
    nanoseconds = pl.int_range(SECONDS_A_DAY) * 1_000_000_000
    return pl.select(nanoseconds.cast(pl.Time).dt.to_string("%T")).to_series()


class Days(NamedTuple):
    """The texts of some days, `2020-01-15 `, and the second that the first begins with."""

    texts: pl.Series
    begin: int


def days_of(calls: pl.DataFrame, *names: str) -> Days:
    """All days, UTC, from the earliest time in these columns to the latest."""
    bounds = calls.select(
        first=pl.min_horizontal(pl.col(name).min() for name in names).dt.date(),
        last=pl.max_horizontal(pl.col(name).max() for name in names).dt.date(),
    )
    first, last = (day or _SOME_DAY for day in bounds.row(0))
    texts = pl.select(pl.date_range(first, last).dt.to_string("%F ")).to_series()
    return Days(texts, (first - dt.date(1970, 1, 1)).days * SECONDS_A_DAY)


def second_of(name: str, days: Days) -> pl.Expr:
    """The seconds of a time since these days begin; fractions are cut."""
    return pl.col(name).dt.epoch("us") // MICROS_PER_SECOND - days.begin


def _time_texts(calls: pl.DataFrame, *names: str) -> list[pl.Expr]:
    """`2020-01-15 10:30:00` of each column, UTC; fractions are cut.

    Put together from the texts of days and of seconds: to format each takes three times as long.
    """
    days = days_of(calls, *names)
    texts = []
    for name in names:
        second = second_of(name, days)
        time = pl.lit(times_of_day()).gather(second % SECONDS_A_DAY)
        texts.append(pl.concat_str(pl.lit(days.texts).gather(second // SECONDS_A_DAY), time))
    return texts


def billable_minutes_text(seconds: pl.Expr) -> pl.Expr:
    """Seconds as minutes: two decimals where they are exact, else four, half up (rule 11.1).

    Example: 60 s is 1.00, 36 s is 0.60, 1 s is 0.0167.
    """
    is_exact = seconds % 3 == 0  # a hundredth of a minute is 0.6 s
    hundredths = divide_half_up(seconds * 100, SECONDS_PER_MINUTE)
    ten_thousandths = divide_half_up(seconds * 10_000, SECONDS_PER_MINUTE)
    return pl.when(is_exact).then(_fixed(hundredths, 2)).otherwise(_fixed(ten_thousandths, 4))


CALL_TYPE_TEXTS = pl.Series([kind.en for kind in DETAIL_CALL_TYPES] + [kind.fr for kind in DETAIL_CALL_TYPES])


def call_type_places(is_french: pl.Expr) -> pl.Expr:
    """Where in CALL_TYPE_TEXTS the text of a call's type stands."""
    codes = pl.Enum([kind.code for kind in DETAIL_CALL_TYPES])
    place = pl.col("call_type").cast(codes).to_physical().cast(pl.UInt32)
    return pl.when(is_french).then(place + len(DETAIL_CALL_TYPES)).otherwise(place)


def _call_type_text(is_french: pl.Expr) -> pl.Expr:
    return pl.lit(CALL_TYPE_TEXTS).gather(call_type_places(is_french))


def detail_calls(billed: pl.DataFrame) -> pl.DataFrame:
    """The billed calls that stand in the CSV, with what it needs: all but those within the plan (rule 11.2)."""
    return billed.select("account_id", *_NEEDED).filter(pl.col("call_type") != "included")


def detail_rows(calls: pl.DataFrame, is_french: pl.Expr) -> pl.Series:
    """One text row a call, without its line end; no cell needs quotes.

    Needs: billed calls with cost_micros and rate_per_minute_micros, in the order they are to stand in.
    """
    seconds = pl.col("billable_seconds") - pl.col("included_seconds")
    cells = (
        pl.col("source_number"),
        pl.col("destination_number"),
        *_time_texts(calls, "start_time", "end_time"),
        pl.col("duration_seconds").cast(pl.String),
        billable_minutes_text(seconds),
        _fixed(pl.col("cost_micros"), 6),
        _fixed(pl.col("rate_per_minute_micros"), 6),
        _call_type_text(is_french),
    )
    return calls.select(row=pl.concat_str(cells, separator=","))["row"]


class AccountText(NamedTuple):
    """The rows of an account's file, all with their line ends; `language` is the account's."""

    account_id: str
    language: Language
    text: bytes | memoryview


def account_texts(calls: pl.DataFrame, languages: pl.DataFrame) -> list[AccountText]:
    """The text of each account that has such calls, in the order of the calls.

    Needs: calls of `detail_calls`, account after account; languages by account_id.
    """
    named = calls.join(languages, on="account_id", how="left", validate="m:1", maintain_order="left")
    texts = (
        named.select("account_id", "language", row=detail_rows(named, pl.col("language") == "fr"))
        .group_by("account_id", maintain_order=True)
        .agg(pl.col("language").first(), (pl.col("row").str.join(LINE_END) + LINE_END).cast(pl.Binary))
    )
    return [AccountText(*row) for row in texts.iter_rows()]


def pair_rows(calls: pl.DataFrame, is_french: pl.Expr) -> pl.Series:
    """One text row a source, destination, call type and rate, summed over its calls (rule 11.3).

    Ordered by the call type's code, so that both languages show the same order.
    """
    keys = ["source_number", "destination_number", "call_type", "rate_per_minute_micros"]
    seconds = pl.col("billable_seconds") - pl.col("included_seconds")
    pairs = (
        calls.with_columns(_call_type_text(is_french).alias("call_type_text"))
        .group_by([*keys, "call_type_text"])
        .agg(
            first_start=pl.col("start_time").min(),
            last_end=pl.col("end_time").max(),
            calls=pl.len(),
            duration=pl.col("duration_seconds").sum(),
            seconds=seconds.sum(),
            cost=pl.col("cost_micros").cast(pl.Int128).sum(),
        )
        .sort(keys)
    )
    cells = (
        pl.col("source_number"),
        pl.col("destination_number"),
        *_time_texts(pairs, "first_start", "last_end"),
        pl.col("calls").cast(pl.String),
        pl.col("duration").cast(pl.String),
        billable_minutes_text(pl.col("seconds")),
        decimal_of_micros(pl.col("cost"), precision=24).cast(pl.String),
        _fixed(pl.col("rate_per_minute_micros"), 6),
        pl.col("call_type_text"),
    )
    return pairs.select(row=pl.concat_str(cells, separator=","))["row"]
