"""Machine code and the expressions make the same of every block, whatever stands in it (contract §2)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from flows.inbox import RecordFile
from flows.ingest_plan import CALL_SCHEMA, IngestPlan
from flows.read_calls import BlockCalls, read_calls
from flows.record_files import Block, line_marks
from flows.usual_blocks import usual_layout
from schemas.source_spec import CANONICAL_COLUMNS, SourceSpec
from tests.unit.transforms.test_numbers import DIALING_PLANS
from transforms.delimited import Layout, read_delimited
from transforms.screen import Directory

MONTH = dt.date(2020, 1, 1)
LONG_ID = "an-account-with-a-long-id"
COUNTRIES = {"A": "US", "B": "BR", "R": "RU", "G": "GB", LONG_ID: "AT", "N": "nowhere"}
DIRECTORY = Directory(
    accounts=pl.DataFrame(
        {"account_id": list(COUNTRIES), "country": list(COUNTRIES.values()), "bucket": [0, 1, 2, 3, 1, 0]}
    ),
    phone_owners=pl.DataFrame(
        {
            "number": ["+12125550100", "+12125550100", "+551133334444"],
            "account_id": ["A", "G", "B"],
            "kind": ["local"] * 3,
            "owned_from": [dt.date(2019, 1, 1), dt.date(2020, 1, 20), dt.date(2019, 1, 1)],
            "owned_until": [dt.date(2020, 1, 19), None, None],
        }
    ),
    dialing_plans=DIALING_PLANS.with_columns(
        short_codes=pl.when(pl.col("country") == "GB").then(pl.lit(["999"])).otherwise("short_codes")
    ),
)
SOURCE = SourceSpec("canonical")
_NUMBERS = """
+12125550100 +442071234567 +123456789012345 +1234567890123456 +123456 +0123456789 + ++1 2125550100+ 12125550100
2125550100 011442071234567 81012125550100 0021442071234567 00442071234567 02111333344 021113333444 0211133334444
01133334444 02112345678 1133334444 211133334444 2111333344445
0110442071234567 0000000 0114420 999999999999999 911 999 411 190 116000 0116000 112 2116 01 7 0 1234567
123456 *98 #31# * *9a 1e5 0x11 é12 sip:1@x anonymous 1-212-555-0100
"""
NUMBERS = [
    *_NUMBERS.split(),
    *("9" * count for count in (17, 18, 19, 60)),
    *("*" * count for count in (16, 17)),
    *("", "(212) 5550100", "+1 2125550100"),
]
_TIMES = """
2020-01-01T00:00:00Z 2020-01-15T10:30:00Z 2020-01-31T23:59:59Z 2020-02-01T00:00:00Z 2019-12-31T23:59:59Z
1970-01-01T00:00:00Z 1969-12-31T23:59:59Z 9999-12-31T23:59:59Z 0000-01-15T10:30:00Z 0999-01-15T10:30:00Z
2020-01-31T23:30:00-01:00 2020-01-31T23:30:00-00:29 2019-12-31T23:30:00-01:00 2020-01-01T00:30:00+01:00
2020-01-01T01:00:00+01:00 2020-01-15T10:30:00+0100 2020-01-15T10:30:00+01 2020-01-15T10:30:00+01-00
2020-01-15T10:30:00+24:00 2020-01-15T10:30:00+01:60 2020-01-15t10:30:00z 2020-01-15T10:30:00.5Z 2020-01-15T24:00:00Z
2020-01-15T10:60:00Z 2020-01-15T10:30:60Z 2020-01-32T10:30:00Z 2020-01-00T10:30:00Z 2020-13-15T10:30:00Z
2020-1-15T10:30:00Z 2020/01/15T10:30:00Z 2020-01-15T1O:30:00Z 2020-01-15T10:30:00
"""
TIMES = [*_TIMES.split(), "", "2020-01-15 10:30:00Z"]
_CALL_IDS = """c1 a-call-id-that-is-longer-than-a-view "q" 'q' q" "q"""
_SECONDS = "0 1 60 007 86399 86400 2147483647 2147483648 0000000060 00000000060 -1 +5 1.5 x"
POOLS: dict[str, list[str]] = {
    "call_id": [*_CALL_IDS.split(), "x" * 12, "y" * 13, "", "é", " c ", "a b", "nul\0", "\x1ec", "\x7f"],
    "account_id": [*COUNTRIES, "Z", "a", ""],
    "direction": ["inbound", "outbound", "internal", "", "Outbound", "in", "sideways"],
    "source_number": NUMBERS,
    "destination_number": NUMBERS,
    "start_time": TIMES,
    "end_time": TIMES,
    "duration_seconds": [*_SECONDS.split(), ""],
    "disposition": ["answered", "no_answer", "busy", "failed", "", "ANSWERED", "dropped"],
}
USUAL = {
    "call_id": "c2",
    "account_id": "A",
    "direction": "outbound",
    "source_number": "+12125550100",
    "destination_number": "+442071234567",
    "start_time": "2020-01-15T10:30:00Z",
    "end_time": "",
    "duration_seconds": "60",
    "disposition": "answered",
}
WHOLE = ["", " ", "\r", ",,,,,,,,", "a,b", '"quoted",A', "nul\0,", "c1,A" + ",1" * 20, "\N{ZERO WIDTH NO-BREAK SPACE}c"]
without_end = tuple(name for name in CANONICAL_COLUMNS if name != "end_time")
turned = (*reversed(CANONICAL_COLUMNS), "#10")


def _fields() -> st.SearchStrategy[dict[str, str]]:
    """A usual line of which some fields are others."""
    others = st.fixed_dictionaries({}, optional={name: st.sampled_from(pool) for name, pool in POOLS.items()})
    return others.map(lambda some: {**USUAL, **some, "#10": "unread"})


def _line(columns: tuple[str, ...], delimiter: str) -> st.SearchStrategy[bytes]:
    plain = _fields().map(lambda fields: delimiter.join(fields[name] for name in columns))
    return (plain | plain | plain | st.sampled_from(WHOLE)).map(str.encode) | st.binary(max_size=12)


@st.composite
def blocks(draw: st.DrawFn) -> tuple[Layout, bytes]:
    """Lines of one layout, ended as switches end them."""
    columns = draw(st.sampled_from([CANONICAL_COLUMNS, without_end, turned]))
    delimiter, end = draw(st.sampled_from(",;|\t")), draw(st.sampled_from([b"\n", b"\r\n"]))
    lines = draw(st.lists(_line(columns, delimiter), min_size=1, max_size=12))
    content = end.join(line.replace(b"\n", b"") for line in lines) + draw(st.sampled_from([b"", end]))
    return Layout(delimiter, '"', columns, (len(columns),)), content


def _read(layout: Layout, content: bytes, usage_month: dt.date, *, by_machine_code: bool) -> BlockCalls:
    """What the block comes to, as if it began at line 2 of a file."""
    record = RecordFile(Path("calls.csv"), "2020-01/calls.csv", "canonical", "", (0, 0, 0, 0))
    sources = {"canonical": SOURCE}
    plan = IngestPlan(usage_month, Path(), (record,), sources, DIRECTORY, "", 4, by_machine_code=by_machine_code)
    marks = line_marks(content, 0, 2, 2**20)
    line_count = marks[-1][1] - 2 + (not content.endswith(b"\n"))
    rows = lambda: read_delimited(content, layout, 2)  # noqa: E731
    return read_calls(plan, record, Block(rows, content, None, 2, marks, line_count, layout.columns, layout))


def _in_order(found: BlockCalls) -> pl.DataFrame:
    calls = [frame.with_columns(bucket=pl.lit(bucket)) for bucket, frame in found.calls]
    nothing = pl.DataFrame(schema={**CALL_SCHEMA, "bucket": pl.Int32})
    return pl.concat([nothing, *calls]).sort("source_line")


def assert_same(layout: Layout, content: bytes, usage_month: dt.date = MONTH) -> None:
    """Every row, second, call and row set aside."""
    ours = _read(layout, content, usage_month, by_machine_code=True)
    other = _read(layout, content, usage_month, by_machine_code=False)
    assert (ours.rows, ours.seconds) == (other.rows, other.seconds)
    assert_frame_equal(_in_order(ours), _in_order(other))
    assert_frame_equal(ours.aside.sort("source_line"), other.aside.sort("source_line"))


@pytest.fixture(autouse=True, scope="module")
def _always() -> Iterator[None]:
    """Also where most lines are others, so that machine code reads what is in them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("transforms.usual_calls.is_mostly_usual", lambda *_: True)
        yield


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(blocks())
@example((Layout(",", '"', CANONICAL_COLUMNS, (9,)), b"\n\n"))
@example((Layout(",", '"', CANONICAL_COLUMNS, (9,)), b"c1,A,,,,,,,\r"))
def test_both_make_the_same_of_a_block(block: tuple[Layout, bytes]) -> None:
    assert_same(*block)


@pytest.mark.parametrize("name", POOLS)
def test_both_make_the_same_of_each_text_that_a_field_can_hold(name: str) -> None:
    """One field after another, in the account of every country."""
    rows = [{**USUAL, "account_id": account, name: text} for account in COUNTRIES for text in POOLS[name]]
    content = "".join(",".join(row[column] for column in CANONICAL_COLUMNS) + "\n" for row in rows).encode()
    assert_same(Layout(",", '"', CANONICAL_COLUMNS, (9,)), content)


def test_both_make_the_same_of_every_start_and_end() -> None:
    rows = [{**USUAL, "start_time": start, "end_time": end} for start in TIMES for end in TIMES]
    content = "".join(",".join(row[column] for column in CANONICAL_COLUMNS) + "\n" for row in rows).encode()
    assert_same(Layout(",", '"', CANONICAL_COLUMNS, (9,)), content)


@pytest.mark.parametrize("year", [1970, 1972, 2000, 2019, 2020, 2100, 2400, 2999])
def test_both_know_the_same_days(year: int) -> None:
    """Of every month, and those that it has not; a call over its end among them."""
    for month in range(1, 13):
        days = (f"{year}-{month:02}-{day:02}" for day in range(32))
        zones = ("Z", "+00:01", "-00:01", "+23:59")
        times = (f"{day}T{clock}{zone}" for day in days for clock in ("00:00:30", "23:59:30") for zone in zones)
        rows = [{**USUAL, "start_time": time} for time in times]
        content = "".join(",".join(row[column] for column in CANONICAL_COLUMNS) + "\n" for row in rows).encode()
        assert_same(Layout(",", '"', CANONICAL_COLUMNS, (9,)), content, dt.date(year, month, 1))


def test_a_block_is_not_read_by_machine_code_where_the_source_says_more() -> None:
    layout = Layout(",", '"', CANONICAL_COLUMNS, (9,))
    block = Block(pl.DataFrame, b"x\n", None, 2, [], 1, (), layout)
    assert usual_layout(block, SOURCE, DIRECTORY, MONTH) == layout
    said = [
        {"anonymous_words": ("x",)},
        {"empty_words": ("x",)},
        {"disposition_otherwise": "failed"},
        {"number_uris": True},
    ]
    for says in said:
        assert usual_layout(block, SourceSpec("canonical", **says), DIRECTORY, MONTH) is None, says
    others = [
        layout._replace(comment=("#",)),
        layout._replace(escape="\\"),
        layout._replace(is_loose=True),
        layout._replace(column_counts=(8, 9)),
        layout._replace(columns=(*CANONICAL_COLUMNS, "answer_time")),
        layout._replace(columns=CANONICAL_COLUMNS[:-1]),
    ]
    for other in others:
        assert usual_layout(block._replace(layout=other), SOURCE, DIRECTORY, MONTH) is None, other
