"""The records that a real Asterisk wrote, billed for February 2024: every one of the 84 rows accounted for.

The file stays where it is; the contract and the sources are in `real_asterisk/`. What the figures should be
was counted in the file by hand: 73 rows go to a trunk's number, 11 to a name of the dialplan (`ch1` to
`ch3`). Of the 73, 30 were answered and talked for 884 s; 43 were not or have no seconds, but two that say
NO ANSWER have 60 and 30 s. 974 s in all; no uniqueid/sequence comes twice.
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

ROOT = Path(__file__).parents[2]
RECORDS = ROOT.parent / "shared" / "real-cdrs" / "asterisk_Master_ru_pstn_masked.csv"
OURS = Path(__file__).parent / "real_asterisk"
OUTCOMES = ["billed", "unbilled", "duplicate", "conflict", "suspended", "outside_month", "rejected"]

pytestmark = [
    pytest.mark.real,
    pytest.mark.integration,
    pytest.mark.skipif(not RECORDS.parent.is_dir(), reason="the folder ../shared/real-cdrs is not here"),
]

Ask = Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture(scope="module")
def billed_as(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ask]:
    """Bills the file as records of a source, once; asks the published database."""

    @functools.cache
    def bill(source: str) -> Ask:
        folder = tmp_path_factory.mktemp(source)
        records = folder / "inbox" / "2024-01" / source / "Master.csv"
        records.parent.mkdir(parents=True)
        shutil.copyfile(RECORDS, records)
        shutil.copytree(OURS / "sources", folder / "sources")
        inputs = ["--cdrs", folder / "inbox", "--contracts", OURS / "contracts"]
        outputs = ["--rate-tables", ROOT / "rate_tables", "--warehouse", folder / "warehouse"]
        with pytest.MonkeyPatch.context() as environment:
            environment.delenv("PREFECT_API_URL", raising=False)
            assert run(["bill", "2024-02", *map(str, (*inputs, *outputs))]) == 0

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
    ("source", "outcomes"),
    [
        ("stadion", {"unbilled": 73, "rejected": 11}),
        ("stadion-trunks", {"billed": 30, "unbilled": 43, "rejected": 11}),
        ("asterisk", {"rejected": 84}),
    ],
)
def test_every_one_of_84_rows_and_974_seconds_is_accounted_for(
    billed_as: Callable[[str], Ask], source: str, outcomes: dict[str, int]
) -> None:
    ask = billed_as(source)
    assert _accounted(ask) == outcomes
    read = ask("select rows_read, seconds_read, seconds_accounted from source_files")
    assert read == [(84, 974, 974)]
    lines = ask(
        "select source_line from billed_calls union all select source_line from unbilled_calls "
        "union all select source_line from set_aside_records order by source_line"
    )
    assert [line for (line,) in lines] == list(range(1, 85))
    assert ask("select control, subject from run_controls where difference <> 0") == []


def test_with_the_direction_of_its_context_every_call_is_inbound_and_free(
    billed_as: Callable[[str], Ask],
) -> None:
    ask = billed_as("stadion")
    unbilled = ask(
        "select reason, direction, count(*), sum(duration_seconds)::bigint from unbilled_calls "
        "group by all order by all"
    )
    assert unbilled == [("inbound", "inbound", 30, 884), ("unanswered", "inbound", 43, 90)]
    assert ask("select category, amount::varchar from invoice_line_items") == [("service_charge", "24.95")]


def test_names_of_the_dialplan_are_rejected_as_bad_numbers(billed_as: Callable[[str], Ask]) -> None:
    rejected = billed_as("stadion")(
        "select reason, right(detail, 3), count(*) from set_aside_records group by all order by all"
    )
    assert rejected == [("bad_number", "ch1", 5), ("bad_number", "ch2", 2), ("bad_number", "ch3", 4)]


def test_russian_numbers_become_e164_by_both_of_their_prefixes(billed_as: Callable[[str], Ask]) -> None:
    numbers = billed_as("stadion")("select distinct source_number from unbilled_calls order by 1")
    spelled = {number for (number,) in numbers}
    assert {"+79245550447", "+79246510056", "214943"} <= spelled  # 8…, 8 10 7…, six digits as dialled
    assert all(number.startswith("+79") or len(number) == 6 for number in spelled)


def test_without_a_direction_a_call_to_a_trunk_is_priced_as_one_to_an_extension(
    billed_as: Callable[[str], Ask],
) -> None:
    ask = billed_as("stadion-trunks")
    priced = ask(
        "select duration_seconds, billable_seconds, cost::varchar from billed_calls "
        "where duration_seconds in (10, 58, 61, 79) group by all order by all"
    )
    assert priced == [
        (10, 60, "0.020000"),
        (58, 60, "0.020000"),
        (61, 120, "0.040000"),
        (79, 120, "0.040000"),
    ]
    usage = ask("select category, quantity::varchar, amount::varchar from invoice_line_items where unit = 'minute'")
    assert usage == [("overage", "33.0000", "0.66")]  # 27 calls of one minute, 3 of two


def test_the_shipped_source_alone_finds_no_account_for_these_numbers(
    billed_as: Callable[[str], Ask],
) -> None:
    ask = billed_as("asterisk")
    assert ask("select reason, count(*) from set_aside_records group by all") == [("unknown_account", 84)]
    kept = ask("select source_line, raw_record from set_aside_records order by source_line limit 1")
    with RECORDS.open(encoding="utf-8", newline="") as records:
        assert kept == [(1, records.readline().rstrip("\n"))]


def test_odd_rows_are_warned_of_and_nothing_else(billed_as: Callable[[str], Ask]) -> None:
    warnings = billed_as("stadion")("select kind, detail from warnings where source_file is not null order by kind")
    assert warnings == [
        ("answered_without_seconds", "4 calls"),
        ("duration_mismatch", "13 calls"),  # cut to the second; a call that only rang has nothing to compare
        ("unanswered_with_seconds", "2 calls"),
    ]
