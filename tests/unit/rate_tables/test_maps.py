"""The shipped maps read sheets of the layouts they describe."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.decks import deck_map, read_deck

MAPS = Path(__file__).parents[3] / "rate_tables" / "maps"


@pytest.mark.parametrize("path", sorted(MAPS.glob("*.toml")), ids=lambda path: path.stem)
def test_a_shipped_map_has_no_fault(path: Path) -> None:
    assert deck_map(path.read_text(encoding="utf-8")).mode in ("extend", "replace")


def test_the_example_reads_the_sheet_in_its_own_comment() -> None:
    text = (MAPS / "example.toml").read_text(encoding="utf-8")
    sheet = [line.removeprefix("#   ") for line in text.splitlines() if line.startswith("#   ")]
    rows = read_deck("\n".join(["Prices", "of 2020", *sheet, "Thank you"]) + "\n", text)
    assert rows.faults == []
    columns = ("prefix", "rate_per_minute", "minimum_seconds", "increment_seconds", "effective_from")
    assert rows.rows.select(columns).rows() == [
        ("44", "0.012", "1", "1", "2020-01-31T23:00:00Z"),
        ("4477", "0.24", "1", "1", "2020-01-31T23:00:00Z"),
        ("4478", "0.24", "1", "1", "2020-01-31T23:00:00Z"),
        ("4479", "0.24", "1", "1", "2020-01-31T23:00:00Z"),
        ("1242", "", "60", "60", "2020-01-31T23:00:00Z"),
        ("1246", "", "60", "60", "2020-01-31T23:00:00Z"),
    ]
