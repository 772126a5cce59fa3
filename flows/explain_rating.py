"""How a call's price came about: its account's month rated again in memory by the transforms that bill (rules 5-7)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any, NamedTuple

import polars as pl

from flows.month import Month
from flows.rating import billed_table
from rate_tables.versions import RateTables
from schemas.contract_files import CONTRACT_TABLES
from schemas.rate_files import RATE_TABLES
from schemas.text_columns import Column
from transforms.account_terms import devices_in_service
from transforms.classify import PLAN_MINUTES
from transforms.money import SECONDS_PER_MINUTE
from transforms.plans import with_plan_row
from transforms.prefix_matches import matching_rows
from transforms.rate_book import ANY_PLAN
from transforms.rate_calls import RatedCalls, rate_calls

Json = dict[str, Any]
COMPARED = (
    "billable_seconds",
    "included_seconds",
    "call_type",
    "rate_table",
    "rate_prefix",
    "destination",
    "connection_fee",
    "rate_per_minute",
    "cost",
)
"""What is recomputed and must be as it was published."""
_MATCHED_BY = {
    "international_rates": ("prefix", "destination_number"),
    "premium_prefixes": ("prefix", "destination_number"),
    "toll_free_rates": ("origin_prefix", "source_number"),
    "numbering_plan": ("prefix", "destination_number"),
}
_NOT_LOOKED_UP = ("unanswered", "before_billing_start", "after_service_end", "inbound", "emergency", "feature_code")
_SHOWN = ("destination", "description", "published_prefix", "plan_id", "country", "region", "kind", "line_type")


def money(micros: int | None) -> str | None:
    """Micros as decimal text with 6 places: 18500 is `0.018500`."""
    return None if micros is None else f"{Decimal(micros).scaleb(-6):.6f}"


def cell(value: object) -> object:
    """A value as JSON has it: dates and instants as text, decimals as text."""
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return str(value) if isinstance(value, Decimal | dt.date) else value


def of_account(month: Month, account_id: str) -> Month:
    """The month with this account's contracts alone: the same prices and minutes, without those of all others."""
    tables = {
        spec.name: getattr(month.contracts, spec.name).filter(pl.col("account_id") == account_id)
        for spec in CONTRACT_TABLES
    }
    return replace(month, contracts=month.contracts._replace(**tables))


def file_row(rates: RateTables, table: str, line: int) -> Json:
    """A row of a rate file as it stands there: version, file, line and its cells; money and percents as decimals."""
    spec = next(spec for spec in RATE_TABLES if spec.name == table)
    row = getattr(rates, table).filter(pl.col("line") == line).to_dicts()[0]
    cells = {column.name: cell_of(row, column) for column in spec.columns}
    return {"rate_version": rates.version, "file": f"{table}.csv", "line": line, **cells}


def cell_of(row: Json, column: Column) -> object:
    """A cell of a typed row as JSON has it: money and percents as decimals."""
    value = row[column.typed_name]
    return money(value) if column.kind in ("money", "percent") else cell(value)


class RatedAccount(NamedTuple):
    """Every accepted call of an account and month, rated; `month` has all accounts, `own` this one."""

    month: Month
    own: Month
    account_id: str
    calls: RatedCalls

    @property
    def billed(self) -> pl.DataFrame:
        """The billed calls, in the order in which they use up the pool."""
        return self.calls.billed

    def row_of(self, source_file: str, source_line: int) -> tuple[str, Json]:
        """Where the call ended by today's program (billed, unbilled, suspended), and all that is known of it."""
        is_call = (pl.col("source_file").cast(pl.String) == source_file) & (pl.col("source_line") == source_line)
        for place, calls in self.calls._asdict().items():
            found = calls.with_row_index("place").filter(is_call)
            if not found.is_empty():
                return place, found.to_dicts()[0]
        raise AssertionError(f"{source_file}, line {source_line} is no call of {self.account_id}")

    @property
    def account(self) -> Json:
        """The account's terms of the month."""
        return self.own.accounts.to_dicts()[0]


def rate_account(month: Month, account_id: str, calls: pl.DataFrame) -> RatedAccount:
    """The account's calls (as ingested) rated as the run rated them."""
    own = of_account(month, account_id)
    rated = rate_calls(calls, own.rated_accounts, own.rate_book, month.owners, month.usage_month)
    return RatedAccount(month, own, account_id, rated)


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


def increments(call: Json) -> Json:
    """From seconds as switched to billable seconds, by the row's minimum, increment and rounding (rule 6.2)."""
    seconds, minimum, step = call["duration_seconds"], call["minimum_seconds"], call["increment_seconds"]
    billable = call["billable_seconds"]
    if call["rounding"] == "up" and seconds > 0:
        beyond = max(seconds - minimum, 0)
        text = f"{minimum} s at least, then {-(-beyond // step)} started steps of {step} s for the {beyond} s beyond"
    elif call["rounding"] == "up":
        text = "nothing was talked"
    else:
        text = f"{seconds} s to the nearest {step} s, ties up" + (f", at least {minimum} s" if minimum else "")
    return {
        "duration_seconds": seconds,
        "minimum_seconds": minimum,
        "increment_seconds": step,
        "rounding": call["rounding"],
        "billable_seconds": billable,
        "arithmetic": f"{text} = {billable} s",
    }


def pool(rated: RatedAccount, call: Json) -> Json | None:
    """The plan's minutes before and after the call, in the account's order of calls (rule 7.1); None if it takes none."""
    if call["outcome"] != PLAN_MINUTES:
        return None
    takers = rated.billed.filter(pl.col("outcome") == PLAN_MINUTES)
    earlier = rated.billed.head(call["place"]).filter(pl.col("outcome") == PLAN_MINUTES)
    row = _pool_row(rated)
    used = int(earlier["included_seconds"].sum())
    is_unlimited = row["included_minutes"] is None
    before = None if is_unlimited else call["pool_seconds"] - used
    taken = call["included_seconds"]
    return {
        "included_minutes": row["included_minutes"],
        "included_per": row["included_per"],
        "devices": row["devices"] if row["included_per"] == "device" else None,
        "pool_seconds": None if is_unlimited else call["pool_seconds"],
        "plan_row": {"file": f"{rated.month.rates.version}/plans.csv", "line": row["line"]},
        "order": earlier.height + 1,
        "calls": takers.height,
        "before_seconds": before,
        "taken_seconds": taken,
        "after_seconds": None if before is None else before - taken,
        "overage_seconds": call["billable_seconds"] - taken,
    }


def _pool_row(rated: RatedAccount) -> Json:
    """The plan's row that gives the pool, by the day that decides it (rule 4.4), and the devices that share it."""
    own, usage_month = rated.own, rated.month.usage_month
    dated = own.accounts.select(
        "account_id", "plan_id", pool_date=pl.max_horizontal("billing_start", pl.lit(usage_month))
    )
    row = with_plan_row(dated, "pool_date", own.rates.plans, ["included_minutes", "included_per", "line"]).to_dicts()[0]
    devices = devices_in_service(own.items, own.rates.charges, own.changes, usage_month)
    count = devices.filter(pl.col("account_id") == rated.account_id)["devices"].sum()
    return {**row, "devices": int(count)}


def arithmetic(call: Json, currency: str) -> Json:
    """The cost in full, as exact decimals (rule 6.4): what is multiplied, what is divided, where it is rounded."""
    seconds = call["billable_seconds"] - call["included_seconds"]
    fee, rate, cost = call["connection_fee_micros"], call["rate_per_minute_micros"], call["cost_micros"]
    product = rate * seconds
    is_rounded = product % SECONDS_PER_MINUTE != 0
    rounding = f" (rounded once, half up, to 6 decimals: {money(product)} ÷ 60 has more)" if is_rounded else ""
    steps = [
        f"charged seconds: {call['billable_seconds']} billable - {call['included_seconds']} included = {seconds} s",
        f"usage: {money(rate)} {currency} a minute × {seconds} s ÷ 60 = {money(cost - fee)}{rounding}",
        f"cost: {money(fee)} connection fee + {money(cost - fee)} = {money(cost)} {currency}",
    ]
    return {
        "charged_seconds": seconds,
        "rate_per_minute": money(rate),
        "connection_fee": money(fee),
        "usage": money(cost - fee),
        "is_rounded": is_rounded,
        "cost": money(cost),
        "currency": currency,
        "steps": steps,
    }


def recomputed(rated: RatedAccount, call: Json) -> Json:
    """The columns of COMPARED as today's program publishes them for the call."""
    row = rated.billed.slice(call["place"], 1)
    return billed_table(row, rated.month.usage_month, "").select(COMPARED).to_dicts()[0]
