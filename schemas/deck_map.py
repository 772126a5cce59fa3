"""How a carrier's sheet of prices becomes rows of a rate table: what a map says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schemas.rate_files import INTERNATIONAL_RATES, PREMIUM_PREFIXES, TOLL_FREE_RATES
from schemas.text_tables import EFFECTIVE_FROM, EFFECTIVE_TO, TableSpec

PREFIX, INTERVALS = "prefix", "intervals"
DECK_TABLES: dict[str, TableSpec] = {
    spec.name: spec for spec in (INTERNATIONAL_RATES, PREMIUM_PREFIXES, TOLL_FREE_RATES)
}
FROM_NUMBERING_PLAN = ("country", "line_type")
"""Columns of international rates that the numbering plan gives where the sheet does not."""
STEPS = ("minimum_seconds", "increment_seconds")
TIMES = (EFFECTIVE_FROM, EFFECTIVE_TO)
TABLE_PREFIXES = ("prefix", "origin_prefix")


@dataclass(frozen=True)
class DeckDialect:
    """How the sheet is written. `names`: its columns where it has no header line."""

    delimiter: str
    encoding: str
    skip_lines: int
    footer_lines: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class DeckPrices:
    """How prices are written. Words are lower case; `rounding` is what becomes of more than 6 decimals."""

    per: str
    decimal: str
    signs: tuple[str, ...]
    rounding: str
    blocked: tuple[str, ...]
    blocked_when: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class DeckMap:
    """One map. `columns`: target column to the sheet's columns (the prefix may have two, put together)."""

    file: str
    table: TableSpec
    mode: str
    columns: Mapping[str, tuple[str, ...]]
    defaults: Mapping[str, str]
    dialect: DeckDialect
    separators: tuple[str, ...]
    ranges: tuple[str, ...]
    any_words: tuple[str, ...]
    prices: DeckPrices
    time_format: str | None
    time_zone: str | None
    is_successive: bool
    """Whether an open row ends where the next row of its prefix begins."""
    skip: Mapping[str, tuple[str, ...]]

    @property
    def prefix_column(self) -> str:
        """The table's column that the prefix goes to."""
        return next(name for name in self.table.column_names if name in TABLE_PREFIXES)

    @property
    def used_columns(self) -> tuple[str, ...]:
        """Columns of the sheet that the map reads, each once."""
        tested = (*self.prices.blocked_when, *self.skip)
        return tuple(dict.fromkeys([*(name for names in self.columns.values() for name in names), *tested]))

    def sheet_column(self, target: str) -> str:
        """The sheet's column behind a column of the table, for a person."""
        names = self.columns.get(PREFIX if target in TABLE_PREFIXES else target, ())
        if not names and target in STEPS:
            names = self.columns.get(INTERVALS, ())
        return " + ".join(names) or target
