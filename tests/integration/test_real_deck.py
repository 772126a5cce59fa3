"""A real A-Z sheet of 2010, imported whole by the shipped map.

Counted in the file by hand: 27,523 rows, each with another prefix; 9 without a price, in the lines listed here;
25,144 start within a second.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rate_tables.versions import load_version
from tests.integration.small_office import SHIPPED_RATES, Outcome

ROOT = Path(__file__).parents[2]
DECK = ROOT.parent / "shared" / "reference" / "sdf_outbound_rates_2010.csv"
MAP = ROOT / "rate_tables" / "maps" / "az_sheet.toml"
pytestmark = [
    pytest.mark.real,
    pytest.mark.integration,
    pytest.mark.skipif(not DECK.parent.is_dir(), reason="the folder ../shared/reference is not here"),
]


def test_the_sheet_of_27523_prefixes_is_imported_whole_looked_at_and_frozen(
    told: Callable[[list[str]], Outcome], tmp_path: Path
) -> None:
    shutil.copytree(SHIPPED_RATES, tmp_path / "2020.1")
    tables = ["--rate-tables", str(tmp_path)]
    begun = time.process_time()  # the 3 s, whatever else the machine does
    outcome = told(["rates", "import", str(DECK), "--map", str(MAP), "--into", "2020.2", *tables])
    assert time.process_time() - begun < 3
    assert outcome.code == 0, outcome.err
    assert "27,523 rows read, 0 skipped by the map: 27,514 priced rows, 9 without a price" in outcome.out
    assert "43820 (line 583), 37270 (line 7151), 23222 (line 24073), 38643 (line 24127), 386432 (line 24128), " in (
        outcome.out
    )
    assert "386433 (line 24129), 386434 (line 24130), 386437 (line 24131), 1900 (line 27393)\n" in outcome.out
    assert "25,144 rows begin or end within a second" in outcome.out
    assert told(["rates", "freeze", "2020.2", *tables]).code == 0
    deck = load_version(tmp_path, "2020.2").international_rates
    usd = deck.filter(deck["currency"] == "USD")
    assert (usd.height, usd["rate_per_minute_micros"].null_count()) == (27_523, 9)
    kabul = usd.filter(usd["prefix"] == "9320").select("rate_per_minute_micros", "minimum_seconds", "increment_seconds")
    assert kabul.row(0) == (287_500, 30, 6)
