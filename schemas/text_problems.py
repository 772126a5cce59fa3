"""Why a cell of a text table is refused, in words: asked only for cells that are."""

from __future__ import annotations

import re
from typing import NamedTuple

from schemas.text_columns import MICROS, Column, item_pattern

_DECIMAL_REMEDY = "write digits and a point, such as 0.0185: no plus sign, exponent or thousands separator"
_REMEDIES = {
    "money": _DECIMAL_REMEDY,
    "percent": _DECIMAL_REMEDY,
    "whole_number": "write whole digits, such as 12",
    "boolean": "write true or false, or leave it empty",
    "date": "write a day of the calendar as YYYY-MM-DD",
    "instant": "write YYYY-MM-DD, or YYYY-MM-DDTHH:MM:SSZ in UTC and whole seconds",
}
_PROBLEMS = {
    "money": "is not a decimal number",
    "percent": "is not a decimal number",
    "whole_number": "is not a whole number",
    "boolean": "is neither true nor false",
    "date": "is not a date",
    "instant": "is not a date or a UTC time",
}


class Problem(NamedTuple):
    """What is wrong with a cell and what to do."""

    problem: str
    remedy: str


def explain_cell(column: Column, value: str) -> Problem:
    """The problem of a cell that `text_columns.is_wrong` found, and its remedy."""
    if value == "":
        return Problem("is empty", f"give {_words(column)}")
    if column.kind in ("list", "whole_number_list"):
        return _explain_list(column, value)
    if column.kind == "text":
        return Problem(f"is not {_words(column)}", f"write {_words(column)}")
    if column.kind in ("money", "percent", "whole_number") and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return _explain_number(column, value)
    return Problem(_PROBLEMS[column.kind], _REMEDIES[column.kind])


def _explain_number(column: Column, value: str) -> Problem:
    decimals = len(value.partition(".")[2])
    if column.kind == "whole_number" and decimals:
        return Problem(_PROBLEMS[column.kind], _REMEDIES[column.kind])
    if decimals > 6:
        return Problem("has more than 6 decimals", "give at most 6; a price is refused, never rounded")
    if value.startswith("-") and column.lowest is not None and column.lowest >= 0:
        return Problem("is negative", f"give {_bound(column, column.lowest)} or more")
    is_low = column.lowest is not None and _scaled(column, value) < column.lowest
    if is_low and column.lowest is not None:
        return Problem("is too low", f"give {_bound(column, column.lowest)} or more")
    highest = f"give at most {_bound(column, column.highest)}" if column.highest is not None else "shorten it"
    return Problem("is too high", highest)


def _explain_list(column: Column, value: str) -> Problem:
    items = [item.strip() for item in value.split(";")]
    if "" in items:
        return Problem("has an empty item", "put one ; between items and none at the end")
    bad = [item for item in items if not re.fullmatch(item_pattern(column), item)]
    if bad:
        return Problem(f"holds {bad[0]!r}, which is not {_words(column)}", f"write {_words(column)} in each item")
    if len(set(items)) < len(items):
        return Problem("names an item twice", "name each item once")
    return Problem(f"holds {len(items)} items", f"give at most {column.highest}")


def _words(column: Column) -> str:
    if column.allowed:
        return "one of " + ", ".join(column.allowed)
    if column.form:
        return column.form.words
    names = {
        "text": "a text",
        "money": "an amount such as 24.95",
        "percent": "a percentage such as 9.975",
        "whole_number": "a whole number",
        "date": "a date as YYYY-MM-DD",
        "instant": "a date as YYYY-MM-DD",
        "whole_number_list": "a whole number",
    }
    return names.get(column.kind, "a value")


def _scaled(column: Column, value: str) -> int:
    whole, _, fraction = value.partition(".")
    if column.kind == "whole_number":
        return int(value)
    micros = abs(int(whole)) * MICROS + int(fraction.ljust(6, "0"))
    return -micros if value.startswith("-") else micros


def _bound(column: Column, bound: int) -> str:
    if column.kind == "whole_number":
        return str(bound)
    sign, micros = ("-", -bound) if bound < 0 else ("", bound)
    text = f"{sign}{micros // MICROS}.{micros % MICROS:06d}"
    return text.rstrip("0").rstrip(".")
