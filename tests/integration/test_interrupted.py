"""A run that is killed, disturbed or repeated: nothing half published, and the next run ends with the same bytes."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows import stages
from flows.cli import run
from flows.ingest_plan import IngestPlan
from flows.locks import only_run
from flows.record_files import RecordFile
from tests.integration.small_office import Office, Outcome, calls_csv, edit, run_child, to_london

Tell = Callable[[list[str]], Outcome]
KILLED_BEFORE_A_RENAME = """
import os, re, signal, sys
from pathlib import Path
from flows.cli import run
pattern, arguments = sys.argv[1], sys.argv[2:]
rename = Path.replace
def replace(path, target):
    if re.search(pattern, str(target)):
        os.kill(os.getpid(), signal.SIGKILL)
    return rename(path, target)
Path.replace = replace
sys.exit(run(arguments))
"""
SMALL = ("invoices", "invoice_line_items", "set_aside_records", "source_files", "warnings")


def files_of(office: Office) -> dict[str, str]:
    """Digest of every file of the warehouse that is published, or stored for good, by its path."""
    root = office.warehouse
    paths = [
        path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix in (".parquet", ".csv", ".json")
    ]
    names = {path.relative_to(root).as_posix(): path for path in paths}
    lasting = {name: path for name, path in names.items() if "/." not in f"/{name}" and not name.startswith("work/")}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in lasting.items()}


def rows_of(office: Office) -> dict[str, list[Any]]:
    """Every row of the run's tables, in their order; of `runs` all that does not depend on the clock."""
    tables = {name: office.rows(f"select * from {name}") for name in (*SMALL, "billed_calls", "unbilled_calls")}
    return tables | {"runs": office.rows("select * exclude (started_at, finished_at) from runs")}


def fill(office: Office) -> Office:
    """The office with a month of two files, a row of every common end in them."""
    office.put("a.csv", calls_csv(to_london("c1"), to_london("c2"), to_london("c1"), "bad"))
    busy = to_london("j2").split(",")
    keys = ("call_id", "account_id", "direction", "source_number", "destination_number", "start_time")
    office.put("b.jsonl", json.dumps(dict(zip(keys, busy, strict=False)) | {"duration_seconds": 0}) + "\n")
    return office


@pytest.fixture(scope="module")
def undisturbed(make_office: Callable[[], Office]) -> Office:
    """The month, billed in peace. Its warehouse holds no absolute path but in the database's views."""
    office = fill(make_office())
    assert run(office.arguments()) == 0
    return office


@pytest.fixture
def copied(undisturbed: Office, tmp_path: Path) -> Office:
    """A copy of the undisturbed office, to spoil: the month is issued."""
    shutil.copytree(undisturbed.folder, tmp_path / "office", symlinks=True)
    return Office(tmp_path / "office", undisturbed.rate_tables)


@pytest.mark.integration
@pytest.mark.parametrize(
    "moment",
    [
        r"canonical/[0-9a-f]{16}$",
        r"work/.*/bucket=0000$",
        r"details/2020-01$",
        r"tollbook\.duckdb$",
    ],
)
def test_a_run_that_is_killed_publishes_nothing_and_the_next_one_ends_the_same(
    undisturbed: Office, empty_office: Office, moment: str
) -> None:
    office = fill(empty_office)
    killed = run_child(office.arguments(), program=KILLED_BEFORE_A_RENAME, before=[moment])
    assert killed.code == -9, killed.err
    assert not (office.warehouse / "tollbook.duckdb").exists()
    assert run(office.arguments()) == 0
    assert files_of(office) == files_of(undisturbed)
    assert rows_of(office) == rows_of(undisturbed)


@pytest.mark.integration
@pytest.mark.parametrize("moment", [r"/\.published$", r"runs/2020-02-[0-9a-f]{16}$"])
def test_a_run_that_is_killed_about_its_publication_leaves_nothing_behind_once_it_is_started_again(
    undisturbed: Office, empty_office: Office, moment: str
) -> None:
    office = fill(empty_office)
    killed = run_child(office.arguments(), program=KILLED_BEFORE_A_RENAME, before=[moment])
    assert killed.code == -9, killed.err
    assert list((office.warehouse / "work").iterdir()) != []
    assert run(office.arguments()) == 0
    assert list((office.warehouse / "work").iterdir()) == []
    assert (office.warehouse / ".published").read_bytes() == (undisturbed.warehouse / ".published").read_bytes()
    assert files_of(office) == files_of(undisturbed)
    assert rows_of(office) == rows_of(undisturbed)


@pytest.mark.integration
@pytest.mark.parametrize("is_at_work", [False, True])
def test_what_another_month_left_is_cleared_unless_it_is_at_work(copied: Office, told: Tell, is_at_work: bool) -> None:
    february = copied.folder / "inbox" / "2020-02"
    february.mkdir()
    (february / "a.csv").write_text(calls_csv(to_london("f1").replace("2020-01", "2020-02")), encoding="utf-8")
    left = copied.warehouse / "billed_calls" / "month=2019-11" / "run_id=2019-12-0123456789abcdef"
    work = copied.warehouse / "work" / "2019-12-0123456789abcdef"
    reading = copied.warehouse / "calls" / "2019-11" / "canonical" / ".0123.77.partial"
    details = copied.warehouse / "details" / "2019-11"
    for folder in (left, work, reading, details):
        folder.mkdir(parents=True)
    (details.parent / ".2019-11.run_id").write_text("2019-12-0123456789abcdef", encoding="utf-8")
    with only_run(copied.warehouse, "2019-12", "bill 2019-12") if is_at_work else nullcontext():
        assert told(copied.arguments(month="2020-03")).code == 0
    assert [folder.exists() for folder in (left, work, reading, details)] == [is_at_work] * 4
    assert (copied.warehouse / "details" / "2020-01").is_dir()


@pytest.mark.integration
def test_a_run_that_is_killed_leaves_the_months_before_as_they_were(copied: Office) -> None:
    before = rows_of(copied)
    february = copied.folder / "inbox" / "2020-02"
    february.mkdir()
    (february / "a.csv").write_text(calls_csv(to_london("f1").replace("2020-01", "2020-02")), encoding="utf-8")
    march = copied.arguments(month="2020-03")
    killed = run_child(march, program=KILLED_BEFORE_A_RENAME, before=[r"tollbook\.duckdb$"])
    assert killed.code == -9, killed.err
    assert rows_of(copied) == before
    assert run(march) == 0
    months = copied.rows("select strftime(invoice_month, '%Y-%m') from runs order by 1")
    assert months == [("2020-02",), ("2020-03",)]


@pytest.mark.integration
def test_a_file_system_that_is_full_publishes_nothing_and_the_next_run_ends_the_same(
    undisturbed: Office, empty_office: Office
) -> None:
    office = fill(empty_office)
    full = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
    program = full + "import sys; from flows.cli import run; sys.exit(run(sys.argv[1:]))"
    stopped = run_child(office.arguments(), program=program)
    assert stopped.code in (1, 2)
    assert stopped.err.startswith("tollbook: ")
    assert "Traceback" not in stopped.err
    assert office.shows_nothing()
    assert run(office.arguments()) == 0
    assert files_of(office) == files_of(undisturbed)


def test_the_same_inputs_a_second_time_do_nothing(undisturbed: Office, told: Tell) -> None:
    before = {path: path.stat().st_mtime_ns for path in sorted(undisturbed.warehouse.rglob("*.parquet"))}
    outcome = told(undisturbed.arguments())
    after = {path: path.stat().st_mtime_ns for path in sorted(undisturbed.warehouse.rglob("*.parquet"))}
    assert (outcome.code, after) == (0, before)
    assert "nothing to do" in outcome.out


def test_the_same_inputs_elsewhere_give_the_same_run_and_the_same_bytes(
    undisturbed: Office, empty_office: Office, told: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = fill(empty_office)
    monkeypatch.chdir(office.folder)
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    places = ["--cdrs", "inbox", "--contracts", "contracts", "--warehouse", "warehouse"]
    outcome = told(["bill", "2020-02", *places, "--rate-tables", str(office.rate_tables)])
    assert outcome.code == 0, outcome.err
    monkeypatch.chdir("/")
    assert files_of(office) == files_of(undisturbed)
    assert rows_of(office) == rows_of(undisturbed)


def _changed_call(office: Office) -> list[str]:
    edit(office.month / "a.csv", lambda text: text.replace(",60,", ",61,"))
    return []


def _added_file(office: Office) -> list[str]:
    office.put("late.csv", calls_csv(to_london("c9")))
    return []


def _changed_contract(office: Office) -> list[str]:
    edit(office.contracts / "accounts.csv", lambda text: text.replace("Acme", "Acne"))
    return []


def _other_issue_date(_: Office) -> list[str]:
    return ["--issue-date", "2020-02-03"]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (_changed_call, "call_records"),
        (_added_file, "call_records"),
        (_changed_contract, "contracts"),
        (_other_issue_date, "issue_date"),
    ],
)
def test_other_inputs_after_the_issue_are_refused_and_rerun_is_named(
    copied: Office, told: Tell, change: Callable[[Office], list[str]], named: str
) -> None:
    before = rows_of(copied)
    outcome = told(copied.arguments(*change(copied)))
    assert outcome.code == 2
    assert [part for part in ("2020-02: was issued", named, "tollbook rerun 2020-02") if part not in outcome.err] == []
    assert rows_of(copied) == before


def test_an_open_reader_sees_the_old_book_whole_and_blocks_nobody(copied: Office, told: Tell) -> None:
    reader = duckdb.connect(str(copied.warehouse / "tollbook.duckdb"), read_only=True)
    february = copied.folder / "inbox" / "2020-02"
    february.mkdir()
    (february / "a.csv").write_text(calls_csv(to_london("f1").replace("2020-01", "2020-02")), encoding="utf-8")
    assert told(copied.arguments(month="2020-03")).code == 0
    assert reader.sql("select count(*) from runs").fetchall() == [(1,)]
    reader.close()
    assert copied.rows("select count(*) from runs") == [(2,)]


@pytest.fixture
def before_reading(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Has something happen after the inputs were hashed, and before the first call file is read."""

    def happen(event: Callable[[], object]) -> None:
        ingest_file = stages.ingest_file

        def disturbed(plan: IngestPlan, record: RecordFile) -> Path:
            event()
            return ingest_file(plan, record)

        monkeypatch.setattr(stages, "ingest_file", disturbed)

    return happen


def test_a_call_file_that_changes_after_it_was_hashed_is_refused(
    office: Office, told: Tell, before_reading: Callable[[Callable[[], object]], None]
) -> None:
    before_reading(lambda: office.put("calls.csv", calls_csv(to_london("c1"), to_london("c2"))))
    outcome = told(office.arguments())
    assert outcome.code == 2, outcome.err
    assert "2020-01/calls.csv" in outcome.err
    assert office.shows_nothing()


def test_a_call_file_that_vanishes_after_it_was_hashed_is_named_and_nothing_is_published(
    office: Office, told: Tell, before_reading: Callable[[Callable[[], object]], None]
) -> None:
    before_reading((office.month / "calls.csv").unlink)
    outcome = told(office.arguments())
    if outcome.code == 0:  # it was read already when it vanished
        assert office.counts("calls.csv") == (1, 1)
        return
    assert outcome.code == 2, outcome.err
    assert "calls.csv" in outcome.err
    assert office.shows_nothing()


def test_the_kept_copy_of_the_contracts_is_what_was_billed(
    office: Office, told: Tell, before_reading: Callable[[Callable[[], object]], None]
) -> None:
    accounts = office.contracts / "accounts.csv"
    content = accounts.read_bytes()
    before_reading(lambda: accounts.write_text("changed", encoding="utf-8"))
    if told(office.arguments()).code == 0:
        (copy,) = office.warehouse.glob("runs/*/contracts/accounts.csv")
        assert copy.read_bytes() == content
    else:
        assert office.shows_nothing()


@pytest.mark.parametrize("loss", ["the file behind the link", "the link", "its content"])
def test_a_book_that_is_gone_or_broken_is_never_issued_anew(copied: Office, told: Tell, loss: str) -> None:
    link = copied.warehouse / "tollbook.duckdb"
    if loss == "the file behind the link":
        link.resolve().rename(copied.folder / "elsewhere.duckdb")
    else:
        link.unlink()
    if loss == "its content":
        link.write_bytes(b"no database" * 1000)
    outcome = told(copied.arguments("--issue-date", "2020-02-04"))
    assert outcome.code == 2, outcome.err
    assert "tollbook.duckdb" in outcome.err
    assert len(list((copied.warehouse / "runs").iterdir())) == 1


@pytest.mark.integration
def test_a_run_whose_summary_cannot_be_shown_does_not_say_that_nothing_was_published(office: Office) -> None:
    program = (
        "import os, sys; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n"
        "from flows.cli import run; code = run(sys.argv[1:]); os._exit(code)"
    )
    outcome = run_child(office.arguments(), program=program)
    assert (office.warehouse / "tollbook.duckdb").exists()
    assert "nothing was published" not in outcome.err


def test_details_never_replace_a_folder(copied: Office, told: Tell) -> None:
    folder = copied.folder / "mine"
    folder.mkdir()
    (folder / "precious.txt").write_text("x", encoding="utf-8")
    places = ["--warehouse", str(copied.warehouse), "--output", str(folder)]
    outcome = told(["details", "A1", "2020-01", *places])
    assert outcome.code == 2, outcome.err
    assert [path.name for path in folder.iterdir()] == ["precious.txt"]
