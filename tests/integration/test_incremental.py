"""Ingesting again: what stood there before is not read again, and what changed is noticed by its hash."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows import ingest_plan, month, read_ahead
from flows.inbox import RecordFile
from flows.record_files import Block
from schemas.source_spec import SourceSpec
from tests.integration.small_office import Office, Outcome, calls_csv, edit, to_london

Tell = Callable[[list[str]], Outcome]
Ingest = Callable[..., list[str]]


@pytest.fixture
def ingested(told: Tell, monkeypatch: pytest.MonkeyPatch) -> Ingest:
    """Ingests an office's month; gives the names of the files whose records were read."""
    read: list[str] = []
    read_blocks = ingest_plan.read_blocks

    def watched(record: RecordFile, source: SourceSpec) -> Iterator[Block]:
        read.append(record.name.removeprefix("2020-01/"))
        return read_blocks(record, source)

    monkeypatch.setattr(ingest_plan, "read_blocks", watched)
    monkeypatch.setattr(read_ahead, "read_blocks", watched)

    def run_once(office: Office, command: str = "ingest") -> list[str]:
        read.clear()
        usage_month = {"ingest": "2020-01", "bill": "2020-02"}[command]
        words = office.arguments(command=command, month=usage_month)
        outcome = told(words)
        assert outcome.code == 0, outcome.err
        return sorted(read)

    return run_once


@pytest.fixture
def two_files(empty_office: Office, ingested: Ingest) -> Office:
    """An office with two files, ingested."""
    empty_office.put("a.csv", calls_csv(to_london("a1")))
    empty_office.put("b.csv", calls_csv(to_london("b1"), to_london("b2")))
    assert ingested(empty_office) == ["a.csv", "b.csv"]
    return empty_office


def _pieces(office: Office) -> set[Path]:
    return {path.parent for path in (office.warehouse / "calls").rglob("piece.json")}


def test_the_same_files_again_are_not_read(two_files: Office, ingested: Ingest) -> None:
    assert ingested(two_files) == []


def test_a_file_more_is_read_alone(two_files: Office, ingested: Ingest) -> None:
    two_files.put("c.csv", calls_csv(to_london("c1")))
    assert ingested(two_files) == ["c.csv"]
    assert ingested(two_files, "bill") == []
    assert two_files.rows("select source_file from billed_calls order by call_id") == [
        ("2020-01/a.csv",),
        ("2020-01/b.csv",),
        ("2020-01/b.csv",),
        ("2020-01/c.csv",),
    ]


def test_a_call_of_an_old_file_is_a_duplicate_in_one_that_came_later(two_files: Office, ingested: Ingest) -> None:
    two_files.put("0.csv", calls_csv(to_london("b2")))
    assert ingested(two_files) == ["0.csv"]
    ingested(two_files, "bill")
    assert two_files.outcomes("b.csv") == [(3, "duplicate", "duplicate")]  # 0.csv is earlier by its path


def test_a_file_with_another_time_and_the_same_bytes_is_not_read_again(two_files: Office, ingested: Ingest) -> None:
    os.utime(two_files.month / "a.csv", (1, 1))
    assert ingested(two_files) == []


def test_a_file_with_one_byte_changed_is_read_again_though_its_time_and_size_are_the_same(
    two_files: Office, ingested: Ingest
) -> None:
    path = two_files.month / "a.csv"
    before = path.stat()
    edit(path, lambda text: text.replace("a1", "a7"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert ingested(two_files) == ["a.csv"]
    ingested(two_files, "bill")
    assert two_files.rows("select call_id from billed_calls order by 1") == [("a7",), ("b1",), ("b2",)]


def test_a_renamed_file_is_read_again_for_its_name_stands_beside_every_call(
    two_files: Office, ingested: Ingest
) -> None:
    (two_files.month / "a.csv").rename(two_files.month / "z.csv")
    assert ingested(two_files) == ["z.csv"]
    ingested(two_files, "bill")
    assert two_files.rows("select source_file from billed_calls where call_id = 'a1'") == [("2020-01/z.csv",)]


def test_a_file_that_is_gone_is_billed_no_more_and_the_others_are_not_read_again(
    two_files: Office, ingested: Ingest
) -> None:
    (two_files.month / "b.csv").unlink()
    assert ingested(two_files) == []
    ingested(two_files, "bill")
    assert two_files.rows("select call_id from billed_calls") == [("a1",)]


def test_other_contracts_are_another_answer_to_whose_a_call_is_so_all_is_read_again(
    two_files: Office, ingested: Ingest
) -> None:
    edit(two_files.contracts / "accounts.csv", lambda text: text.replace("A1,Acme", "C3,Acme"))
    edit(two_files.contracts / "account_items.csv", lambda text: text.replace("A1,", "C3,"))
    assert ingested(two_files) == ["a.csv", "b.csv"]


def test_what_decides_no_calls_owner_does_not_make_the_calls_be_read_again(two_files: Office, ingested: Ingest) -> None:
    edit(two_files.contracts / "account_items.csv", lambda text: text.replace("phone,1", "phone,2"))
    assert ingested(two_files) == []


def _digests(office: Office, folder: str) -> dict[str, str]:
    paths = [path for path in (office.warehouse / folder).rglob("*") if path.is_file() and path.name != ".seen.json"]
    return {
        path.relative_to(office.warehouse).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths
    }


@pytest.mark.parametrize(("first", "second"), [(1, 4), (4, 1), (2, 8)])
def test_a_month_that_grows_past_a_number_of_buckets_keeps_its_old_pieces_and_gives_the_same_bytes(
    first: int,
    second: int,
    make_office: Callable[[], Office],
    ingested: Ingest,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """In how many buckets a month is cut follows from its bytes; here it is told, before and after a file more."""

    def cut_in(buckets: int) -> None:
        monkeypatch.setattr(month, "SMALL_MONTH_BYTES", 0 if buckets > 1 else 2**40)
        monkeypatch.setattr(month, "BUCKET_BYTES", -(-2 * 500 // buckets) if buckets > 1 else 2**40)
        monkeypatch.setattr(month, "expected_bytes", lambda _: 1000)

    header, *accounts = (make_office().contracts / "accounts.csv").read_text(encoding="utf-8").splitlines()
    many = [accounts[0].replace("A1", f"X{number}") for number in range(12)]
    calls = [to_london(f"c{number}").replace("A1", f"X{number % 12}") for number in range(36)]
    offices = []
    for _ in range(2):
        office = make_office()
        (office.contracts / "accounts.csv").write_text("\n".join([header, *many]) + "\n", encoding="utf-8")
        (office.contracts / "account_items.csv").unlink()
        office.put("a.csv", calls_csv(*calls[:24]))
        offices.append(office)
    grown, fresh = offices
    cut_in(first)
    assert ingested(grown) == ["a.csv"]
    cut_in(second)
    for office in offices:
        office.put("b.csv", calls_csv(*calls[20:]))
    assert ingested(grown, "bill") == ["b.csv"]
    assert ingested(fresh, "bill") == ["a.csv", "b.csv"]
    for folder in ("billed_calls", "unbilled_calls", "invoices", "set_aside_records", "details", "runs"):
        assert _digests(grown, folder) == _digests(fresh, folder), folder
    assert len(list((grown.warehouse / "billed_calls").rglob("bucket=*"))) == second
    assert grown.rows("select count(*), count(distinct account_id) from billed_calls") == [(36, 12)]


def test_pieces_of_files_that_are_gone_are_swept_while_the_month_is_not_issued(
    two_files: Office, ingested: Ingest
) -> None:
    before = _pieces(two_files)
    edit(two_files.month / "a.csv", lambda text: text.replace("a1", "a7"))
    ingested(two_files)
    after = _pieces(two_files)
    assert (len(before), len(after), len(before & after)) == (2, 2, 1)
    assert len(list((two_files.warehouse / "calls" / "2020-01").glob("repeats-*"))) == 1


def test_what_an_issued_month_was_made_of_is_never_swept(two_files: Office, ingested: Ingest) -> None:
    ingested(two_files, "bill")
    issued = _digests(two_files, "calls")
    edit(two_files.month / "a.csv", lambda text: text.replace("a1", "a7"))
    two_files.put("c.csv", calls_csv(to_london("c1")))
    assert ingested(two_files) == ["a.csv", "c.csv"]
    now = _digests(two_files, "calls")
    assert {name: now.get(name) for name in issued} == issued


def test_another_months_pieces_are_left_alone(two_files: Office, ingested: Ingest, told: Tell) -> None:
    before = _digests(two_files, "calls/2020-01")
    two_files.put("../2020-02/d.csv", calls_csv(to_london("d1").replace("2020-01-15", "2020-02-15")))
    assert told(two_files.arguments(command="ingest", month="2020-02")).code == 0
    assert _digests(two_files, "calls/2020-01") == before


def test_an_ingest_says_what_was_read_now_and_what_stood_there_before(two_files: Office, told: Tell) -> None:
    words = two_files.arguments(command="ingest", month="2020-01")
    two_files.put("c.csv", calls_csv(to_london("c1")))
    more = told(words).out
    assert "1 file read now, 1 rows." in more
    assert "2 files stood there before from the same bytes, 3 rows." in more
    nothing = told(words).out
    assert "Nothing had to be read." in nothing
    assert "3 files stood there before" in nothing
    edit(two_files.contracts / "accounts.csv", lambda text: text.replace("B2,Beta", "B3,Beta"))
    again = told(words).out
    assert "3 files read now, 4 rows." in again
    assert "3 files of these had been read before: the contracts, the source or the program changed since." in again
