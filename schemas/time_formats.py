"""Formats of local times: which are understood, and which two could read one text differently."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from itertools import combinations

_DIRECTIVE = re.compile(r"%(?:\.[36]?f|[A-Za-z#%])")
_DATES_AND_CLOCKS = "YymbBdejaAHIpMSFTz%"
KNOWN_DIRECTIVES = (*(f"%{letter}" for letter in _DATES_AND_CLOCKS), "%.f", "%.3f", "%.6f")
_LONG = {"%F": "%Y-%m-%d", "%T": "%H:%M:%S", "%e": "%d"}
_FRACTIONS = ("%.f", "%.3f", "%.6f")
_NEEDED = (("a year", {"%Y", "%y"}), ("an hour", {"%H", "%I"}), ("a minute", {"%M"}))
_DATES = ((1, 2, 2003), (2, 1, 2003), (3, 4, 2005), (7, 11, 2012), (11, 12, 2010), (12, 11, 2001), (25, 11, 2012))


def _directives(time_format: str) -> list[str]:
    long = time_format
    for short, meaning in _LONG.items():
        long = long.replace(short, meaning)
    return _DIRECTIVE.findall(long)


def format_problem(time_format: str) -> str | None:
    """What is wrong with a format taken alone; None where it tells a date and a time."""
    found = _directives(time_format)
    unknown = [directive for directive in _DIRECTIVE.findall(time_format) if directive not in KNOWN_DIRECTIVES]
    if unknown or time_format.count("%") != sum(part.count("%") for part in _DIRECTIVE.findall(time_format)):
        return f"the format has a directive that is not known ({', '.join(unknown) or '%'})"
    for what, directives in _NEEDED:
        if not directives & set(found):
            return f"the format lacks {what}"
    has_day = "%j" in found or ("%d" in found and {"%m", "%b", "%B"} & set(found))
    if not has_day:
        return "the format lacks a day or a month"
    if ("%I" in found) != ("%p" in found):
        return "%I and %p stand for the hour together"
    return None


def has_offset(time_format: str) -> bool:
    """Whether the text itself tells its distance from UTC."""
    return "%z" in _directives(time_format)


def _instants() -> Iterator[dt.datetime]:
    for day, month, year in _DATES:
        for hour, minute, second in ((1, 2, 3), (10, 11, 12), (20, 3, 4)):
            yield dt.datetime(year, month, day, hour, minute, second, tzinfo=dt.UTC)


def _pythonic(time_format: str, *, fraction: bool) -> str:
    for short, meaning in _LONG.items():
        time_format = time_format.replace(short, meaning)
    for directive in _FRACTIONS:
        time_format = time_format.replace(directive, ".%f" if fraction else "")
    return time_format


def _readings(text: str, time_format: str) -> Iterator[dt.datetime]:
    for fraction in (False, True):
        try:
            yield dt.datetime.strptime(text, _pythonic(time_format, fraction=fraction)).replace(tzinfo=dt.UTC)
        except ValueError:
            continue


def _spellings(instant: dt.datetime, time_format: str) -> Iterator[str]:
    text = instant.strftime(_pythonic(time_format, fraction=False))
    yield text
    yield re.sub(r"(?<![0-9])0(?=[0-9])", "", text)


def _reads_otherwise(written: str, read: str) -> str | None:
    """A text in the one format that the other reads as another time."""
    for instant in _instants():
        for text in _spellings(instant, written):
            own = set(_readings(text, written))
            if any(reading not in own for reading in _readings(text, read)):
                return text
    return None


def confused_formats(formats: tuple[str, ...]) -> list[tuple[str, str, str]]:
    """Pairs of formats with a text that they read as different times. Such a text is never guessed."""
    found = []
    for one, other in combinations(formats, 2):
        text = _reads_otherwise(one, other) or _reads_otherwise(other, one)
        if text is not None:
            found.append((one, other, text))
    return found
