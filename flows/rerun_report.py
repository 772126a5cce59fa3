"""A rerun, shown to the person who asked for it: what differs, why, and what it is worth (rule 12.3)."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table

from flows.details_proof import proof_sentences
from flows.settings import month_text
from flows.warehouse import DATABASE, opened
from transforms.timestamps import add_months

if TYPE_CHECKING:
    import duckdb

Asked = Callable[[str], list[tuple[Any, ...]]]
SHOWN = 40
_RUN = """
select run.invoice_month, run.rate_version, run.reason, json_extract(run.manifest, '$.details')::varchar,
    json_extract_string(run.manifest, '$.rerun.issued_run'),
    len(cast(json_extract(run.manifest, '$.rerun.accounts') as varchar[])), issued.rate_version
from runs as run
join runs as issued on issued.run_id = json_extract_string(run.manifest, '$.rerun.issued_run')
where run.run_id = $rerun_id
"""
_COUNTS = """
select
    (select count(*) from rerun_line_items where rerun_id = $rerun_id),
    (select count(distinct account_id) from rerun_line_items where rerun_id = $rerun_id),
    (select count(*) from rerun_call_differences where rerun_id = $rerun_id),
    (select count(*) from adjustments where rerun_id = $rerun_id),
    (select count(*) from (
        select * exclude (rerun_id) from rerun_line_items where rerun_id = $rerun_id
        except select * from invoice_line_items
    ))
"""
_ADJUSTMENTS = """
select account_id, base_category, issued_amount, corrected_amount, adjusted_before, difference, cause,
    case when allowed then 'yes' else 'no' end
from adjustments where rerun_id = $rerun_id
order by account_id, abs(difference) desc, base_category, cause
"""
_CAUSES = """
select cause, count(distinct (account_id, source, call_id)),
    coalesce(sum(coalesce(corrected_cost, 0) - coalesce(issued_cost, 0)), 0)::decimal(18, 6)
from (
    select *,
        case when "column" = 'cost' then try_cast(issued_value as decimal(18, 6)) end as issued_cost,
        case when "column" = 'cost' then try_cast(corrected_value as decimal(18, 6)) end as corrected_cost
    from rerun_call_differences where rerun_id = $rerun_id
)
group by cause order by cause
"""
_CALLS = """
select account_id, call_id, cause, issued_value, corrected_value, note
from (
    select *, case when "column" = 'cost' then 0 else 1 end as place,
        case when "column" = 'cost' then abs(coalesce(try_cast(corrected_value as decimal(18, 6)), 0)
            - coalesce(try_cast(issued_value as decimal(18, 6)), 0)) else 0 end as worth
    from rerun_call_differences where rerun_id = $rerun_id
    qualify row_number() over (partition by account_id, source, call_id order by place, "column") = 1
)
order by worth desc, account_id, source, call_id
"""
_NOTES = """
select string_agg(distinct note, '\n' order by note) from adjustments where rerun_id = $rerun_id
"""
_SUMS = """
select coalesce(invoices.currency, ''), sum(difference), coalesce(sum(difference) filter (where allowed), 0)
from adjustments left join invoices on invoices.invoice_id = disputed_invoice_id
where rerun_id = $rerun_id group by all order by all
"""


def _table(title: str, *columns: str, right: tuple[str, ...] = ()) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table


def _cells(row: tuple[Any, ...]) -> Iterator[str]:
    for cell in row:
        yield "-" if cell is None else f"{cell:,}" if not isinstance(cell, str) else cell


def _show_rows(console: Console, table: Table, rows: list[tuple[Any, ...]], where: str) -> None:
    for row in rows[:SHOWN]:
        table.add_row(*_cells(row))
    console.print(table)
    if len(rows) > SHOWN:
        console.print(f"... and {len(rows) - SHOWN:,} more rows in {where}.", soft_wrap=True)


def _show_amounts(console: Console, asked: Asked) -> None:
    money = ("issued", "corrected", "adjusted before", "difference")
    table = _table("Amounts above tax", "account", "category", *money, "cause", "allowed", right=money)
    _show_rows(console, table, asked(_ADJUSTMENTS), "adjustments")
    for note in (asked(_NOTES)[0][0] or "").splitlines()[:SHOWN]:
        console.print(f"- {note}", soft_wrap=True)


def _show_calls(console: Console, asked: Asked) -> None:
    causes = _table(
        "Calls that differ, by cause", "cause", "calls", "cost difference", right=("calls", "cost difference")
    )
    _show_rows(console, causes, asked(_CAUSES), "rerun_call_differences")
    costs = ("issued cost", "corrected cost")
    calls = _table(
        "Calls, most expensive difference first", "account", "call", "cause", *costs, "behind it", right=costs
    )
    _show_rows(console, calls, asked(_CALLS), "rerun_call_differences")


def _sum_sentences(rows: list[tuple[Any, ...]]) -> Iterator[str]:
    for currency, difference, allowed in rows:
        in_currency = f"{difference:+,} {currency}".rstrip()
        if allowed:
            yield f"{in_currency} in all before tax; {allowed:+,} of it is allowed: the next `tollbook bill` takes it."
        else:
            yield f"{in_currency} in all before tax; none of it is allowed, so no invoice takes it (rule 12.4)."


def _show_proof(console: Console, details: str | None, invoice_month: dt.date) -> None:
    """What writing the billed call details again came to; nothing under another rate version."""
    proof = None if details is None else json.loads(details)
    if proof is not None:
        for sentence in proof_sentences(proof, month_text(add_months(invoice_month, -1)))[:SHOWN]:
            console.print(sentence, soft_wrap=True)


def rerun_sums(warehouse: Path, rerun_id: str) -> list[str]:
    """What a rerun comes to before tax, and what of it is allowed, a text a currency that has a difference."""
    with opened(warehouse / DATABASE) as connection:
        rows = _asked(connection, _SUMS, rerun_id)
    sums = [
        f"{difference:+,} {currency} before tax, {allowed:+,} of it allowed"
        for currency, difference, allowed in rows
        if difference or allowed
    ]
    return sums or ["nothing to adjust"]


def show_rerun(console: Console, warehouse: Path, rerun_id: str, *, is_new: bool) -> None:
    """What differs from the issued invoices, by category and call, with causes; or that nothing does."""
    with opened(warehouse / DATABASE) as connection:

        def asked(query: str) -> list[tuple[Any, ...]]:
            return _asked(connection, query, rerun_id)

        month, version, reason, details, issued, account_count, issued_version = asked(_RUN)[0]
        lines, accounts, call_rows, adjustments, other_lines = asked(_COUNTS)[0]
        whose = "all accounts" if account_count is None else f"{account_count:,} account(s)"
        done = "rerun" if is_new else "the same rerun was done before, nothing was changed"
        said = f"{month:%Y-%m}, {whose}: {done} ({rerun_id}) of run {issued}, reason: {reason}"
        console.print(said, soft_wrap=True)
        by = f"{version}, as issued" if version == issued_version else f"{version} in place of {issued_version}"
        console.print(f"rate version {by}; {lines:,} lines of {accounts:,} account(s) compared.", soft_wrap=True)
        _show_proof(console, details, month)
        if not call_rows and not adjustments and not other_lines:
            console.print("nothing differs: the same calls, lines and amounts as issued.", soft_wrap=True)
            return
        if other_lines:
            console.print(f"{other_lines:,} lines are not as issued (rerun_line_items has them all).", soft_wrap=True)
        if call_rows:
            _show_calls(console, asked)
        if adjustments:
            _show_amounts(console, asked)
        for sentence in _sum_sentences(asked(_SUMS)):
            console.print(sentence, soft_wrap=True)
    console.print("The issued invoices stay as they are.", soft_wrap=True)


def _asked(connection: duckdb.DuckDBPyConnection, query: str, rerun_id: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = connection.sql(query, params={"rerun_id": rerun_id}).fetchall()
    return rows
