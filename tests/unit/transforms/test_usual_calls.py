"""Which lines machine code takes itself: or all would be right, and nothing quick."""

from __future__ import annotations

import pytest

from schemas.source_spec import CANONICAL_COLUMNS
from tests.properties.test_usual_lines import DIRECTORY, LONG_ID, MONTH, USUAL
from transforms.delimited import Layout
from transforms.usual_calls import is_mostly_usual, read_usual

LAYOUT = Layout(",", '"', CANONICAL_COLUMNS, (9,))


def _line(**fields: str) -> bytes:
    return ",".join({**USUAL, **fields}[name] for name in CANONICAL_COLUMNS).encode()


def _others(*lines: bytes) -> list[tuple[int, bytes]]:
    return read_usual(b"\n".join(lines) + b"\n", len(lines), 2, LAYOUT, DIRECTORY, MONTH).others


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"direction": ""},
        {"disposition": ""},
        {"disposition": "", "duration_seconds": "0"},
        {"disposition": "busy", "duration_seconds": "0"},
        {"end_time": "2020-01-15T10:31:00Z"},
        {"end_time": "2020-01-15T12:31:00+02:00"},
        {"start_time": "2020-01-31T20:00:00-03:59"},
        {"source_number": ""},
        {"source_number": "2116"},
        {"destination_number": "911"},
        {"destination_number": "411"},
        {"destination_number": "*98"},
        {"destination_number": "011442071234567"},
        {"destination_number": "12125550100"},
        {"account_id": "B", "destination_number": "0211133334444"},
        {"account_id": "R", "destination_number": "81012125550100"},
        {"account_id": LONG_ID, "destination_number": "0116000"},
        {"call_id": "a-call-id-that-is-longer-than-a-view"},
    ],
)
def test_a_usual_line_is_read(fields: dict[str, str]) -> None:
    assert _others(_line(**fields)) == []


@pytest.mark.parametrize(
    "fields",
    [
        {"call_id": ""},
        {"account_id": "Z"},
        {"direction": "in"},
        {"disposition": "busy"},
        {"duration_seconds": "0"},
        {"duration_seconds": "86400"},
        {"end_time": "2020-01-15T10:31:01Z"},
        {"start_time": "2020-02-01T00:00:00Z"},
        {"start_time": "2020-01-15 10:30:00Z"},
        {"destination_number": ""},
        {"destination_number": "7"},
        {"destination_number": "1-212-555-0100"},
        {"account_id": "N", "destination_number": "2125550100"},
    ],
)
def test_any_other_line_is_handed_on_with_its_number(fields: dict[str, str]) -> None:
    line = _line(**fields)
    assert _others(_line(), line, _line()) == [(3, line)]


def test_a_return_before_the_end_of_a_line_is_no_part_of_it() -> None:
    assert _others(_line() + b"\r", _line(call_id="\r") + b"\r") == [(3, _line(call_id="\r"))]


def test_a_block_of_which_a_quarter_is_other_is_still_worth_it() -> None:
    usual, other = _line() + b"\n", _line(destination_number="1-212-555-0100") + b"\n"
    assert is_mostly_usual(usual * 3 + other, LAYOUT, DIRECTORY, MONTH)
    assert not is_mostly_usual(usual * 2 + other, LAYOUT, DIRECTORY, MONTH)
    assert not is_mostly_usual(usual.rstrip(), LAYOUT, DIRECTORY, MONTH)
