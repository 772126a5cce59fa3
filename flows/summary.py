"""What a run came to, for the person who started it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from flows.other_months import waiting_sentences
from flows.publish import CONTROLS
from flows.report.files import REPORT
from flows.settings import Settings, month_text
from flows.warehouse import DATABASE, opened
from schemas.categories import CATEGORY_CODES

if TYPE_CHECKING:
    import duckdb

_OUTCOMES = """
with counts as (
    unpivot (
        select
            sum(rows_billed)::bigint as "billed or included",
            sum(rows_unbilled)::bigint as "not billed",
            sum(rows_duplicate)::bigint as duplicate,
            sum(rows_conflict)::bigint as conflict,
            sum(rows_suspended)::bigint as suspended,
            sum(rows_outside_month)::bigint as "outside the month",
            sum(rows_rejected)::bigint as rejected
        from source_files where run_id = $run_id
    ) on columns(*) into name outcome value records
)
select outcome, records from counts
"""
_CATEGORIES = """
select currency, category, count(*)::bigint as lines, sum(amount) as amount
from invoice_line_items as line join invoices using (invoice_id)
where run_id = $run_id
group by currency, category
order by currency, array_position($categories, category)
"""
_CONTROLS = """
select control, count(*)::bigint as checked, count(*) filter (where difference <> 0)::bigint as failed
from read_parquet($controls) group by control order by control
"""
_WARNINGS = """
select kind, count(*)::bigint as rows, string_agg(distinct detail, '; ' order by detail) as detail
from warnings where run_id = $run_id group by kind order by kind
"""
_OTHER_MONTHS = """
select strftime(own_month, '%Y-%m') as month, arrival, count(*)::bigint as records,
    count(*) filter (where is_read_there)::bigint as "that month read this file"
from outside_month_records where run_id = $run_id group by all order by month
"""
_TOTALS = """
select currency, count(*)::bigint as invoices, sum(total) as total
from invoices where run_id = $run_id group by currency order by currency
"""

_WAITING_ADJUSTMENTS = """
select account_id, sum(difference) as difference from adjustments
where allowed and taken_by_invoice_id is null group by account_id order by account_id
"""


def _table(connection: duckdb.DuckDBPyConnection, title: str, query: str, params: dict[str, object]) -> Table:
    found = connection.sql(query, params={name: value for name, value in params.items() if f"${name}" in query})
    table = Table(title=title, title_justify="left", title_style="bold")
    rows = found.fetchall()
    for place, name in enumerate(found.columns):
        is_number = bool(rows) and not isinstance(rows[0][place], str)
        table.add_column(name, justify="right" if is_number else "left")
    for row in rows:
        table.add_row(*(f"{value:,}" if not isinstance(value, str) else value for value in row))
    return table


def show_summary(console: Console, settings: Settings, run_id: str) -> None:
    """Calls by outcome, lines by category, warnings, the controls, and where the files are."""
    warehouse = settings.warehouse
    controls = str(warehouse / "runs" / run_id / CONTROLS)  # both sides, as they were checked before publishing
    params: dict[str, object] = {"run_id": run_id, "categories": list(CATEGORY_CODES), "controls": controls}
    with opened(warehouse / DATABASE) as connection:
        console.print(_table(connection, "Call records by outcome", _OUTCOMES, params))
        console.print(_table(connection, "Invoice lines by category", _CATEGORIES, params))
        console.print(_table(connection, "Invoices", _TOTALS, params))
        warnings = _table(connection, "Warnings", _WARNINGS, params)
        if warnings.row_count:
            console.print(warnings)
        others = _table(connection, "Records of other months", _OTHER_MONTHS, params)
        if others.row_count:
            console.print(others)
        console.print(_table(connection, "Controls: both sides equal", _CONTROLS, params))
        waiting = _table(connection, "Adjustments that wait: their accounts are not billed", _WAITING_ADJUSTMENTS, {})
        if waiting.row_count:
            console.print(waiting)
    for sentence in waiting_sentences(warehouse, settings.usage_month, ()):
        console.print(sentence, soft_wrap=True)
    _show_places(console, warehouse, month_text(settings.usage_month), run_id)


def invoice_totals(warehouse: Path, run_id: str) -> list[str]:
    """How many invoices the run issued and what they come to, a text a currency."""
    with opened(warehouse / DATABASE) as connection:
        rows = connection.sql(_TOTALS, params={"run_id": run_id}).fetchall()
    several = {1: "1 invoice"}
    texts = [f"{several.get(count, f'{count:,} invoices')} of {total:,} {currency}" for currency, count, total in rows]
    return texts or ["no invoices"]


def _show_places(console: Console, warehouse: Path, usage_month: str, run_id: str) -> None:
    places = {
        "database": warehouse / DATABASE,
        "billed call details": warehouse / "details" / usage_month,
        "manifest": warehouse / "runs" / run_id / "manifest.json",
        "report": warehouse / "runs" / run_id / REPORT,
    }
    for name, path in places.items():
        console.print(f"{name + ':':<22}{path}", soft_wrap=True, highlight=False)
