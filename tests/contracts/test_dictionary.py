"""The data dictionary says what the schemas say, about every column."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from schemas.contract_files import CONTRACT_TABLES
from schemas.dictionary import dictionary_page, unit_of
from schemas.fields import FIELDS
from schemas.rate_files import RATE_TABLES
from schemas.source_spec import CANONICAL_COLUMNS
from schemas.warehouse_tables import CALL_TABLES, SMALL_TABLES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "schemas" / "DICTIONARY.md"
FILE_COLUMNS = [(spec.name, column.name) for spec in (*CONTRACT_TABLES, *RATE_TABLES) for column in spec.columns]
WAREHOUSE_COLUMNS = [(table.name, name) for table in (*CALL_TABLES, *SMALL_TABLES) for name in table.columns]


def _section(table: str) -> str:
    return dictionary_page().split(f"### {table}\n")[1].split("\n## ")[0].split("\n### ")[0]


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == dictionary_page(), "run `make docs` and look at the diff"


def test_the_module_shows_the_page_and_writes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemas.dictionary"]
    shown = subprocess.run(command, capture_output=True, cwd=tmp_path, check=True)
    assert shown.stdout.decode() == dictionary_page()
    assert list(tmp_path.iterdir()) == []


def test_every_column_of_every_table_is_on_the_page() -> None:
    missing = [
        (table, column)
        for table, column in (*FILE_COLUMNS, *WAREHOUSE_COLUMNS)
        if f"| `{column}` |" not in _section(table)
    ]
    assert missing == []


def test_the_canonical_columns_are_on_the_page() -> None:
    section = dictionary_page().split("## Call records in")[1].split("\n## ")[0]
    assert [name for name in CANONICAL_COLUMNS if f"| `{name}` |" not in section] == []


@pytest.mark.parametrize(
    ("column", "unit"),
    [
        ("duration_seconds", "s"),
        ("seconds_read", "s"),
        ("rate_per_minute", "currency a minute"),
        ("amount", "currency"),
        ("rows_read", "row"),
        ("start_time", "UTC"),
        ("bytes", "byte"),
        ("call_id", ""),
    ],
)
def test_a_column_has_its_unit(column: str, unit: str) -> None:
    assert unit_of(column, FIELDS[column].type) == unit
