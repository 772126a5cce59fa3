"""What a version makes of a number, as JSON."""

from __future__ import annotations

import json
from typing import Any

from flows.explain import Answer
from flows.explain_arithmetic import money, price_rows, priced_row, winning_row
from schemas.reasons import SUSPENDED_REASONS, UNBILLED_REASONS
from transforms.classify import PLAN_MINUTES
from transforms.explain import Lookup, ProbedCalls


def notes(answer: Answer) -> list[str]:
    """What the prices leave out."""
    asked, (outbound, _) = answer.asked, answer.explanation.calls
    takes_minutes = outbound.outcome == PLAN_MINUTES
    said = []
    if not asked.plan_id:
        said.append("No --plan: rows of any plan (*) only, no included countries, no price beyond plan minutes.")
    elif takes_minutes and not answer.explanation.has_pool:
        said.append("The plan has no row in force when the month begins: a bill with such a call is refused.")
    elif takes_minutes and "overage" in outbound.prices["call_type"]:
        said.append("These are prices beyond the plan's minutes; within them a call costs 0.")
    return said


def _lookup_json(lookup: Lookup) -> dict[str, Any]:
    rows = []
    for row in lookup.rows.iter_rows(named=True):
        amounts = {
            name: None if row[f"{name}_micros"] is None else money(row[f"{name}_micros"])
            for name in ("rate_per_minute", "connection_fee")
        }
        times = {name: row[name] and f"{row[name]:%Y-%m-%dT%H:%M:%SZ}" for name in ("effective_from", "effective_to")}
        kept = ("line", "prefix", "plan_id", "name", "minimum_seconds", "increment_seconds", "rounding", "state")
        rows.append({**{name: row[name] for name in kept}, **amounts, **times})
    winner = winning_row(lookup)
    return {
        "file": f"{lookup.table}.csv",
        "is_asked": lookup.is_asked,
        "winning_line": winner and winner["line"],
        "rows": rows,
    }


def _calls_json(calls: ProbedCalls, answer: Answer) -> dict[str, Any]:
    row = priced_row(calls, answer.explanation.lookups)
    is_billed = calls.outcome not in (*UNBILLED_REASONS, *SUSPENDED_REASONS)
    return {
        "direction": calls.direction,
        "outcome": calls.outcome,
        "is_billed": is_billed,
        "is_suspended": calls.outcome in SUSPENDED_REASONS,
        "file": calls.rate_table and f"{calls.rate_table}.csv",
        "line": calls.line,
        "prices": price_rows(calls, row) if row is not None else [],
    }


def as_json(answer: Answer) -> str:
    """The same as JSON text: money as text, times in UTC, null where there is none."""
    asked = answer.asked
    content = {
        "rate_version": answer.version,
        "dialled": answer.dialled,
        "number": asked.number,
        "number_kind": asked.number_kind,
        "at": f"{asked.at:%Y-%m-%dT%H:%M:%SZ}",
        "country": asked.country,
        "currency": asked.currency,
        "plan_id": asked.plan_id or None,
        "lookups": [_lookup_json(lookup) for lookup in answer.explanation.lookups],
        "calls": [_calls_json(calls, answer) for calls in answer.explanation.calls],
        "notes": notes(answer),
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"
