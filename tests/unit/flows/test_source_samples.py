"""Every source reads the sample of its layout: each field of each record, and why a record is set aside.

Samples are files as the switch writes them, with invented numbers (555-01xx, 7946 0xxx), in `tests/samples/<source>/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flows.source_check import CheckedRow, SourceCheck, check_file, judge_of, record_file
from flows.sources import load_source, shipped_sources
from rate_tables.versions import RateTables, load_version

ROOT = Path(__file__).parents[3]
SAMPLES = ROOT / "tests" / "samples"
FIELDS = (
    *("call_id", "account_id", "direction", "source_number", "destination_number"),
    *("start_time", "answer_time", "end_time", "duration_seconds", "disposition"),
)


@pytest.fixture(scope="module")
def rates() -> RateTables:
    return load_version(ROOT / "rate_tables", "2020.1")


def _checked(rates: RateTables, source: str) -> SourceCheck:
    [path] = sorted((SAMPLES / source).iterdir())
    spec = load_source(SAMPLES / "inbox", source)
    return check_file(record_file(path, source), spec, judge_of(spec, rates, None, "US"), row_count=100)


def _read(row: CheckedRow) -> tuple[Any, ...]:
    """Line, reason and fields; the account as it is written, as no contract knows it."""
    values = {field: text if field == "account_id" else value for field, _, text, value in row.fields}
    return (row.line, row.reason, *(values.get(field, "") for field in FIELDS))


OUT, IN = "outbound", "inbound"
DAY = "2020-01-15T"
LONDON, OFFICE, ANN, FRIEND = (
    "+442079460123 (e164)",
    "+12125550100 (e164)",
    "+12125550101 (e164)",
    "+12125550199 (e164)",
)
UUID, JSON_UUID = "6f8a1c1e-0001-4a11-9c01-00000000000", "6f8a1c1e-0002-4a11-9c01-00000000000"
CUCM = "0b9f0001-0000-0000-0000-00000000000"
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "freepbx": [
        (2, None, "1579084200.1/1", "A", OUT, OFFICE, FRIEND,
         DAY + "10:30:00Z", "", DAY + "10:31:00Z", "60", "answered"),
        (3, None, "1579084320.3/3", "A", OUT, ANN, LONDON,
         DAY + "10:32:00Z", "", DAY + "10:32:00Z", "0", "no_answer"),
        (4, None, "1579084380.4", "", OUT, "(anonymous)", OFFICE,
         DAY + "10:33:00Z", "", DAY + "10:33:29Z", "29", "answered"),
    ],
    "freeswitch": [
        (1, None, UUID + "1", "A", OUT, OFFICE, "+4420794601 (e164)",
         DAY + "10:30:00Z", DAY + "10:30:05Z", DAY + "10:31:05Z", "60", "answered"),
        (2, None, UUID + "3", "A", OUT, OFFICE, FRIEND,
         DAY + "10:32:00Z", "", DAY + "10:32:20Z", "0", "busy"),
        (3, None, UUID + "4", "", OUT, "(anonymous)", OFFICE,
         DAY + "10:33:00Z", "", DAY + "10:33:30Z", "0", "no_answer"),
    ],
    "freeswitch-json": [
        (1, None, JSON_UUID + "1", "A", OUT, OFFICE, "+4420794601 (e164)",
         DAY + "10:30:00.250000Z", DAY + "10:30:05.250000Z", DAY + "10:31:05.750000Z", "60", "answered"),
        (2, "other_leg", JSON_UUID + "2", "", OUT, OFFICE, "+4420794601 (e164)",
         DAY + "10:30:00.300000Z", DAY + "10:30:05.250000Z", DAY + "10:31:05.750000Z", "60", "answered"),
        (3, None, JSON_UUID + "3", "A", OUT, ANN, FRIEND,
         DAY + "10:32:00Z", "", DAY + "10:32:20Z", "0", "busy"),
    ],
    "cisco-cucm": [
        (3, None, f"1/4711/{CUCM}1", "", OUT, OFFICE, LONDON,
         DAY + "10:30:00Z", DAY + "10:30:05Z", DAY + "10:31:05Z", "60", "answered"),
        (4, None, f"1/4711/{CUCM}2", "", OUT, OFFICE, FRIEND,
         DAY + "10:31:05Z", DAY + "10:31:06Z", DAY + "10:31:40Z", "34", "answered"),
        (5, None, f"1/4712/{CUCM}3", "", OUT, ANN, FRIEND,
         DAY + "10:33:20Z", "", DAY + "10:33:40Z", "0", "busy"),
        (6, "not_a_call", f"1/4712/{CUCM}4", "", OUT, ANN, "(bad)",
         DAY + "10:33:40Z", "", DAY + "10:33:40Z", "0", "no_answer"),
    ],
    "kazoo": [
        (1, None, "a-1@phone.example.com", "A", OUT, OFFICE, LONDON,
         DAY + "10:30:00.123456Z", "", DAY + "10:31:05Z", "60", "answered"),
        (2, "other_leg", "b-1", "A", OUT, OFFICE, LONDON,
         DAY + "10:30:01Z", "", DAY + "10:31:05Z", "60", "answered"),
        (3, None, "a-2@phone.example.com", "A", OUT, ANN, FRIEND,
         DAY + "10:32:00Z", "", DAY + "10:32:20Z", "0", "no_answer"),
    ],
    "broadsoft": [
        (3, None, "0000000002", "A", OUT, OFFICE, LONDON,
         DAY + "10:30:00.123000Z", DAY + "10:30:05.200000Z", DAY + "10:31:05.700000Z", "61", "answered"),
        (4, None, "0000000003", "A", IN, "+12125550102 (e164)", ANN,
         DAY + "10:32:00Z", "", DAY + "10:32:20.500000Z", "0", "no_answer"),
        (5, "not_a_call", "0000000004", "A", OUT, OFFICE, LONDON,
         DAY + "10:30:00.123000Z", DAY + "10:30:05.200000Z", "", "", "answered"),
    ],
    "netsapiens": [
        (2, None, "20200115103000001", "A", OUT, OFFICE, LONDON,
         DAY + "10:30:00Z", DAY + "10:30:05Z", DAY + "10:31:00Z", "60", "answered"),
        (3, None, "20200115103200002", "A", IN, "(anonymous)", OFFICE,
         DAY + "10:32:00Z", DAY + "10:32:04Z", DAY + "10:32:29Z", "29", "answered"),
        (4, None, "20200115103300003", "A", IN, FRIEND, ANN,
         DAY + "10:33:00Z", "", DAY + "10:33:00Z", "0", "no_answer"),
        (5, None, "20200115103400004", "A", "internal", "100 (extension)", "101 (extension)",
         DAY + "10:34:00Z", DAY + "10:34:01Z", DAY + "10:34:12Z", "12", "answered"),
    ],
    "pipe": [
        (2, None, "p-1", "A", OUT, OFFICE, LONDON, DAY + "10:30:00Z", "", DAY + "10:31:00Z", "60", "answered"),
        (3, "bad_number", "p-2", "A", OUT, ANN, '"2125550199" (bad)',
         DAY + "10:32:00.250000Z", "", DAY + "10:32:00.250000Z", "0", "busy"),
        (4, None, "p-3", "A", OUT, ANN, FRIEND, DAY + "10:33:00Z", "", DAY + "10:33:30Z", "30", "answered"),
    ],
    "cdr-stats": [
        (1, None, "47bb0000-0000-11e4-84f9-000000000001", "", OUT, OFFICE, FRIEND,
         DAY + "10:30:00Z", "", DAY + "10:31:00Z", "60", "answered"),
        (2, None, "47bb0000-0000-11e4-84f9-000000000002", "", OUT, ANN, LONDON,
         DAY + "10:32:00Z", "", DAY + "10:32:00Z", "0", "no_answer"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("source", sorted(EXPECTED))
def test_every_field_of_the_sample_is_read(rates: RateTables, source: str) -> None:
    read = {row.line: _read(row) for row in _checked(rates, source).rows}
    assert [read[expected[0]] for expected in EXPECTED[source]] == EXPECTED[source]


@pytest.mark.parametrize(
    ("source", "rejected"),
    [
        ("freepbx", [("malformed_row", 1, [5])]),  # a name's quote is never closed
        ("freeswitch-json", [("other_leg", 1, [2])]),
        ("cisco-cucm", [("not_a_call", 1, [6])]),
        ("kazoo", [("other_leg", 1, [2])]),
        ("broadsoft", [("not_a_call", 3, [2, 5, 6])]),  # a start, an interim and an end record
        ("pipe", [("bad_number", 1, [3])]),
    ],
)
def test_rows_that_are_no_call_to_bill_are_set_aside_with_their_reason(
    rates: RateTables, source: str, rejected: list[tuple[str, int, list[int]]]
) -> None:
    check = _checked(rates, source)
    assert check.rejected.select("reason", "rows", "lines").rows() == rejected
    assert check.row_count == check.accepted_count + sum(rows for _, rows, _ in rejected)


def test_a_malformed_row_is_malformed_before_it_is_no_call(rates: RateTables, tmp_path: Path) -> None:
    (tmp_path / "cdr.csv").write_text("0000000001,A\n", encoding="utf-8")  # less than a type
    spec = load_source(SAMPLES / "inbox", "broadsoft")
    check = check_file(record_file(tmp_path / "cdr.csv", "broadsoft"), spec, judge_of(spec, rates, None, "US"), 0)
    assert check.rejected["reason"].to_list() == ["malformed_row"]


def test_a_call_that_ends_when_it_should_is_warned_of_in_no_sample(rates: RateTables) -> None:
    warned = {source: dict(_checked(rates, source).warned.rows()) for source in EXPECTED}
    assert {source: kinds for source, kinds in warned.items() if kinds} == {}


def test_every_shipped_source_but_the_plain_ones_has_a_sample() -> None:
    assert sorted({*EXPECTED, "asterisk", "canonical"}) == shipped_sources()
