"""The arithmetic of a call's price with the numbers put in (rules 6.2, 6.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from transforms.explain import Lookup, ProbedCalls


def money(micros: int) -> str:
    """An amount as text, exact: at least two decimals, at most six."""
    text = f"{Decimal(micros).scaleb(-6):.6f}".rstrip("0")
    whole, _, places = text.partition(".")
    return f"{whole}.{places:0<2}"


def increments(row: dict[str, Any]) -> str:
    """`up 30/6` or `nearest 60`."""
    minimum, step = row["minimum_seconds"], row["increment_seconds"]
    if row["rounding"] == "nearest" and not minimum:
        return f"nearest {step}"
    return f"{row['rounding']} {minimum}/{step}"


def seconds_arithmetic(duration: int, row: dict[str, Any]) -> str:
    """How seconds become billable seconds, with the numbers put in (rule 6.2)."""
    minimum, step = row["minimum_seconds"], row["increment_seconds"]
    if row["rounding"] == "up":
        return f"{minimum} + ⌈max({duration} - {minimum}, 0) ÷ {step}⌉ × {step}"
    nearest = f"round({duration} ÷ {step}) × {step}"
    return f"max({minimum}, {nearest})" if minimum else nearest


def cost_arithmetic(price: dict[str, Any]) -> str:
    """How billable seconds become a cost, with the numbers put in (rule 6.4)."""
    if price["call_type"] == "included":
        return "within the plan"
    usage = f"{money(price['rate_per_minute_micros'])} × {price['charged_seconds']} ÷ 60"
    fee = price["connection_fee_micros"]
    return f"{money(fee)} + {usage}" if fee else usage


def winning_row(lookup: Lookup) -> dict[str, Any] | None:
    """The row of the look-up that wins."""
    return lookup.winner.row(0, named=True) if lookup.winner.height else None


def priced_row(calls: ProbedCalls, lookups: tuple[Lookup, ...]) -> dict[str, Any] | None:
    """The row that prices the calls."""
    for lookup in lookups:
        winner = winning_row(lookup)
        if lookup.table == calls.rate_table and winner is not None and winner["line"] == calls.line:
            return winner
    return None


def price_rows(calls: ProbedCalls, row: dict[str, Any]) -> list[dict[str, Any]]:
    """What each of the calls costs and how; money as text with six decimals."""
    return [
        {
            "seconds": price["duration_seconds"],
            "billable_seconds": price["billable_seconds"],
            "billable_seconds_by": seconds_arithmetic(price["duration_seconds"], row),
            "call_type": price["call_type"],
            "cost": f"{Decimal(price['cost_micros']).scaleb(-6):.6f}",
            "cost_by": cost_arithmetic(price),
        }
        for price in calls.prices.iter_rows(named=True)
    ]
