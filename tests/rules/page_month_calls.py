"""Examples of the rules page about calls, as the billed month shows them (chapters 2, 5 to 7, 11, 13)."""

from __future__ import annotations

import csv
from collections.abc import Callable

from flows.cli import run
from tests.rules.page_month import Billed, Inputs, names_of
from tests.rules.rules_page import NOTHING, Cells
from tests.rules.small_month import SmallMonth, account, call, number
from tests.rules.small_rates import Row

_RECORDED = {
    "direction": "direction",
    "from": "source_number",
    "to": "destination_number",
    "start": "start_time",
    "start as recorded": "start_time",
    "inbound call at": "start_time",
    "seconds": "duration_seconds",
}
_BILLED = {
    "billable seconds": "billable_seconds",
    "included seconds": "included_seconds",
    "cost": "cost",
    "prefix": "rate_prefix",
    "rate": "rate_per_minute",
}
_TOLL_FREE = {"direction": "inbound", "source_number": "+12015550123"}


def _calls(name: str, rows: list[Cells], **cells: object) -> list[Row]:
    """One call a row, with the cells that the row has of a call record."""
    return [
        {**call(call_id, account_id=name), **cells, **{_RECORDED[key]: row[key] for key in row if key in _RECORDED}}
        for call_id, row in names_of(name, rows)
    ]


def _on(plan_id: str, **cells: object) -> Callable[[str, list[Cells]], Inputs]:
    """One account on the plan, and a call a row."""
    return lambda name, rows: {
        "accounts": [account(name, plan_id=plan_id, **cells)],
        "calls": _calls(name, rows),
    }


def _shown(cell: object) -> str:
    return NOTHING if cell in (None, "") else str(cell)


def _of_calls(*headings: str) -> Callable[[str, list[Cells], SmallMonth], list[Cells]]:
    """The outcome of each call, and columns of the billed ones."""

    def results(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
        found = []
        columns = ", ".join(_BILLED.get(heading, "null") for heading in headings)
        for call_id, _ in names_of(name, rows):
            billed = month.rows(f"select {columns} from billed_calls where call_id = '{call_id}'")
            cells = [_shown(cell) for cell in billed[0]] if billed else [NOTHING] * len(headings)
            found.append(dict(zip(headings, cells, strict=True)))
            if "outcome" in headings:
                found[-1]["outcome"] = month.outcome(call_id)
        return found

    return results


def _with_numbers(name: str, rows: list[Cells]) -> Inputs:
    numbers = [number("+18005550100", kind="toll_free", account_id=name), number("+12125550100", account_id=name)]
    return {**_on("hour")(name, rows), "numbers": numbers}


def _two_customers(name: str, rows: list[Cells]) -> Inputs:
    first, second = f"{name}-first", f"{name}-second"
    calls: list[Row] = [
        {**record, "account_id": row["account named"] and f"{name}-{row['account named']}"}
        for record, row in zip(_calls(name, rows), rows, strict=True)
    ]
    numbers = [number("+12125550111", account_id=first), number("+12015550122", account_id=second)]
    return {"accounts": [account(first), account(second)], "numbers": numbers, "calls": calls}


def _whose_calls(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    tables = "(select call_id, account_id from billed_calls union all select call_id, account_id from unbilled_calls)"
    owners = month.rows(f"select account_id from {tables} where call_id like '{name}-%' order by call_id")
    outcomes = _of_calls("outcome")(name, rows, month)
    return [
        {"account": str(owner).removeprefix(f"{name}-"), **outcome}
        for (owner,), outcome in zip(owners, outcomes, strict=True)
    ]


def _numbers_by_date(name: str, rows: list[Cells]) -> Inputs:
    """Each row has a toll-free number of its own."""
    numbers: list[Row] = []
    calls: list[Row] = []
    for place, (record, row) in enumerate(zip(_calls(name, rows, **_TOLL_FREE), rows, strict=True)):
        text, dates = f"+183355501{place:02d}", {"start_date": row["number starts"]}
        dates["cancel_requested_on"] = row["cancelled on"]
        numbers.append(number(text, kind="toll_free", account_id=name, **dates))
        calls.append({**record, "destination_number": text})
    return {"accounts": [account(name)], "numbers": numbers, "calls": calls}


def _calls_by_rate_table(name: str, rows: list[Cells]) -> Inputs:
    """The number that decides is the source of a toll-free call, else the destination."""
    own = "+18335550199"
    calls: list[Row] = []
    for record, row in zip(_calls(name, rows), rows, strict=True):
        decides = row["number that decides"]
        inbound = {"direction": "inbound", "source_number": decides, "destination_number": own}
        calls.append({**record, **(inbound if row["call"] == "toll_free" else {"destination_number": decides})})
    numbers = [number(own, kind="toll_free", account_id=name)]
    return {"accounts": [account(name)], "numbers": numbers, "calls": calls}


def _calls_with_ids(name: str, rows: list[Cells]) -> Inputs:
    """Calls under the ids that the page gives them."""
    calls: list[Row] = [
        {**record, "call_id": f"{name}-{row['call id']}"} for record, row in zip(_calls(name, rows), rows, strict=True)
    ]
    return {"accounts": [account(name, plan_id="one-minute")], "calls": calls}


def _outcomes_by_id(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    return [{"outcome": month.outcome(f"{name}-{row['call id']}")} for row in rows]


def _repeats(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    """In the order of the file."""
    found = month.rows(
        f"""
        select source_line, 'kept' as outcome from billed_calls where call_id like '{name}-%'
        union all select source_line, outcome from set_aside_records where raw_record like '{name}-%'
        order by source_line
        """
    )
    return [{"outcome": str(outcome)} for _, outcome in found]


def _places(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    found = month.rows(
        f"""
        select call_id, 'billed' as place, null as reason from billed_calls where call_id like '{name}-%'
        union all select call_id, 'not billed', reason from unbilled_calls where call_id like '{name}-%'
        union all select split_part(raw_record, ',', 1), outcome, reason from set_aside_records
        where raw_record like '{name}-%'
        order by 1
        """
    )
    return [{"place": _shown(place), "reason": _shown(reason)} for _, place, reason in found]


def _rows_of_details(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    """The rows of the published file by destination; each row of the example has another."""
    return _by_destination(month.details(name), rows)


def _rows_of_pairs(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    path = month.folder / "pairs.csv"
    words = ["details", name, "2020-01", "--by-pair", "--warehouse", str(month.warehouse), "-o", str(path)]
    assert run(words) == 0
    return _by_destination(path.read_bytes().decode(), rows)


def _by_destination(text: str, rows: list[Cells]) -> list[Cells]:
    read = {row["Destination Number"]: row for row in csv.DictReader(text.splitlines())}
    return [read[row["to"]] for row in rows]


def _controls(name: str, rows: list[Cells], month: SmallMonth) -> list[Cells]:
    """The greatest difference of each control, whatever its sign."""
    wanted = "select max(abs(difference))::bigint from run_controls where control = "
    return [{"difference": _shown(month.rows(f"{wanted} '{row['control']}'")[0][0])} for row in rows]


WORKED: dict[str, Billed] = {
    "2.2": Billed(_on("one-minute", billing_start="2020-01-15"), _of_calls("outcome")),
    "5": Billed(_with_numbers, _of_calls("outcome", "cost")),
    "5.1": Billed(_on("metered"), _of_calls("outcome", "cost")),
    "5.3": Billed(_on("hour"), _of_calls("outcome", "cost")),
    "5.4": Billed(_two_customers, _whose_calls),
    "5.5": Billed(_on("two-minutes"), _of_calls("included seconds", "cost")),
    "5.6": Billed(_numbers_by_date, _of_calls("outcome")),
    "6.1": Billed(_calls_by_rate_table, _of_calls("prefix", "rate")),
    "6.3b": Billed(_on("metered"), _of_calls("billable seconds", "cost")),
    "7.1b": Billed(_calls_with_ids, _outcomes_by_id),
    "7.2": Billed(_on("two-minutes-30-6"), _of_calls("billable seconds", "included seconds", "outcome", "cost")),
    "11.1b": Billed(_on("metered"), _rows_of_details),
    "11.3": Billed(_on("metered"), _rows_of_pairs),
    "13.1": Billed(_on("metered"), _places),
    "13.2": Billed(lambda name, rows: {}, _controls),
    "13.3": Billed(_calls_with_ids, _repeats),
}
