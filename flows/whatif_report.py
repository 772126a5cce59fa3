"""The effect of another rate version in money, for a person in 100 columns, and as a file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
from rich import box
from rich.console import Console
from rich.table import Table

from flows.files import written_whole
from flows.settings import month_text
from flows.whatif import WhatIf
from schemas.categories import CATEGORY_CODES
from transforms.money import decimal_of_micros
from transforms.spreadsheets import safe_texts
from transforms.what_if import added_up, exported_effects

SHOWN_ROWS = 20
_NUMBERS = ("calls", "old", "new", "difference")
_MONEY_DIGITS = 24
EXPORTED: tuple[str, ...] = (
    *("level", "account_id", "currency", "category", "charge_code"),
    *("old_fate", "was", "new_fate", "becomes", "destination", "calls"),
    *("old", "new", "difference"),
)


def _table(title: str, names: tuple[str, ...]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for name in names:
        table.add_column(name, justify="right" if name in _NUMBERS else "left", overflow="fold")
    return table


def _money(old: int, new: int, places: int) -> tuple[str, str, str]:
    before, after, difference = (Decimal(value).scaleb(-places) for value in (old, new, new - old))
    return f"{before:,}", f"{after:,}", f"{difference:+,}"


def _category_table(found: WhatIf) -> Table:
    """Every category of the invoices, and their totals, by currency."""
    sums = found.lines.group_by("currency", "category").agg(pl.col("old_cents", "new_cents").sum())
    order = pl.col("category").replace_strict(
        {code: place for place, code in enumerate(CATEGORY_CODES)}, return_dtype=pl.Int64
    )
    table = _table("Invoice lines by category", ("currency", "category", "old", "new", "difference"))
    for currency in sums["currency"].unique().sort():
        of_currency = sums.filter(pl.col("currency") == currency).sort(order)
        for category, old, new in of_currency.select("category", "old_cents", "new_cents").iter_rows():
            table.add_row(currency, category, *_money(old, new, 2))
        old, new = of_currency.select(pl.col("old_cents", "new_cents").sum()).row(0)
        table.add_row(currency, "total", *_money(old, new, 2), style="bold", end_section=True)
    return table


def _dearest(rows: pl.DataFrame, old: str, new: str, keys: list[str]) -> pl.DataFrame:
    """Rows that differ, the greatest difference first."""
    differing = rows.with_columns(difference=pl.col(new) - pl.col(old)).filter(pl.col("difference") != 0)
    return differing.sort(pl.col("difference").abs(), *keys, descending=[True, *(False for _ in keys)])


def _destinations(found: WhatIf) -> pl.DataFrame:
    keys = ["currency", "becomes", "destination"]
    return _dearest(added_up(found.calls, keys), "old_cost_micros", "new_cost_micros", keys)


def _destination_table(differing: pl.DataFrame) -> Table:
    title = "Calls by what they become and destination: exact cost"
    table = _table(title, ("currency", "becomes", "destination", "calls", "old", "new", "difference"))
    columns = ("currency", "becomes", "destination", "calls", "old_cost_micros", "new_cost_micros")
    for currency, becomes, destination, calls, old, new in differing.head(SHOWN_ROWS).select(columns).iter_rows():
        table.add_row(currency, becomes, destination or "-", f"{calls:,}", *_money(old, new, 6))
    return table


def _accounts(found: WhatIf) -> pl.DataFrame:
    keys = ["account_id", "currency"]
    totals = found.lines.group_by(keys).agg(pl.col("old_cents", "new_cents").sum())
    return _dearest(totals, "old_cents", "new_cents", keys)


def _account_table(differing: pl.DataFrame) -> Table:
    table = _table("Accounts: invoice totals", ("account", "currency", "old", "new", "difference"))
    columns = ("account_id", "currency", "old_cents", "new_cents")
    for account, currency, old, new in differing.head(SHOWN_ROWS).select(columns).iter_rows():
        table.add_row(account, currency, *_money(old, new, 2))
    return table


def _fate(fate: str, what: str) -> str:
    return what if fate == "billed" else f"{'not billed' if fate == 'unbilled' else fate}: {what}"


def _fate_table(found: WhatIf) -> Table:
    """Calls that come to another fate: billed ones that become suspended, and so on."""
    title = "Calls that become another kind of call"
    table = _table(title, ("currency", "was", "becomes", "calls", "old", "new", "difference"))
    moved = found.calls.filter((pl.col("old_fate") != pl.col("new_fate")) | (pl.col("was") != pl.col("becomes")))
    keys = ["currency", "old_fate", "was", "new_fate", "becomes"]
    sums = added_up(moved, keys).sort(keys)
    for currency, old_fate, was, new_fate, becomes, calls, old, new in sums.iter_rows():
        shown = (_fate(old_fate, was), _fate(new_fate, becomes))
        table.add_row(currency, *shown, f"{calls:,}", *_money(old, new, 6))
    return table


def _rows_sentence(found: WhatIf) -> str:
    again = f"{found.rerated_count:,} of {found.accepted_count:,} calls were rated again"
    if found.changed is None:
        return f"{again}: {found.run.rate_version} as it was is not in {found.settings.rate_tables}, so all of them."
    parts = [f"{name} {count:,}" for name, count in found.changed.items() if count]
    if not parts:
        return f"{again}: no row that rates calls of this month differs."
    return f"{again}: those that differing rows of the two versions can touch ({', '.join(parts)})."


def _more(differing: pl.DataFrame, what: str) -> list[str]:
    more = differing.height - SHOWN_ROWS
    return [f"{more:,} more {what} differ; -o FILE writes them all."] if more > 0 else []


def _sentences(found: WhatIf) -> list[str]:
    month = month_text(found.settings.invoice_month)
    return [
        _rows_sentence(found),
        f"Recurring and one-time charges, fees and taxes are those of {found.version} as well. Calls are as they were "
        "accepted: whose a number is, and how dialled digits are read, is not asked again.",
        f"Nothing was published; {month} stands as issued under {found.run.rate_version}.",
    ]


def show_what_if(console: Console, found: WhatIf) -> None:
    """The effect by category, destination and account, what becomes of calls, and what was done to find it."""
    month = month_text(found.settings.invoice_month)
    heading = f"{month}, issued under {found.run.rate_version} (run {found.run.run_id}), as it would be under"
    console.print(f"{heading} {found.version}:", soft_wrap=True)
    console.print(_category_table(found))
    destinations, accounts, fates = _destinations(found), _accounts(found), _fate_table(found)
    if fates.row_count:
        console.print(fates)
    for differing, table, what in (
        (destinations, _destination_table(destinations), "destinations"),
        (accounts, _account_table(accounts), "accounts"),
    ):
        if differing.is_empty():
            console.print(f"No {what} differ.", soft_wrap=True)
        else:
            console.print(table)
        for sentence in _more(differing, what):
            console.print(sentence, soft_wrap=True)
    for sentence in _sentences(found):
        console.print(sentence, soft_wrap=True)


def write_effects(found: WhatIf, output: Path) -> int:
    """Every effect as CSV (RFC 4180, UTF-8) or Parquet, by the file's name, exact; how many rows were written."""
    effects = exported_effects(found.lines, found.calls)
    amounts = {
        name: decimal_of_micros(pl.col(f"{name}_micros"), _MONEY_DIGITS) for name in ("old", "new", "difference")
    }
    texts = ("level", "account_id", "currency", "category", "charge_code", "becomes", "destination")
    shown = effects.with_columns(**amounts).select(EXPORTED).sort(texts, descending=[True, *(False for _ in texts[1:])])
    with written_whole(output) as partial:
        if output.suffix == ".parquet":
            shown.write_parquet(partial)
        else:
            partial.write_bytes(safe_texts(shown).write_csv(line_terminator="\r\n").encode())
    return shown.height
