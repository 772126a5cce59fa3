"""Numbers, money, dates and periods as a reader of the language expects them."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from schemas.categories import Language

NO_BREAK = "\N{NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"
DASH = "\N{EN DASH}"
_SEPARATORS = {"en": (",", "."), "fr": (NO_BREAK, ",")}
_SYMBOLS = {"USD": "$", "CAD": "$", "AUD": "$", "MXN": "$", "BRL": "R$", "EUR": "€", "GBP": "£"}
_MONTHS = {
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    "fr": (
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
}
_SHORT_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "fr": ("janv.", "févr.", "mars", "avr.", "mai", "juin", "juill.", "août", "sept.", "oct.", "nov.", "déc."),
}


def number_text(number: Decimal, language: Language, least_places: int = 0) -> str:
    """The number exactly: no zeros at its end beyond `least_places` decimals, nothing rounded.

    Example: 12345.6700 with two places is 12,345.67, in French 12 345,67.
    """
    thousands, point = _SEPARATORS[language]
    whole, _, fraction = f"{abs(number):f}".partition(".")
    fraction = fraction.rstrip("0").ljust(least_places, "0")
    grouped = f"{int(whole):,}".replace(",", thousands)
    sign = MINUS if number < 0 else ""
    return f"{sign}{grouped}{point}{fraction}" if fraction else f"{sign}{grouped}"


def amount_text(amount: Decimal, language: Language) -> str:
    """An amount as it stands in a column of one currency."""
    return number_text(amount, language, 2)


def money_text(amount: Decimal, currency: str, language: Language) -> str:
    """An amount with its currency: $12,345.67 CAD, in French 12 345,67 $ CAD; nothing in it breaks."""
    number, symbol = amount_text(abs(amount), language), _SYMBOLS.get(currency, "")
    sign = MINUS if amount < 0 else ""
    if language == "fr":
        return NO_BREAK.join(part for part in (f"{sign}{number}", symbol, currency) if part)
    return f"{sign}{symbol}{number}{NO_BREAK}{currency}"


def percent_text(percent: Decimal, language: Language) -> str:
    """A percentage: 9.975%, in French 9,975 %."""
    return number_text(percent, language) + (f"{NO_BREAK}%" if language == "fr" else "%")


def _day(day: dt.date, language: Language) -> str:
    return "1er" if language == "fr" and day.day == 1 else str(day.day)


def date_text(day: dt.date, language: Language) -> str:
    """February 1, 2020; in French 1er février 2020."""
    month = _MONTHS[language][day.month - 1]
    if language == "fr":
        return NO_BREAK.join((_day(day, language), month, str(day.year)))
    return f"{month}{NO_BREAK}{day.day}, {day.year}"


def month_name(month: dt.date, language: Language) -> str:
    """January 2020; in French janvier 2020."""
    return f"{_MONTHS[language][month.month - 1]}{NO_BREAK}{month.year}"


def month_period_text(month: dt.date, end: dt.date, language: Language) -> str:
    """The days of a month, all of them: February 1–29, 2020; in French du 1er au 29 février 2020."""
    last = end - dt.timedelta(days=1)
    if language == "fr":
        return f"du{NO_BREAK}1er au{NO_BREAK}{date_text(last, 'fr')}"
    return f"{_MONTHS['en'][month.month - 1]}{NO_BREAK}1{DASH}{last.day}, {last.year}"


def period_text(start: dt.date, end: dt.date, year: int, language: Language) -> str:
    """A half-open period in a narrow column, first and last day: Feb 1–29; its year only if it is another.

    In French 1er–29 févr.
    """
    last = end - dt.timedelta(days=1)
    days = [start] if start >= last else [start, last]
    months = [_SHORT_MONTHS[language][day.month - 1] for day in days]
    numbers = [_day(day, language) for day in days]
    if (days[0].year, days[0].month) == (days[-1].year, days[-1].month):
        between = DASH.join(numbers)
        text = f"{between}{NO_BREAK}{months[0]}" if language == "fr" else f"{months[0]}{NO_BREAK}{between}"
    else:
        pairs = zip(numbers, months, strict=True)
        ordered = [(day, month) if language == "fr" else (month, day) for day, month in pairs]
        text = f"{NO_BREAK}{DASH} ".join(NO_BREAK.join(pair) for pair in ordered)
    if {day.year for day in days} == {year}:
        return text
    return text + (NO_BREAK if language == "fr" else f",{NO_BREAK}") + str(last.year)


def spaced(text: str, language: Language) -> str:
    """The text with the spaces that French sets before signs made unbreakable."""
    return re.sub(r" (?=[:;!?»%$])|(?<=«) ", NO_BREAK, text) if language == "fr" else text
