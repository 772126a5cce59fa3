"""Rule 12.5 and drafts: a draft takes no adjustment, and is issued only if it takes exactly what a bill would."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.dispute import Dispute, Told
from tests.rules.small_month import call, item
from tests.rules.small_rates import VERSION, default_tables, international
from tests.rules.test_rule_12_reruns import IN_TIME, LONDON


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDRS", "CONTRACTS", "RATE_TABLES", "RATES", "WAREHOUSE", "ISSUE_DATE"):
        monkeypatch.delenv(f"TOLLBOOK_{name}", raising=False)


def correct(dispute: Dispute, version: str, rate: str) -> None:
    """London at another price, and the rerun of February with it: it was 0.01 a minute, for an hour."""
    dispute.correct(
        version, international_rates=[international("44", rate), *default_tables()["international_rates"][1:]]
    )
    dispute.rerun("--rates", version, *IN_TIME)


def draft(dispute: Dispute) -> None:
    """The draft of March."""
    dispute.put("2020-02/calls.csv")
    told = dispute.tell("bill", "2020-03", "--rates", VERSION, "--draft")
    assert told.code == 0, told.message


def issue(dispute: Dispute) -> Told:
    """What comes of issuing the draft of March."""
    return dispute.run("issue", "2020-03", "--warehouse", str(dispute.folder / "warehouse"))


@pytest.fixture
def dispute(tmp_path: Path) -> Dispute:
    """February with an hour to London, corrected by 0.36 within the limit; March is drafted."""
    opened = Dispute(tmp_path / "month", items=[item("i1")], calls=[call("c1", LONDON, 3600)])
    correct(opened, "v2", "0.004")
    draft(opened)
    return opened


def test_rule_12_5_a_draft_takes_no_adjustment_and_its_issue_takes_it_once(dispute: Dispute) -> None:
    assert dispute.adjustments("taken_by_invoice_id") == [(None,)]
    assert issue(dispute).code == 0
    assert dispute.adjustments("taken_by_invoice_id") == [("A-2020-03",)]
    assert dispute.lines("2020-03")[1:] == [("adjustments", "international", "-0.36")]


def test_rule_12_5_a_draft_whose_adjustment_another_month_took_meanwhile_is_refused(dispute: Dispute) -> None:
    dispute.bill("2020-04")
    told = issue(dispute)
    assert told.code == 2
    assert "the adjustments that it takes: another month took some" in told.message
    assert dispute.adjustments("taken_by_invoice_id") == [("A-2020-04",)]
    draft(dispute)
    assert issue(dispute).code == 0
    assert dispute.lines("2020-03")[1:] == []


def test_rule_12_5_a_draft_that_leaves_out_what_a_rerun_allowed_since_is_refused(dispute: Dispute) -> None:
    correct(dispute, "v3", "0.002")
    told = issue(dispute)
    assert told.code == 2
    assert "or a rerun allowed others" in told.message
    draft(dispute)
    assert issue(dispute).code == 0
    assert dispute.lines("2020-03")[1:] == [("adjustments", "international", "-0.48")]
