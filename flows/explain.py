"""A number asked about from outside: read and normalised, or refused, and explained under a rate version."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.month import frames_of_rates, tables_by_currency
from rate_tables.versions import RateTables, default_version, try_version
from schemas.faults import Fault, InputRefusedError, refuse_if_any
from transforms.currency_cover import currency_faults
from transforms.explain import Asked, Explanation, explain_number
from transforms.numbers import normalise_numbers

_TIME = re.compile(
    r"(19[7-9]|2[0-4][0-9])[0-9]-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:?[0-9]{2})?)?"
)


class Question(NamedTuple):
    """What the command line was asked, as it was written."""

    number: str
    at: str
    country: str
    currency: str
    plan: str | None


class Answer(NamedTuple):
    """The question as it was understood, and what the version makes of it."""

    version: str
    dialled: str
    asked: Asked
    explanation: Explanation


def parse_time(text: str) -> dt.datetime:
    """A moment to the second; without an offset it is UTC, a day alone begins it. Raises InputRefusedError."""
    try:
        if _TIME.fullmatch(text):
            moment = dt.datetime.fromisoformat(text)
            return moment.replace(tzinfo=dt.UTC) if moment.tzinfo is None else moment.astimezone(dt.UTC)
    except ValueError:
        pass
    remedy = "write it as 2020-01-15T10:30:00Z, or 2020-01-15 for the beginning of the day (UTC), from 1970 to 2499"
    raise InputRefusedError(Fault("--at", "this is no time", remedy, value=text))


def _calling_code(rates: RateTables, country: str) -> str:
    known = rates.dialing_plans.filter(pl.col("country") == country)
    if known.is_empty():
        remedy = "write a country of that table as two capital letters, such as US"
        raise InputRefusedError(
            Fault(f"{rates.version}/dialing_plans.csv", "has no row for the country", remedy, value=country)
        )
    return str(known["calling_code"][0])


def _refuse_currency(rates: RateTables, country: str, currency: str) -> None:
    """A currency without rows anywhere, or that a table with rows for the country lacks: as a bill is refused."""
    tables = tables_by_currency(rates)
    currencies = sorted({value for table in tables.values() for value in table["currency"].unique()})
    if currency not in currencies:
        problem, remedy = "no table of the version has a row in this currency", f"use one of: {', '.join(currencies)}"
        raise InputRefusedError(Fault(rates.version, problem, remedy, column="currency", value=currency))
    refuse_if_any(currency_faults(pl.DataFrame({"country": [country], "currency": [currency]}), tables))


def _refuse_plan(rates: RateTables, plan: str, currency: str) -> None:
    rows = rates.plans.filter(pl.col("plan_id") == plan)
    if rows.filter(pl.col("currency") == currency).is_empty():
        names = sorted(rates.plans.filter(pl.col("currency") == currency)["plan_id"].unique())
        problem = "has no such plan" if rows.is_empty() else f"has the plan in {rows['currency'][0]}, not in {currency}"
        remedy = f"use one of: {', '.join(names) or 'none in ' + currency}"
        raise InputRefusedError(Fault(f"{rates.version}/plans.csv", problem, remedy, column="plan_id", value=plan))


def _normalised(rates: RateTables, text: str, country: str) -> tuple[str, str]:
    """The number as calls store it, and its kind."""
    dialled = pl.DataFrame({"country": [country], "text": [text.strip()]})
    read = normalise_numbers(dialled, rates.dialing_plans)
    number, kind = str(read["number"][0]), str(read["number_kind"][0])
    if kind in ("bad", "anonymous"):
        remedy = "write it with + and the calling code, such as +442071234567, or as it is dialled there"
        problem = f"this is no E.164 number, and none that can be dialled in {country}"
        raise InputRefusedError(Fault("NUMBER", problem, remedy, value=text))
    return number, kind


def explained(root: Path, version: str | None, question: Question) -> Answer:
    """What the version (a draft too; None = the newest frozen one) makes of the number.

    Raises InputRefusedError where the version, time, country, currency, plan or number is not known or not readable.
    """
    at = parse_time(question.at)
    rates = try_version(root, version or default_version(root))
    calling_code = _calling_code(rates, question.country)
    _refuse_currency(rates, question.country, question.currency)
    if question.plan is not None:
        _refuse_plan(rates, question.plan, question.currency)
    number, kind = _normalised(rates, question.number, question.country)
    asked = Asked(number, kind, at, question.country, calling_code, question.currency, question.plan or "")
    return Answer(rates.version, question.number, asked, explain_number(frames_of_rates(rates), asked))
