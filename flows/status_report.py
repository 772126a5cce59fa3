"""The status of a warehouse, shown to a person."""

from __future__ import annotations

from decimal import Decimal

from rich import box
from rich.console import Console, JustifyMethod
from rich.table import Table

from flows.settings import month_text, parse_month
from flows.status import Row, Status
from transforms.timestamps import add_months

_NUMBERS = ("invoices", "total", "anomalies", "calls", "seconds", "records", "files", "accounts", "waiting", "process")
SHOWN_ADJUSTMENTS = 20


def _table(title: str, *names: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        justify: JustifyMethod = "right" if name in _NUMBERS else "left"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name in ("run", "rerun"))
    return table


def _minute(at: str | None) -> str:
    """A moment of the log, to the minute, UTC."""
    return "" if at is None else at[:16].replace("T", " ")


def _when(at: str | None, by: str | None) -> str:
    return f"{_minute(at)}\nby {by}" if by else _minute(at)


def _count(count: int | None) -> str:
    return f"{count:,}" if count else ""


def _money(totals: Row | None) -> str:
    return "\n".join(f"{Decimal(amount):,} {currency}" for currency, amount in (totals or {}).items())


def _runs_table(found: Status) -> Table:
    table = _table("Months and their runs", "run", "issued (UTC)", "rates", "invoices", "total", "anomalies")
    for month in found.months:
        for run in month["runs"]:
            what = f"{run['run_id']}\n{run['reason']}" if run["kind"] == "rerun" else run["run_id"]
            counts = (_count(run["invoices"]), _money(run["totals"]), _count(run["anomalies"]))
            table.add_row(what, _when(run["issued_at"], run["issued_by"]), run["rate_version"], *counts)
    return table


def _drafts_table(rows: list[Row]) -> Table:
    table = _table("Drafts: computed, not issued", "run", "drafted (UTC)", "rates", "invoices", "total", "anomalies")
    for row in rows:
        counts = (_count(row["invoices"]), _money(row["totals"]), _count(row["anomalies"]))
        drafted = _when(row["drafted_at"], row["drafted_by"])
        table.add_row(row["run_id"], drafted, row["rate_version"], *counts)
    return table


def _disputes_table(rows: list[Row]) -> Table:
    table = _table("Open disputes: no invoice has taken what they allow", "month", "rerun", "disputed", "accounts")
    for row in rows:
        what = f"{row['run_id']}\n{row['reason']}"
        table.add_row(row["invoice_month"], what, row["disputed_on"] or "no date", _count(row["accounts"]))
    return table


def _adjustments_table(rows: list[Row]) -> Table:
    more = f" (the first {SHOWN_ADJUSTMENTS} of {len(rows):,}; --json has all)" if len(rows) > SHOWN_ADJUSTMENTS else ""
    table = _table(f"Adjustments that no invoice has taken yet{more}", "month", "account", "waiting", "rerun")
    for row in rows[:SHOWN_ADJUSTMENTS]:
        amount = _money({row["currency"]: row["difference"]})
        table.add_row(row["invoice_month"], row["account_id"], amount, row["rerun_id"])
    return table


def _calls_table(found: Status) -> Table:
    """Calls that stand somewhere without being on an invoice, and what brings them there."""
    table = _table("Calls that wait", "calls of", "what", "records", "seconds", "what bills them")
    for row in found.waiting["stored_calls"]:
        command = f"tollbook bill {row['invoice_month']}"
        table.add_row(row["usage_month"], "stored, month not issued", _count(row["records"]), "", command)
    for row in found.waiting["suspended_calls"]:
        command = f"tollbook suspended {row['usage_month']}"
        table.add_row(row["usage_month"], "suspended", _count(row["calls"]), _count(row["seconds"]), f"see {command}")
    for row in found.waiting["late_calls"]:
        command = f"tollbook rerun {row['invoice_month']} with their file"
        table.add_row(row["usage_month"], "late, month is issued", _count(row["records"]), "", command)
    return table


def _work_table(rows: list[Row]) -> Table:
    table = _table("At work now", "month", "command", "process", "begun")
    for row in rows:
        table.add_row(row["invoice_month"], f"tollbook {row['command']}", str(row["pid"]), _minute(row["started_at"]))
    return table


def _left_table(rows: list[Row]) -> Table:
    table = _table("Left by stopped runs: the next run clears it", "run", "begun (UTC)", "process")
    for row in rows:
        process = "" if row["pid"] is None else str(row["pid"])
        table.add_row(row["run_id"], _when(row["begun_at"], row["begun_by"]), process)
    return table


def show_status(console: Console, found: Status, month: str | None) -> None:
    """Months and runs, then what is waiting; a table where there is something."""
    if found.is_empty:
        console.print(_empty_sentence(found, month), soft_wrap=True)
        return
    waiting = found.waiting
    tables = [
        (found.months, _runs_table(found)),
        (waiting["drafts"], _drafts_table(waiting["drafts"])),
        (waiting["stored_calls"] or waiting["suspended_calls"] or waiting["late_calls"], _calls_table(found)),
        (waiting["disputes"], _disputes_table(waiting["disputes"])),
        (waiting["adjustments"], _adjustments_table(waiting["adjustments"])),
        (found.at_work, _work_table(found.at_work)),
        (found.left, _left_table(found.left)),
    ]
    for rows, table in tables:
        if rows:
            console.print(table)
    for row in waiting["drafts"]:
        console.print(f"`tollbook issue {row['invoice_month']}` issues the draft.", soft_wrap=True)
    if not any(waiting.values()):
        console.print("Nothing is waiting.")


def _empty_sentence(found: Status, month: str | None) -> str:
    if month is None:
        first = "`tollbook bill 2020-02` bills the calls of 2020-01"
        return f"{found.warehouse} is empty: no month is issued or drafted. {first}."
    calls = month_text(add_months(parse_month(month), -1))
    return f"Nothing of {month} is in {found.warehouse}: `tollbook bill {month}` bills the calls of {calls}."
