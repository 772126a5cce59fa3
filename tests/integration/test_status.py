"""`tollbook status`: months, their runs, and all that waits, for a person and as JSON."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.locks import only_run
from tests.integration.small_office import Office, Outcome, calls_csv, run_child, to_london
from tests.integration.test_interrupted import KILLED_BEFORE_A_RENAME
from tests.rules.dispute import Dispute
from tests.rules.small_month import call, item
from tests.rules.small_rates import default_tables, international

Tell = Callable[[list[str]], Outcome]


def status(office: Office, told: Tell, *words: str) -> dict[str, Any]:
    """The status as JSON."""
    outcome = told(["status", *words, "--json", "--warehouse", str(office.warehouse)])
    assert outcome.code == 0, outcome.err
    found: dict[str, Any] = json.loads(outcome.out)
    return found


def screen(office: Office, told: Tell, *words: str) -> str:
    """The status as a person sees it."""
    outcome = told(["status", *words, "--warehouse", str(office.warehouse)])
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


@pytest.mark.parametrize("is_made", [False, True])
def test_an_empty_warehouse_is_told_in_a_sentence_and_nothing_is_made(
    office: Office, told: Tell, is_made: bool
) -> None:
    if is_made:
        office.warehouse.mkdir()
    told_of = screen(office, told)
    assert "is empty: no month is issued or drafted. `tollbook bill 2020-02` bills the calls of 2020-01." in told_of
    assert office.warehouse.exists() == is_made
    assert status(office, told)["months"] == []


def test_an_issued_month_is_shown_with_who_issued_it_its_invoices_totals_and_rates(office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    (total,) = office.rows("select sum(total)::varchar from invoices")
    (run_id,) = office.rows("select run_id from runs")
    ((month,),) = [[found] for found in status(office, told)["months"]]
    (run,) = month["runs"]
    assert month["invoice_month"] == "2020-02"
    assert (run["run_id"], run["kind"], run["issued_by"]) == (run_id[0], "bill", getpass.getuser())
    assert (run["invoices"], run["totals"], run["rate_version"]) == (1, {"USD": total[0]}, "2020.1")
    log = (office.warehouse / "audit.jsonl").read_text(encoding="utf-8").splitlines()
    assert run["issued_at"] in [json.loads(line)["at"] for line in log if '"publishes"' in line]
    assert [
        part
        for part in (run_id[0], getpass.getuser(), total[0], "Nothing is waiting.")
        if part not in screen(office, told)
    ] == []


def test_a_draft_waits_with_its_totals_and_the_calls_of_its_month_are_not_billed(office: Office, told: Tell) -> None:
    assert told(office.arguments("--draft")).code == 0
    waiting = status(office, told)["waiting"]
    (draft,) = waiting["drafts"]
    assert (draft["invoice_month"], draft["invoices"], draft["anomalies"]) == ("2020-02", 1, 0)
    assert (draft["drafted_by"], list(draft["totals"])) == (getpass.getuser(), ["USD"])
    stored = {"invoice_month": "2020-02", "usage_month": "2020-01", "files": 1, "records": 1, "calls": 1}
    assert waiting["stored_calls"] == [stored]
    assert "`tollbook issue 2020-02` issues the draft." in screen(office, told)
    assert told(["issue", "2020-02", "--warehouse", str(office.warehouse)]).code == 0
    waiting = status(office, told)["waiting"]
    assert (waiting["drafts"], waiting["stored_calls"]) == ([], [])


def test_calls_that_are_only_ingested_are_stored_and_not_billed(empty_office: Office, told: Tell) -> None:
    empty_office.put("a.csv", calls_csv(to_london("c1"), to_london("c2"), "bad"))
    assert told(empty_office.arguments(command="ingest", month="2020-01")).code == 0
    (stored,) = status(empty_office, told)["waiting"]["stored_calls"]
    assert (stored["records"], stored["calls"]) == (3, 2)
    assert "tollbook bill 2020-02" in screen(empty_office, told)


def test_suspended_and_late_calls_are_counted(empty_office: Office, told: Tell) -> None:
    nowhere = to_london("s1").replace("+442071234567", "+33123456789")
    empty_office.put("a.csv", calls_csv(to_london("c1"), nowhere))
    assert told(empty_office.arguments()).code == 0
    folder = empty_office.folder / "inbox" / "2020-02"
    folder.mkdir()
    (folder / "b.csv").write_text(calls_csv(to_london("late")), encoding="utf-8")
    assert told(empty_office.arguments(month="2020-03")).code == 0
    waiting = status(empty_office, told)["waiting"]
    suspended = {"invoice_month": "2020-02", "usage_month": "2020-01", "calls": 1, "seconds": 60}
    assert waiting["suspended_calls"] == [suspended]
    assert waiting["late_calls"] == [{"invoice_month": "2020-02", "usage_month": "2020-01", "records": 1}]
    shown = screen(empty_office, told)
    assert [part for part in ("tollbook suspended 2020-01", "tollbook rerun 2020-02") if part not in shown] == []


def test_one_month_is_shown_alone(office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    assert [month["invoice_month"] for month in status(office, told, "2020-02")["months"]] == ["2020-02"]
    assert status(office, told, "2020-03")["months"] == []
    assert "Nothing of 2020-03 is in" in screen(office, told, "2020-03")


def test_who_is_at_work_is_shown_with_its_process_and_whoever_was_is_not(office: Office, told: Tell) -> None:
    assert told(office.arguments()).code == 0
    with only_run(office.warehouse, "2020-03", "bill 2020-03"):
        (at_work,) = status(office, told)["at_work"]
        shown = screen(office, told)
    assert (at_work["invoice_month"], at_work["pid"], at_work["command"]) == ("2020-03", os.getpid(), "bill 2020-03")
    assert "At work now" in shown
    assert status(office, told)["at_work"] == []


@pytest.mark.integration
def test_what_a_stopped_run_left_is_shown_until_the_next_run_has_cleared_it(office: Office, told: Tell) -> None:
    killed = run_child(office.arguments(), program=KILLED_BEFORE_A_RENAME, before=[r"tollbook\.duckdb$"])
    assert killed.code == -9, killed.err
    (left,) = status(office, told)["left"]
    assert (left["invoice_month"], left["command"], left["begun_by"]) == ("2020-02", "bill", getpass.getuser())
    assert "Left by stopped runs" in screen(office, told)
    assert told(office.arguments()).code == 0
    assert status(office, told)["left"] == []


def test_an_open_dispute_and_its_adjustments_wait_until_an_invoice_takes_them(tmp_path: Path, told: Tell) -> None:
    dispute = Dispute(tmp_path / "month", items=[item("i1")], calls=[call("c1", "+442071234567", 3600)])
    dispute.correct(
        "v2", international_rates=[international("44", "0.004"), *default_tables()["international_rates"][1:]]
    )
    dispute.rerun("--rates", "v2", "--disputed-on", "2020-02-16", reason="letter of 16 February")
    office = Office(dispute.folder, dispute.folder / "rates")
    waiting = status(office, told)["waiting"]
    (opened,) = waiting["disputes"]
    assert (opened["invoice_month"], opened["reason"]) == ("2020-02", "letter of 16 February")
    assert (opened["disputed_on"], opened["accounts"]) == ("2020-02-16", 1)
    (adjustment,) = waiting["adjustments"]
    assert (adjustment["account_id"], adjustment["difference"], adjustment["currency"]) == ("A", "-0.36", "USD")
    shown = screen(office, told)
    assert [part for part in ("Open disputes", "letter of 16 February", "-0.36 USD") if part not in shown] == []
    dispute.bill()
    waiting = status(office, told)["waiting"]
    assert (waiting["disputes"], waiting["adjustments"]) == ([], [])
