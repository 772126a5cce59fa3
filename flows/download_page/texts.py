"""What the page says in English and French: words, months, dates and amounts, and which language somebody gets."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("en", "fr")


@cache
def _texts() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("flows.download_page") / "texts.toml").read_text(encoding="utf-8"))


def accepted_language(header: str) -> str | None:
    """The language of ours that an `Accept-Language` header likes best; None where it names neither."""
    best: tuple[int, str] | None = None
    for part in header[:500].split(","):
        name, _, quality = part.strip().lower().partition(";q=")
        language = name.split("-")[0]
        weight = _thousandths(quality) if quality else 1000
        if language in LANGUAGES and weight > 0 and (best is None or weight > best[0]):
            best = (weight, language)
    return None if best is None else best[1]


def _thousandths(quality: str) -> int:
    """`0.8` is 800; what is no quality is 0."""
    whole, _, part = quality.strip().partition(".")
    if whole not in ("0", "1") or not (part or "0").isascii() or not (part or "0").isdigit():
        return 0
    return min(int(whole) * 1000 + int(part[:3].ljust(3, "0")), 1000)


class Words:
    """What the page says in one language; `words["log_in"]`, with what is filled in by `words.of`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words = _texts()[language]

    def __getitem__(self, key: str) -> str:
        return str(self._words[key])

    def of(self, key: str, **facts: str) -> str:
        """The text with these facts in it."""
        return self[key].format(**facts)

    def month_name(self, number: int) -> str:
        """`February` for 2."""
        return str(self._words["months"][number - 1])

    def month_of(self, year: int, month: int) -> str:
        """`February 2020`."""
        return self.of("month_year", month=self.month_name(month), year=str(year))

    def month(self, month: dt.date) -> str:
        """`February 2020`."""
        return self.month_of(month.year, month.month)

    def date(self, day: dt.date) -> str:
        """`1 February 2020`; in French the first of a month is `1er`."""
        number = "1er" if self.language == "fr" and day.day == 1 else str(day.day)
        return self.of("date", day=number, month=self.month_name(day.month), year=str(day.year))

    def amount(self, amount: Decimal, currency: str) -> str:
        """`1,234.56 USD`, with a no-break space before the currency and a true minus sign."""
        digits = f"{abs(amount):,.2f}".replace(",", "t").replace(".", self["decimal_point"])
        sign = "\N{MINUS SIGN}" if amount < 0 else ""
        return f"{sign}{digits.replace('t', self['thousands'])}\N{NO-BREAK SPACE}{currency}"
