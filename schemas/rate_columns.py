"""Columns that several rate tables share (contract §4)."""

from __future__ import annotations

from schemas.text_columns import MICROS, Column, Form

PREFIX = Form("[1-9][0-9]{0,14}", "1 to 15 digits without + that do not begin with 0")
COUNTRY = Form("[A-Z]{2}", "a country as two capital letters")
CURRENCY = Form("[A-Z]{3}", "a currency as three capital letters")
QUARTER = Form("[1-9][0-9]{3}Q[1-4]", "a quarter such as 2020Q1")
PUBLISHED_PREFIX = Form(r"\+?[0-9][0-9 ().-]{0,24}", "a prefix as published, in digits")
PLAN_ID = Form(r"[^\s*;][^*;]{0,63}", "a plan id of at most 64 characters, without * and ;")
DIGITS = Form("[0-9]{1,8}", "1 to 8 digits")
CALLING_CODE = Form("[1-9][0-9]{0,2}", "a calling code of 1 to 3 digits")

HIGHEST_RATE_MICROS = 10_000 * MICROS - 1
HIGHEST_PRICE_MICROS = 10_000_000 * MICROS - 1
HIGHEST_PERCENT_MICROS = 1_000 * MICROS
SECONDS_PER_DAY = 86_400
ROUNDINGS: tuple[str, ...] = ("nearest", "up")


def country_column(description: str) -> Column:
    """A country that must be given."""
    return Column("country", "text", description, required=True, form=COUNTRY)


def currency_column() -> Column:
    """The currency of the row's prices."""
    return Column("currency", "text", "Currency of the prices (ISO 4217)", required=True, form=CURRENCY)


def region_column() -> Column:
    """A region, or `*` for every region without a row of its own."""
    return Column("region", "text", "State or province; * = any", required=True)


def time_in_force() -> tuple[Column, Column]:
    """When a row applies: half-open, empty = open (contract §4)."""
    return (
        Column("effective_from", "instant", "First moment in force (UTC); empty = always"),
        Column("effective_to", "instant", "First moment no longer in force (UTC); empty = open"),
    )


def increment_columns() -> tuple[Column, Column, Column]:
    """How seconds become billable seconds (rule 6.2)."""
    return (
        Column(
            "minimum_seconds",
            "whole_number",
            "Least billable seconds of a call (rule 6.2)",
            default="0",
            lowest=0,
            highest=SECONDS_PER_DAY,
            unit="s",
        ),
        Column(
            "increment_seconds",
            "whole_number",
            "Step in which seconds are billed (rule 6.2)",
            default="60",
            lowest=1,
            highest=SECONDS_PER_DAY,
            unit="s",
        ),
        Column("rounding", "text", "How a started step counts (rule 6.2)", default="nearest", allowed=ROUNDINGS),
    )


def money_column(name: str, description: str, highest: int, default: str = "", *, required: bool = False) -> Column:
    """An amount of at least 0, in the row's currency."""
    return Column(name, "money", description, required, default, lowest=0, highest=highest, unit="currency")


def percent_column(name: str, description: str, default: str = "", *, required: bool = False) -> Column:
    """A percentage of at least 0."""
    return Column(name, "percent", description, required, default, lowest=0, highest=HIGHEST_PERCENT_MICROS, unit="%")


def rating_columns() -> tuple[Column, ...]:
    """What prices one call (contract §4): an empty rate is "no rate"."""
    rate = money_column("rate_per_minute", "Price of a minute; empty = no rate (rule 5.1)", HIGHEST_RATE_MICROS)
    fee = money_column("connection_fee", "Fee of each billed call (rule 6.4)", HIGHEST_RATE_MICROS, "0")
    return (rate, fee, *increment_columns())
