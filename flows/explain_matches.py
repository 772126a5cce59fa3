"""Which prefixes a call's number begins with, table by table, and which row was taken (rule 6.1)."""

from __future__ import annotations

import polars as pl

from flows.explain_rating import Json, RatedAccount, cell, money
from transforms.classify import PLAN_MINUTES
from transforms.prefix_matches import matching_rows
from transforms.rate_book import ANY_PLAN

_MATCHED_BY = {
    "international_rates": ("prefix", "destination_number"),
    "premium_prefixes": ("prefix", "destination_number"),
    "toll_free_rates": ("origin_prefix", "source_number"),
    "numbering_plan": ("prefix", "destination_number"),
}
_NOT_LOOKED_UP = ("unanswered", "before_billing_start", "after_service_end", "inbound", "emergency", "feature_code")
_SHOWN = ("destination", "description", "published_prefix", "plan_id", "country", "region", "kind", "line_type")


def _candidates(rated: RatedAccount, table: str) -> pl.DataFrame:
    """The rows of a table that the account's calls are looked up in."""
    rows: pl.DataFrame = getattr(rated.month.rates, table)
    account = rated.account
    for name in ("currency", "country"):
        if name in rows.columns and table not in ("numbering_plan", "international_rates"):
            rows = rows.filter(pl.col(name) == account[name])
    if table == "international_rates":
        rows = rows.filter(pl.col("currency") == account["currency"])
    if "plan_id" in rows.columns:
        rows = rows.filter(pl.col("plan_id").is_in([ANY_PLAN, account["plan_id"]]))
    return rows


def matches(rated: RatedAccount, table: str, call: Json, taken_line: int | None) -> Json:
    """Every row of a table whose prefix the call's number begins with, longest first, and which was taken."""
    prefix, number = _MATCHED_BY[table]
    found = matching_rows(_candidates(rated, table), prefix, call[number] or "", call["start_time"])
    rows = [
        {
            "prefix": row[prefix],
            "line": row["line"],
            "effective_from": cell(row.get("effective_from")),
            "effective_to": cell(row.get("effective_to")),
            "in_force": row["in_force"],
            "taken": row["line"] == taken_line,
            "rate_per_minute": money(row.get("rate_per_minute_micros")),
            **{name: row[name] for name in _SHOWN if row.get(name) not in (None, "")},
        }
        for row in found.to_dicts()
    ]
    return {
        "file": f"{rated.month.rates.version}/{table}.csv",
        "number": number,
        "digits": (call[number] or "").removeprefix("+"),
        "rows": rows,
    }


def rate_line(rated: RatedAccount, call: Json) -> tuple[str, int] | None:
    """Table and line of the row that prices the call; None where no row covers it."""
    if call["rate_row"] is None:
        return None
    book = rated.own.rate_book
    return str(book.rows["rate_table"][call["rate_row"]]), int(book.rows["line"][call["rate_row"]])


def is_extension_call(call: Json) -> bool:
    """Whether the destination is not looked up: an internal call, or one to an extension (rule 5 (6))."""
    return bool(call["direction"] == "internal" or call["destination_kind"] == "extension")


def _tables(call: Json, judged_as: str) -> tuple[str, ...]:
    if judged_as == "toll_free":
        return ("toll_free_rates",)
    if judged_as in _NOT_LOOKED_UP or (judged_as == PLAN_MINUTES and is_extension_call(call)):
        return ()
    by_destination = ("premium_prefixes", "numbering_plan")
    return (*by_destination, "international_rates") if judged_as == "international" else by_destination


def matchings(rated: RatedAccount, call: Json, judged_as: str) -> list[Json]:
    """The look-ups that decided: premium table and numbering plan by destination, then the table of prices.

    `judged_as`: the outcome by rule 5, before it was seen whether there is a price.
    """
    taken = rate_line(rated, call)
    found = []
    for table in _tables(call, judged_as):
        line = taken[1] if taken is not None and taken[0] == table else None
        matched = matches(rated, table, call, line)
        if table == "numbering_plan" and matched["rows"]:
            matched["rows"][0]["taken"] = True  # it has no dates: the longest is the one
        found.append(matched)
    return found
