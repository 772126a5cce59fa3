"""Every way of rating that the bench compares comes to the same amounts, exactly."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.bench.compare.measure import compare, is_equal, run_way
from tests.bench.compare.task import RATES_SCHEMA, make_task
from tests.bench.compare.ways import WAYS, Way

ALL = [pytest.param(way, id=way.module) for way in WAYS]
JANUARY = 1_577_836_800
NOON = JANUARY + 12 * 3600
CALLS_SCHEMA = {
    "call_id": pl.String,
    "account_id": pl.String,
    "rate_table": pl.String,
    "destination_number": pl.String,
    "start_second": pl.Int64,
    "billable_seconds": pl.Int64,
}
RATES = [
    ("USD", "44", None, None, 60_000, 0),
    ("USD", "4420", NOON, None, 120_000, 7),  # from noon on; until then +4420... is +44...
    ("USD", "447", None, NOON, 300_000, 0),  # until noon; then +447... is +44...
    ("USD", "4479", None, None, None, 0),  # withdrawn: no shorter prefix takes its place
    ("USD", "441234567", None, None, 900_000, 0),
    ("CAD", "44", None, None, 1, 0),
]
CALLS = [
    ("+442071234567", NOON - 1, 60, "USD", 60_000),
    ("+442071234567", NOON, 60, "USD", 120_007),
    ("+447111234567", NOON - 1, 1, "USD", 5_000),
    ("+447111234567", NOON, 1, "USD", 1_000),
    ("+447911234567", NOON, 60, "USD", None),
    ("+44123456", NOON, 60, "USD", 60_000),  # shorter than the prefix 441234567
    ("+4412345678", NOON, 60, "USD", 900_000),
    ("+442071234567", NOON, 29, "CAD", 0),  # 29/60 of a micro is below the half
    ("+442071234567", NOON, 30, "CAD", 1),  # the half is rounded up
    ("+331234567890", NOON, 60, "USD", None),
]


def skip_if_missing(way: Way) -> None:
    lacking = way.loaded().missing()
    if lacking:
        pytest.skip(lacking)


def sums_of(way: Way, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int, int]:
    """Amount in micros, calls with and without a price. pandas gets its own process: loaded late, it ended pytest's."""
    if way.module == "pandas_merge":
        monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
        apart = run_way(way, folder)
        return apart["amount_micros"], apart["priced"], apart["unpriced"]
    found = way.loaded().outcome(folder)
    return found.amount_micros, found.priced, found.unpriced


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("task")
    make_task(folder, calls=1000, prefixes=400)
    return folder


def exact_sums(folder: Path) -> tuple[int, int]:
    """Every row looked at for every call, in fractions: the sum, and how many calls have a price."""
    rates = pl.read_parquet(folder / "rates.parquet").rows(named=True)
    amount = priced = 0
    for call in pl.read_parquet(folder / "calls.parquet").iter_rows(named=True):
        digits, second = call["destination_number"].removeprefix("+"), call["start_second"]
        in_force = [
            rate
            for rate in rates
            if rate["rate_table"] == call["rate_table"]
            and digits.startswith(rate["prefix"])
            and (rate["from_second"] is None or rate["from_second"] <= second)
            and (rate["to_second"] is None or second < rate["to_second"])
        ]
        best = max(in_force, key=lambda rate: len(rate["prefix"]), default=None)
        if best is not None and best["rate_micros"] is not None:
            usage = Fraction(best["rate_micros"] * call["billable_seconds"], 60)
            amount += best["fee_micros"] + int(usage + Fraction(1, 2))
            priced += 1
    return amount, priced


@pytest.mark.parametrize("way", ALL)
def test_a_thousand_calls_cost_what_fractions_say(way: Way, thousand: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_if_missing(way)
    amount, priced = exact_sums(thousand)
    assert sums_of(way, thousand, monkeypatch) == (amount, priced, 1000 - priced)
    assert 900 < priced < 1000


@pytest.mark.parametrize("way", ALL)
def test_dates_withdrawals_short_numbers_and_halves_are_taken_alike(
    way: Way, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    skip_if_missing(way)
    pl.DataFrame(RATES, schema=RATES_SCHEMA, orient="row").write_parquet(tmp_path / "rates.parquet")
    rows = [(f"c{i}", f"{call[3]}-0", call[3], *call[:3]) for i, call in enumerate(CALLS)]
    pl.DataFrame(rows, schema=CALLS_SCHEMA, orient="row").write_parquet(tmp_path / "calls.parquet")
    costs = [call[4] for call in CALLS if call[4] is not None]
    assert sums_of(way, tmp_path, monkeypatch) == (sum(costs), len(costs), 2)
    assert (sum(costs), len(costs)) == (1_146_008, 8)


def test_the_same_task_is_made_again(thousand: Path, tmp_path: Path) -> None:
    make_task(tmp_path, calls=1000, prefixes=400)
    for name in ("calls.parquet", "rates.parquet"):
        assert (tmp_path / name).read_bytes() == (thousand / name).read_bytes()


def run_without_postgres(way: Way, folder: Path) -> dict[str, Any]:
    if way == WAYS[-1]:
        return {"missing": "there is none", "peak_mib": 0.0}
    return run_way(way, folder)


@pytest.mark.integration
def test_ways_are_run_by_themselves_and_what_is_not_installed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr("tests.bench.compare.measure.run_way", run_without_postgres)
    said: list[str] = []
    found = compare(tmp_path / "work", calls=200, prefixes=50, count=2, say=said.append, ways=(WAYS[0], WAYS[-1]))
    (ours,) = found["ways"]
    assert ours["priced"] + ours["unpriced"] == 200
    assert found["skipped"] == {WAYS[-1].title: "there is none"}
    assert [line for line in said if "skipped" in line] == [f"skipped: {WAYS[-1].title}: there is none"]
    assert not is_equal(found)  # one way alone proves nothing
    assert not (tmp_path / "work").exists()
