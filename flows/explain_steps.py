"""The steps from a call's seconds to its cost: increments, plan minutes, arithmetic (rules 6.2, 6.4, 7)."""

from __future__ import annotations

import polars as pl

from flows.explain_rating import Json, RatedAccount, money
from transforms.account_terms import devices_in_service
from transforms.classify import PLAN_MINUTES
from transforms.money import SECONDS_PER_MINUTE
from transforms.plans import with_plan_row


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
    """The plan's minutes before and after the call, in the account's order (rule 7.1); None if it takes none."""
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
