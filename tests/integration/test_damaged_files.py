"""Files one by one as switches, transfers and editors damage them: refused by name, or every row accounted for."""

from __future__ import annotations

import datetime as dt
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from flows import ingest, record_files
from flows.cli import run
from tests.integration.small_office import CALL_HEADER, Office, Outcome, calls_csv, to_london
from tests.integration.test_hostile_files import json_call, typed_calls, zstandard
from tests.integration.test_refusals import assert_refused

Tell = Callable[[list[str]], Outcome]
CSV = calls_csv(to_london("c1"), to_london("c2"))
ASTERISK = (
    '"A1","12125550001","2001","x","","a","b","Dial","","2020-01-15 10:00:00",,"2020-01-15 10:01:00",60,60,"BUSY",\n'
)
NAMED = CALL_HEADER + ",name\n"

JSON_CELLS: dict[str, object] = {
    "account_id": "A1",
    "direction": "outbound",
    "source_number": "+12125550001",
    "destination_number": "+442071234567",
    "duration_seconds": 60,
}


def named(call_id: str, name: str) -> str:
    """An accepted row, and a name in a column that is not used."""
    return f"{to_london(call_id)},{name}\n"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    ("name", "text"), [("wide.csv", CSV), ("wide.jsonl", json_call('"c1"')), ("asterisk/Master.csv", ASTERISK)]
)
def test_utf_16_is_refused_by_name_with_the_remedy(
    empty_office: Office, told: Tell, name: str, text: str, encoding: str
) -> None:
    empty_office.put(name, text.encode(encoding))
    outcome = told(empty_office.arguments())
    assert_refused(
        empty_office, outcome, f"2020-01/{name}: the file is UTF-16", "save it as UTF-8", "name its encoding"
    )


def test_nul_bytes_alone_are_not_taken_for_utf_16(empty_office: Office, told: Tell) -> None:
    empty_office.put("padded.jsonl", b"\0" * 512 + b"\n" + json_call('"c1"').encode())
    assert told(empty_office.arguments()).code == 0
    assert empty_office.outcomes("padded.jsonl") == [(1, "rejected", "malformed_row")]
    assert empty_office.counts("padded.jsonl") == (2, 1)


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("none.csv.gz", b"", "has 0 bytes"),
        ("none.jsonl.gz", b"", "has 0 bytes"),
        ("none.jsonl.zst", b"", "has 0 bytes"),
        ("of_nothing.csv.gz", gzip.compress(b"", mtime=0), "is empty: it lacks even its header line"),
        ("of_nothing.csv.zst", zstandard(""), "is empty: it lacks even its header line"),
        ("garbage_behind.csv.gz", gzip.compress(CSV.encode(), mtime=0) + b"garbage", "cannot be read to its end"),
        (
            "second_cut.csv.gz",
            gzip.compress(CSV.encode(), mtime=0) + gzip.compress(CSV.encode())[:-3],
            "cannot be read to its end",
        ),
        ("second_cut.csv.zst", zstandard(CSV) + zstandard(CSV)[:-3], "cannot be read to its end"),
        ("not_packed.csv.gz", CSV.encode(), "cannot be read to its end"),
        ("not_packed.csv.zst", CSV.encode(), "cannot be read to its end"),
        ("csv.parquet", CSV.encode(), "cannot be read to its end"),
        ("footer.parquet", typed_calls()[:-8] + b"\xff\xff\xff\x7fPAR1", "cannot be read to its end"),
        ("semicolons.csv", CSV.replace(",", ";").encode(), "lacks a column that every record needs"),
        (
            "capitals.csv",
            CSV.replace(CALL_HEADER, CALL_HEADER.upper()).encode(),
            "lacks a column that every record needs",
        ),
        ("no_header.csv", (to_london("c1") + "\n").encode(), "lacks a column that every record needs"),
        ("twice.csv", (CALL_HEADER + ",name,name\n").encode(), "the column stands twice in the header"),
        ("latin_1_header.csv", (CALL_HEADER + ",prénom\n").encode("latin-1"), "cannot be read as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_stops_the_month_with_its_name(
    office: Office, told: Tell, name: str, content: bytes, problem: str
) -> None:
    office.put(name, content)
    assert_refused(office, told(office.arguments()), f"2020-01/{name}", problem)


def test_a_typed_file_whose_pages_kill_the_reader_is_refused_by_name(
    office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(_: Path) -> pl.DataFrame:
        raise pl.exceptions.PanicException("index out of bounds")

    monkeypatch.setattr(record_files, "read_parquet", dies)
    office.put("pages.parquet", typed_calls())
    assert_refused(office, told(office.arguments()), "2020-01/pages.parquet: ", "a page of it is damaged")


FILES: dict[str, str | bytes] = {
    "no_last_end.csv": CSV.removesuffix("\n"),
    "no_last_end.jsonl": (json_call('"j1"') + json_call('"j2"')).removesuffix("\n"),
    "of_nothing.jsonl.gz": gzip.compress(b"", mtime=0),
    "two_frames.csv.zst": zstandard(CSV.replace("c1", "z1")) + zstandard(to_london("z3") + "\n"),
    "bom_of_old_windows.csv": b"\xef\xbb\xbf" + calls_csv(to_london("w1")).replace("\n", "\r\n").encode() + b"\x1a",
    "mixed_quotes.csv": calls_csv(
        to_london('"m1"'),
        ",".join(f'"{cell}"' for cell in to_london("m2").split(",")),
        to_london("m3").replace("A1,outbound", '"A1",outbound'),
        to_london('m"4'),
        to_london("'m5'"),
    ),
    "null.csv": calls_csv(
        to_london("NULL"),
        to_london("n2").replace("A1", "NULL"),
        to_london("n3").replace(",60,", ",NULL,"),
        to_london("n4").replace("Z,,", "Z,NULL,"),
        to_london("n5").replace("answered", "NULL"),
        to_london("n6").replace("+12125550001", "NULL"),
    ),
    "latin_1_names.csv": NAMED.encode() + named("l1", "José").encode() + named("l2", "José").encode("latin-1"),
    "line_separators.csv": (NAMED + named("u1", "a\u2028b\u0085c") + "\u00a0\n" + "\x1c\n").encode(),
    "long_with_a_quote.csv": NAMED + named("x1", "y" * 1_000_000 + '"y') + named("x2", '"' + "y" * 1_000_000),
    "odd.jsonl": json_call('"o1"').replace("{", '{"call_id":"o0",')
    + json_call('"o2"').replace(":60", f":{'9' * 5_000}")
    + json_call('"o3"').replace(":60", ":1e2")
    + json_call('"o4"').replace("}", ',"extra":NaN}')
    + json_call('"o5"').replace("}", f',"extra":{"[" * 200}1{"]" * 200}}}')
    + json_call('["o6"]')
    + json_call("true")
    + json_call('"o8"').replace("}", ',"extra":[{"a":1}]}')
    + f"[{json_call('1').strip()}]\n"
    + json_call('"o10"').replace("\n", "") + json_call('"o11"'),
    "list.parquet": typed_calls(call_id=[["p1"]]),
    "bytes.parquet": typed_calls(call_id=["p2"], destination_number=[b"+442071234567"]),
    "odd_end.parquet": typed_calls(call_id=["p3"], end_time=[dt.time(10)]),
    "far_start.parquet": typed_calls(
        **{name: [cell] * 3 for name, cell in JSON_CELLS.items()},
        call_id=["p4", "p5", "p6"],
        start_time=pl.Series([2**62, -(2**62), 253_402_300_800_000]).cast(pl.Datetime("ms", "UTC")),
    ),
    "far_end.parquet": typed_calls(call_id=["p7"], end_time=pl.Series([-(2**62)]).cast(pl.Datetime("us"))),
    "bom.jsonl.gz": gzip.compress(b"\xef\xbb\xbf{\n" + json_call('"twice"').encode() * 2),
    "bom_of_a_repeat.jsonl.gz": gzip.compress(b"\xef\xbb\xbf" + json_call('"twice"').encode()),
    "whole_number.parquet": typed_calls(call_id=[7], destination_number=[442071234567]),
}  # fmt: skip


@pytest.fixture(scope="module")
def billed(make_office: Callable[[], Office]) -> Office:
    """A month of all these files, billed."""
    office = make_office()
    for name, content in FILES.items():
        office.put(name, content)
    assert run(office.arguments()) == 0
    return office


REJECTED: dict[str, tuple[int, list[tuple[int, str]]]] = {
    "no_last_end.csv": (2, []),
    "no_last_end.jsonl": (2, []),
    "of_nothing.jsonl.gz": (0, []),
    "two_frames.csv.zst": (3, []),
    "bom_of_old_windows.csv": (2, [(3, "malformed_row")]),
    "mixed_quotes.csv": (5, []),
    "null.csv": (
        6,
        [
            (3, "unknown_account"),
            (4, "bad_duration"),
            (5, "bad_end_time"),
            (6, "unknown_disposition"),
            (7, "bad_number"),
        ],
    ),
    "latin_1_names.csv": (2, [(3, "malformed_row")]),
    "line_separators.csv": (3, [(3, "malformed_row"), (4, "malformed_row")]),
    "long_with_a_quote.csv": (2, [(3, "malformed_row")]),
    "odd.jsonl": (
        10,
        [
            (1, "malformed_row"),
            (2, "bad_duration"),
            (3, "bad_duration"),
            (4, "malformed_row"),
            (6, "malformed_row"),
            (7, "malformed_row"),
            (9, "malformed_row"),
            (10, "malformed_row"),
        ],
    ),
    "list.parquet": (1, [(1, "malformed_row")]),
    "bytes.parquet": (1, [(1, "malformed_row")]),
    "odd_end.parquet": (1, [(1, "malformed_row")]),
    "far_start.parquet": (3, [(1, "bad_start_time"), (2, "bad_start_time"), (3, "bad_start_time")]),
    "far_end.parquet": (1, [(1, "bad_end_time")]),
    "bom.jsonl.gz": (3, [(1, "malformed_row")]),
    "bom_of_a_repeat.jsonl.gz": (1, []),
    "whole_number.parquet": (1, [(1, "bad_number")]),
}


@pytest.mark.parametrize("file", FILES)
def test_a_row_that_cannot_be_read_is_set_aside_with_its_line(billed: Office, file: str) -> None:
    read, rejected = REJECTED[file]
    aside = billed.rows(
        "select source_line, reason from set_aside_records "
        f"where source_file = '2020-01/{file}' and outcome = 'rejected' order by source_line"
    )
    assert billed.counts(file)[0] == read
    assert aside == rejected


@pytest.mark.parametrize(
    ("file", "line", "raw"),
    [
        ("bom.jsonl.gz", 1, "{"),
        ("bom_of_a_repeat.jsonl.gz", 1, json_call('"twice"').strip()),
        ("latin_1_names.csv", 3, named("l2", "Jos\\xe9").strip()),
        ("line_separators.csv", 3, "\u00a0"),
        ("bom_of_old_windows.csv", 3, "\x1a"),
        ("long_with_a_quote.csv", 3, named("x2", '"' + "y" * 1_000_000).strip()),
    ],
)
def test_a_row_that_is_set_aside_keeps_its_text(billed: Office, file: str, line: int, raw: str) -> None:
    query = f"select raw_record from set_aside_records where source_file = '2020-01/{file}' and source_line = {line}"
    assert billed.rows(query) == [(raw,)]


def test_words_for_an_anonymous_caller_are_those_of_the_source_and_of_the_caller_alone(
    empty_office: Office, told: Tell
) -> None:
    sources = empty_office.folder / "sources"
    sources.mkdir()
    toml = 'extends = "canonical"\nanonymous_words = ["anonymous", "Private"]\n'
    (sources / "east.toml").write_text(toml, encoding="utf-8")
    rows = [
        to_london("a1").replace("+12125550001", "ANONYMOUS"),
        to_london("a2").replace("+12125550001", "private"),
        to_london("a3").replace("+12125550001", "withheld"),
        to_london("a4").replace("+442071234567", "anonymous"),
    ]
    empty_office.put("east/calls.csv", calls_csv(*rows))
    assert told(empty_office.arguments()).code == 0
    assert empty_office.rows("select call_id, source_number from billed_calls order by 1") == [("a1", ""), ("a2", "")]
    assert empty_office.outcomes("east/calls.csv") == [(4, "rejected", "bad_number"), (5, "rejected", "bad_number")]


@pytest.mark.parametrize("is_empty", [True, False])
def test_a_folder_with_the_name_of_a_file_is_refused(office: Office, told: Tell, is_empty: bool) -> None:
    (office.month / "x.csv").mkdir()
    if not is_empty:
        office.put("x.csv/calls.csv", CSV)
    assert_refused(office, told(office.arguments()), "2020-01/x.csv: is a folder", "rename it")


def test_a_folder_that_leads_back_to_the_month_is_refused(office: Office, told: Tell) -> None:
    (office.month / "loop").symlink_to(office.month)
    assert_refused(office, told(office.arguments()), "loop")


def _not_permitted(monkeypatch: pytest.MonkeyPatch, method: str, refused: Path) -> None:
    """The method of this path fails as it does for a user without rights; root, whom tests may run as, has all."""
    usual: Callable[..., Any] = getattr(Path, method)

    def tried(path: Path, *inputs: Any, **named: Any) -> Any:
        if path == refused:
            raise PermissionError(13, "Permission denied", str(path))
        return usual(path, *inputs, **named)

    monkeypatch.setattr(Path, method, tried)


@pytest.mark.parametrize(("method", "name"), [("open", "calls.csv"), ("iterdir", "asterisk")])
def test_what_may_not_be_read_is_refused_by_name(
    office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch, method: str, name: str
) -> None:
    office.put("asterisk/Master.csv", ASTERISK)
    _not_permitted(monkeypatch, method, office.month / name)
    outcome = told(office.arguments())
    assert_refused(office, outcome, f"2020-01/{name}: ", "cannot be read: Permission denied", "make it readable")


@pytest.fixture
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(record_files, "BLOCK_BYTES", 50)
    monkeypatch.setattr(record_files, "LINE_END_WITHIN", 10)
    monkeypatch.setattr(ingest, "MOST_HELD_A_BUCKET", 1)
    yield


@pytest.mark.usefixtures("_small_blocks")
def test_a_file_of_carriage_returns_is_read_piece_by_piece(empty_office: Office, told: Tell) -> None:
    rows = [to_london(f"c{number}") for number in range(20)]
    empty_office.put("calls.csv", calls_csv(*rows, "bad").replace("\n", "\r"))
    assert told(empty_office.arguments()).code == 0
    assert empty_office.counts("calls.csv") == (21, 20)
    assert empty_office.outcomes("calls.csv") == [(22, "rejected", "malformed_row")]
    blocks = list((empty_office.warehouse / "calls").rglob("part=*.arrows"))
    assert len(blocks) > 10, "the file was never held whole"
