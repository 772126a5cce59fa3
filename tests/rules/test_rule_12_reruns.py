"""Rule 12: reruns of disputed months, their causes, their adjustments, and the invoice that takes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flows.cli import run
from tests.rules.dispute import Dispute
from tests.rules.small_month import account, call, item, number
from tests.rules.small_rates import default_tables, fee, international, numbering_rows, plan, tax

LONDON = "+442071234567"
IN_TIME, TOO_LATE = ("--disputed-on", "2020-02-16"), ("--disputed-on", "2020-02-17")
TO_43 = [international("43", "0.30"), *default_tables()["international_rates"]]
WITH_43 = [*numbering_rows(), {"prefix": "43", "country": "AT", "kind": "geographic"}]
Open = Callable[..., Dispute]


def cheaper_london(rate: str = "0.004") -> list[Any]:
    """The international deck with another price of London."""
    return [international("44", rate), *default_tables()["international_rates"][1:]]


@pytest.fixture(autouse=True)
def _no_warehouse_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CDRS", "CONTRACTS", "RATE_TABLES", "WAREHOUSE"):
        monkeypatch.delenv(f"TOLLBOOK_{name}", raising=False)


@pytest.fixture
def open_dispute(tmp_path: Path) -> Open:
    return lambda **inputs: Dispute(tmp_path / "month", **inputs)


@pytest.fixture
def hour_to_london(open_dispute: Open) -> Dispute:
    """An hour to London at 0.01 a minute, 0.60, and a phone at 24.95."""
    return open_dispute(items=[item("i1")], calls=[call("c1", LONDON, 3600)])


def issued_bytes(dispute: Dispute) -> dict[str, str]:
    """Hash of every published file of the issued month, and of its rows in the database."""
    files = [
        path
        for name in ("details", "runs", "billed_calls")
        for path in (dispute.folder / "warehouse" / name).rglob("[!.]*.*")
    ]
    hashes = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(files)
        if path.is_file() and "rerun" not in str(path) and "2020-03" not in str(path)
    }
    for table in ("invoices", "invoice_line_items"):
        rows = dispute.rows(f"select * from {table} where invoice_month = '2020-02-01' order by all")
        hashes[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return hashes


# 12.1 and 12.2: issued means immutable; the same inputs give the same


def test_rule_12_1_an_issued_invoice_stays_as_it_is_through_reruns_and_later_bills(hour_to_london: Dispute) -> None:
    before = issued_bytes(hour_to_london)
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    hour_to_london.bill()
    assert issued_bytes(hour_to_london) == before


def test_rule_12_1_a_month_that_is_not_issued_is_refused_with_the_remedy(hour_to_london: Dispute) -> None:
    told = hour_to_london.tell("rerun", "2020-03", "--reason", "early")
    assert (told.code, "tollbook bill 2020-03" in told.message) == (2, True)


def test_rule_12_1_a_rerun_needs_a_reason(hour_to_london: Dispute) -> None:
    assert [hour_to_london.tell("rerun", "2020-02", *words).code for words in ([], ["--reason", " "])] == [2, 2]


def test_rule_12_1_an_account_that_nobody_knows_is_refused(hour_to_london: Dispute) -> None:
    told = hour_to_london.tell("rerun", "2020-02", "--reason", "x", "--account", "nobody")
    assert (told.code, "'nobody'" in told.message) == (2, True)


def test_rule_12_1_only_the_accounts_named_are_compared(open_dispute: Open) -> None:
    calls = [call(f"c{name}", LONDON, 3600, account_id=name) for name in "ABC"]
    dispute = open_dispute(accounts=[account("A"), account("B"), account("C")], calls=calls)
    dispute.correct("v2", international_rates=cheaper_london())
    for accounts in (["--account", "A", "C"], ["--account", "C", "--account", "A"]):
        dispute.rerun("--rates", "v2", *accounts)  # the second is the first, in other words
    assert dispute.adjustments("account_id, difference") == [("A", "-0.36"), ("C", "-0.36")]
    assert dispute.rows("select distinct account_id from rerun_line_items order by all") == [("A",), ("C",)]


def test_rule_12_2_the_same_inputs_differ_in_nothing(hour_to_london: Dispute) -> None:
    told = hour_to_london.rerun()
    assert "nothing differs" in told.screen
    assert hour_to_london.adjustments() + hour_to_london.causes() == []
    same = "select * exclude (rerun_id) from rerun_line_items except select * from invoice_line_items"
    assert hour_to_london.rows(same) == []
    assert hour_to_london.rows("select count(*) from rerun_line_items") == [(2,)]


def test_rule_12_2_calls_that_wait_for_a_price_of_a_known_row_differ_in_nothing(open_dispute: Open) -> None:
    """They are published with the row that they wait for, by which they are not billed."""
    deck = [international("44779", ""), *default_tables()["international_rates"]]
    dispute = open_dispute(calls=[call("c1", "+447790123456", 60)], rates={"international_rates": deck})
    assert dispute.rows("select reason, rate_prefix from suspended_calls") == [("no_rate", "44779")]
    assert "nothing differs" in dispute.rerun().screen
    dispute.correct("v2", international_rates=[international("44779", "0.16"), *deck[1:]])
    dispute.rerun("--rates", "v2")
    assert dispute.causes("call_type") == [("c1", "released", None, "international")]


def test_rule_12_2_the_version_of_the_issued_run_is_the_default(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())  # newer, so what `bill` would take
    assert "nothing differs" in hour_to_london.rerun().screen
    assert hour_to_london.rows("select rate_version from runs where kind = 'rerun'") == [("small",)]


def test_rule_12_2_the_same_rerun_again_does_nothing_and_says_so(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    before = hour_to_london.rows("from runs"), hour_to_london.adjustments("*")
    assert "was done before" in hour_to_london.rerun("--rates", "v2", *IN_TIME).screen
    assert (hour_to_london.rows("from runs"), hour_to_london.adjustments("*")) == before


def test_rule_12_2_a_rerun_stands_among_the_runs_with_its_reason(hour_to_london: Dispute) -> None:
    hour_to_london.rerun(reason="asked by letter")
    kinds = "select kind, reason, invoice_month from runs order by kind"
    assert hour_to_london.rows(kinds) == [("bill", None, "2020-02-01"), ("rerun", "asked by letter", "2020-02-01")]


def test_rule_12_2_a_rerun_keeps_the_day_of_issue(open_dispute: Open) -> None:
    dispute = open_dispute(items=[item("i1")], issue_date="2020-02-05")
    assert "nothing differs" in dispute.rerun().screen
    told = dispute.tell("rerun", "2020-02", "--reason", "x", "--issue-date", "2020-02-04")
    assert (told.code, "issued on 2020-02-05" in told.message) == (2, True)


# 12.3: causes, and what they are worth


def test_rule_12_3_a_corrected_rate_names_its_row(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    told = hour_to_london.rerun("--rates", "v2", *IN_TIME)
    assert hour_to_london.causes() == [("c1", "rate_version", "0.600000", "0.240000")]
    columns = "disputed_invoice_id, base_category, issued_amount, corrected_amount, difference, cause, allowed"
    assert hour_to_london.adjustments(columns) == [
        ("A-2020-02", "international", "0.60", "0.24", "-0.36", "rate_version", True)
    ]
    assert "v2/international_rates.csv line 2" in told.screen
    ((note,),) = hour_to_london.adjustments("note")
    assert "v2/international_rates.csv line 2 (1 call)" in str(note)


def test_rule_12_3_an_added_call_names_its_line(hour_to_london: Dispute) -> None:
    hour_to_london.put("2020-01/late.csv", call("c2", LONDON, 600))
    hour_to_london.rerun(*IN_TIME)
    assert hour_to_london.causes() == [("c2", "call_added", None, "0.100000")]
    assert hour_to_london.adjustments() == [("international", "0.10", "call_added", True)]
    notes = "select distinct note from rerun_call_differences"
    assert hour_to_london.rows(notes) == [("2020-01/late.csv line 2",)]


def test_rule_12_3_a_removed_call_names_its_line(open_dispute: Open) -> None:
    dispute = open_dispute(calls=[call("c1", LONDON, 3600), call("c2", LONDON, 600)])
    dispute.put("2020-01/calls.csv", call("c1", LONDON, 3600))
    dispute.rerun(*IN_TIME)
    assert dispute.causes() == [("c2", "call_removed", "0.100000", None)]
    assert dispute.adjustments() == [("international", "-0.10", "call_removed", True)]
    assert dispute.rows("select distinct note from rerun_call_differences") == [("2020-01/calls.csv line 3",)]


def test_rule_12_3_a_call_with_other_seconds_shows_both(hour_to_london: Dispute) -> None:
    hour_to_london.put("2020-01/calls.csv", call("c1", LONDON, 1800))
    hour_to_london.rerun(*IN_TIME)
    assert hour_to_london.causes("duration_seconds") == [("c1", "call_added", "3600", "1800")]
    assert hour_to_london.adjustments() == [("international", "-0.30", "call_added", True)]


def test_rule_12_3_a_file_under_another_name_is_no_difference(hour_to_london: Dispute) -> None:
    folder = hour_to_london.folder / "inbox" / "2020-01"
    (folder / "calls.csv").rename(folder / "renamed.csv")
    assert "nothing differs" in hour_to_london.rerun().screen


def test_rule_12_3_a_corrected_contract_names_the_field(open_dispute: Open) -> None:
    dispute = open_dispute(items=[item("i1", quantity=3)])
    dispute.edit("account_items", ",3,", ",2,")
    told = dispute.rerun(*IN_TIME)
    assert dispute.adjustments() == [("service_charge", "-24.95", "account_data", True)]
    assert "account_items i1 quantity: 3 → 2 (line 2)" in told.screen


def test_rule_12_3_a_plan_of_other_minutes_is_account_data(open_dispute: Open) -> None:
    dispute = open_dispute(accounts=[account(plan_id="pool60")], calls=[call("c1", seconds=3600)])
    dispute.edit("accounts", "pool60", "metered")
    dispute.rerun(*IN_TIME)
    assert dispute.causes() == [("c1", "account_data", "0.000000", "1.200000")]
    assert dispute.adjustments() == [("overage", "1.20", "account_data", True)]


def test_rule_12_3_a_number_that_is_anothers_moves_its_calls(open_dispute: Open) -> None:
    dispute = open_dispute(
        accounts=[account("A"), account("B")],
        numbers=[number("+12125550100")],
        calls=[call("c1", LONDON, 3600, account_id="")],
    )
    dispute.edit("phone_numbers", "A,+12125550100", "B,+12125550100")
    dispute.rerun(*IN_TIME)
    assert dispute.adjustments("account_id, base_category, difference, cause") == [
        ("A", "international", "-0.60", "account_data"),
        ("A", "phone_numbers", "-5.00", "account_data"),
        ("B", "international", "0.60", "account_data"),
        ("B", "phone_numbers", "5.00", "account_data"),
    ]


def test_rule_12_3_calls_that_lose_their_plan_minutes_to_another_are_pool_order(open_dispute: Open) -> None:
    """60 minutes, taken by a call of 60; an earlier one of 10 is added: 10 minutes over, 0.20."""
    dispute = open_dispute(accounts=[account(plan_id="pool60")], calls=[call("c1", seconds=3600)])
    dispute.put("2020-01/late.csv", call("c0", seconds=600, start_time="2020-01-02T12:00:00Z"))
    dispute.rerun(*IN_TIME)
    assert dispute.causes() == [("c0", "call_added", None, "0.000000"), ("c1", "pool_order", "0.000000", "0.200000")]
    assert dispute.adjustments() == [("overage", "0.20", "pool_order", True)]


def test_rule_12_3_a_released_call_is_billed(open_dispute: Open) -> None:
    dispute = open_dispute(calls=[call("c1", LONDON, 60), call("c2", "+4312345678", 600)])
    assert "1 calls" in dispute.tell_suspended()
    dispute.correct("v2", international_rates=TO_43, numbering_plan=WITH_43)
    dispute.rerun("--rates", "v2", *IN_TIME)
    assert dispute.causes() == [("c2", "released", None, "3.000000")]
    assert dispute.adjustments() == [("international", "3.00", "released", True)]
    assert "has no suspended calls" in dispute.tell_suspended()


def test_rule_12_3_several_causes_at_once_are_told_apart(open_dispute: Open) -> None:
    """A rate for all calls, a contract for the items, an added call and a released one, in one rerun."""
    dispute = open_dispute(
        items=[item("i1", quantity=2)], calls=[call("c1", LONDON, 3600), call("c2", "+4312345678", 600)]
    )
    dispute.correct("v2", international_rates=[TO_43[0], *cheaper_london()], numbering_plan=WITH_43)
    dispute.edit("account_items", ",2,", ",1,")
    dispute.put("2020-01/late.csv", call("c3", LONDON, 6000))
    dispute.rerun("--rates", "v2", *IN_TIME)
    assert dispute.causes() == [
        ("c1", "rate_version", "0.600000", "0.240000"),
        ("c2", "released", None, "3.000000"),
        ("c3", "rate_version", None, "0.400000"),
    ]
    assert dispute.causes("duration_seconds") == [("c3", "call_added", None, "6000")]
    assert dispute.adjustments("base_category, issued_amount, corrected_amount, difference, cause") == [
        ("international", "0.60", "0.64", "0.04", "rate_version;call_added"),
        ("international", "0.64", "3.64", "3.00", "released"),
        ("service_charge", "49.90", "24.95", "-24.95", "account_data"),
    ]


def test_rule_12_3_what_only_the_new_version_knows_is_still_compared(open_dispute: Open) -> None:
    """The contract names a plan that the issued version lacks, so contract and rates cannot be taken apart."""
    dispute = open_dispute(calls=[call("c1", seconds=3600)])
    dispute.correct("v2", plans=[*default_tables()["plans"], plan("new", "0", overage_rate="0.01")])
    dispute.edit("accounts", "metered", "new")
    dispute.rerun("--rates", "v2", *IN_TIME)
    assert dispute.adjustments("base_category, difference") == [("overage", "-0.60")]


def test_rule_12_3_another_program_is_a_cause(hour_to_london: Dispute, monkeypatch: pytest.MonkeyPatch) -> None:
    import flows.ingest_plan
    import flows.month

    dearer = flows.month.build_rate_book

    def other_book(*arguments: Any) -> Any:
        book = dearer(*arguments)
        rate = (book.rows["rate_per_minute_micros"] * 2).alias("rate_per_minute_micros")
        return book._replace(rows=book.rows.with_columns(rate))

    monkeypatch.setattr(flows.month, "code_version", lambda: "next")
    monkeypatch.setattr(flows.ingest_plan, "code_version", lambda: "next")
    monkeypatch.setattr(flows.month, "build_rate_book", other_book)
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun(*IN_TIME)
    assert hour_to_london.causes() == [("c1", "program", "0.600000", "1.200000")]
    assert hour_to_london.adjustments() == [("international", "0.60", "program", True)]
    ((note,),) = hour_to_london.adjustments("note")
    assert "→ next" in str(note)
    hour_to_london.rerun("--rates", "v2", reason="both")
    assert hour_to_london.rows("select distinct cause from rerun_call_differences order by all") == [
        ("program",),
        ("rate_version",),
    ]


def test_rule_12_3_fees_are_adjusted_and_tax_is_not(open_dispute: Open) -> None:
    """10 % of 0.60 is 0.06, of 0.24 it is 0.02; tax of the carrying invoice is on its own subtotal."""
    rates = {"taxes": [tax("st", "10")], "fees": [fee("rrf", "percent", "10", "international")]}
    dispute = open_dispute(calls=[call("c1", LONDON, 3600)], rates=rates)
    dispute.correct("v2", international_rates=cheaper_london())
    dispute.rerun("--rates", "v2", *IN_TIME)
    assert dispute.adjustments() == [
        ("international", "-0.36", "rate_version", True),
        ("rrf", "-0.04", "rate_version", True),
    ]
    dispute.bill()
    assert dispute.lines("2020-03") == [
        ("adjustments", "rrf", "-0.04"),
        ("adjustments", "international", "-0.36"),
        ("tax", "tax", "-0.04"),
    ]
    invoice = "select subtotal, tax_total, total from invoices where invoice_month = '2020-03-01'"
    assert dispute.rows(invoice) == [("-0.40", "-0.04", "-0.44")]


def test_rule_12_3_adjustments_are_in_no_base_of_a_fee_or_usf(open_dispute: Open) -> None:
    """Two phones were billed, there is one: the adjustment of a recurring category has no flat or percent fee."""
    rates = {
        "fees": [
            fee("rrf", "flat", "1.00"),
            fee("slrrf", "percent", "10", "service_charge"),
        ],
        "usf_factors": [{"country": "US", "quarter": "2020Q1", "factor_percent": "21.2"}],
        "usf_shares": [
            {"country": "US", "category": name, "interstate_share_percent": "64.9", "effective_from": "2020-01-01"}
            for name in ("service_charge", "adjustments")
        ],
    }
    dispute = open_dispute(items=[item("i1", quantity=2)], rates=rates)
    dispute.edit("account_items", ",2,", ",1,")
    dispute.rerun(*IN_TIME)
    dispute.edit("account_items", "2019-01-01,", "2019-01-01,2020-01-05")  # it ends with January: March has no line
    dispute.bill()
    assert dispute.lines("2020-03") == [
        ("adjustments", "slrrf", "-2.49"),
        ("adjustments", "usf", "-3.43"),
        ("adjustments", "service_charge", "-24.95"),
    ]


# 12.4: the limit of disputes


@pytest.mark.parametrize(
    ("flags", "allowed", "note"),
    [
        (IN_TIME, True, "the last day was 2020-02-16"),
        (TOO_LATE, False, "disputed on 2020-02-17, after the last day 2020-02-16"),
        ((), False, "no dispute date was given"),
    ],
)
def test_rule_12_4_a_dispute_is_open_fifteen_days(
    hour_to_london: Dispute, flags: tuple[str, ...], *, allowed: bool, note: str
) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    told = hour_to_london.rerun("--rates", "v2", *flags)
    assert hour_to_london.adjustments() == [("international", "-0.36", "rate_version", allowed)]
    assert note in str(hour_to_london.adjustments("note"))
    assert note in " ".join(told.screen.split())
    hour_to_london.bill()
    taken = [("adjustments", "international", "-0.36")] if allowed else []
    assert [line for line in hour_to_london.lines("2020-03") if line[0] == "adjustments"] == taken


def test_rule_12_4_released_calls_know_no_limit(open_dispute: Open) -> None:
    """The cheaper London of the same rerun is a dispute, and too late."""
    dispute = open_dispute(calls=[call("c1", LONDON, 3600), call("c2", "+4312345678", 600)])
    dispute.correct("v2", international_rates=[TO_43[0], *cheaper_london()], numbering_plan=WITH_43)
    dispute.rerun("--rates", "v2")
    assert dispute.adjustments() == [
        ("international", "-0.36", "rate_version", False),
        ("international", "3.00", "released", True),
    ]
    dispute.bill()
    assert dispute.lines("2020-03") == [("adjustments", "international", "3.00")]


def test_rule_12_4_minutes_that_released_calls_take_are_released_too(open_dispute: Open) -> None:
    """60 minutes: the released call of 10 comes first, so the call of 60 is 10 minutes over: 0.20, without a limit."""
    dispute = open_dispute(
        accounts=[account(plan_id="pool60")],
        calls=[call("c0", "+12995550199", 600, start_time="2020-01-02T12:00:00Z"), call("c1", seconds=3600)],
    )
    dispute.correct("v2", numbering_plan=[*numbering_rows(), {"prefix": "1299", "country": "US", "kind": "geographic"}])
    dispute.rerun("--rates", "v2")
    assert dispute.causes() == [("c0", "released", None, "0.000000"), ("c1", "pool_order", "0.000000", "0.200000")]
    assert dispute.adjustments() == [("overage", "0.20", "released", True)]


def test_rule_12_4_a_dispute_before_the_invoice_is_refused(hour_to_london: Dispute) -> None:
    told = hour_to_london.tell("rerun", "2020-02", "--reason", "x", "--disputed-on", "2020-01-31")
    assert (told.code, "--disputed-on" in told.message) == (2, True)


# 12.5: taken once


def test_rule_12_5_the_next_bill_takes_an_adjustment_and_no_later_one(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    ((rerun_id,),) = hour_to_london.rows("select run_id from runs where kind = 'rerun'")
    hour_to_london.bill("2020-03")
    columns = "category, base_category, charge_code, description, period_start, period_end, quantity, unit, unit_price"
    assert hour_to_london.lines("2020-03", f"{columns}, amount")[1:] == [
        (
            *("adjustments", "international", rerun_id, "Adjustment of 2020-02: International phone numbers (DID)"),
            *("2020-02-01", "2020-03-01", "1.0000", "each", "-0.360000", "-0.36"),
        )
    ]
    assert hour_to_london.adjustments("taken_by_invoice_id") == [("A-2020-03",)]
    identity = "select manifest ->> '$.adjustments[0][0]' from runs where kind = 'bill' order by invoice_month"
    assert hour_to_london.rows(identity) == [(None,), (rerun_id,)]
    hour_to_london.bill("2020-04")
    assert hour_to_london.lines("2020-04") == [("service_charge", "service_charge", "24.95")]


def test_rule_12_5_a_bill_that_took_adjustments_is_the_same_again(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    hour_to_london.bill("2020-03")
    assert "nothing to do" in hour_to_london.bill("2020-03").screen
    assert "nothing differs" in hour_to_london.rerun(month="2020-03").screen


def test_rule_12_5_an_adjustment_after_the_next_bill_waits_for_the_one_after(hour_to_london: Dispute) -> None:
    hour_to_london.bill("2020-03")
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    assert "nothing to do" in hour_to_london.bill("2020-03").screen
    hour_to_london.bill("2020-04")
    assert hour_to_london.adjustments("difference, taken_by_invoice_id") == [("-0.36", "A-2020-04")]


def test_rule_12_5_a_second_rerun_adjusts_only_what_the_first_did_not(hour_to_london: Dispute) -> None:
    """0.60 → 0.24 is taken; the next correction makes it 0.12: another 0.12 less, not 0.48."""
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    hour_to_london.bill("2020-03")
    hour_to_london.correct("v3", international_rates=cheaper_london("0.002"))
    hour_to_london.rerun("--rates", "v3", *IN_TIME)
    columns = "issued_amount, corrected_amount, adjusted_before, difference"
    newest = f"select {columns} from adjustments where taken_by_invoice_id is null"
    assert hour_to_london.rows(newest) == [("0.60", "0.12", "-0.36", "-0.12")]
    hour_to_london.bill("2020-04")
    assert hour_to_london.lines("2020-04")[1:] == [("adjustments", "international", "-0.12")]


def test_rule_12_5_the_same_correction_for_another_reason_adjusts_nothing_more(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    for reason in ("by letter", "by telephone"):
        hour_to_london.rerun("--rates", "v2", *IN_TIME, reason=reason)
    sums = "select sum(difference), count(*) filter (where allowed) from adjustments"
    assert hour_to_london.rows(sums) == [("-0.36", 1)]


def test_rule_12_5_a_correction_that_was_a_mistake_is_taken_back(hour_to_london: Dispute) -> None:
    """v2, then v3 by mistake, then v2 again: the third rerun is not the first one repeated."""
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.correct("v3", international_rates=cheaper_london("0.002"))
    for version in ("v2", "v3", "v2"):
        hour_to_london.rerun("--rates", version, *IN_TIME)
    assert hour_to_london.rows("select sum(difference), count(*) from adjustments") == [("-0.36", 3)]
    hour_to_london.bill()
    ((codes,),) = hour_to_london.rows("select charge_code from invoice_line_items where category = 'adjustments'")
    assert (len(str(codes).split(";")), hour_to_london.lines("2020-03")[1:]) == (
        3,
        [("adjustments", "international", "-0.36")],
    )


def test_rule_12_5_an_account_without_other_lines_gets_an_invoice_for_its_adjustment(open_dispute: Open) -> None:
    dispute = open_dispute(calls=[call("c1", LONDON, 3600)])
    dispute.correct("v2", international_rates=cheaper_london())
    dispute.rerun("--rates", "v2", *IN_TIME)
    dispute.bill()
    assert dispute.rows("select invoice_id, total from invoices where invoice_month = '2020-03-01'") == [
        ("A-2020-03", "-0.36")
    ]


def test_rule_12_5_an_adjustment_of_an_account_that_is_gone_waits(open_dispute: Open) -> None:
    dispute = open_dispute(accounts=[account("A"), account("B")], calls=[call("c1", LONDON, 3600)])
    dispute.correct("v2", international_rates=cheaper_london())
    dispute.rerun("--rates", "v2", *IN_TIME)
    path = dispute.folder / "contracts" / "accounts.csv"
    path.write_text("".join(row for row in path.read_text().splitlines(keepends=True) if not row.startswith("A,")))
    told = dispute.bill()
    assert dispute.adjustments("taken_by_invoice_id") == [(None,)]
    assert "Adjustments that wait" in told.screen


def test_rule_12_5_an_adjustment_that_came_while_a_bill_was_stopped_is_taken_once(
    hour_to_london: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bill is stopped with its database built but not published; a rerun comes; the bill is run again."""
    import flows.publish

    def stop(*_: object) -> None:
        raise RuntimeError("stopped")

    hour_to_london.put("2020-02/calls.csv")
    with monkeypatch.context() as stopped:
        stopped.setattr(flows.publish, "_swap", stop)
        assert hour_to_london.tell("bill", "2020-03", "--rates", "small").code == 1
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    hour_to_london.bill("2020-03")
    assert hour_to_london.lines("2020-03")[1:] == [("adjustments", "international", "-0.36")]
    assert hour_to_london.adjustments("taken_by_invoice_id") == [("A-2020-03",)]


def test_rule_12_5_an_adjustment_that_another_month_took_meanwhile_refuses_the_bill(
    hour_to_london: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.publish

    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    hour_to_london.put("2020-02/calls.csv")
    waiting = flows.publish.taken_adjustments
    monkeypatch.setattr(flows.publish, "taken_adjustments", lambda *where: waiting(*where).clear())
    told = hour_to_london.tell("bill", "2020-03")
    assert (told.code, "run the month again" in told.message) == (2, True)
    assert hour_to_london.rows("select count(*) from runs where invoice_month = date '2020-03-01'") == [(0,)]


@pytest.mark.parametrize("at", ["check_controls", "_log_publication", "put_in_place", "_swap"])
def test_rule_12_5_a_bill_stopped_anywhere_takes_the_adjustment_once(
    hour_to_london: Dispute, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    import flows.publish

    def stop(*_: object) -> None:
        raise RuntimeError("stopped")

    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    hour_to_london.put("2020-02/calls.csv")
    with monkeypatch.context() as stopped:
        stopped.setattr(flows.publish, at, stop)
        assert hour_to_london.tell("bill", "2020-03", "--rates", "small").code == 1
    assert hour_to_london.adjustments("taken_by_invoice_id") == [(None,)]
    hour_to_london.bill("2020-03")
    hour_to_london.bill("2020-04")
    taken = "select invoice_month, amount from invoice_line_items where category = 'adjustments'"
    assert hour_to_london.rows(taken) == [("2020-03-01", "-0.36")]


@pytest.mark.parametrize("at", ["check_controls", "_log_publication", "put_in_place", "_swap"])
def test_rule_12_1_a_rerun_stopped_anywhere_leaves_nothing_and_is_done_when_run_again(
    hour_to_london: Dispute, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    import flows.publish

    def stop(*_: object) -> None:
        raise RuntimeError("stopped")

    hour_to_london.correct("v2", international_rates=cheaper_london())
    with monkeypatch.context() as stopped:
        stopped.setattr(flows.publish, at, stop)
        assert hour_to_london.tell("rerun", "2020-02", "--reason", "dispute", "--rates", "v2", *IN_TIME).code == 1
    assert hour_to_london.rows("select kind from runs") == [("bill",)]
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    assert hour_to_london.adjustments() == [("international", "-0.36", "rate_version", True)]


# 12.6 and rule 13


def test_rule_12_6_late_records_reach_the_customer_through_a_rerun(hour_to_london: Dispute) -> None:
    late = call("late", LONDON, 600, start_time="2020-01-31T23:00:00Z")
    hour_to_london.bill("2020-03", calls=[late])
    assert hour_to_london.rows("select count(*) from late_calls") == [(1,)]
    assert [line[0] for line in hour_to_london.lines("2020-03")] == ["service_charge"]
    hour_to_london.put("2020-01/from-february.csv", late)
    assert hour_to_london.tell("bill", "2020-02", "--rates", "small").code == 2
    hour_to_london.rerun(*TOO_LATE, reason="too late")
    assert hour_to_london.rows("select count(*) from late_calls") == [(1,)]  # compared, but nobody is billed for it
    hour_to_london.rerun(*IN_TIME)
    assert hour_to_london.rows("from late_calls") == []
    billed_by = "select count(*) from outside_month_records join runs as rerun on rerun.run_id = billed_by_rerun_id"
    assert hour_to_london.rows(f"{billed_by} where rerun.reason = 'dispute'") == [(1,)]
    hour_to_london.bill("2020-04")
    assert hour_to_london.lines("2020-04")[1:] == [("adjustments", "international", "0.10")]
    assert hour_to_london.rows("from late_calls") == []


def test_rule_12_6_only_the_late_record_that_a_rerun_added_is_no_late_call_any_more(hour_to_london: Dispute) -> None:
    late = [call(name, LONDON, 600, start_time=f"2020-01-31T23:0{n}:00.5Z") for n, name in enumerate(("l1", "l2"))]
    hour_to_london.bill("2020-03", calls=late)
    assert hour_to_london.rows("select count(*) from late_calls") == [(2,)]
    hour_to_london.put("2020-01/late.csv", late[1])
    hour_to_london.rerun(*IN_TIME)
    assert hour_to_london.rows("select source_line from late_calls") == [(2,)]


def test_rule_12_6_a_late_record_without_a_rate_stays_a_late_call_until_it_is_billed(hour_to_london: Dispute) -> None:
    late = call("late", "+4312345678", 600, start_time="2020-01-31T23:00:00Z")
    hour_to_london.bill("2020-03", calls=[late])
    hour_to_london.put("2020-01/late.csv", late)
    hour_to_london.rerun(*IN_TIME)
    assert hour_to_london.rows("select count(*) from late_calls") == [(1,)]
    hour_to_london.correct("v2", international_rates=TO_43, numbering_plan=WITH_43)
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    assert hour_to_london.rows("from late_calls") == []


def test_rule_13_2_the_controls_of_a_rerun_are_published_and_balance(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    hour_to_london.rerun("--rates", "v2", *IN_TIME)
    controls = """
        select control, subject, left_side, right_side from run_controls
        join runs using (run_id) where kind = 'rerun' and left_side <> 0 order by all
    """
    assert hour_to_london.rows(controls) == [
        ("rerun lines - issued lines = adjustments", "A international", "-0.360000", "-0.360000"),
        ("usage of the rerun - issued usage = call differences", "A", "-0.360000", "-0.360000"),
    ]


def test_rule_13_2_a_rerun_whose_adjustments_are_not_its_differences_is_not_published(
    hour_to_london: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    import flows.value_difference

    rows = flows.value_difference.adjustment_rows

    def too_much(*arguments: Any) -> Any:
        found = rows(*arguments)
        return found.with_columns(difference_cents=found["difference_cents"] - 1)

    monkeypatch.setattr(flows.value_difference, "adjustment_rows", too_much)
    hour_to_london.correct("v2", international_rates=cheaper_london())
    told = hour_to_london.tell("rerun", "2020-02", "--reason", "x", "--rates", "v2")
    assert (told.code, "do not balance" in told.message) == (3, True)
    assert hour_to_london.rows("select kind from runs") == [("bill",)]


def test_a_rerun_takes_its_folders_from_the_environment_as_a_bill_does(
    hour_to_london: Dispute, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [("CDRS", "inbox"), ("CONTRACTS", "contracts"), ("RATE_TABLES", "rates"), ("WAREHOUSE", "warehouse")]
    for name, folder in places:
        monkeypatch.setenv(f"TOLLBOOK_{name}", str(hour_to_london.folder / folder))
    hour_to_london.correct("v2", international_rates=cheaper_london())
    monkeypatch.setenv("TOLLBOOK_RATES", "v2")
    assert run(["rerun", "2020-02", "--reason", "by the environment"]) == 0
    assert hour_to_london.adjustments("difference") == [("-0.36",)]


# 12.2: the billed call details that the customer has


def proof_of(dispute: Dispute) -> Any:
    """What the last rerun's manifest says of billed call details."""
    rows = dispute.rows("select manifest from runs where kind = 'rerun' order by started_at")
    return json.loads(str(rows[-1][0]))["details"]


def test_rule_12_2_billed_call_details_are_written_again_byte_for_byte(open_dispute: Open) -> None:
    calls = [call(f"c{name}", LONDON, 3600, account_id=name) for name in "AB"]
    dispute = open_dispute(accounts=[account("A"), account("B"), account("C")], items=[item("i1")], calls=calls)
    published = dispute.folder / "warehouse" / "details" / "2020-01"
    before = {path.name: path.read_bytes() for path in published.iterdir()}
    sha256 = hashlib.sha256(before["A.csv"]).hexdigest()
    told = dispute.rerun("--account", "A", "C")
    assert "details of 2020-01, written again: 1 of 1 files byte for byte as published." in told.screen
    assert f"A.csv, SHA-256 {sha256}" in told.screen
    assert proof_of(dispute) == {"compared": 1, "equal": 1, "different": {}, "sha256": {"A": sha256}}
    assert "2 of 2 files byte for byte" in dispute.rerun(reason="the whole month").screen
    assert proof_of(dispute) == {"compared": 2, "equal": 2, "different": {}}
    assert {path.name: path.read_bytes() for path in published.iterdir()} == before
    told = dispute.rerun("--account", "C", reason="no calls")
    assert "none were published, and none are due" in told.screen
    assert dispute.rerun("--account", "A", "C").screen.count(sha256) == 1  # done before, and told again


def test_rule_12_2_details_in_another_language_are_another_file(open_dispute: Open) -> None:
    dispute = open_dispute(accounts=[account(language="en")], calls=[call("c1", LONDON, 3600)])
    dispute.edit("accounts", ",en,", ",fr,")
    told = dispute.rerun("--account", "A")
    assert "A.csv differs: written again it is another file." in told.screen
    assert proof_of(dispute)["equal"] == 0


@pytest.mark.parametrize("spoil", ["alter", "remove"])
def test_rule_12_2_a_published_file_of_details_that_is_not_what_it_was_is_told(
    hour_to_london: Dispute, spoil: str
) -> None:
    path = hour_to_london.folder / "warehouse" / "details" / "2020-01" / "A.csv"
    if spoil == "alter":
        path.write_bytes(path.read_bytes().replace(b"0.600000", b"0.500000"))
    else:
        path.unlink()
    told = hour_to_london.rerun("--account", "A")
    said = "was altered since" if spoil == "alter" else "is gone"
    assert f"A.csv differs: the published file {said}; restore it from a copy of the warehouse." in told.screen


def test_rule_12_2_details_that_are_due_no_more_or_now_are_told(open_dispute: Open) -> None:
    dispute = open_dispute(accounts=[account("A"), account("B")], items=[item("i1")], calls=[call("c1", LONDON, 3600)])
    dispute.put("2020-01/calls.csv", call("c2", LONDON, 3600, account_id="B"))
    screen = dispute.rerun().screen
    assert "A.csv differs: the published file is not due any more." in screen
    assert "B.csv differs: a file is due, and none was published." in screen


def test_rule_12_2_under_another_version_nothing_is_said_of_details(hour_to_london: Dispute) -> None:
    hour_to_london.correct("v2", international_rates=cheaper_london())
    assert "billed call details" not in hour_to_london.rerun("--rates", "v2").screen
    assert proof_of(hour_to_london) is None
