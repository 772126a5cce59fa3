"""Prefixes of a carrier's sheet: lists and ranges in one column or two, to one row a prefix."""

from __future__ import annotations

import re
from typing import NamedTuple

import polars as pl

from schemas.deck_map import PREFIX, DeckMap

MOST_OF_A_RANGE = 10_000
_DIGITS = r"^[0-9]{1,15}$"


class ExpandedPrefixes(NamedTuple):
    """Rows with `deck_prefix`, one a prefix; and (line, cell, part, problem, remedy) of what is none."""

    rows: pl.DataFrame
    faults: list[tuple[int, str, str, str]]


def expanded_prefixes(rows: pl.DataFrame, deck_map: DeckMap) -> ExpandedPrefixes:
    """One row a prefix: `44` and `77-79;20` are 4420, 4477, 4478 and 4479.

    Grain: one row a prefix of a line, by line and prefix. The first of two columns holds one code.
    An empty second cell is the code alone. A word of `prefix.any` is the empty prefix.
    """
    names = deck_map.columns[PREFIX]
    parts = rows.with_columns(deck_part=_without_marks(pl.col(names[-1])), deck_code=pl.lit(""))
    if len(names) == 2:
        parts = parts.with_columns(deck_code=_without_marks(pl.col(names[0])).str.strip_prefix("+"))
    parts = _split(parts, deck_map)
    is_any = pl.col("deck_part").str.to_lowercase().is_in(deck_map.any_words)
    ends = _range_ends(deck_map)
    begin, end = pl.col("deck_begin"), pl.col("deck_end")
    is_code_alone = (pl.col("deck_part") == "") & (pl.col("deck_code") != "") & pl.lit(len(names) == 2)
    judged = parts.with_columns(deck_begin=ends.struct.field("begin"), deck_end=ends.struct.field("end")).with_columns(
        deck_problem=pl.when(is_any | (is_code_alone & pl.col("deck_code").str.contains(_DIGITS)))
        .then(None)
        .when(pl.lit(len(names) == 2) & ~pl.col("deck_code").str.contains(_DIGITS))
        .then(pl.lit("code"))
        .when((pl.col("deck_part") == "") & (pl.col("deck_code") == ""))
        .then(pl.lit("empty"))
        .when(begin.is_null())
        .then(pl.lit("form"))
        .when(begin.str.len_bytes() != end.str.len_bytes())
        .then(pl.lit("lengths"))
        .when(_number(begin) > _number(end))
        .then(pl.lit("order"))
        .when(_number(end) - _number(begin) >= MOST_OF_A_RANGE)
        .then(pl.lit("size"))
    )
    bad = judged.filter(pl.col("deck_problem").is_not_null())
    good = judged.filter(pl.col("deck_problem").is_null()).with_columns(
        deck_begin=pl.when(~is_any & ~is_code_alone).then(begin),
        deck_code=pl.when(is_any).then(pl.lit("")).otherwise("deck_code"),
    )
    faults = [
        (line, part, *_PROBLEMS[problem])
        for line, part, code, problem in bad.select("line", "deck_part", "deck_code", "deck_problem").iter_rows()
        for part in [code if problem == "code" else part]
    ]
    return ExpandedPrefixes(_every_prefix(good).drop("deck_part", "deck_problem"), faults)


_PROBLEMS: dict[str, tuple[str, str]] = {
    "code": ("is no code in digits", "write one country code, such as 44"),
    "empty": ("has no prefix", "a name alone cannot price a call: ask the carrier for the code, or skip the row"),
    "form": ("is no prefix, list or range of prefixes", "write digits, a list such as 1242;1246 or a range 4477-4479"),
    "lengths": ("is a range between prefixes of different lengths", "write both ends with as many digits"),
    "order": ("is a range that ends before it begins", "write the lower prefix first"),
    "size": (f"is a range of more than {MOST_OF_A_RANGE:,} prefixes", "write the shorter prefixes that it stands for"),
}


def _without_marks(text: pl.Expr) -> pl.Expr:
    """The cell without spaces, and without what makes a spreadsheet take digits for text (`="44"`, `'44`)."""
    return text.str.replace_all(r"[\s\x{a0}]", "").str.replace(r'^="([^"]*)"$', "${1}").str.strip_prefix("'")


def _split(rows: pl.DataFrame, deck_map: DeckMap) -> pl.DataFrame:
    marks = [mark.strip() for mark in deck_map.separators if mark.strip()]
    if not marks:
        return rows
    pattern = "(?:" + "|".join(re.escape(mark) for mark in marks) + ")+"
    part = pl.col("deck_part").str.replace_all(pattern, "\n").str.strip_chars("\n")
    return rows.with_columns(deck_part=part.str.split("\n")).explode("deck_part")


def _range_ends(deck_map: DeckMap) -> pl.Expr:
    """Begin and end of the part's range; both the prefix itself where it is none; null where it is neither."""
    marks = "|".join(re.escape(mark.strip()) for mark in deck_map.ranges)
    end = rf"(?:(?:{marks})\+?(?<end>[0-9]{{1,15}}))?" if marks else "(?<end>[0-9]{1,15}){0}"
    groups = pl.col("deck_part").str.extract_groups(rf"^\+?(?<begin>[0-9]{{1,15}}){end}$")
    begin = groups.struct.field("begin")
    return pl.struct(begin=begin, end=pl.coalesce(groups.struct.field("end"), begin))


def _number(digits: pl.Expr) -> pl.Expr:
    return digits.cast(pl.Int64, strict=False)


def _every_prefix(rows: pl.DataFrame) -> pl.DataFrame:
    """The ranges unrolled, digits in front kept (`08-11` is 08, 09, 10, 11), behind the code."""
    begin, end = _number(pl.col("deck_begin")), _number(pl.col("deck_end"))
    is_range = pl.col("deck_begin") != pl.col("deck_end")
    width = pl.col("deck_begin").str.len_bytes()
    single = rows.filter(~is_range.fill_null(value=False)).with_columns(digits=pl.col("deck_begin").fill_null(""))
    ranges = (
        rows.filter(is_range)
        .with_columns(digits=pl.int_ranges(begin, end + 1), deck_width=width.cast(pl.Int64))
        .explode("digits")
        .with_columns(digits=pl.col("digits").cast(pl.String).str.zfill(pl.col("deck_width")))
        .drop("deck_width")
    )
    every = pl.concat([single, ranges]) if ranges.height else single
    prefixed = every.with_columns(deck_prefix=pl.col("deck_code") + pl.col("digits"))
    return prefixed.sort("line", "deck_prefix").drop("digits", "deck_begin", "deck_end", "deck_code")
