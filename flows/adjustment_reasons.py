"""What lies behind an adjustment, in words: which rate row, which call, which contract field, which program (12.3)."""

from __future__ import annotations

from typing import Any

import polars as pl

from flows.comparison import Comparison
from schemas.categories import FEE_CATEGORIES
from schemas.rate_files import RATE_TABLES
from transforms.input_differences import listed, unknown_rows

_SCOPED = {
    "slrrf": ("fees",),
    "rrf": ("fees",),
    "usf": ("usf_factors", "usf_shares"),
    "domestic_premium": (),
    "overage": (),
    "toll_free": (),
    "international": (),
}
"""Rate files behind a category's lines; of calls each difference names its own row. Others: charges and plans."""


def _rate_row_notes(found: Comparison, category: str, codes: list[str]) -> str:
    """Rows of the rate version behind a category's lines that the issued version has not, with file and line."""
    version, notes = found.month.rates.version, []
    for spec in RATE_TABLES:
        if found.recorded is None or spec.name not in _SCOPED.get(category, ("charges", "plans")):
            continue
        rows = unknown_rows(getattr(found.month.rates, spec.name), getattr(found.recorded.rates, spec.name), spec)
        for column, wanted in (("fee", [category]), ("charge_code", codes)):
            rows = rows.filter(pl.col(column).is_in(wanted)) if column in rows.columns else rows
        notes += [f"{version}/{spec.name}.csv line {line}" for line in rows["line"]]
    return listed(notes) if notes else f"{version} in place of {found.issued.rate_version}"


def _told_calls(calls: pl.DataFrame) -> str:
    """Notes of calls, those of most calls first."""
    counts = calls.group_by("note", maintain_order=True).agg(pl.col("calls").sum()).iter_rows()
    return listed([f"{note} ({count} call{'' if count == 1 else 's'})" for note, count in counts])


def behind_adjustment(found: Comparison, row: dict[str, Any], lines: pl.DataFrame, calls: pl.DataFrame) -> str:
    """What lies behind an adjustment, by its causes."""
    account, category = row["account_id"], row["category"]
    told = []
    for cause in (row["cause"] or "").split(";"):
        is_own = (pl.col("account_id") == account) & (pl.col("category") == category)
        of_category = calls.filter(is_own & (pl.col("cause") == cause))
        of_account = calls.filter((pl.col("account_id") == account) & (pl.col("cause") == cause))
        if not of_category.is_empty():
            told.append(f"{cause}: {_told_calls(of_category)}")
        elif cause == "account_data":
            notes = found.account_notes.filter(pl.col("account_id") == account)["account_note"].to_list()
            told.append(f"{cause}: {listed(notes) or 'contracts'}")
        elif cause == "rate_version" and (category not in FEE_CATEGORIES or of_account.is_empty()):
            told.append(f"{cause}: {_rate_row_notes(found, category, lines.filter(is_own)['charge_code'].to_list())}")
        elif cause == "program":
            told.append(f"{cause}: {found.program_note}")
        elif cause:
            told.append(f"{cause}: {_told_calls(of_account) or 'a share of the lines above'}")
    return "; ".join(told)
