"""`tollbook verify` of months that were rerun: what a rerun added, corrected or adjusted is no fault of theirs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.demo_month import no_settings_from_outside
from tests.rules.dispute import Dispute, Told
from tests.rules.small_month import call, item
from tests.rules.small_rates import default_tables, international

LONDON = "+442071234567"
IN_TIME = ("--disputed-on", "2020-02-16")


@pytest.fixture
def dispute(tmp_path: Path) -> Dispute:
    """An hour to London at 0.01 a minute, 0.60, and a phone."""
    with no_settings_from_outside():
        return Dispute(tmp_path / "month", items=[item("i1")], calls=[call("c1", LONDON, 3600)])


def cheaper(dispute: Dispute) -> None:
    rows = [international("44", "0.004"), *default_tables()["international_rates"][1:]]
    dispute.correct("v2", international_rates=rows)


def verified(dispute: Dispute) -> Told:
    told = dispute.tell("verify")
    assert told.code == 0, told.screen
    return told


def test_a_rerun_whose_adjustment_a_later_bill_took_is_as_written_down(dispute: Dispute) -> None:
    cheaper(dispute)
    dispute.rerun("--rates", "v2", *IN_TIME)
    verified(dispute)
    dispute.bill("2020-03")
    assert dispute.adjustments("difference, taken_by_invoice_id") == [("-0.36", "A-2020-03")]
    assert "3 runs" in verified(dispute).screen
    dispute.bill("2020-04")
    dispute.rerun(reason="the first is proved again", month="2020-03")
    assert "5 runs" in verified(dispute).screen


def test_a_rerun_that_took_an_adjustment_back_which_was_taken_is_as_written_down(dispute: Dispute) -> None:
    cheaper(dispute)
    dispute.rerun("--rates", "v2", *IN_TIME)
    dispute.bill("2020-03")
    dispute.rerun("--rates", "small", *IN_TIME, reason="it was a mistake")
    dispute.bill("2020-04")
    taken = [("-0.36", "A-2020-03"), ("0.36", "A-2020-04")]
    assert sorted(dispute.adjustments("difference, taken_by_invoice_id")) == taken
    verified(dispute)


def test_an_adjustment_that_was_altered_in_the_files_of_its_rerun_is_found(dispute: Dispute) -> None:
    cheaper(dispute)
    dispute.rerun("--rates", "v2", *IN_TIME)
    dispute.bill("2020-03")
    (path,) = (dispute.folder / "warehouse" / "adjustments").rglob("adjustments.parquet")
    path.write_bytes(path.read_bytes() + b" ")
    told = dispute.tell("verify")
    assert (told.code, "adjustments.parquet" in told.screen) == (3, True)


def test_records_that_a_rerun_added_are_worth_a_word_and_no_fault(dispute: Dispute) -> None:
    dispute.put("2020-01/late.csv", call("c2", LONDON, 600))
    told = dispute.tell("verify")
    assert (told.code, "came after the issue" in told.screen) == (3, True)
    dispute.rerun(*IN_TIME)
    assert "2020-01/late.csv came after the issue: rerun 2020-02-rerun-" in verified(dispute).screen
    dispute.put("2020-01/late.csv", call("c2", LONDON, 900))
    told = dispute.tell("verify")
    assert (told.code, "is not what rerun" in told.screen) == (3, True)


def test_records_and_contracts_that_were_corrected_for_a_rerun_are_worth_a_word_and_no_fault(dispute: Dispute) -> None:
    dispute.put("2020-01/calls.csv", call("c1", LONDON, 1800))
    dispute.edit("account_items", ",1,", ",2,")
    assert dispute.tell("verify").code == 3
    dispute.rerun(*IN_TIME)
    told = verified(dispute)
    assert "2020-01/calls.csv is another file than" in told.screen
    assert "contracts/account_items.csv is another file than" in told.screen


def test_the_rate_version_of_a_rerun_is_compared_too(dispute: Dispute) -> None:
    cheaper(dispute)
    dispute.rerun("--rates", "v2", *IN_TIME)
    path = dispute.folder / "rates" / "v2" / "plans.csv"
    path.write_bytes(path.read_bytes() + b"\n")
    told = dispute.tell("verify")
    assert (told.code, "v2/plans.csv" in told.screen) == (3, True)
