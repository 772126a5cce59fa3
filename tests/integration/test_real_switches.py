"""What three more real switches wrote, billed: every row and every second accounted for, as many as can be used.

The files stay where they are; contracts and sources are in `real_switches/`. Counted in the files by other means:

- The PBX export has 1,000 records; 408 of them began before 19:00 of 30 November in New York, which is November in
  UTC. 48 are rejected in both months: 17 go to no number, 31 have a number that nobody in the US dials.
- The laboratory has 10 records, 8 of them to an application.
- The sample import has 100 records, one with -6 seconds.
"""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.cli import run
from tests.integration.small_office import SHIPPED_RATES, freeze

ROOT = Path(__file__).parents[2]
RECORDS = ROOT.parent / "shared" / "real-cdrs"
OURS = Path(__file__).parent / "real_switches"
OUTCOMES = ["billed", "unbilled", "duplicate", "conflict", "suspended", "outside_month", "rejected"]
PBX, LABORATORY, SAMPLES = (
    "glocom_pbx_cdr_2018_masked.csv",
    "freeswitch_Master_lab.csv",
    "cdrstats_import_cdr_100.txt",
)
MONTHS = {
    ("glocom", "2018-11"): (PBX, "2018-12"),
    ("glocom", "2018-12"): (PBX, "2019-01"),
    ("lab", "2020-02"): (LABORATORY, "2020-03"),
    ("samples", "2012-05"): (SAMPLES, "2012-06"),
}

pytestmark = [
    pytest.mark.real,
    pytest.mark.integration,
    pytest.mark.skipif(not RECORDS.is_dir(), reason="the folder ../shared/real-cdrs is not here"),
]

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def older_rates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped rate version as if it had been in force since 2010, with a USF factor for the end of 2018."""
    root = tmp_path_factory.mktemp("rates")
    version = root / "2020.1"
    shutil.copytree(SHIPPED_RATES, version)
    for table in version.glob("*.csv"):
        table.write_text(table.read_text(encoding="utf-8").replace(",2019-01-01,", ",2010-01-01,"), encoding="utf-8")
    with (version / "usf_factors.csv").open("a", encoding="utf-8") as factors:
        factors.write("US,2018Q4,20.1,for this test\n")
    freeze(version)
    return root


@pytest.fixture(scope="module")
def billed(tmp_path_factory: pytest.TempPathFactory, older_rates: Path) -> Callable[[str, str], Ask]:
    """Bills a file as records of a source and month, once; asks the published database."""

    @functools.cache
    def bill(source: str, month: str) -> Ask:
        file, invoice_month = MONTHS[source, month]
        folder = tmp_path_factory.mktemp(source)
        records = folder / "inbox" / month / source / "records.csv"
        records.parent.mkdir(parents=True)
        shutil.copyfile(RECORDS / file, records)
        shutil.copytree(OURS / "sources", folder / "sources")
        inputs = ["--cdrs", folder / "inbox", "--contracts", OURS / "contracts"]
        outputs = ["--rate-tables", older_rates, "--warehouse", folder / "warehouse"]
        with pytest.MonkeyPatch.context() as environment:
            environment.delenv("PREFECT_API_URL", raising=False)
            assert run(["bill", invoice_month, *map(str, (*inputs, *outputs))]) == 0

        def ask(query: str) -> list[tuple[Any, ...]]:
            with duckdb.connect(str(folder / "warehouse" / "tollbook.duckdb"), read_only=True) as database:
                return database.sql(query).fetchall()

        return ask

    return bill


def _accounted(ask: Ask) -> dict[str, int]:
    """Rows by outcome; empty outcomes are left out."""
    [counts] = ask(f"select {', '.join(f'sum(rows_{name})::bigint' for name in OUTCOMES)} from source_files")
    return {name: count for name, count in zip(OUTCOMES, counts, strict=True) if count}


@pytest.mark.parametrize(
    ("source", "month", "lines"),
    [
        ("glocom", "2018-11", range(2, 1002)),
        ("glocom", "2018-12", range(2, 1002)),
        ("lab", "2020-02", range(1, 11)),
        ("samples", "2012-05", range(1, 101)),
    ],
)
def test_every_row_and_every_second_of_the_file_is_accounted_for(
    billed: Callable[[str, str], Ask], source: str, month: str, lines: range
) -> None:
    ask = billed(source, month)
    assert ask("select rows_read, seconds_read = seconds_accounted from source_files") == [(len(lines), True)]
    placed = ask(
        "select source_line from billed_calls union all select source_line from unbilled_calls "
        "union all select source_line from set_aside_records order by source_line"
    )
    assert [line for (line,) in placed] == list(lines)
    assert ask("select control, subject from run_controls where difference <> 0") == []


@pytest.mark.parametrize(
    ("source", "month", "outcomes"),
    [
        ("glocom", "2018-11", {"billed": 139, "unbilled": 245, "outside_month": 568, "rejected": 48}),
        ("glocom", "2018-12", {"billed": 292, "unbilled": 276, "outside_month": 384, "rejected": 48}),
        ("lab", "2020-02", {"billed": 1, "unbilled": 1, "rejected": 8}),
        ("samples", "2012-05", {"billed": 99, "rejected": 1}),
    ],
)
def test_as_many_rows_are_used_as_can_be(
    billed: Callable[[str, str], Ask], source: str, month: str, outcomes: dict[str, int]
) -> None:
    assert _accounted(billed(source, month)) == outcomes


@pytest.mark.parametrize(
    ("source", "month", "reasons"),
    [
        ("glocom", "2018-11", [("bad_number", 48)]),
        ("glocom", "2018-12", [("bad_number", 48)]),
        ("lab", "2020-02", [("not_a_call", 8)]),
        ("samples", "2012-05", [("negative_duration", 1)]),
    ],
)
def test_rows_are_rejected_for_what_is_wrong_with_them(
    billed: Callable[[str, str], Ask], source: str, month: str, reasons: list[tuple[str, int]]
) -> None:
    ask = billed(source, month)
    query = "select reason, count(*) from set_aside_records where outcome = 'rejected' group by all"
    assert ask(query) == reasons


def test_a_call_of_the_evening_is_december_in_utc(billed: Callable[[str, str], Ask]) -> None:
    query = "select ({}(start_time) at time zone 'UTC')::varchar from unbilled_calls"
    [(november,)] = billed("glocom", "2018-11")(query.format("max"))
    [(december,)] = billed("glocom", "2018-12")(query.format("min"))
    assert november < "2018-12-01 00:00:00" <= december
