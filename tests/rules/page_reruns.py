"""Chapter 12 of the rules page: examples of reruns, worked by functions and on a small month that is disputed."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import polars as pl

from tests.rules.dispute import Dispute
from tests.rules.page_values import FEBRUARY, cents, day, listed, money
from tests.rules.rules_page import NOTHING, Cells
from tests.rules.small_month import call
from tests.rules.small_rates import international
from transforms.adjustments import EARLIER_SCHEMA, TAKEN_SCHEMA, adjustment_lines, adjustment_rows
from transforms.line_items import round_lines

LONDON = "+442071234567"


@contextmanager
def _hour_to_london(rate: str) -> Iterator[Dispute]:
    with tempfile.TemporaryDirectory() as folder:
        rates = {"international_rates": [international("44", rate)]}
        yield Dispute(Path(folder) / "month", rates=rates, calls=[call("c1", LONDON, 3600)])


def _rerun_at(dispute: Dispute, rate: str) -> None:
    dispute.correct("v2", international_rates=[international("44", rate)])
    dispute.rerun("--rates", "v2")


def issued_and_rerun(row: Cells) -> Cells:
    with _hour_to_london(row["issued rate"]) as dispute:
        _rerun_at(dispute, row["rate of the rerun"])
        ((corrected,),) = dispute.rows("select amount from rerun_line_items")
        ((issued,),) = dispute.rows("select amount from invoice_line_items")
    return {"line of the rerun": str(corrected), "line of the issued invoice": str(issued)}


def proof(row: Cells) -> Cells:
    with _hour_to_london(row["issued rate"]) as dispute:
        if row["rate of the rerun"] == row["issued rate"]:
            dispute.rerun()
        else:
            _rerun_at(dispute, row["rate of the rerun"])
        query = "select (select count(*) from rerun_call_differences), (select count(*) from adjustments)"
        ((calls, adjustments),) = dispute.rows(query)
    return {"calls that differ": str(calls), "adjustments": str(adjustments)}


def _adjusted(row: Cells, cause: str = "rate_version") -> pl.DataFrame:
    issued, corrected = cents(row.get("issued", "1.00")), cents(row.get("corrected", "2.00"))
    is_released = cause == "released"
    amounts = {"cents_0": issued, "cents_1": issued if is_released else corrected, "cents_2": corrected}
    together = pl.DataFrame({"account_id": ["A"], "category": ["international"], **amounts})
    causes = together.select("account_id", "category", is_released=pl.lit(is_released), cause=pl.lit(cause))
    before = cents(row.get("adjusted before", ""))
    earlier = pl.DataFrame([("A", "international", False, before, "r")] if before else [], EARLIER_SCHEMA, orient="row")
    until = day(row.get("last day", "2020-02-16"))
    if until is None:
        raise AssertionError("a dispute has a last day")
    return adjustment_rows(together, causes, earlier, day(row.get("disputed on", "2020-02-10")), until)


def difference(row: Cells) -> Cells:
    return {"difference": money(_adjusted(row)["difference_cents"].item())}


def limit(row: Cells) -> Cells:
    return {"allowed": "yes" if _adjusted(row, row["cause"])["allowed"].item() else "no"}


def lines_taken(row: Cells) -> Cells:
    waiting = [
        (f"r{place}", "A", "overage", FEBRUARY, cents(amount))
        for place, amount in enumerate(listed(row["adjustments that wait"]))
    ]
    lines = round_lines(adjustment_lines(pl.DataFrame(waiting, TAKEN_SCHEMA, orient="row")))
    amount = NOTHING if lines.is_empty() else money(lines["amount_cents"].item())
    return {"lines": str(lines.height), "amount": amount}


def late_record(row: Cells) -> Cells:
    with _hour_to_london("0.01") as dispute:
        dispute.put("2020-01/late.csv", call("late", LONDON, row["late seconds"]))
        code = dispute.tell("bill", "2020-02").code
        dispute.rerun("--disputed-on", "2020-02-10")
        ((cause, amount),) = dispute.adjustments("cause, difference")
    refused = "refused" if code == 2 else "done"
    return {"`bill` of the issued month": refused, "cause": str(cause), "adjustment": str(amount)}


WORKED: dict[str, Callable[[Cells], Cells]] = {
    "12.1": issued_and_rerun,
    "12.2": proof,
    "12.3": difference,
    "12.4": limit,
    "12.5": lines_taken,
    "12.6": late_record,
}
