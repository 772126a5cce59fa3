"""Numbers, money, dates and periods on an invoice, as a reader of each language writes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from flows.invoice_pdf.typography import (
    amount_text,
    date_text,
    money_text,
    month_name,
    month_period_text,
    number_text,
    percent_text,
    period_text,
    spaced,
)


def plain(text: str) -> str:
    """The text with `~` for each space that does not break."""
    return text.replace("\N{NO-BREAK SPACE}", "~")


@pytest.mark.parametrize(
    ("amount", "english", "french"),
    [
        ("0.00", "0.00", "0,00"),
        ("-0.05", "−0.05", "−0,05"),
        ("12345.67", "12,345.67", "12~345,67"),
        ("-9999999999999999.99", "−9,999,999,999,999,999.99", "−9~999~999~999~999~999,99"),
    ],
)
def test_an_amount_has_two_decimals_and_groups_of_three(amount: str, english: str, french: str) -> None:
    assert (amount_text(Decimal(amount), "en"), plain(amount_text(Decimal(amount), "fr"))) == (english, french)


@pytest.mark.parametrize(
    ("number", "least", "shown"), [("36.3000", 0, "36.3"), ("3.0000", 0, "3"), ("24.950000", 2, "24.95")]
)
def test_a_number_loses_the_zeros_at_its_end_but_no_digit(number: str, least: int, shown: str) -> None:
    assert number_text(Decimal(number), "en", least) == shown
    assert number_text(Decimal("0.016667"), "en", least) == "0.016667"


@pytest.mark.parametrize(
    ("currency", "english", "french"),
    [
        ("CAD", "$12,345.67~CAD", "12~345,67~$~CAD"),
        ("BRL", "R$12,345.67~BRL", "12~345,67~R$~BRL"),
        ("CHF", "12,345.67~CHF", "12~345,67~CHF"),
    ],
)
def test_money_names_its_currency_and_never_breaks(currency: str, english: str, french: str) -> None:
    amount = Decimal("12345.67")
    assert [plain(money_text(amount, currency, language)) for language in ("en", "fr")] == [english, french]


def test_a_credit_has_its_sign_before_the_currency() -> None:
    assert plain(money_text(Decimal("-5.00"), "USD", "en")) == "−$5.00~USD"
    assert plain(money_text(Decimal("-5.00"), "USD", "fr")) == "−5,00~$~USD"


def test_a_percentage_has_a_space_in_french() -> None:
    assert percent_text(Decimal("9.975000"), "en") == "9.975%"
    assert plain(percent_text(Decimal("9.975000"), "fr")) == "9,975~%"


def test_the_first_of_a_month_is_an_ordinal_in_french() -> None:
    assert [plain(date_text(dt.date(2020, 2, day), "fr")) for day in (1, 16)] == ["1er~février~2020", "16~février~2020"]
    assert plain(date_text(dt.date(2020, 2, 1), "en")) == "February~1, 2020"
    assert [plain(month_name(dt.date(2020, 8, 1), language)) for language in ("en", "fr")] == [
        "August~2020",
        "août~2020",
    ]


def test_a_month_is_told_by_its_first_and_last_day() -> None:
    month, end = dt.date(2020, 2, 1), dt.date(2020, 3, 1)
    assert plain(month_period_text(month, end, "en")) == "February~1–29, 2020"
    assert plain(month_period_text(month, end, "fr")) == "du~1er au~29~février~2020"


@pytest.mark.parametrize(
    ("start", "end", "english", "french"),
    [
        ("2020-02-01", "2020-03-01", "Feb~1–29", "1er–29~févr."),
        ("2020-01-14", "2020-01-15", "Jan~14", "14~janv."),
        ("2020-01-16", "2020-02-04", "Jan~16~– Feb~3", "16~janv.~– 3~févr."),
        ("2019-12-01", "2020-01-01", "Dec~1–31,~2019", "1er–31~déc.~2019"),
    ],
)
def test_a_period_ends_with_its_last_day_and_names_only_another_year(
    start: str, end: str, english: str, french: str
) -> None:
    days = dt.date.fromisoformat(start), dt.date.fromisoformat(end)
    assert [plain(period_text(*days, 2020, language)) for language in ("en", "fr")] == [english, french]


def test_french_signs_stay_with_the_word_before_them() -> None:
    assert plain(spaced("Ajustement de 2019-12 : « tout » ; 5 %", "fr")) == "Ajustement de 2019-12~: «~tout~»~; 5~%"
    assert spaced("no change : here", "en") == "no change : here"
