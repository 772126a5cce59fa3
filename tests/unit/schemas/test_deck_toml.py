"""Maps of carriers' sheets: what is missing or misspelt is told, all of it at once."""

from __future__ import annotations

import tomllib

import pytest

from schemas.deck_toml import parse_deck_map
from schemas.faults import InputRefusedError
from tests.unit.decks import MAP


def refused(text: str) -> list[tuple[str | None, str]]:
    with pytest.raises(InputRefusedError) as caught:
        parse_deck_map("map.toml", tomllib.loads(text))
    return [(fault.column, fault.problem) for fault in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (MAP.replace('prefix = "Code"\n', ""), ("columns.prefix", "names no column with prefixes")),
        (MAP.replace('rate_per_minute = "Price"\n', ""), ("columns.rate_per_minute", "names no column with prices")),
        (MAP.replace('currency = "USD"', ""), ("currency", "nothing gives a column that every row needs")),
        (MAP.replace('"USD"', '"usd"'), ("defaults.currency", "is not a currency as three capital letters")),
        (MAP.replace('mode = "replace"\n', ""), ("mode", "does not say what becomes of the rows that are there")),
        (MAP.replace('"replace"', '"merge"'), ("mode", "is not known")),
        (MAP.replace("destination", "town"), ("columns.town", "is no column of international_rates")),
        (f"tabel = 1\n{MAP}", ("tabel", "the key is not known")),
        (f"{MAP}[price]\nround = 1\n", ("price.round", "the key is not known")),
        (f"{MAP}[price]\nblocked = 1\n", ("price.blocked", "has the wrong type")),
        (f'{MAP}[prefix]\nranges = ["1"]\n', ("prefix.ranges", "is no mark")),
        (f'{MAP}[prefix]\nranges = [";"]\n', ("prefix.ranges", "means a list and a range")),
        (f'{MAP}[dialect]\nencoding = "utf-7b"\n', ("dialect.encoding", "is no encoding")),
        (f'{MAP}[dialect]\nencoding = "hex"\n', ("dialect.encoding", "is no encoding")),
        (f'{MAP}rate_per_minute = "0.1"\n', ("defaults.rate_per_minute", "is no column of international_rates")),
        (f'{MAP}[dialect]\ndelimiter = "||"\n', ("dialect.delimiter", "is no delimiter")),
        (f'{MAP}[dialect]\ncolumns = ["Code", "Price"]\n', ("dialect.columns", "is read but not listed")),
        (
            MAP.replace("[columns]", '[columns]\nintervals = "S"'),
            ("defaults.rounding", "does not say how a started step counts"),
        ),
    ],
)
def test_a_map_at_fault_is_refused(text: str, fault: tuple[str, str]) -> None:
    assert refused(text) == [fault]


def test_dates_need_their_format_and_their_zone() -> None:
    text = MAP.replace("[columns]", '[columns]\neffective_from = "From"')
    assert refused(text) == [("time.format", "dates are never guessed"), ("time.zone", "the time zone is not known")]
    found = refused(f'{text}[time]\nformat = "%d %H:%M"\nzone = "UTC"\n')
    assert {problem for _, problem in found} == {"the format lacks a month", "the format lacks a year"}


def test_a_sheet_of_names_is_told_what_is_missing() -> None:
    text = 'mode = "replace"\n[columns]\ndestination = "Country"\nrate_per_minute = "Price"\n'
    with pytest.raises(InputRefusedError, match="a sheet of names alone cannot price a call: ask for codes") as caught:
        parse_deck_map("map.toml", tomllib.loads(text))
    assert [fault.column for fault in caught.value.faults] == ["columns.prefix", "currency"]


@pytest.mark.parametrize("time_format", ["%Y-%m-%d %I:%M", "%Y-%m-%d %Q", "%Y-%m-%d %H:%M %z", "%d/%m/%Y %"])
def test_a_format_that_does_not_read_what_it_writes_is_refused(time_format: str) -> None:
    text = MAP.replace("[columns]", '[columns]\neffective_from = "From"')
    found = refused(f'{text}[time]\nformat = "{time_format}"\nzone = "UTC"\n')
    assert found == [("time.format", "is no format of a time")]


@pytest.mark.parametrize("time_format", ["%d/%m/%Y", "%d-%b-%y", "%m/%d/%Y %I:%M %p", "%F %T", "%Y%m%d", "%F %T%.f"])
def test_formats_of_days_and_times_are_taken(time_format: str) -> None:
    text = MAP.replace("[columns]", '[columns]\neffective_from = "From"')
    parsed = parse_deck_map("m", tomllib.loads(f'{text}[time]\nformat = "{time_format}"\nzone = "UTC"\n'))
    assert parsed.time_format == time_format
