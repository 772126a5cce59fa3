"""DuckDB's own rating of a published month finds what the program found, and every difference of a micro or a cent."""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest

from flows.cli import run
from tests.bench.rerating import is_equal, rerated

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rerating")
    demo = folder / "demo"
    assert run(["demo", "--calls", "4000", "--accounts", "30", "--seed", "3", "-o", str(demo)]) == 0
    inputs = ["--cdrs", str(demo / "inbox"), "--contracts", str(demo / "contracts")]
    inputs += ["--rate-tables", str(ROOT / "rate_tables"), "--warehouse", str(folder / "warehouse")]
    assert run(["bill", "2020-02", *inputs]) == 0
    return folder / "warehouse"


@pytest.fixture
def copy(warehouse: Path, tmp_path: Path) -> Path:
    """The month to be altered."""
    return Path(shutil.copytree(warehouse, tmp_path / "warehouse", symlinks=True))


def altered_calls(warehouse: Path, alter: pl.Expr) -> None:
    (path,) = warehouse.glob("billed_calls/*/*/bucket=*.parquet")
    calls = pl.read_parquet(path)
    path.unlink()
    calls.with_columns(alter).write_parquet(path)


def test_every_call_and_line_of_a_month_is_found_again(warehouse: Path) -> None:
    found = rerated(warehouse)
    assert is_equal(found)
    assert found["calls"] > 2000
    assert {line["currency"] for line in found["lines"]} == {"BRL", "CAD", "USD"}
    assert all(int(line["published_cents"]) > 0 for line in found["lines"])


def test_all_kinds_of_calls_were_rated_again(warehouse: Path) -> None:
    calls = pl.read_parquet(next(warehouse.glob("billed_calls/*/*/bucket=*.parquet")))
    kinds = {"toll_free", "international", "domestic_premium", "overage", "included"}
    assert set(calls["call_type"].cast(pl.String)) == kinds


@pytest.mark.parametrize(
    ("column", "more"),
    [("cost", "0.000001"), ("billable_seconds", 1), ("included_seconds", 1)],
)
def test_one_call_that_differs_by_the_least_is_told(copy: Path, column: str, more: object) -> None:
    is_first_charged = pl.int_range(pl.len()) == (pl.col("cost") > 0).arg_max()
    least = pl.lit(more).cast(pl.Decimal(18, 6)) if isinstance(more, str) else pl.lit(more)
    altered_calls(copy, pl.when(is_first_charged).then(pl.col(column) + least).otherwise(pl.col(column)).alias(column))
    found = rerated(copy)
    assert found["calls_differing"] == 1
    assert not is_equal(found)


def test_a_call_that_is_missing_is_told_by_its_line(copy: Path) -> None:
    (path,) = copy.glob("billed_calls/*/*/bucket=*.parquet")
    calls = pl.read_parquet(path)
    dearest = calls["cost"].cast(pl.Int64).arg_max()
    path.unlink()
    calls.filter(pl.int_range(pl.len()) != dearest).write_parquet(path)
    assert not is_equal(rerated(copy))


def test_a_cent_on_a_line_is_told(copy: Path) -> None:
    database = copy / (copy / "tollbook.duckdb").readlink()
    database.chmod(0o600)
    with duckdb.connect(str(database)) as connection:
        connection.execute(
            "update invoice_line_items set amount = amount + 0.01 "
            "where rowid = (select min(rowid) from invoice_line_items where category = 'international')"
        )
    found = rerated(copy)
    assert found["calls_differing"] == 0
    assert sum(line["differing"] for line in found["lines"]) == 1
    assert not is_equal(found)
