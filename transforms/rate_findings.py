"""What a rate version is warned of: each finding with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import polars as pl

from schemas.faults import Fault

SEVERITIES = ("error", "warning", "information")
FINDING = pl.Schema(
    {
        "severity": pl.String,
        "rule": pl.String,
        "file": pl.String,
        "line": pl.Int64,
        "column": pl.String,
        "value": pl.String,
        "finding": pl.String,
        "remedy": pl.String,
    }
)


class LintRule(NamedTuple):
    """A rule: its severity, what it looks for, and what to do."""

    severity: str
    meaning: str
    remedy: str


LINT_RULES: dict[str, LintRule] = {
    "not_loadable": LintRule("error", "what a run would refuse: cells, keys, overlaps and gaps in time", ""),
    "far_from_parent": LintRule(
        "warning",
        "a price far above (but for premium and satellite numbers) or below that of the next shorter prefix",
        "look at the decimal point of both; leave it if the carrier means it",
    ),
    "costs_nothing": LintRule(
        "warning", "a price of 0 without a fee", "leave the rate empty where there is no price; 0 bills the call at 0"
    ),
    "price_moved": LintRule(
        "warning",
        "a price that moved far from the last version's",
        "ask the carrier, or leave it if the change was announced",
    ),
    "price_lost": LintRule(
        "warning", "a prefix that the last version priced and this one does not", "add its row, or leave it withdrawn"
    ),
    "unknown_prefix": LintRule(
        "warning",
        "a prefix that no numbering plan knows: calls to it are suspended before they meet the price",
        "add it to numbering_plan.csv if it is in service",
    ),
    "country_without_price": LintRule(
        "warning", "a country that no prefix in force covers", "add its rows, or leave calls to it suspended"
    ),
    "part_without_price": LintRule(
        "information", "prefixes of a covered country without a price", "add their rows, or leave the calls suspended"
    ),
    "called_without_price": LintRule(
        "warning", "numbers that customers called, without a price", "add a row that covers them"
    ),
    "swallowed": LintRule(
        "warning",
        "toll-free or premium numbers priced by a shorter prefix for other numbers",
        "add rows for them; an empty rate where they cannot be reached",
    ),
    "repeats_parent": LintRule(
        "information", "a prefix with the price of the next shorter one", "take it out, or keep it for its name"
    ),
}


def findings(
    rule: str, rows: pl.DataFrame, finding: pl.Expr, column: str | None = None, value: str | None = None
) -> pl.DataFrame:
    """One finding a row. Needs `table` and `line`; `finding` is its sentence."""
    judged = LINT_RULES[rule]
    return rows.select(
        severity=pl.lit(judged.severity),
        rule=pl.lit(rule),
        file=pl.col("table") + ".csv",
        line=pl.col("line"),
        column=pl.lit(column, dtype=pl.String),
        value=pl.col(value) if value else pl.lit(None, dtype=pl.String),
        finding=finding,
        remedy=pl.lit(judged.remedy),
    ).cast(FINDING)


def fault_findings(faults: Iterable[Fault]) -> pl.DataFrame:
    """Faults of loading as findings: errors."""
    rows = [
        ("error", "not_loadable", fault.file, fault.line, fault.column, fault.value, fault.problem, fault.remedy)
        for fault in faults
    ]
    return pl.DataFrame(rows, schema=FINDING, orient="row")


def sorted_findings(parts: Iterable[pl.DataFrame]) -> pl.DataFrame:
    """All findings: errors first, then by rule, file, line and value."""
    order = pl.col("severity").replace_strict({name: place for place, name in enumerate(SEVERITIES)})
    rules = pl.col("rule").replace_strict({name: place for place, name in enumerate(LINT_RULES)})
    together = pl.concat([pl.DataFrame(schema=FINDING), *parts])
    return together.sort(order, rules, "file", "line", "value", "finding", maintain_order=True)
