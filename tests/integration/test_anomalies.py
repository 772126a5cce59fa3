"""Months with a history: what is out of its pattern is found, shown, published, and can hold the month."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from flows.cli import run
from tests.integration.small_office import Office, Outcome, calls_csv

Tell = Callable[[list[str]], Outcome]
MONTHS = ("2020-01", "2020-02", "2020-03")
NEW_DESTINATIONS = "anomalies where check_name = 'new_destination'"
FINDINGS = "select check_name, account_id, subject, value, usual, ratio, unit from anomalies order by all"


def calls_of(month: str, to: str, count: int, seconds: int) -> list[str]:
    """Calls of account A1 in a month, each of so many seconds."""
    rows = []
    for number in range(count):
        start = f"{month}-{number % 28 + 1:02d}T10:00:00Z"
        rows.append(f"{month}-{to}-{number},A1,outbound,+12125550001,{to},{start},,{seconds},answered")
    return rows


def put(office: Office, month: str, *rows: str) -> None:
    """The call file of a month."""
    folder = office.folder / "inbox" / month
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "calls.csv").write_text(calls_csv(*rows), encoding="utf-8")


@pytest.fixture(scope="module")
def three_months(make_office: Callable[[], Office]) -> Office:
    """Three issued months, each with one call of 10 minutes to London."""
    office = make_office()
    for month, invoice_month in zip(MONTHS, ("2020-02", "2020-03", "2020-04"), strict=True):
        put(office, month, *calls_of(month, "+442071234567", 1, 600))
        assert run(office.arguments(month=invoice_month)) == 0
    return office


@pytest.fixture
def office(three_months: Office, tmp_path: Path) -> Office:
    """A copy of the office, whose April has one call as the months before had."""
    shutil.copytree(three_months.folder, tmp_path / "office", symlinks=True)
    office = Office(tmp_path / "office", three_months.rate_tables)
    put(office, "2020-04", *calls_of("2020-04", "+442071234567", 1, 600))
    return office


def test_the_first_months_and_one_like_those_before_have_no_findings(office: Office, told: Tell) -> None:
    assert office.rows(FINDINGS) == []
    outcome = told(office.arguments("--hold-on-anomaly", month="2020-05"))
    assert outcome.code == 0, outcome.err
    assert "Anomalies: none, beside 3 months before." in outcome.out
    assert office.rows(FINDINGS) == []


def test_minutes_far_above_the_three_months_before_are_found_and_published(office: Office, told: Tell) -> None:
    put(office, "2020-04", *calls_of("2020-04", "+442071234567", 61, 600))  # 610 minutes, and 10 are usual
    outcome = told(office.arguments("--threshold", "account_total=1000", month="2020-05"))
    assert outcome.code == 0, outcome.err
    found = [tuple(map(str, row)) for row in office.rows(FINDINGS)]
    assert ("minutes", "A1", "A1", "610.0000000000", "10.0000000000", "61.0000", "minutes") in found
    assert "610.00 minutes of calls; 10.00 on average of 3" in " ".join(outcome.out.split()).replace("│ │ │ ", "")


def test_a_destination_never_called_before_is_found_from_its_threshold_on_and_never_again(
    office: Office, told: Tell
) -> None:
    put(office, "2020-04", *calls_of("2020-04", "+447400123456", 10, 3600))  # 10 hours to a mobile, never called
    ((cost, name),) = _cost_of(office, told)
    assert told(office.arguments("--threshold", f"new_destination={cost}", month="2020-05")).code == 0
    found = office.rows(
        "select account_id, subject, value, threshold from anomalies where check_name = 'new_destination'"
    )
    assert [(account, subject, f"{value:.2f}", f"{least:.2f}") for account, subject, value, least in found] == [
        ("A1", name, cost, cost)
    ]
    put(office, "2020-05", *calls_of("2020-05", "+447400123456", 10, 3600))
    assert told(office.arguments("--threshold", "new_destination=0.01", month="2020-06")).code == 0
    assert office.rows(f"select strftime(invoice_month, '%Y-%m') from {NEW_DESTINATIONS}") == [("2020-05",)]


def _cost_of(office: Office, told: Tell) -> list[tuple[str, str]]:
    """Cost and name of the destination that April's calls go to, by a draft that finds nothing dear enough."""
    assert told(office.arguments("--draft", "--threshold", "new_destination=99999", month="2020-05")).code == 0
    draft = duckdb.connect(str(office.warehouse / "drafts" / "2020-05" / "draft.duckdb"), read_only=True)
    april = "from billed_calls where usage_month = '2020-04-01'"
    rows = draft.sql(f"select round(sum(cost), 2)::varchar, destination {april} group by all").fetchall()
    assert draft.sql(f"from {NEW_DESTINATIONS}").fetchall() == []
    draft.close()
    return rows


def test_a_month_with_findings_is_held_with_exit_code_3_and_issued_after_a_look(office: Office, told: Tell) -> None:
    put(office, "2020-04", *calls_of("2020-04", "+442071234567", 61, 600))
    runs = office.rows("select run_id from runs")
    held = told(office.arguments("--hold-on-anomaly", month="2020-05"))
    assert held.code == 3
    assert held.err.startswith("tollbook: 2020-05 is held: ")
    assert "nothing was issued, the draft is kept" in held.err
    assert "tollbook issue 2020-05" in held.out
    assert office.rows("select run_id from runs") == runs
    assert told(office.arguments("--hold-on-anomaly", month="2020-05")).code == 3
    assert told(["issue", "2020-05", "--warehouse", str(office.warehouse)]).code == 0
    assert office.rows("select distinct check_name from anomalies where check_name = 'minutes'") == [("minutes",)]
    again = told(office.arguments("--hold-on-anomaly", month="2020-05"))
    assert (again.code, "nothing to do" in again.out) == (0, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accounts=3", "name one of: account_total, account_total_minimum"),
        ("minutes=1", "a ratio above 1 is needed"),
        ("minutes=0.5", "a ratio above 1 is needed"),
        ("new_destination=-1", "an amount is needed"),
        ("new_destination=1.23456", "with at most 4 decimals"),
        ("new_destination", "an amount is needed"),
    ],
)
def test_a_threshold_that_is_none_is_refused_with_what_to_write(
    office: Office, told: Tell, text: str, said: str
) -> None:
    outcome = told(office.arguments("--threshold", text, month="2020-05"))
    assert outcome.code == 2
    assert said in outcome.err


def test_other_thresholds_are_another_run_but_no_other_inputs(office: Office, told: Tell) -> None:
    assert told(office.arguments(month="2020-05")).code == 0
    outcome = told(office.arguments("--threshold", "minutes=2", month="2020-05"))
    assert (outcome.code, "nothing to do" in outcome.out) == (0, True)


def test_a_warehouse_of_a_program_that_looked_for_no_anomalies_goes_on(office: Office, told: Tell) -> None:
    database = (office.warehouse / "tollbook.duckdb").resolve()
    database.chmod(0o640)
    connection = duckdb.connect(str(database))
    connection.execute("drop table anomalies")
    connection.close()
    assert told(["status", "--warehouse", str(office.warehouse)]).code == 0
    assert told(office.arguments(month="2020-05")).code == 0
    assert office.rows("select count(*) from runs") == [(4,)]
