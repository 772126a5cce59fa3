"""What `tollbook sources` shows."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from flows.source_check import CheckedRow, Judge, SourceCheck
from flows.sources import own_sources, shipped_sources, source_description


def show_sources(console: Console, inbox: Path) -> None:
    """The sources that a folder of the inbox can be named by."""
    table = Table("source", "described in", "records")
    for name in own_sources(inbox):
        table.add_row(name, escape(f"{inbox.parent}/sources"), escape(source_description(inbox, name)))
    for name in shipped_sources():
        if name not in own_sources(inbox):
            table.add_row(name, "Tollbook", escape(source_description(inbox, name)))
    console.print(table)


def _row_table(row: CheckedRow) -> Table:
    title = f"line {row.line}: " + ("accepted" if row.reason is None else f"rejected, {row.reason}")
    table = Table("field", "from", "text", "value", title=title, title_justify="left", title_style="bold")
    for cells in row.fields:
        table.add_row(*(escape(cell) for cell in cells))
    if row.detail:
        table.caption = escape(row.detail)
        table.caption_justify = "left"
    return table


def _judged_by(judge: Judge) -> str:
    if judge.has_contracts:
        return "judged by the contracts: accounts, their countries and their numbers"
    read = f"by the dialing plan of {judge.country}" if judge.country else "as E.164 alone (name --country)"
    return f"no contracts named: whose a call is (unknown_account) is not judged; numbers are read {read}"


def show_check(console: Console, name: str, source: str, judge: Judge, check: SourceCheck) -> None:
    """The first rows field by field, then what became of all rows, and what is not used."""
    console.print(f"{name} as records of source {source}", markup=False)
    console.print(_judged_by(judge), markup=False, soft_wrap=True)
    for row in check.rows:
        console.print(_row_table(row))
        console.print(row.raw_record, style="dim", markup=False, soft_wrap=True)
    table = Table("reason", "rows", "first lines", "for example", title="rejected", title_justify="left")
    for reason, rows, lines, detail in check.rejected.iter_rows():
        table.add_row(reason, f"{rows:,}", ", ".join(map(str, lines)), escape(detail or ""))
    if check.rejected.height:
        console.print(table)
    if check.warned.height:
        warned = Table("warning", "rows", title="accepted, but odd", title_justify="left")
        for kind, rows in check.warned.iter_rows():
            warned.add_row(kind, f"{rows:,}")
        console.print(warned)
    rejected = check.row_count - check.accepted_count
    console.print(f"{check.row_count:,} rows read: {check.accepted_count:,} accepted, {rejected:,} rejected")
    starts = ", ".join(f"{month} {rows:,}" for month, rows in check.months.iter_rows())
    if starts:
        console.print(f"accepted calls by the UTC month they start in: {starts}", soft_wrap=True)
    if check.unused:
        console.print(f"columns that nothing uses: {', '.join(check.unused)}", markup=False, soft_wrap=True)
