"""What a run came to, for the person who started it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

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
SHOWN_ANOMALIES = 20
_ANOMALY_COUNT = """
select
    (select count(*)::bigint from anomalies where anomalies.run_id = runs.run_id)             as found,
    coalesce(json_array_length(manifest, '$.anomalies.against'), 0)::bigint                   as months
from runs where runs.run_id = $run_id
"""
_ANOMALIES = """
select check_name as "check", coalesce(account_id, 'all') as account, message
from anomalies where run_id = $run_id
order by abs(value - coalesce(usual, 0)) desc, check_name, account_id, subject, unit
limit $shown
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


class Shown(NamedTuple):
    """What a summary is read from, and the places that it names: of what is published, or of a draft."""

    database: Path
    controls: Path
    places: dict[str, Path]


def _published_places(warehouse: Path, usage_month: str, run_id: str) -> Shown:
    run = warehouse / "runs" / run_id
    places = {
        "database": warehouse / DATABASE,
        "billed call details": warehouse / "details" / usage_month,
        "manifest": run / "manifest.json",
        "report": run / REPORT,
    }
    return Shown(warehouse / DATABASE, run / CONTROLS, places)


def _anomalies(connection: duckdb.DuckDBPyConnection, run_id: str) -> Table | str:
    """The findings, those of the greatest difference first; or that there are none, and by how many months."""
    count, months = connection.sql(_ANOMALY_COUNT, params={"run_id": run_id}).fetchall()[0]
    if not months:
        return "Anomalies: not looked for, no month before is issued."
    if not count:
        return f"Anomalies: none, beside {months:,} month{'' if months == 1 else 's'} before."
    shown = f", the {SHOWN_ANOMALIES} greatest of {count:,}" if count > SHOWN_ANOMALIES else ""
    title = f"Anomalies{shown}: out of the pattern of the months before"
    return _table(connection, title, _ANOMALIES, {"run_id": run_id, "shown": SHOWN_ANOMALIES})


def show_summary(console: Console, settings: Settings, run_id: str, shown: Shown | None = None) -> None:
    """Calls by outcome, lines by category, warnings, anomalies, the controls, and where the files are."""
    warehouse = settings.warehouse
    shown = shown or _published_places(warehouse, month_text(settings.usage_month), run_id)
    controls = str(shown.controls)  # both sides, as they were checked before publishing
    params: dict[str, object] = {"run_id": run_id, "categories": list(CATEGORY_CODES), "controls": controls}
    with opened(shown.database) as connection:
        console.print(_table(connection, "Call records by outcome", _OUTCOMES, params))
        console.print(_table(connection, "Invoice lines by category", _CATEGORIES, params))
        console.print(_table(connection, "Invoices", _TOTALS, params))
        warnings = _table(connection, "Warnings", _WARNINGS, params)
        if warnings.row_count:
            console.print(warnings)
        others = _table(connection, "Records of other months", _OTHER_MONTHS, params)
        if others.row_count:
            console.print(others)
        console.print(_anomalies(connection, run_id), soft_wrap=True)
        console.print(_table(connection, "Controls: both sides equal", _CONTROLS, params))
        waiting = _table(connection, "Adjustments that wait: their accounts are not billed", _WAITING_ADJUSTMENTS, {})
        if waiting.row_count:
            console.print(waiting)
    for sentence in waiting_sentences(warehouse, settings.usage_month, ()):
        console.print(sentence, soft_wrap=True)
    for name, path in shown.places.items():
        console.print(f"{name + ':':<22}{path}", soft_wrap=True, highlight=False)


def invoice_totals(warehouse: Path, run_id: str) -> list[str]:
    """How many invoices the run issued and what they come to, a text a currency."""
    with opened(warehouse / DATABASE) as connection:
        rows = connection.sql(_TOTALS, params={"run_id": run_id}).fetchall()
    several = {1: "1 invoice"}
    texts = [f"{several.get(count, f'{count:,} invoices')} of {total:,} {currency}" for currency, count, total in rows]
    return texts or ["no invoices"]
