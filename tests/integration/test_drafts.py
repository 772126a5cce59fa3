"""`bill --draft` and `issue`: what is issued is to the byte what was computed and looked at, or nothing is issued."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flows.cli import run
from flows.locks import only_run
from tests.integration.small_office import Office, Outcome, calls_csv, edit, run_child, to_london
from tests.integration.test_interrupted import KILLED_BEFORE_A_RENAME, files_of, fill, rows_of

Tell = Callable[[list[str]], Outcome]


def issue(office: Office, month: str = "2020-02") -> list[str]:
    """The command line that issues a draft."""
    return ["issue", month, "--warehouse", str(office.warehouse)]


def draft_folder(office: Office) -> Path:
    """Where the draft of February is looked at."""
    return office.warehouse / "drafts" / "2020-02"


def entries(office: Office) -> list[tuple[Any, ...]]:
    """Event, command, result and exit code of every line of the log."""
    lines = (office.warehouse / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    return [
        tuple(entry.get(name) for name in ("event", "command", "result", "exit_code"))
        for entry in map(json.loads, lines)
    ]


def put_february(office: Office) -> None:
    """A call for the invoices of March."""
    folder = office.folder / "inbox" / "2020-02"
    folder.mkdir()
    february = to_london("f1").replace("2020-01", "2020-02")
    (folder / "a.csv").write_text(calls_csv(february), encoding="utf-8")


@pytest.fixture(scope="module")
def undisturbed(make_office: Callable[[], Office]) -> Office:
    """The month, billed in one step."""
    office = fill(make_office())
    assert run(office.arguments()) == 0
    return office


@pytest.fixture
def drafted(empty_office: Office, told: Tell) -> Office:
    """An office whose February is drafted."""
    outcome = told(fill(empty_office).arguments("--draft"))
    assert outcome.code == 0, outcome.err
    return empty_office


def test_a_draft_and_its_issue_give_the_bytes_and_rows_that_a_bill_gives(
    drafted: Office, undisturbed: Office, told: Tell
) -> None:
    assert told(issue(drafted)).code == 0
    assert files_of(drafted) == files_of(undisturbed)
    assert rows_of(drafted) == rows_of(undisturbed)
    assert list((drafted.warehouse / "work").iterdir()) == []
    assert list((drafted.warehouse / "drafts").iterdir()) == []


def test_a_bill_of_what_is_drafted_issues_the_draft(drafted: Office, undisturbed: Office, told: Tell) -> None:
    assert told(drafted.arguments()).code == 0
    assert files_of(drafted) == files_of(undisturbed)
    assert rows_of(drafted) == rows_of(undisturbed)


def test_nothing_of_a_draft_is_published(drafted: Office) -> None:
    assert drafted.shows_nothing()


def test_a_draft_can_be_looked_at_with_its_lines_calls_controls_and_details(drafted: Office) -> None:
    connection = duckdb.connect(str(draft_folder(drafted) / "draft.duckdb"), read_only=True)
    assert connection.sql("select status, count(*) from runs group by all").fetchall() == [("draft", 1)]
    assert connection.sql("select call_id from billed_calls order by 1").fetchall() == [("c1",), ("c2",)]
    assert connection.sql("select distinct difference = 0 from run_controls").fetchall() == [(True,)]
    connection.close()
    assert (draft_folder(drafted) / "details" / "A1.csv").is_file()
    assert "Controls: both sides equal" in (draft_folder(drafted) / "summary.txt").read_text(encoding="utf-8")


def test_the_screen_says_that_nothing_is_issued_where_to_look_and_how_to_go_on(office: Office, told: Tell) -> None:
    outcome = told(office.arguments("--draft"))
    said = (
        "2020-02 is drafted",
        "Nothing is issued",
        "drafts/2020-02/summary.txt",
        "draft.duckdb",
        "tollbook issue 2020-02",
    )
    assert [part for part in said if part not in outcome.out] == []


def test_the_same_draft_a_second_time_computes_nothing(drafted: Office, told: Tell) -> None:
    before = (draft_folder(drafted) / "draft.duckdb").stat().st_mtime_ns
    outcome = told(drafted.arguments("--draft"))
    assert outcome.code == 0
    assert "was drafted before, from the same inputs" in outcome.out
    assert (draft_folder(drafted) / "draft.duckdb").stat().st_mtime_ns == before


def test_a_second_draft_takes_the_place_of_the_first_and_nothing_is_left_of_that(drafted: Office, told: Tell) -> None:
    first = draft_folder(drafted).readlink().name
    drafted.put("more.csv", calls_csv(to_london("c9")))
    assert told(drafted.arguments("--draft")).code == 0
    second = draft_folder(drafted).readlink().name
    assert second != first
    assert [path for path in drafted.warehouse.rglob(f"*{first}*")] == []
    assert told(issue(drafted)).code == 0
    assert drafted.rows("select count(*) from billed_calls") == [(3,)]


def test_a_bill_of_other_inputs_does_away_with_the_draft(drafted: Office, told: Tell) -> None:
    first = draft_folder(drafted).readlink().name
    drafted.put("more.csv", calls_csv(to_london("c9")))
    assert told(drafted.arguments()).code == 0
    assert list(drafted.warehouse.rglob(f"*{first}*")) == []
    assert list((drafted.warehouse / "drafts").iterdir()) == []


@pytest.mark.parametrize("months", [0, 1])
def test_without_a_draft_nothing_is_issued_and_the_remedy_is_named(office: Office, told: Tell, months: int) -> None:
    if months:
        office.warehouse.mkdir()
    outcome = told(issue(office))
    assert (outcome.code, outcome.out) == (2, "")
    assert "there is no draft of the month; make one with `tollbook bill 2020-02 --draft`" in outcome.err


def test_a_month_that_is_issued_is_not_issued_again(drafted: Office, told: Tell) -> None:
    assert told(issue(drafted)).code == 0
    before = entries(drafted)
    outcome = told(issue(drafted))
    assert outcome.code == 0
    assert "nothing to do" in outcome.out
    assert entries(drafted) == before


def test_an_issued_month_is_not_drafted(drafted: Office, told: Tell) -> None:
    assert told(issue(drafted)).code == 0
    outcome = told(drafted.arguments("--draft"))
    assert outcome.code == 2
    assert "was issued by run" in outcome.err
    drafted.put("more.csv", calls_csv(to_london("c9")))
    outcome = told(drafted.arguments("--draft"))
    assert outcome.code == 2
    assert "tollbook rerun 2020-02" in outcome.err


def _spoil_call_file(office: Office) -> None:
    next(office.warehouse.glob("billed_calls/*/*/bucket=0000.parquet")).write_bytes(b"spoilt")


def _lose_lines(office: Office) -> None:
    next(office.warehouse.glob("invoice_line_items/*/*/*.parquet")).unlink()


def _add_call_file(office: Office) -> None:
    bucket = next(office.warehouse.glob("billed_calls/*/*/bucket=0000.parquet"))
    shutil.copyfile(bucket, bucket.with_name("bucket=0001.parquet"))


def _add_details(office: Office) -> None:
    (draft_folder(office) / "details" / "Z9.csv").write_text("x", encoding="utf-8")


def _spoil_details(office: Office) -> None:
    edit(draft_folder(office) / "details" / "A1.csv", lambda text: text.replace("+44", "+45"))


def _lose_details(office: Office) -> None:
    shutil.rmtree(draft_folder(office) / "details")


def _spoil_list(office: Office) -> None:
    edit(draft_folder(office) / "run" / "files.json", lambda text: text.replace("A1.csv", "A2.csv"))


def _spoil_plan(office: Office) -> None:
    edit(draft_folder(office) / "draft.json", lambda text: text.replace('"started_at": "2', '"started_at": "3'))


def _lose_log(office: Office) -> None:
    (office.warehouse / "audit.jsonl").unlink()


@pytest.mark.parametrize(
    "spoil",
    [
        _spoil_call_file,
        _lose_lines,
        _add_call_file,
        _add_details,
        _spoil_details,
        _lose_details,
        _spoil_list,
        _spoil_plan,
        _lose_log,
    ],
)
def test_a_draft_that_is_not_as_it_was_kept_is_refused_and_can_be_made_anew(
    drafted: Office, undisturbed: Office, told: Tell, spoil: Callable[[Office], None]
) -> None:
    spoil(drafted)
    outcome = told(issue(drafted))
    assert outcome.code == 2, outcome
    assert "the draft is not as it was kept" in outcome.err
    assert "tollbook bill 2020-02 --draft" in outcome.err
    assert drafted.shows_nothing()
    assert told(drafted.arguments("--draft")).code == 0
    assert told(issue(drafted)).code == 0
    assert files_of(drafted) == files_of(undisturbed)


def _late_file(office: Office) -> None:
    office.put("late.csv", calls_csv(to_london("c9")))


def _changed_contract(office: Office) -> None:
    edit(office.contracts / "accounts.csv", lambda text: text.replace("Acme", "Acne"))


@pytest.mark.parametrize(("change", "named"), [(_late_file, "the call records"), (_changed_contract, "the contracts")])
def test_a_draft_whose_inputs_changed_is_refused_and_says_which(
    drafted: Office, told: Tell, change: Callable[[Office], None], named: str
) -> None:
    change(drafted)
    outcome = told(issue(drafted))
    assert outcome.code == 2
    assert f"the draft is not true any more, changed since: {named}; nothing was issued" in outcome.err
    assert drafted.shows_nothing()
    assert draft_folder(drafted).is_dir()


def test_a_draft_whose_inputs_are_back_as_they_were_is_issued(drafted: Office, told: Tell) -> None:
    late = drafted.put("late.csv", calls_csv(to_london("c9")))
    assert told(issue(drafted)).code == 2
    late.unlink()
    assert told(issue(drafted)).code == 0


def test_a_draft_is_issued_beside_a_later_month_that_was_issued_meanwhile(drafted: Office, told: Tell) -> None:
    put_february(drafted)
    assert told(drafted.arguments(month="2020-03")).code == 0
    outcome = told(issue(drafted))
    assert outcome.code == 0, outcome.err
    assert drafted.rows("select strftime(invoice_month, '%Y-%m') from runs order by 1") == [("2020-02",), ("2020-03",)]


def test_a_draft_is_refused_where_a_month_before_it_was_issued_meanwhile(office: Office, told: Tell) -> None:
    put_february(office)
    assert told(office.arguments("--draft", month="2020-03")).code == 0
    assert told(office.arguments()).code == 0
    outcome = told(issue(office, "2020-03"))
    assert outcome.code == 2
    assert "the months that it was compared with" in outcome.err


def test_runs_of_other_months_leave_a_draft_alone(drafted: Office, undisturbed: Office, told: Tell) -> None:
    put_february(drafted)
    assert told(drafted.arguments(command="ingest", month="2020-02")).code == 0
    assert told(drafted.arguments("--draft", month="2020-03")).code == 0
    assert told(drafted.arguments(command="ingest", month="2020-01")).code == 0
    assert told(issue(drafted)).code == 0
    of_february = {name: sha256 for name, sha256 in files_of(drafted).items() if name in files_of(undisturbed)}
    assert of_february == files_of(undisturbed)


def test_a_draft_waits_for_nobody_who_is_at_work_on_the_month(drafted: Office, told: Tell) -> None:
    with only_run(drafted.warehouse, "2020-02", "bill 2020-02"):
        outcome = told(issue(drafted))
    assert outcome.code == 2
    assert "another run is at work on this month" in outcome.err


def test_the_log_has_the_draft_and_its_issue_and_verify_finds_all_as_it_was(drafted: Office, told: Tell) -> None:
    assert told(["verify", "--warehouse", str(drafted.warehouse)]).code == 0
    assert told(issue(drafted)).code == 0
    assert entries(drafted) == [
        ("begun", "draft", None, None),
        ("drafted", None, None, None),
        ("ended", "draft", "done", 0),
        ("begun", "issue", None, None),
        ("publishes", None, None, None),
        ("ended", "issue", "done", 0),
    ]
    assert told(["verify", "--warehouse", str(drafted.warehouse)]).code == 0


@pytest.mark.integration
@pytest.mark.parametrize("moment", [r"work/.*/bucket=0000$", r"draft\.duckdb$", r"work/.*/run$", r"drafts/2020-02$"])
def test_a_draft_that_is_killed_leaves_none_and_the_next_one_is_issued_the_same(
    undisturbed: Office, empty_office: Office, told: Tell, moment: str
) -> None:
    office = fill(empty_office)
    killed = run_child(office.arguments("--draft"), program=KILLED_BEFORE_A_RENAME, before=[moment])
    assert killed.code == -9, killed.err
    assert told(issue(office)).code == 2
    assert told(office.arguments("--draft")).code == 0
    assert told(issue(office)).code == 0
    assert files_of(office) == files_of(undisturbed)
    assert rows_of(office) == rows_of(undisturbed)


@pytest.mark.integration
@pytest.mark.parametrize(
    "moment",
    [
        r"work/.*/tollbook-2020-02-[0-9a-f]{16}\.duckdb$",
        r"details/2020-01$",
        r"runs/2020-02-[0-9a-f]{16}$",
        r"warehouse/tollbook-2020-02-[0-9a-f]{16}\.duckdb$",
        r"tollbook\.duckdb$",
        r"/\.published$",
    ],
)
def test_an_issue_that_is_killed_is_started_again_and_ends_the_same(
    drafted: Office, undisturbed: Office, told: Tell, moment: str
) -> None:
    killed = run_child(issue(drafted), program=KILLED_BEFORE_A_RENAME, before=[moment])
    assert killed.code == -9, killed.err
    outcome = told(issue(drafted))
    assert outcome.code == 0, outcome.err
    assert files_of(drafted) == files_of(undisturbed)
    assert rows_of(drafted) == rows_of(undisturbed)
    assert list((drafted.warehouse / "work").iterdir()) == []
    assert list((drafted.warehouse / "drafts").iterdir()) == []


@pytest.mark.integration
def test_an_issue_that_is_killed_behind_a_rename_is_told_from_a_draft_that_was_spoilt(
    drafted: Office, told: Tell
) -> None:
    killed = run_child(issue(drafted), program=KILLED_BEFORE_A_RENAME, before=[r"tollbook\.duckdb$"])
    assert killed.code == -9, killed.err
    edit(drafted.warehouse / "details" / "2020-01" / "A1.csv", lambda text: text.replace("+44", "+45"))
    outcome = told(issue(drafted))
    assert outcome.code == 2
    assert "details/2020-01/A1.csv was altered" in outcome.err
    assert not (drafted.warehouse / "tollbook.duckdb").exists()


@pytest.mark.integration
def test_a_second_draft_that_is_killed_leaves_the_first_to_be_issued(
    drafted: Office, undisturbed: Office, told: Tell
) -> None:
    late = drafted.put("late.csv", calls_csv(to_london("c9")))
    killed = run_child(drafted.arguments("--draft"), program=KILLED_BEFORE_A_RENAME, before=[r"drafts/2020-02$"])
    assert killed.code == -9, killed.err
    late.unlink()
    assert told(issue(drafted)).code == 0
    assert files_of(drafted) == files_of(undisturbed)
