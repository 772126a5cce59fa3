"""Call files as bad luck makes them: every row ends in exactly one place, and no file is skipped in silence."""

from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from flows import month as flow_month
from flows.cli import run
from tests.integration.small_office import CALL_HEADER, Office, Outcome, calls_csv, to_london

Tell = Callable[[list[str]], Outcome]
JSON_CALL = (
    '"account_id":"A1","direction":"outbound","source_number":"+12125550001",'
    '"destination_number":"+442071234567","start_time":"2020-01-15T10:00:00Z","duration_seconds":60'
)


def json_call(call_id: str) -> str:
    """A line of JSON with an accepted call; the id stands as it is given, quotes and all."""
    return f'{{"call_id":{call_id},{JSON_CALL}}}\n'


def zstandard(text: str) -> bytes:
    """The text as one zstd frame of known end."""
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, "zstd") as packed:
        packed.write(text.encode())
    return stream.getvalue().to_pybytes()


def call_at(call_id: str, start: str) -> str:
    return to_london(call_id).replace("2020-01-15T10:00:00Z", start)


def call_of(call_id: str, seconds: str) -> str:
    return to_london(call_id).replace(",60,", f",{seconds},")


def typed_calls(**columns: object) -> bytes:
    """A Parquet file of one call, some of its columns replaced or added."""
    moment = dt.datetime(2020, 1, 15, 10, tzinfo=dt.UTC)
    fields: dict[str, object] = {
        "call_id": ["c1"],
        "account_id": ["A1"],
        "direction": ["outbound"],
        "source_number": ["+12125550001"],
        "destination_number": ["+442071234567"],
        "start_time": [moment],
        "duration_seconds": [60],
    }
    stream = io.BytesIO()
    pl.DataFrame(fields | columns).write_parquet(stream)
    return stream.getvalue()


LONG_FIELD = "x" * 1_000_000
FILES: dict[str, str | bytes] = {
    "bom.csv": b"\xef\xbb\xbf" + calls_csv(to_london("bom")).encode(),
    "carriage_returns.csv": calls_csv(to_london("cr1"), to_london("cr2")).replace("\n", "\r"),
    "windows.csv": calls_csv(to_london("w1"), to_london("w2")).replace("\n", "\r\n"),
    "blank_lines.csv": "\n".join([CALL_HEADER, "", to_london("b1"), "  ", to_london("b2"), "", ""]),
    "header_only.csv": CALL_HEADER,
    "empty.jsonl": "",
    "nul.csv": calls_csv(to_london("n\0"), to_london("n2")),
    "latin_1.csv": calls_csv(to_london("é1"), to_london("l2")).encode("latin-1"),
    "short.csv": calls_csv("s1,A1,outbound", to_london("s2"), to_london("s3").removesuffix(",answered")),
    "long.csv": calls_csv(to_london("o1"), to_london("o2") + ",beyond"),
    "quotes.csv": calls_csv('"q1' + to_london(""), to_london('"q""2"'), to_london('q"3'), to_london('"q4"x')),
    "long_lines.csv": calls_csv(LONG_FIELD, to_london("m" + LONG_FIELD), '"' + LONG_FIELD),
    "two_members.csv.gz": gzip.compress(calls_csv(to_london("g1")).encode())
    + gzip.compress(f"{to_london('g2')}\n".encode()),
    "packed.csv.zst": zstandard(calls_csv(to_london("z1"), to_london("z2"))),
    "bom.jsonl": b"\xef\xbb\xbf" + (json_call('"j1"') + json_call('"j2"')).encode(),
    "values.jsonl": json_call("7")
    + json_call("null")
    + json_call('"x"').replace(":60", ":60.5")
    + '[1]\n{\n{"call_id":NaN}\n',
    "times.csv": calls_csv(
        call_at("t1", "2020-01-31T23:59:59.999999Z"),
        call_at("t2", "2020-02-01T00:00:00Z"),
        call_at("t3", "2020-02-01T01:59:59+02:00"),
        call_at("t4", "2020-01-31 22:00:00-0200"),
        call_at("t5", "2019-12-31T23:00:00-01"),
        call_at("t6", "2020-01-15T10:00:00"),
        call_at("t7", "2020-02-30T10:00:00Z"),
        call_at("t8", "2020-01-15T10:00:00+0٥:00"),
        call_at("t9", "2020-01-15T23:59:60Z"),
    ),
    "durations.csv": calls_csv(
        call_of("d1", "2147483647"),
        call_of("d2", "2147483648"),
        call_of("d3", "-0"),
        call_of("d4", "+5"),
        call_of("d5", "5.0"),
        call_of("d6", "00000000060"),
        call_of("d7", ""),
    ),
    "own_names.csv": calls_csv(to_london("e1") + ",9,9,9", to_london('"e2"') + ",9,9,9").replace(
        "disposition", "disposition,source_line,is_malformed,row", 1
    ),
    "a_repeated.csv": calls_csv(*[to_london("r1")] * 5_000),
    "b_conflicting.csv": calls_csv(
        to_london("r1"), to_london("r1").replace(",60,", ",61,"), to_london("r1").replace("A1", "B2")
    ),
}


@pytest.fixture(scope="module")
def billed(make_office: Callable[[], Office]) -> Office:
    """A month of all these files, billed."""
    office = make_office()
    for name, content in FILES.items():
        office.put(name, content)
    assert run(office.arguments()) == 0
    return office


@pytest.mark.parametrize(
    ("file", "read", "accepted"),
    [
        ("bom.csv", 1, 1),
        ("carriage_returns.csv", 2, 2),
        ("windows.csv", 2, 2),
        ("blank_lines.csv", 2, 2),
        ("header_only.csv", 0, 0),
        ("empty.jsonl", 0, 0),
        ("two_members.csv.gz", 2, 2),
        ("packed.csv.zst", 2, 2),
        ("bom.jsonl", 2, 2),
        ("own_names.csv", 2, 2),
        ("long_lines.csv", 3, 1),
    ],
)
def test_rows_are_read_whatever_their_wrapping(billed: Office, file: str, read: int, accepted: int) -> None:
    assert billed.counts(file) == (read, accepted)


@pytest.mark.parametrize(
    ("file", "rejected"),
    [
        ("nul.csv", [(2, "malformed_row")]),
        ("latin_1.csv", [(2, "malformed_row")]),
        ("short.csv", [(2, "malformed_row"), (4, "malformed_row")]),
        ("long.csv", [(3, "malformed_row")]),
        ("quotes.csv", [(2, "malformed_row"), (5, "malformed_row")]),
        ("long_lines.csv", [(2, "malformed_row"), (4, "malformed_row")]),
        (
            "values.jsonl",
            [
                (2, "missing_call_id"),
                (3, "bad_duration"),
                (4, "malformed_row"),
                (5, "malformed_row"),
                (6, "malformed_row"),
            ],
        ),
        (
            "durations.csv",
            [
                (3, "bad_duration"),
                (4, "negative_duration"),
                (5, "bad_duration"),
                (6, "bad_duration"),
                (7, "bad_duration"),
                (8, "bad_duration"),
            ],
        ),
    ],
)
def test_a_bad_row_is_rejected_alone(billed: Office, file: str, rejected: list[tuple[int, str]]) -> None:
    assert billed.outcomes(file) == [(line, "rejected", reason) for line, reason in rejected]


def test_a_call_belongs_to_the_month_of_its_start_in_utc_to_the_microsecond(billed: Office) -> None:
    assert billed.outcomes("times.csv") == [
        (3, "outside_month", "outside_month"),
        (5, "outside_month", "outside_month"),
        (7, "rejected", "bad_start_time"),
        (8, "rejected", "bad_start_time"),
        (9, "rejected", "bad_start_time"),
        (10, "rejected", "bad_start_time"),
    ]


def test_a_row_that_stands_5000_times_is_billed_once(billed: Office) -> None:
    query = "select rows_read, rows_billed, rows_duplicate from source_files where source_file like '%a_repeated%'"
    assert billed.rows(query) == [(5_000, 1, 4_999)]


def test_the_same_id_with_other_contents_in_another_file_is_a_conflict(billed: Office) -> None:
    assert [row[:2] for row in billed.outcomes("b_conflicting.csv")] == [
        (2, "duplicate"),
        (3, "conflict"),
        (4, "conflict"),
    ]


def test_rows_and_seconds_of_every_file_balance(billed: Office) -> None:
    uneven = """
        select source_file from source_files
        where seconds_read <> seconds_accounted
            or rows_read <> rows_billed + rows_unbilled + rows_duplicate + rows_conflict
                + rows_suspended + rows_outside_month + rows_rejected
    """
    assert billed.rows(uneven) == []
    assert billed.rows("select count(*) from source_files") == [(len(FILES),)]


@pytest.mark.parametrize("beyond", [",x,y", '\n"'])
def test_a_bad_first_row_is_rejected_alone(empty_office: Office, told: Tell, beyond: str) -> None:
    empty_office.put("calls.csv", calls_csv(to_london("c1") + beyond, to_london("c2")))
    outcome = told(empty_office.arguments())
    assert outcome.code == 0, outcome.err
    assert empty_office.rows("select reason from set_aside_records") == [("malformed_row",)]


def test_conflicts_are_found_across_buckets(empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow_month, "BUCKET_BYTES", 100)
    empty_office.put("a.csv", calls_csv(to_london("c1")))
    empty_office.put("b.csv", calls_csv(to_london("c1").replace("A1", "B2")))
    assert told(empty_office.arguments()).code == 0
    calls = (empty_office.warehouse / "calls").rglob("bucket=*")
    assert len({path.name for path in calls}) == 2
    assert empty_office.outcomes("b.csv") == [(2, "conflict", "conflict")]


def test_the_same_id_in_two_sources_is_two_calls(empty_office: Office, told: Tell) -> None:
    sources = empty_office.folder / "sources"
    sources.mkdir()
    (sources / "east.toml").write_text('extends = "canonical"\n', encoding="utf-8")
    empty_office.put("calls.csv", calls_csv(to_london("c1")))
    empty_office.put("east/calls.csv", calls_csv(to_london("c1")))
    assert told(empty_office.arguments()).code == 0
    assert empty_office.rows("select source from billed_calls order by 1") == [("canonical",), ("east",)]


def test_a_month_of_rejects_alone_is_billed_and_accounted_for(empty_office: Office, told: Tell) -> None:
    empty_office.put("calls.csv", calls_csv("x", to_london("c1").replace("A1", "nobody")))
    assert told(empty_office.arguments()).code == 0
    assert empty_office.outcomes("calls.csv") == [
        (2, "rejected", "malformed_row"),
        (3, "rejected", "unknown_account"),
    ]


def test_accounts_without_items_are_billed_for_their_calls(office: Office, told: Tell) -> None:
    (office.contracts / "account_items.csv").unlink()
    assert told(office.arguments()).code == 0
    assert office.rows("select account_id, subtotal > 0 from invoices") == [("A1", True)]


JSON_LINES = {
    "word.jsonl": ("x", "malformed_row"),
    "no_keys.jsonl": ("{}", "missing_call_id"),
    "half_a_letter.jsonl": (r'{"call_id":"\ud800"}', "malformed_row"),
    "nul.jsonl": (r'{"call_id":"a\u0000b"}', "malformed_row"),
    "deep.jsonl": ("[" * 100_000, "malformed_row"),
}
TYPED: dict[str, tuple[dict[str, object], str]] = {
    "fraction.parquet": ({"duration_seconds": [60.5]}, "bad_duration"),
    "length.parquet": ({"duration_seconds": [dt.timedelta(seconds=60)]}, "malformed_row"),
    "no_zone.parquet": ({"start_time": [dt.datetime(2020, 1, 15, 10)]}, "bad_start_time"),  # noqa: DTZ001 - the fault
    "no_id.parquet": ({"call_id": [None]}, "missing_call_id"),
    "too_long.parquet": ({"duration_seconds": [2**31]}, "bad_duration"),
}


@pytest.fixture(scope="module")
def billed_oddities(make_office: Callable[[], Office]) -> Office:
    """A month of files of one bad record each, billed."""
    office = make_office()
    for name, (line, _) in JSON_LINES.items():
        office.put(name, line + "\n")
    for name, (columns, _) in TYPED.items():
        office.put(name, typed_calls(**columns))
    assert run(office.arguments()) == 0
    return office


@pytest.mark.parametrize(("file", "reason"), [(name, reason) for name, (_, reason) in {**JSON_LINES, **TYPED}.items()])
def test_a_file_of_one_bad_record_rejects_it(billed_oddities: Office, file: str, reason: str) -> None:
    assert billed_oddities.outcomes(file) == [(1, "rejected", reason)]


def test_typed_parquet_columns_are_read_and_extra_ones_are_ignored(empty_office: Office, told: Tell) -> None:
    eastern = pl.Series([dt.datetime(2020, 1, 15, 10)]).dt.replace_time_zone("America/New_York")  # noqa: DTZ001
    extra = {"source_line": [9], "length": [dt.timedelta(seconds=60)], "tags": [["a"]]}
    empty_office.put(
        "calls.parquet",
        typed_calls(start_time=eastern, direction=pl.Series(["outbound"], dtype=pl.Categorical), **extra),
    )
    outcome = told(empty_office.arguments())
    assert outcome.code == 0, outcome.err
    start = "select strftime(start_time at time zone 'UTC', '%Y-%m-%dT%H:%M') from billed_calls"
    assert empty_office.rows(start) == [("2020-01-15T15:00",)]


def test_a_parquet_file_with_a_star_in_its_name_is_one_file(empty_office: Office, told: Tell) -> None:
    empty_office.put("c*.parquet", typed_calls())
    empty_office.put("c[1].parquet", typed_calls(call_id=["c2"]))
    outcome = told(empty_office.arguments())
    assert outcome.code == 0, outcome.err
    assert [empty_office.counts(name) for name in ("c*.parquet", "c[1].parquet")] == [(1, 1), (1, 1)]


PACKED = gzip.compress(calls_csv(*(to_london(f"c{number}") for number in range(500))).encode())
FRAMED = zstandard(calls_csv(*(to_london(f"c{number}") for number in range(500))))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("half.csv.gz", PACKED[: len(PACKED) // 2]),
        ("without_trailer.csv.gz", PACKED[:-8]),
        ("flipped.csv.gz", PACKED[:-6] + bytes([PACKED[-6] ^ 1]) + PACKED[-5:]),
        ("without_end.csv.zst", FRAMED[:-1]),
        ("garbage_behind.csv.zst", FRAMED + b"garbage"),
        ("cut.parquet", typed_calls()[:-5]),
        ("empty.parquet", b""),
        ("empty.csv", b""),
        ("wide.csv", calls_csv(to_london("c1")).encode("utf-16")),
        ("blank_first.csv", b"\n" + calls_csv(to_london("c1")).encode()),
    ],
)
def test_a_file_that_cannot_be_read_whole_refuses_the_month(
    office: Office, told: Tell, name: str, content: bytes
) -> None:
    office.put(name, content)
    outcome = told(office.arguments())
    assert outcome.code == 2, outcome.err
    assert outcome.err.startswith(f"tollbook: 2020-01/{name}")
    assert "; " in outcome.err.splitlines()[0]
    assert office.shows_nothing()


def test_a_linked_file_in_a_folder_of_odd_letters_is_read(
    make_office: Callable[[], Office], told: Tell, tmp_path: Path
) -> None:
    plain = make_office()
    office = Office(tmp_path / "it's [a] é 日本 x=1*", plain.rate_tables)
    plain.folder.rename(office.folder)
    (tmp_path / "real.csv").write_text(calls_csv(to_london("c1")), encoding="utf-8")
    (office.month / "link.csv").symlink_to(tmp_path / "real.csv")
    office.put("typed.parquet", typed_calls(call_id=["c2"]))
    outcome = told(office.arguments())
    assert outcome.code == 0, outcome.err
    assert office.rows("select call_id from billed_calls order by 1") == [("c1",), ("c2",)]
