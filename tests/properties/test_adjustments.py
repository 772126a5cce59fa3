"""Random months disputed: every adjustment, and the invoice that takes it, against the independent re-rating."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from datetime import date
from fractions import Fraction
from pathlib import Path

import duckdb
import pytest

from flows.cli import run
from tests.integration.small_office import freeze
from tests.oracle import rerate
from tests.oracle.adjustments import Adjustment, differences_above_tax
from tests.oracle.comparison import KEYS, keyed, published, row_differences, summary
from tests.oracle.random_months import RandomMonth, make_month

JANUARY, FEBRUARY = date(2020, 2, 1), date(2020, 3, 1)
"""Invoice months: their calls are of the month before."""


def _mended(month: RandomMonth) -> Path:
    """The month's rate version with every international price half as high again, and one where there was none."""
    version = month.rate_tables / "mended"
    shutil.copytree(month.rate_tables / month.version, version)
    manifest = version / "manifest.toml"
    manifest.write_text(manifest.read_text().replace(f'version = "{month.version}"', 'version = "mended"'))
    deck = version / "international_rates.csv"
    with deck.open(newline="", encoding="utf-8") as stream:
        header, *rows = csv.reader(stream)
    at = header.index("rate_per_minute")
    for row in rows:
        row[at] = "0.1234" if not row[at] else f"{int(Fraction(row[at]) * 1_500_000) / 1_000_000:.6f}"
    with deck.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *rows])
    freeze(version)
    return version


@pytest.mark.integration
@pytest.mark.parametrize("seed", range(5))
def test_a_disputed_random_month_adjusts_what_the_re_rating_says(seed: int, tmp_path: Path) -> None:
    month = make_month(tmp_path, seed)
    warehouse = tmp_path / "warehouse"
    places = ["--cdrs", str(month.cdrs), "--contracts", str(month.contracts), "--warehouse", str(warehouse)]
    places += ["--rate-tables", str(month.rate_tables)]
    issued_on = month.issue_date.isoformat()
    version, mended = month.rate_tables / month.version, _mended(month)
    assert run(["bill", "2020-02", "--issue-date", issued_on, "--rates", month.version, *places]) == 0
    disputed = ["--disputed-on", issued_on, "--reason", "dispute", "--rates", "mended"]
    assert run(["rerun", "2020-02", *disputed, *places]) == 0
    issued, corrected = (
        rerate(month.cdrs, month.contracts, rates, "2020-02", month.issue_date).invoice_line_items
        for rates in (version, mended)
    )
    expected = differences_above_tax(issued, corrected)
    found: dict[tuple[str, str], Fraction] = defaultdict(Fraction)
    adjusted = []
    with duckdb.connect(str(warehouse / "tollbook.duckdb"), read_only=True) as connection:
        query = "select rerun_id, account_id, base_category, difference from adjustments where allowed"
        for rerun_id, account_id, category, difference in connection.sql(query).fetchall():
            found[account_id, category] += Fraction(difference)
            adjusted.append(Adjustment(rerun_id, account_id, JANUARY, category, Fraction(difference)))
        rows = published(connection, "rerun_line_items", corrected)
        keys = KEYS["invoice_line_items"]
        lines = [{tuple(row[name] for name in keys): row for row in part} for part in (rows, corrected)]
    assert {key: amount for key, amount in found.items() if amount} == expected
    assert lines[0].keys() == lines[1].keys()
    assert [key for key, row in lines[0].items() if row["amount"] != lines[1][key]["amount"]] == []
    calls = month.cdrs / "2020-02" / "calls.csv"
    calls.parent.mkdir()
    calls.write_text("call_id,account_id,source_number,destination_number,start_time,duration_seconds\n")
    assert run(["bill", "2020-03", "--rates", month.version, *places]) == 0
    march = rerate(month.cdrs, month.contracts, version, "2020-03", None, adjusted)
    with duckdb.connect(str(warehouse / "tollbook.duckdb"), read_only=True) as connection:
        wrong = []
        for table in ("invoices", "invoice_line_items"):
            wanted = getattr(march, table)
            got = [row for row in published(connection, table, wanted) if row["invoice_month"] == FEBRUARY]
            wrong += row_differences(table, keyed(table, wanted), keyed(table, got))
    assert not wrong, summary(wrong)
