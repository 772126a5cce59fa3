"""Rows read are reconciled with the rows in the bytes: a reader that returns less is a failed control (rule 13)."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl
import pytest

from flows import record_files
from tests.integration.small_office import CALL_HEADER, Office, Outcome, calls_csv, to_london
from tests.integration.test_hostile_files import json_call, typed_calls, zstandard

Tell = Callable[[list[str]], Outcome]
Reader = Callable[..., pl.DataFrame]
CSV = calls_csv(to_london("c1"), to_london("c2"), to_london("c3"))
JSON = "".join(json_call(f'"c{number}"') for number in (1, 2, 3))


def _without_a_row(read: Reader) -> Reader:
    return lambda *inputs, **named: read(*inputs, **named).slice(1)


@pytest.mark.parametrize(
    ("reader", "name", "content"),
    [
        ("read_delimited", "calls.csv", CSV.encode()),
        ("read_delimited", "blank_lines.csv", CSV.replace("\n", "\n\n").encode()),
        ("read_delimited", "quoted.csv", CSV.replace("c2", '"c2"').encode()),
        ("read_delimited", "carriage_returns.csv", CSV.replace("\n", "\r").encode()),
        ("read_delimited", "packed.csv.zst", zstandard(CSV)),
        ("read_json_lines", "calls.jsonl", JSON.encode()),
        ("read_typed_rows", "calls.parquet", typed_calls()),
    ],
)
def test_rule_13_1_a_reader_that_drops_a_row_is_a_failed_control(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch, reader: str, name: str, content: bytes
) -> None:
    monkeypatch.setattr(record_files, reader, _without_a_row(getattr(record_files, reader)))
    empty_office.put(name, content)
    outcome = told(empty_office.arguments())
    assert outcome.code == 3, outcome.err
    assert outcome.err.startswith(f"tollbook: 2020-01/{name}: from line ")
    assert "rows stand in the file" in outcome.err
    assert empty_office.shows_nothing()


def test_rule_13_1_a_reader_that_stops_early_is_a_failed_control(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = record_files._byte_blocks
    monkeypatch.setattr(record_files, "BLOCK_BYTES", 200)
    monkeypatch.setattr(record_files, "_byte_blocks", lambda *inputs, **named: iter(list(whole(*inputs, **named))[:-1]))
    empty_office.put("calls.csv", CSV)
    outcome = told(empty_office.arguments())
    assert outcome.code == 3, outcome.err
    assert outcome.err.startswith(f"tollbook: 2020-01/calls.csv: {len(CSV)} bytes stand in the file and ")
    assert empty_office.shows_nothing()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_rule_13_1_no_row_is_lost_or_met_twice_where_blocks_end_within_lines(
    empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch, line_end: str
) -> None:
    monkeypatch.setattr(record_files, "BLOCK_BYTES", 1)
    monkeypatch.setattr(record_files, "LINE_END_WITHIN", 3)
    monkeypatch.setattr(record_files, "KEPT_MARK_BYTES", 50)
    monkeypatch.setattr(record_files, "MARKED_BYTES", 7)
    lines = [CALL_HEADER, to_london("c1"), "", "bad", to_london("c2"), to_london("c2")]
    empty_office.put("calls.csv", line_end.join(lines))
    assert told(empty_office.arguments()).code == 0
    assert empty_office.counts("calls.csv") == (4, 2)
    aside = "select source_line, reason, raw_record from set_aside_records order by 1"
    assert empty_office.rows(aside) == [(4, "malformed_row", "bad"), (6, "duplicate", to_london("c2"))]
