"""A carrier's sheet and its map as literals, read."""

from __future__ import annotations

import tomllib

import polars as pl

from schemas.deck_map import DeckMap
from schemas.deck_text import deck_text
from schemas.deck_toml import parse_deck_map
from schemas.rate_files import NUMBERING_PLAN
from schemas.text_tables import read_csv_table
from transforms.deck_rows import DeckRows, deck_rows

PLAN = """\
prefix,country,region,kind
1201,US,NJ,geographic
1242,BS,,geographic
1800,US,,toll_free
44,GB,,geographic
447,GB,,mobile
44800,GB,,toll_free
44909,GB,,premium
4781,SJ,,geographic
4791,NO,,geographic
5511,BR,SP,geographic
"""
MAP = """\
mode = "replace"
[columns]
prefix = "Code"
destination = "Name"
rate_per_minute = "Price"
[defaults]
currency = "USD"
"""


def numbering_plan() -> pl.DataFrame:
    """Ten prefixes."""
    return read_csv_table(PLAN.encode(), NUMBERING_PLAN, "numbering_plan.csv").rows


def deck_map(text: str = MAP) -> DeckMap:
    """The map, without fault."""
    return parse_deck_map("map.toml", tomllib.loads(text))


def read_deck(sheet: str | bytes, text: str = MAP) -> DeckRows:
    """The sheet's rows by the map, with all faults of its lines and cells."""
    content = sheet.encode() if isinstance(sheet, str) else sheet
    mapped = deck_map(text)
    cells = deck_text(content, "deck.csv", mapped)
    rows = deck_rows(cells.rows, mapped, numbering_plan(), "deck.csv")
    return rows._replace(faults=[*cells.faults, *rows.faults])


def faults_of(sheet: str | bytes, text: str = MAP) -> list[tuple[int | None, str | None, str]]:
    """Line, column and problem of each fault."""
    return [(fault.line, fault.column, fault.problem) for fault in read_deck(sheet, text).faults]
