"""`tollbook verify` and the log that it reads: what was removed, altered, moved or added is found and named."""

from __future__ import annotations

import getpass
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from flows.audit import AUDIT_LOG, append, chain_faults, read_log, torn_lines
from flows.cli import run
from tests.integration.small_office import Office, Outcome, calls_csv, edit, to_london

Tell = Callable[[list[str]], Outcome]


@pytest.fixture(scope="module")
def issued(make_office: Callable[[], Office]) -> Office:
    """An office with an ingested and issued month, and a rate version of its own."""
    office = make_office()
    rate_tables = office.folder / "rate_tables"
    shutil.copytree(office.rate_tables, rate_tables)
    office = Office(office.folder, rate_tables)
    office.put("a.csv", calls_csv(to_london("c1"), "bad"))
    office.put("b.csv", calls_csv(to_london("c2")))
    assert run(office.arguments(command="ingest", month="2020-01")) == 0
    assert run(office.arguments()) == 0
    return office


@pytest.fixture
def copied(issued: Office, tmp_path: Path) -> Office:
    """A copy of the office, to spoil."""
    shutil.copytree(issued.folder, tmp_path / "office", symlinks=True)
    return Office(tmp_path / "office", tmp_path / "office" / "rate_tables")


def verify(office: Office) -> list[str]:
    places = {"--cdrs": office.folder / "inbox", "--contracts": office.contracts}
    places |= {"--rate-tables": office.rate_tables, "--warehouse": office.warehouse}
    return ["verify", *(str(word) for pair in places.items() for word in pair)]


def entries(office: Office) -> list[dict[str, object]]:
    return [json.loads(line) for line in (office.warehouse / AUDIT_LOG).read_text(encoding="utf-8").splitlines()]


def test_an_untouched_warehouse_is_as_written_down(issued: Office, told: Tell) -> None:
    outcome = told(verify(issued))
    assert outcome.code == 0, outcome.out
    assert "all as written down" in outcome.out


def test_inputs_are_looked_for_where_the_run_found_them(issued: Office, told: Tell) -> None:
    outcome = told(["verify", "--warehouse", str(issued.warehouse)])
    assert (outcome.code, "not compared" in outcome.out) == (0, False), outcome.out


def test_the_log_says_who_ran_what_with_which_inputs_and_result(issued: Office) -> None:
    log = entries(issued)
    said = [(entry["event"], entry.get("command"), entry.get("result"), entry.get("exit_code")) for entry in log]
    assert said == [
        ("begun", "ingest", None, None),
        ("ended", "ingest", "done", 0),
        ("begun", "bill", None, None),
        ("publishes", None, None, None),
        ("ended", "bill", "done", 0),
    ]
    [(run_id,)] = issued.rows("select run_id from runs")
    assert {entry["run_id"] for entry in log[2:]} == {run_id}
    assert {entry["user"] for entry in log} == {getpass.getuser()}
    assert log[2]["settings"]["cdrs"] == str(issued.folder / "inbox")  # type: ignore[index]


def test_the_log_keeps_what_was_refused_and_what_had_nothing_to_do(copied: Office, told: Tell) -> None:
    assert told(copied.arguments()).code == 0
    copied.put("late.csv", calls_csv(to_london("c9")))
    assert told(copied.arguments()).code == 2
    said = [(entry["result"], entry["exit_code"]) for entry in entries(copied) if entry["event"] == "ended"]
    assert said[-2:] == [("nothing to do", 0), ("refused", 2)]


def test_a_rerun_is_logged_and_its_files_are_verified(copied: Office, told: Tell) -> None:
    edit(copied.contracts / "accounts.csv", lambda text: text.replace("Acme", "Acne"))
    assert told(copied.arguments("--reason", "a letter", command="rerun")).code == 0
    edit(copied.contracts / "accounts.csv", lambda text: text.replace("Acne", "Acme"))
    said = [(entry["event"], entry.get("command")) for entry in entries(copied)][-3:]
    assert said == [("begun", "rerun"), ("publishes", None), ("ended", "rerun")]
    whole = told(verify(copied))
    assert (whole.code, "2 runs" in whole.out) == (0, True), whole.out
    [result] = copied.warehouse.glob("adjustments/*/run_id=2020-02-rerun-*/*.parquet")
    result.unlink()
    outcome = told(verify(copied))
    assert (outcome.code, result.relative_to(copied.warehouse).as_posix() in outcome.out) == (3, True)


def test_no_phone_number_stands_in_the_log(issued: Office) -> None:
    text = (issued.warehouse / AUDIT_LOG).read_text(encoding="utf-8")
    assert [number for number in ("12125550001", "442071234567") if number in text] == []


@pytest.mark.parametrize(
    ("file", "named"),
    [
        ("warehouse/billed_calls/*/*/*.parquet", "billed_calls/month=2020-01"),
        ("warehouse/invoices/*/*/*.parquet", "invoices/month=2020-02"),
        ("warehouse/details/2020-01/A1.csv", "details/2020-01/A1.csv"),
        ("warehouse/runs/*/manifest.json", "/manifest.json"),
        ("warehouse/runs/*/controls.parquet", "/controls.parquet"),
        ("warehouse/runs/*/files.json", "/files.json"),
        ("warehouse/runs/*/contracts/accounts.csv", "/contracts/accounts.csv"),
        ("inbox/2020-01/a.csv", "2020-01/a.csv"),
        ("contracts/accounts.csv", "contracts/accounts.csv"),
        ("rate_tables/2020.1/plans.csv", "2020.1/plans.csv"),
    ],
)
def test_an_altered_file_is_named(copied: Office, told: Tell, file: str, named: str) -> None:
    [path] = copied.folder.glob(file)
    content = path.read_bytes()
    path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
    outcome = told(verify(copied))
    assert outcome.code == 3, outcome.out
    assert [line for line in outcome.out.splitlines() if named in line and "altered" in line]


@pytest.mark.parametrize(
    "file",
    [
        "billed_calls/*/*/*.parquet",
        "set_aside_records/*/*/*.parquet",
        "details/2020-01/A1.csv",
        "runs/*/manifest.json",
        "runs/*/controls.parquet",
        "runs/*/files.json",
        "audit.jsonl",
    ],
)
def test_a_published_file_that_is_gone_is_named_as_gone(copied: Office, told: Tell, file: str) -> None:
    [path] = copied.warehouse.glob(file)
    path.unlink()
    outcome = told(verify(copied))
    assert outcome.code == 3, outcome.out
    name = path.relative_to(copied.warehouse).as_posix()
    assert [line for line in outcome.out.splitlines() if name in line and " gone " in line], outcome.out


def test_a_file_that_the_run_did_not_publish_is_named(copied: Office, told: Tell) -> None:
    (copied.warehouse / "details" / "2020-01" / "C3.csv").write_text("made up", encoding="utf-8")
    copied.put("late.csv", calls_csv(to_london("c9")))
    outcome = told(verify(copied))
    named = [line.split()[0] for line in outcome.out.splitlines() if "not listed" in line]
    assert (outcome.code, named) == (3, ["details/2020-01/C3.csv", "2020-01/late.csv"])


def test_an_input_that_was_put_away_is_told_and_is_no_fault(copied: Office, told: Tell) -> None:
    (copied.month / "b.csv").unlink()
    outcome = told(verify(copied))
    assert outcome.code == 0, outcome.out
    assert "1 of 2 call records" in outcome.out


def test_an_altered_database_is_found(copied: Office, told: Tell) -> None:
    database = (copied.warehouse / "tollbook.duckdb").resolve()
    database.chmod(0o644)
    content = bytearray(database.read_bytes())
    content[-1] ^= 1
    database.write_bytes(content)
    outcome = told(verify(copied))
    shown = database.name in outcome.out or "tollbook.duckdb" in outcome.out  # where DuckDB itself sees it, by the link
    assert (outcome.code, shown, "altered" in outcome.out) == (3, True, True)


@pytest.mark.parametrize("loss", ["the link", "the file behind it"])
def test_a_database_that_is_gone_is_found(copied: Office, told: Tell, loss: str) -> None:
    link = copied.warehouse / "tollbook.duckdb"
    (link if loss == "the link" else link.resolve()).unlink()
    outcome = told(verify(copied))
    assert (outcome.code, "tollbook.duckdb" in outcome.out) == (3, True)


def _removed(lines: list[str]) -> list[str]:
    return lines[:1] + lines[2:]


def _altered(lines: list[str]) -> list[str]:
    return [lines[0], lines[1].replace('"exit_code":0', '"exit_code":1'), *lines[2:]]


def _moved(lines: list[str]) -> list[str]:
    return [lines[1], lines[0], *lines[2:]]


def _made_unreadable(lines: list[str]) -> list[str]:
    return [lines[0], lines[1][:40], *lines[2:]]


def _last_altered(lines: list[str]) -> list[str]:
    return [*lines[:-1], lines[-1].replace('"exit_code":0', '"exit_code":1')]


def _cut_before_the_publication(lines: list[str]) -> list[str]:
    return lines[:3]


@pytest.mark.parametrize(
    "change", [_removed, _altered, _moved, _made_unreadable, _last_altered, _cut_before_the_publication]
)
def test_an_entry_that_was_removed_altered_or_moved_is_found(
    copied: Office, told: Tell, change: Callable[[list[str]], list[str]]
) -> None:
    edit(copied.warehouse / AUDIT_LOG, lambda text: "\n".join(change(text.splitlines())) + "\n")
    outcome = told(verify(copied))
    assert outcome.code == 3, outcome.out
    assert "audit.jsonl" in outcome.out


def test_a_line_torn_by_a_power_cut_is_told_and_the_log_goes_on_behind_it(copied: Office, told: Tell) -> None:
    with (copied.warehouse / AUDIT_LOG).open("ab") as log:
        log.write(b'{"at":"2020-02-01T08')
    torn = told(verify(copied))
    assert (torn.code, "line 6 is torn" in torn.out) == (0, True), torn.out
    assert told(copied.arguments()).code == 0
    after = told(verify(copied))
    assert (after.code, "line 6 is torn" in after.out) == (0, True), after.out


def test_entries_of_two_that_append_at_once_follow_one_another(tmp_path: Path) -> None:
    for number in range(3):
        append(tmp_path, "begun", {"command": "test", "number": number})
    lines = read_log(tmp_path)
    assert (list(chain_faults(lines)), torn_lines(lines), len(lines)) == ([], [], 3)


def test_a_warehouse_that_is_not_there_is_refused(tmp_path: Path, told: Tell) -> None:
    outcome = told(["verify", "--warehouse", str(tmp_path / "nowhere")])
    assert (outcome.code, "nowhere" in outcome.err) == (2, True)
