"""The parts of the page about money: by category, by account, by destination; each a list of currencies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import groupby

from markupsafe import Markup

from flows.report.charts import Series, paired_bars
from flows.report.facts import Facts
from flows.report.figures import bar_width, month_name
from flows.report.words import CATEGORY_NAMES, FATES, REVENUE_GROUPS


def by_currency(rows: Iterable[Facts]) -> dict[str, list[Facts]]:
    """Rows of each currency; rows of one currency stand together."""
    return {currency: list(found) for currency, found in groupby(rows, lambda row: str(row["currency"]))}


def _sum(rows: Sequence[Facts], name: str) -> str | None:
    """The sum of a column, exact; None where no row has a value."""
    values = [Decimal(row[name]) for row in rows if row[name] is not None]
    return f"{sum(values, Decimal('0.00')):f}" if values else None


def _revenue_group(name: str, short: str, rows: list[Facts], last: str | None) -> Facts:
    """A group of categories. A month that had none of it comes to 0.00 where there was such a month at all."""
    named = [{**row, "name": CATEGORY_NAMES.get(row["category"], row["category"])} for row in rows]
    before = None if last is None else _sum(rows, "last_amount") or "0.00"
    amount = _sum(rows, "amount") or "0.00"
    return {"name": name, "short": short, "amount": amount, "last_amount": before, "rows": named}


def revenue_parts(facts: Facts) -> list[Facts]:
    """Revenue of each currency: groups of categories, their categories, this month's total and last month's."""
    rows_of = by_currency(facts["revenue"])
    return [_revenue_of(facts, total, rows_of.get(total["currency"], [])) for total in facts["totals"]]


def _revenue_of(facts: Facts, total: Facts, rows: list[Facts]) -> Facts:
    last = total["last_total"]
    filled = [{**row, "last_amount": row["last_amount"] or (None if last is None else "0.00")} for row in rows]
    groups = [
        _revenue_group(group.name, group.short, found, last)
        for group in REVENUE_GROUPS
        if (found := [row for row in filled if row["category"] in group.members])
    ]
    return {**total, "groups": groups, "chart": _revenue_chart(facts, total["currency"], groups, last is not None)}


def _revenue_chart(facts: Facts, currency: str, groups: list[Facts], has_last: bool) -> Markup:
    month = month_name(facts["run"]["invoice_month"])
    series = [Series("now", [Decimal(group["amount"]) for group in groups])]
    if has_last:
        series.insert(0, Series("before", [Decimal(group["last_amount"]) for group in groups]))
    beside = ", beside the month before" if has_last else ""
    said = f"Bar chart: invoiced in {currency} for {month}{beside}, by group of categories. Figures: the table below."
    return paired_bars(series, [group["short"] for group in groups], said)


def ranked_parts(facts: Facts, name: str, value: str) -> list[Facts]:
    """Rows of accounts or destinations by currency, in the order of the totals, with the length of each one's bar."""
    rows_of = by_currency(facts[name])
    parts = []
    for total in facts["totals"]:
        if rows := rows_of.get(total["currency"]):
            most = max((row[value] for row in rows[:10]), key=Decimal)
            barred = [{**row, "bar": bar_width(row[value], most)} for row in rows]
            parts.append({"currency": total["currency"], "rows": barred})
    return parts


def destination_parts(facts: Facts) -> list[Facts]:
    """Destinations by currency, dearest first, with what their calls are called."""
    parts = ranked_parts(facts, "destinations", "cost")
    for part in parts:
        part["rows"] = [{**row, "kind": FATES.get(row["call_type"] or "", "")} for row in part["rows"]]
    return parts
