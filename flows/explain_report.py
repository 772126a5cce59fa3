"""What a version makes of a number, for a person in 100 columns."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table

from flows.explain import Answer
from flows.explain_arithmetic import increments, money, price_rows, priced_row, winning_row
from flows.explain_json import notes
from transforms.classify import PLAN_MINUTES
from transforms.explain import Lookup, ProbedCalls

_RULES = {
    "domestic_premium": "domestic_premium: a premium prefix of the billing country matches (rule 5, 7)",
    "unknown_destination": "suspended, unknown_destination: no prefix of the numbering plan matches (rule 5, 7a)",
    "no_rate": "suspended, no_rate: no row covers it, or the row that wins has no rate (rules 5.1, 5, 7a)",
    "toll_free_outbound": "not billed, toll_free_outbound: a toll-free number of the billing country (rule 5, 8)",
    "international": "international: another country, or none, that the plan does not include (rule 5, 9)",
    "emergency": "not billed, emergency: an emergency number of the country (rule 5, 5)",
    "feature_code": "not billed, feature_code (rule 5, 5)",
    "toll_free": "toll_free: the row is found by the caller's number (rules 5, 3 and 6.1)",
}
_PLAN_MINUTES = "takes plan minutes: included_minutes, then overage (rule 5, {rule})"
_KINDS = {
    "short_code": "a short code of the country",
    "emergency": "an emergency number of the country",
    "extension": "an extension",
    "feature_code": "a feature code",
}
_NOT_ASKED = {
    "numbering_plan": "rule 5 decides before it",
    "premium_prefixes": "rule 5 decides before it",
    "international_rates": "the call is not international",
    "plans": "rule 5 decides before it",
}
_NUMBERS = ("line", "rate", "fee", "seconds", "billable", "cost")
_WIDTHS = {"name": 18, "plan": 12, "increments": 12, "state": 20}


def _moment(at: dt.datetime | None) -> str:
    if at is None:
        return ""
    return f"{at:%Y-%m-%d}" if at.time() == dt.time() else f"{at:%Y-%m-%d %H:%M:%S}"


def _time_in_force(row: dict[str, Any]) -> str:
    begins, ends = _moment(row["effective_from"]), _moment(row["effective_to"])
    return "\n".join(text for text in (begins and f"from {begins}", ends and f"to {ends}") if text) or "always"


def _state(row: dict[str, Any], lookup: Lookup, winner: dict[str, Any] | None) -> str:
    if row["state"] == "wins":
        said = "wins" if lookup.is_asked else "would win"
        has_no_rate = row["rate_per_minute_micros"] is None and lookup.table not in ("numbering_plan", "plans")
        return f"{said}, but has no rate" if has_no_rate else said
    if row["state"] == "not_yet":
        return "not in force yet"
    if row["state"] == "over":
        return "no longer in force"
    is_equal = winner is not None and len(winner["prefix"]) == len(row["prefix"])
    return "in force, the plan's own row goes before" if is_equal else "in force, shorter"


def _heading(lookup: Lookup, version: str) -> str:
    file, winner = f"{version}/{lookup.table}.csv", winning_row(lookup)
    if not lookup.is_asked:
        return f"{file}: not asked, {_NOT_ASKED[lookup.table]}"
    if lookup.rows.is_empty():
        return f"{file}: no row matches"
    return f"{file}: line {winner['line']} wins" if winner else f"{file}: no row that matches is in force"


def _columns(lookup: Lookup) -> list[str]:
    """What there is to say of the rows of this table."""
    if lookup.table == "numbering_plan":
        return ["line", "prefix", "name", "state"]
    names = {
        "premium_prefixes": ["prefix", "plan", "name"],
        "international_rates": ["prefix", "name"],
        "plans": ["name"],
        "toll_free_rates": ["prefix"],
    }
    has_fees = lookup.table != "plans" and bool((lookup.rows["connection_fee_micros"] > 0).any())
    fee = ["fee"] if has_fees else []
    return ["line", *names[lookup.table], "rate", *fee, "increments", "in force", "state"]


def _cells(row: dict[str, Any], state: str) -> dict[str, str]:
    rate, fee = row["rate_per_minute_micros"], row["connection_fee_micros"]
    return {
        "line": str(row["line"]),
        "prefix": row["prefix"] or "(any)",
        "plan": row["plan_id"] or "",
        "name": row["name"] or "",
        "rate": "(none)" if rate is None else money(rate),
        "fee": money(fee) if fee else "",
        "increments": increments(row) if row["rounding"] else "",
        "in force": _time_in_force(row),
        "state": state,
    }


def _lookup_table(lookup: Lookup, version: str) -> Table:
    table = _table(_heading(lookup, version))
    names, winner = _columns(lookup), winning_row(lookup)
    for name in names:
        justify: Literal["left", "right"] = "right" if name in _NUMBERS else "left"
        table.add_column(name, justify=justify, overflow="fold", max_width=_WIDTHS.get(name))
    for row in lookup.rows.iter_rows(named=True):
        cells = _cells(row, _state(row, lookup, winner))
        table.add_row(*(cells[name] for name in names))
    return table


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)


def _outcome(calls: ProbedCalls, kind: str) -> str:
    if calls.outcome == PLAN_MINUTES:
        return _PLAN_MINUTES.format(rule=6 if kind == "extension" else 10)
    return _RULES[calls.outcome]


def _price_table(calls: ProbedCalls, answer: Answer, row: dict[str, Any]) -> Table:
    rule = f"{answer.version}/{calls.rate_table}.csv, line {calls.line}, {increments(row)}, {answer.asked.currency}"
    title = f"Priced by {rule}"
    table = _table(title)
    for name in ("seconds", "billable", "by rule 6.2", "cost", "by rule 6.4, rounded half up"):
        table.add_column(name, justify="right" if name in _NUMBERS else "left", overflow="fold")
    for price in price_rows(calls, row):
        seconds = (str(price["seconds"]), f"{price['billable_seconds']} s", price["billable_seconds_by"])
        table.add_row(*seconds, price["cost"], price["cost_by"])
    return table


def _question(answer: Answer) -> str:
    asked = answer.asked
    as_dialled = "" if asked.number == answer.dialled.strip() else f", dialled {answer.dialled!r} in {asked.country}"
    kind = f", {_KINDS[asked.number_kind]}" if asked.number_kind in _KINDS else ""
    plan = f"plan {asked.plan_id}" if asked.plan_id else "no plan named"
    at = f"{asked.at:%Y-%m-%d %H:%M:%S} UTC"
    account = f"an account in {asked.country}, {asked.currency}, {plan}"
    return f"{asked.number}{as_dialled}{kind}; at {at}, for {account}, by version {answer.version}."


def show_explanation(console: Console, answer: Answer) -> None:
    """The question as understood, a table a look-up, and what calls cost."""
    explanation = answer.explanation
    outbound, inbound = explanation.calls
    console.print(_question(answer), soft_wrap=True)
    console.print(f"A call to it: {_outcome(outbound, answer.asked.number_kind)}.", soft_wrap=True)
    for lookup in explanation.lookups[:-1]:
        _show_lookup(console, lookup, answer.version)
    _show_prices(console, outbound, answer)
    for note in notes(answer):
        console.print(note, soft_wrap=True)
    console.print(f"A call from it to a toll-free number of the account: {_outcome(inbound, '')}.", soft_wrap=True)
    _show_lookup(console, explanation.lookups[-1], answer.version)
    _show_prices(console, inbound, answer)


def _show_lookup(console: Console, lookup: Lookup, version: str) -> None:
    if lookup.rows.is_empty():
        console.print(_heading(lookup, version), soft_wrap=True)
    else:
        console.print(_lookup_table(lookup, version))


def _show_prices(console: Console, calls: ProbedCalls, answer: Answer) -> None:
    row = priced_row(calls, answer.explanation.lookups)
    if row is not None and calls.prices.height:
        console.print(_price_table(calls, answer, row))
