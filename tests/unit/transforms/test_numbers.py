"""Numbers as people and switches dial them, made E.164 (contract §2): what fits, what is bad, nothing in between."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from transforms.numbers import normalise_numbers

DIALING_PLANS = pl.DataFrame(
    {
        "country": ["US", "BR", "RU", "GB", "AT"],
        "calling_code": ["1", "55", "7", "44", "43"],
        "international_prefix": ["011", "00", "810", "00", "00"],
        "national_prefix": ["1", "0", "8", "0", "0"],
        "national_lengths": [[10], [10, 11], [10], [9, 10], [6, 7, 8, 9, 10, 11, 12, 13]],
        "carrier_code_digits": [0, 2, 0, 0, 0],
        "emergency_numbers": [["911"], ["190"], ["112"], ["999"], ["112"]],
        "short_codes": [["411"], ["100"], [], [], ["116000"]],
    },
    schema_overrides={"short_codes": pl.List(pl.String)},
)
COUNTRIES = DIALING_PLANS["country"].to_list()


def read(country: str | None, text: str) -> tuple[str, str]:
    """The number as it is stored, and its kind."""
    dialled = pl.DataFrame({"country": [country], "text": [text]}, schema={"country": pl.String, "text": pl.String})
    (row,) = normalise_numbers(dialled, DIALING_PLANS).select("number", "number_kind").rows()
    return row


@pytest.mark.parametrize(
    ("country", "text", "stored"),
    [
        ("US", "1 (212) 555-0100", "+12125550100"),
        ("US", "1.212.555.0100", "+12125550100"),
        ("US", "011 44 20 7123 4567", "+442071234567"),
        ("US", "+ 44-20.7123 (4567)", "+442071234567"),
        ("RU", "8 (495) 123-45-67", "+74951234567"),
        ("RU", "8 10 44 20 7123 4567", "+442071234567"),
        ("RU", "8-10-1-212-555-0100", "+12125550100"),
        ("RU", "4951234567", "+74951234567"),
        ("GB", "020 7123 4567", "+442071234567"),
        ("GB", "001 212 555 0100", "+12125550100"),
        ("BR", "0 21 11 3333-4444", "+551133334444"),
        ("BR", "0 11 3333-4444", "+551133334444"),
        ("BR", "0 21 11 91234-5678", "+5511912345678"),
        ("BR", "00 21 44 20 7123 4567", "+442071234567"),
    ],
)
def test_a_number_is_read_whatever_stands_between_its_digits(country: str, text: str, stored: str) -> None:
    assert read(country, text) == (stored, "e164")


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("+80012345678", "+80012345678"),
        ("011 800 12345678", "+80012345678"),
        ("800 555 0199", "+18005550199"),
        ("1 800 555 0199", "+18005550199"),
        ("+1 800 555 0199", "+18005550199"),
    ],
)
def test_international_freephone_is_not_a_national_toll_free_number(text: str, stored: str) -> None:
    assert read("US", text) == (stored, "e164")


@pytest.mark.parametrize(
    ("country", "text", "kind"),
    [
        ("AT", "0012345678901234" + "5", "e164"),  # 00 and 15 digits
        ("AT", "0012345678901234" + "56", "bad"),  # 00 and 16
        ("US", "+123456789012345", "e164"),
        ("US", "+1234567890123456", "bad"),
        ("US", "+1234567", "e164"),
        ("US", "+123456", "bad"),
        ("AT", "0" + "9" * 13, "e164"),  # 43 and 13 digits are 15
        ("AT", "0" + "9" * 14, "bad"),
        ("US", "9" * 400, "bad"),
    ],
)
def test_a_number_has_7_to_15_digits(country: str, text: str, kind: str) -> None:
    assert read(country, text)[1] == kind


@pytest.mark.parametrize(
    ("country", "text", "stored", "kind"),
    [
        ("US", "0", "0", "bad"),
        ("US", "1", "1", "bad"),
        ("US", "01", "01", "extension"),
        ("US", "011", "011", "extension"),
        ("US", "0114420", "0114420", "bad"),
        ("RU", "81", "81", "extension"),
        ("RU", "810", "810", "extension"),
        ("RU", "8101234", "8101234", "bad"),
        ("BR", "0021", "0021", "extension"),
        ("BR", "0021442", "0021442", "bad"),
        ("US", "+", "+", "bad"),
        ("US", "+0", "+0", "bad"),
        ("US", "+1", "+1", "bad"),
        ("US", "00442071234567", "00442071234567", "bad"),
        ("RU", "011442071234567", "011442071234567", "bad"),
        ("US", "++442071234567", "++442071234567", "bad"),
        ("US", "442071234567+", "442071234567+", "bad"),
    ],
)
def test_digits_shorter_than_any_prefix_and_prefixes_of_other_countries(
    country: str, text: str, stored: str, kind: str
) -> None:
    assert read(country, text) == (stored, kind)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("*98", "feature_code"),
        ("*67 1 212 555 0100", "feature_code"),
        ("#31#", "feature_code"),
        ("**21*2002#", "feature_code"),
        ("98*", "bad"),
        ("*", "bad"),
        ("#", "bad"),
        ("*9x", "bad"),
        ("9-1-1", "emergency"),
        ("4 1 1", "short_code"),
        ("(200) 1", "extension"),
        ("1234567x8", "bad"),
        ("2125550100;ext=12", "bad"),
        ("2125550100 ext 12", "bad"),
        ("anonymous", "bad"),
        ("NULL", "bad"),
        ("sip:+15551234567@host", "bad"),
        ("<sip:+15551234567@host>", "bad"),
        ("tel:+15551234567", "bad"),
        ("8~10442071234567", "bad"),
        ("\u0662\u0661\u06625550100", "bad"),
        ("212\u00a0555 0100", "bad"),
        ("-", "bad"),
        ("", "anonymous"),
    ],
)
def test_what_is_no_number_is_never_guessed(text: str, kind: str) -> None:
    assert read("US", text)[1] == kind


def test_without_a_country_only_what_needs_none_is_read() -> None:
    texts = ["+442071234567", "2001", "*98", "2125550100", "011442071234567"]
    assert [read(None, text)[1] for text in texts] == ["e164", "extension", "feature_code", "bad", "bad"]


def test_each_row_is_read_by_its_own_country_and_keeps_its_place() -> None:
    dialled = pl.DataFrame(
        {"country": ["US", "GB", "RU", "US", None], "text": ["0114420", "020 7123 4567", "112", "112", "+18005550199"]}
    )
    assert normalise_numbers(dialled, DIALING_PLANS).rows() == [
        ("US", "0114420", "0114420", "bad"),
        ("GB", "020 7123 4567", "+442071234567", "e164"),
        ("RU", "112", "112", "emergency"),
        ("US", "112", "112", "extension"),
        (None, "+18005550199", "+18005550199", "e164"),
    ]


@given(st.sampled_from(COUNTRIES), st.text("0123456789+*# ()-.", max_size=18))
def test_a_number_as_it_is_stored_is_read_as_itself(country: str, text: str) -> None:
    number, kind = read(country, text.strip())
    if kind not in ("bad", "short_code"):  # a short code has become a number of its country, too short for any other
        assert read(country, number) == (number, kind)


@given(st.sampled_from(COUNTRIES), st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True))
def test_e164_is_kept_digit_by_digit_whatever_the_country(country: str, number: str) -> None:
    assert read(country, number) == (number, "e164")


@given(st.sampled_from(COUNTRIES), st.text("0123456789+*#", max_size=16), st.data())
def test_separators_change_nothing(country: str, text: str, data: st.DataObject) -> None:
    if text:
        spaced = "".join(letter + data.draw(st.text(" ().-", max_size=2)) for letter in text)
        assert read(country, spaced) == read(country, text)


@pytest.mark.parametrize(
    ("country", "text", "stored"),
    [
        ("US", "911-2222", ("9112222", "emergency")),
        ("US", "5551000", ("+15551000", "short_code")),
        ("US", "1 (555) 100-0", ("15551000", "bad")),
        ("BR", "9112222", ("9112222", "bad")),
        ("BR", "5551000", ("5551000", "bad")),
    ],
)
def test_a_long_number_with_a_meaning_of_its_own_has_it_in_its_country_alone(
    country: str, text: str, stored: tuple[str, str]
) -> None:
    here = pl.col("country") == "US"
    plans = DIALING_PLANS.with_columns(
        emergency_numbers=pl.when(here).then(pl.lit(["911", "9112222"])).otherwise("emergency_numbers"),
        short_codes=pl.when(here).then(pl.lit(["411", "5551000"])).otherwise("short_codes"),
    )
    (row,) = normalise_numbers(pl.DataFrame({"country": [country], "text": [text]}), plans)[:, 2:].rows()
    assert row == stored
