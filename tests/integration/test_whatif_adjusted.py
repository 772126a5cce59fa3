"""`tollbook whatif` of a month whose invoices took adjustments is the bill of it under the version, line by line.

January: A calls London for an hour at 0.01 and has two phones, B called Vienna before it had a price. A disputes with
London at 0.004 (0.36 back) and one phone, B's call is released (3.00). The March invoices take that; April's do not.
"""

from __future__ import annotations

import copy
import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from flows.cli import run
from flows.settings import Settings, parse_month
from flows.whatif import WhatIf, what_if
from tests.rules.dispute import Dispute
from tests.rules.small_month import Cells, account, call, item
from tests.rules.small_rates import Row, charge, default_tables, fee, international, numbering_rows, plan, tax

pytestmark = pytest.mark.integration
Tables = Mapping[str, Sequence[Row]]
LONDON, VIENNA = "+442071234567", "+4312345678"
DISPUTED = ("--disputed-on", "2020-02-10")
REST = default_tables()["international_rates"][1:]
WITH_43 = [*numbering_rows(), {"prefix": "43", "country": "AT", "kind": "geographic"}]
ISSUED: Tables = {
    "taxes": [tax("state", "10")],
    "fees": [fee("rrf", "percent", "10", "international;overage;adjustments")],
}
CORRECTED: Tables = {
    "international_rates": [international("44", "0.004"), international("43", "0.30"), *REST],
    "numbering_plan": WITH_43,
}
BEST: Tables = {**CORRECTED, "international_rates": [international("44", "0.002"), international("43", "0.30"), *REST]}
OTHERS: Mapping[str, Tables] = {
    "as-issued": {},
    "abroad": {"international_rates": [international("44", "0.03"), *REST]},
    "disputed": CORRECTED,
    "pool": {"plans": [plan("metered", "0"), plan("pool60", "30")]},
    "phone": {"charges": [charge("phone", "30.00", is_phone="true")]},
    "taxes": {"taxes": [tax("state", "20"), tax("city", "3")]},
    "fees": {"fees": [fee("rrf", "percent", "15", "international"), fee("slrrf", "flat", "1.00")]},
}
ACCOUNTS = [account("A", plan_id="pool60"), account("B", region="NJ")]
JANUARY = [call("a1", LONDON, 3600), call("b1", VIENNA, 600, account_id="B")]
FEBRUARY = [
    call("a2", LONDON, 600, start_time="2020-02-10T12:00:00Z"),
    call("a3", seconds=5400, start_time="2020-02-11T12:00:00Z"),
    call("b2", LONDON, 61, account_id="B", start_time="2020-02-12T12:00:00Z"),
]
AMOUNTS = """
select account_id, category, charge_code, base_category, (sum(amount) * 100)::bigint
from invoice_line_items where invoice_month = '2020-03-01' group by all having sum(amount) <> 0 order by all
"""


@pytest.fixture(scope="module")
def disputed(tmp_path_factory: pytest.TempPathFactory) -> Dispute:
    """January issued, disputed and rerun, with every other version beside the one that issued it."""
    folder = tmp_path_factory.mktemp("disputed") / "month"
    dispute = Dispute(folder, accounts=ACCOUNTS, items=[item("i1", quantity=2)], calls=JANUARY, rates=ISSUED)
    for name, tables in {**OTHERS, "better": CORRECTED, "best": BEST}.items():
        dispute.correct(name, **tables)
    dispute.edit("account_items", ",2,", ",1,")
    dispute.rerun("--rates", "better", *DISPUTED)
    return dispute


def copied(dispute: Dispute, folder: Path) -> Dispute:
    """The same, to go another way from here."""
    shutil.copytree(dispute.folder, folder, symlinks=True)
    other = copy.copy(dispute)
    other.folder = folder
    return other


@pytest.fixture(scope="module")
def issued(disputed: Dispute, tmp_path_factory: pytest.TempPathFactory) -> Dispute:
    """March issued: it has taken the adjustments."""
    month = copied(disputed, tmp_path_factory.mktemp("issued") / "month")
    month.bill("2020-03", calls=FEBRUARY)
    return month


def asked(dispute: Dispute, version: str, *accounts: str) -> WhatIf:
    places = {"rate_tables": dispute.folder / "rates", "warehouse": dispute.folder / "warehouse"}
    return what_if(Settings(parse_month("2020-03"), rates=version, **places), accounts)


def told(found: WhatIf, side: str) -> list[Cells]:
    keys = ("account_id", "category", "charge_code")
    return sorted(row for row in found.lines.select(*keys, f"{side}_cents").iter_rows() if row[-1])


def billed(dispute: Dispute) -> list[Cells]:
    """What the March invoices came to, by the keys of `WhatIf.lines`."""
    sums: Counter[Cells] = Counter()
    for account_id, category, code, _, cents in dispute.rows(AMOUNTS):
        sums[account_id, category, code] += int(str(cents))
    return sorted((*key, cents) for key, cents in sums.items() if cents)


def adjusted(lines: list[Cells]) -> list[Cells]:
    return [line for line in lines if line[1] == "adjustments"]


@pytest.mark.parametrize("other", OTHERS)
def test_every_amount_is_that_of_a_bill_under_the_version_and_adjustments_stand(
    disputed: Dispute, issued: Dispute, tmp_path: Path, other: str
) -> None:
    beside = copied(disputed, tmp_path / "month")
    beside.bill("2020-03", "--rates", other, calls=FEBRUARY)
    found = asked(issued, other)
    assert (told(found, "old"), told(found, "new")) == (billed(issued), billed(beside))
    assert adjusted(told(found, "new")) == adjusted(told(found, "old"))
    assert (told(found, "old") == told(found, "new")) == (other == "as-issued")
    columns = ("account_id", "category", "charge_code", "base_category", "amount_cents")
    assert adjusted(sorted(found.priced.select(columns).rows())) == adjusted(beside.rows(AMOUNTS))


def test_the_adjustments_are_those_of_the_dispute(issued: Dispute) -> None:
    """A: 0.36 of London, its fee (6 cents of 60, 2 of 24), a phone. B: ten minutes to Vienna and their fee."""
    lines = adjusted(told(asked(issued, "taxes"), "new"))
    assert {account_id: sum(int(str(line[-1])) for line in lines if line[0] == account_id) for account_id in "AB"} == {
        "A": -36 - 4 - 2495,
        "B": 300 + 30,
    }


def test_an_account_alone_has_its_own_adjustments(issued: Dispute) -> None:
    whole, alone = asked(issued, "taxes"), asked(issued, "taxes", "B")
    for side in ("old", "new"):
        assert told(alone, side) == [line for line in told(whole, side) if line[0] == "B"]


def test_adjustments_that_wait_for_a_later_invoice_are_in_neither_side(issued: Dispute, tmp_path: Path) -> None:
    """March is issued, then January is disputed again: April will take that."""
    again = copied(issued, tmp_path / "month")
    again.rerun("--rates", "best", *DISPUTED, reason="again")
    waiting = "select base_category, difference from adjustments where allowed and taken_by_invoice_id is null"
    assert ("international", "-0.12") in again.rows(waiting)
    assert asked(again, "taxes").lines.equals(asked(issued, "taxes").lines)


def test_the_screen_shows_them_the_same_on_both_sides(issued: Dispute, capsys: pytest.CaptureFixture[str]) -> None:
    places = ["--rate-tables", str(issued.folder / "rates"), "--warehouse", str(issued.folder / "warehouse")]
    assert run(["whatif", "2020-03", "--rates", "taxes", *places]) == 0
    shown = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "USD adjustments -22.05 -22.05 +0.00" in shown
