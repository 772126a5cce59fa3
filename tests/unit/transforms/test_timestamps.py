"""Times of a large block are read another way than those of a small one, and come to the same."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from transforms.timestamps import parse_instants

PLAIN = "2020-01-15T10:30:00Z"
MANY = 10_000
ODD = (
    "2020-01-15 10:30:00Z",
    "2020-01-15T10:30:00.5Z",
    "2020-01-15T10:30:00-05:00",
    "2020-01-15T10:30:00",
    "2020-01-15",
    "",
    "2020-01-15T10:30Z   ",
    "２020-01-15T10:30Z",
    None,
)
LOOK_PLAIN = (
    "2020-02-30T10:30:00Z",
    "2020-01-15T24:00:00Z",
    "2020-01-15T10:60:00Z",
    "2020-01-15T10:30:60Z",
    "2020-01-15T10:30:0aZ",
    "2020-1-015T10:30:00Z",
    "+2020-1-15T10:30:00Z",
    "12020-1-5T10:30:000Z",
    "0999-01-15T10:30:00Z",
    "2020-01-15T 10:30:0Z",
    "2020/01/15T10:30:00Z",
    "2020-01-15t10:30:00Z",
)


def one_by_one(texts: list[str | None]) -> list[dt.datetime | None]:
    return [parse_instants(pl.Series([text], dtype=pl.String))[0] for text in texts]


@pytest.mark.parametrize("odd", [ODD, *((text,) for text in LOOK_PLAIN)], ids=repr)
def test_a_time_is_the_same_among_many_others(odd: tuple[str | None, ...]) -> None:
    many: list[str | None] = [PLAIN] * MANY
    read = parse_instants(pl.Series([*many, *odd, *many], dtype=pl.String))
    assert read[MANY : MANY + len(odd)].to_list() == one_by_one(list(odd))
    others = pl.concat([read[:MANY], read[MANY + len(odd) :]])
    assert others.unique().to_list() == [dt.datetime(2020, 1, 15, 10, 30, tzinfo=dt.UTC)]
    assert len(read) == 2 * MANY + len(odd)


@pytest.mark.parametrize("text", ["1000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2020-02-29T23:59:59Z"])
def test_the_first_and_the_last_time_that_is_read(text: str) -> None:
    read = parse_instants(pl.Series([text] * MANY))
    assert read.unique().to_list() == one_by_one([text]) == [dt.datetime.fromisoformat(text)]


@pytest.mark.parametrize("text", LOOK_PLAIN)
def test_what_only_looks_like_a_time_is_none(text: str) -> None:
    assert parse_instants(pl.Series([text] * MANY)).null_count() == MANY
