"""The page of the billing rules as its tests read it: chapters, numbered rules, examples, price list.

A table stands behind a mark: `<!-- example: 3.3 -->`, or `<!-- given: charges -->` for prices. In an example,
columns whose heading begins with an arrow are results; the others are what is put in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import NamedTuple

PAGE = Path(__file__).parents[2] / "transforms" / "RULES.md"
RESULT = "→ "
NOTHING = "none"
_CHAPTER = re.compile(r"^## (\d+)\. (.+)$")
_RULE = re.compile(r"^### (\d+\.\d+) (.+?)(?: · (?:guide|ours))?$")
_MARK = re.compile(r"^<!-- (example|given): (\S+) -->$")
_FIGURE = re.compile(r"\d")
_REFERENCE = re.compile(r"\(\d+\.\d+\)")

Cells = dict[str, str]


class Table(NamedTuple):
    """A table of the page: the rule it stands under, its mark (empty without one), headings and rows."""

    rule: str
    kind: str
    name: str
    columns: tuple[str, ...]
    rows: tuple[Cells, ...]

    @property
    def inputs(self) -> list[Cells]:
        """Each row without its results; `none` is an empty cell."""
        return [
            {name: "" if cell == NOTHING else cell for name, cell in row.items() if not name.startswith(RESULT)}
            for row in self.rows
        ]

    @property
    def results(self) -> list[Cells]:
        """What the page says comes out of each row, by heading without arrow."""
        return [
            {name.removeprefix(RESULT): cell for name, cell in row.items() if name.startswith(RESULT)}
            for row in self.rows
        ]

    @property
    def has_figures(self) -> bool:
        """Whether a cell behind the first column has a digit, but for a reference like (4.3)."""
        return any(_FIGURE.search(_REFERENCE.sub("", cell)) for row in self.rows for cell in list(row.values())[1:])


class RulesPage(NamedTuple):
    """What stands on the page; chapters and rules by number, with their titles."""

    chapters: dict[str, str]
    rules: dict[str, str]
    tables: tuple[Table, ...]

    @property
    def examples(self) -> dict[str, Table]:
        """The marked examples by name."""
        return {table.name: table for table in self.tables if table.kind == "example"}

    @property
    def given(self) -> dict[str, Table]:
        """The price list of the examples by rate file."""
        return {table.name: table for table in self.tables if table.kind == "given"}


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip().strip("`") for cell in line.strip().strip("|").split("|"))


def _tables(lines: list[str]) -> Iterator[Table]:
    """The tables in order; the number of the last heading above is their rule."""
    rule, mark, at = "", ("", ""), 0
    while at < len(lines):
        line = lines[at]
        if found := _RULE.match(line) or _CHAPTER.match(line):
            rule = found[1]
        if line.startswith("|"):
            end = at + len(list(takewhile(lambda row: row.startswith("|"), lines[at:])))
            columns = _cells(line)
            rows = tuple(dict(zip(columns, _cells(row), strict=True)) for row in lines[at + 2 : end])
            yield Table(rule, *mark, columns, rows)
        found = _MARK.match(line)
        mark = (found[1], found[2]) if found else ("", "")
        at = end if line.startswith("|") else at + 1


def read_page(text: str | None = None) -> RulesPage:
    """The page, or another text in its form."""
    lines = (PAGE.read_text(encoding="utf-8") if text is None else text).split("\n")
    chapters = {found[1]: found[2] for line in lines if (found := _CHAPTER.match(line))}
    rules = {found[1]: found[2] for line in lines if (found := _RULE.match(line))}
    return RulesPage(chapters, rules, tuple(_tables(lines)))
