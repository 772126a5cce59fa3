"""The program against an independent re-rating in plain fractions: every row, every column, every byte."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from flows.cli import run
from tests.oracle import rerate
from tests.oracle.comparison import differences, summary
from tests.oracle.months import next_month
from tests.oracle.random_months import make_month

SHIPPED = Path(__file__).parents[2] / "rate_tables"
SHIPPED_VERSION = "2020.1"


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(50))
def test_a_random_month_agrees_in_every_column(seed: int, tmp_path: Path) -> None:
    month = make_month(tmp_path, seed)
    warehouse = tmp_path / "warehouse"
    code = run(
        [
            *("bill", "2020-02", "--issue-date", month.issue_date.isoformat()),
            *("--cdrs", str(month.cdrs), "--contracts", str(month.contracts)),
            *("--rate-tables", str(month.rate_tables), "--rates", month.version),
            *("--warehouse", str(warehouse)),
        ]
    )
    assert code == 0
    version = month.rate_tables / month.version
    rated = rerate(month.cdrs, month.contracts, version, "2020-02", month.issue_date)
    found = differences(rated, warehouse, "2020-01")
    assert not found, summary(found)


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(50))
def test_a_demo_month_agrees_in_every_column(seed: int, tmp_path: Path) -> None:
    demo, warehouse = tmp_path / "demo", tmp_path / "warehouse"
    assert run(["demo", "--calls", "300", "--accounts", "12", "--seed", str(seed), "-o", str(demo)]) == 0
    cdrs, contracts = demo / "inbox", demo / "contracts"
    usage_month = next(path.name for path in cdrs.iterdir() if path.is_dir())
    invoice_month = f"{next_month(date.fromisoformat(usage_month + '-01')):%Y-%m}"
    code = run(
        [
            *("bill", invoice_month, "--cdrs", str(cdrs), "--contracts", str(contracts)),
            *("--rate-tables", str(SHIPPED), "--rates", SHIPPED_VERSION, "--warehouse", str(warehouse)),
        ]
    )
    assert code == 0
    rated = rerate(cdrs, contracts, SHIPPED / SHIPPED_VERSION, invoice_month)
    found = differences(rated, warehouse, usage_month)
    assert not found, summary(found)


def test_the_same_seed_writes_the_same_files(tmp_path: Path) -> None:
    make_month(tmp_path / "one", seed=7)
    make_month(tmp_path / "other", seed=7)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 20
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes(), file
