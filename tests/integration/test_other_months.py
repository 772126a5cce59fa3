"""Late and early records: each month takes its own, nothing is billed twice, nothing waits unseen (rules 1.4, 12.6)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.small_office import Office, Outcome, calls_csv, to_london

Tell = Callable[[list[str]], Outcome]
NIGHT = calls_csv(
    to_london("old").replace("2020-01-15T10:00:00", "2020-01-31T23:59:59"),
    to_london("new").replace("2020-01-15T10:00:00", "2020-02-01T00:00:00"),
)
FEBRUARY = calls_csv(to_london("f1").replace("2020-01-15", "2020-02-15"))
BILLED = "select call_id, usage_month::varchar from billed_calls order by start_time"
OUTSIDE = """
select source_file, source_line, own_month::varchar, arrival, issued_invoice_month::varchar, is_read_there
from outside_month_records order by all
"""


@pytest.fixture
def bill(told: Tell) -> Callable[[Office, str], Outcome]:
    """Bills an invoice month that must be issued."""

    def billed(office: Office, month: str) -> Outcome:
        outcome = told(office.arguments(month=month))
        assert outcome.code == 0, outcome.err
        return outcome

    return billed


Bill = Callable[[Office, str], Outcome]


@pytest.fixture
def january(empty_office: Office) -> Office:
    """A file over midnight in January's folder alone; February has another."""
    empty_office.put("night.csv", NIGHT)
    empty_office.put("../2020-02/day.csv", FEBRUARY)
    return empty_office


def test_a_file_over_midnight_in_both_months_is_billed_once_call_by_call(january: Office, bill: Bill) -> None:
    january.put("../2020-02/night.csv", NIGHT)
    bill(january, "2020-02")
    bill(january, "2020-03")
    assert january.rows(BILLED) == [("old", "2020-01-01"), ("new", "2020-02-01"), ("f1", "2020-02-01")]
    assert january.rows(OUTSIDE) == [
        ("2020-01/night.csv", 3, "2020-02-01", "early", "2020-03-01", True),
        ("2020-02/night.csv", 2, "2020-01-01", "late", "2020-02-01", True),
    ]
    assert january.rows("select * from late_calls") == []
    assert january.rows("select * from run_controls where difference <> 0") == []


def test_an_early_record_is_told_of_until_its_own_month_has_the_file(january: Office, told: Tell, bill: Bill) -> None:
    ingest = january.arguments(command="ingest", month="2020-01")
    early = "1 records start in 2020-02 (early): they are billed if a copy of their file stands in 2020-02."
    assert early in told(ingest).out
    bill(january, "2020-02")
    waits = "1 records of 2020-02 wait in 2020-01/night.csv, and no file of 2020-02 is the same"
    february = january.arguments(command="ingest", month="2020-02")
    assert waits in told(february).out
    january.put("../2020-02/night-again.csv", NIGHT)
    copied = told(february).out
    assert waits not in copied
    assert "1 records start in 2020-01 (late): that month has read this file too." in copied
    assert waits not in bill(january, "2020-03").out


def test_a_month_issued_without_them_says_that_records_of_it_wait(january: Office, bill: Bill) -> None:
    bill(january, "2020-02")
    assert "1 records of 2020-02 wait in 2020-01/night.csv" in bill(january, "2020-03").out
    assert january.rows(BILLED) == [("old", "2020-01-01"), ("f1", "2020-02-01")]


def test_a_late_record_of_an_issued_month_is_left_to_a_rerun(january: Office, told: Tell, bill: Bill) -> None:
    bill(january, "2020-02")
    late = to_london("late").replace("2020-01-15", "2020-01-20")
    january.put("../2020-02/more.csv", calls_csv(late))
    words = january.arguments(command="ingest", month="2020-02")
    remedy = "that month is issued, only a rerun brings them to the customer"
    assert f"1 records start in 2020-01 (late): {remedy}." in told(words).out
    assert "late" in bill(january, "2020-03").out
    query = "select source_file, source_line, issued_invoice_month::varchar from late_calls"
    assert january.rows(query) == [("2020-02/more.csv", 2, "2020-02-01")]
    january.put("more.csv", calls_csv(late))
    refused = told(january.arguments(month="2020-02"))
    assert (refused.code, "tollbook rerun 2020-02" in refused.err) == (2, True)


def test_a_late_record_of_a_month_that_is_not_issued_yet_is_no_late_call(january: Office, bill: Bill) -> None:
    """February is issued first: its stray record of January is billed with January, from a copy of the file."""
    january.put("../2020-02/night.csv", NIGHT)
    bill(january, "2020-03")
    assert january.rows(OUTSIDE) == [("2020-02/night.csv", 2, "2020-01-01", "late", None, False)]
    assert january.rows("select * from late_calls") == []
    bill(january, "2020-02")
    assert january.rows(BILLED) == [("old", "2020-01-01"), ("new", "2020-02-01"), ("f1", "2020-02-01")]
