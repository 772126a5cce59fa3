"""Rule 6: seconds and cost of one call; rule 7: the pool."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from .contracts import Account, plan_on
from .exact import MICRO_PLACES, exact, rounded_half_up
from .months import DAY, next_month
from .tables import Row, Tables, charge_row, plan_row

SECONDS_PER_MINUTE = 60
DEFAULT_INCREMENT = 60


def billable_seconds(seconds: int, minimum: int, increment: int, rounding: str) -> int:
    """Rule 6.2."""
    if rounding == "up":
        if seconds == 0:
            return 0
        beyond = max(seconds - minimum, 0)
        return minimum + -(-beyond // increment) * increment
    return max(minimum, increment * ((2 * seconds + increment) // (2 * increment)))


def seconds_by(row: Row, seconds: int) -> int:
    """Rule 6.2 by a row's rating columns with their defaults (contract §4)."""
    minimum = int(row["minimum_seconds"] or 0)
    increment = int(row["increment_seconds"] or DEFAULT_INCREMENT)
    return billable_seconds(seconds, minimum, increment, row["rounding"] or "nearest")


def cost_of(rate_per_minute: str, seconds: int, connection_fee: str = "") -> Decimal:
    """Rule 6.4: exact, rounded once, half up, to 6 decimals."""
    value = exact(connection_fee) + exact(rate_per_minute) * seconds / SECONDS_PER_MINUTE
    return rounded_half_up(value, MICRO_PLACES)


def money(text: str) -> Decimal:
    """A price as it is shown in a call's row."""
    return Decimal(text or "0")


def rated(call: Row, call_type: str, table: str, row: Row) -> Row:
    """Rule 6.4: the call's price columns from the row that rates it."""
    names = {
        "international_rates": ("prefix", "destination"),
        "premium_prefixes": ("prefix", "description"),
        "toll_free_rates": ("origin_prefix", None),
    }
    prefix, destination = names[table]
    seconds = seconds_by(row, call["duration_seconds"])
    return {
        "billable_seconds": seconds,
        # Reading: a call outside the pool has 0 seconds in it, which is a figure and not "does not apply".
        "included_seconds": 0,
        "call_type": call_type,
        "rate_table": table,
        "rate_prefix": row[prefix],
        "destination": row[destination] if destination else None,
        "connection_fee": money(row["connection_fee"]),
        "rate_per_minute": money(row["rate_per_minute"]),
        "cost": cost_of(row["rate_per_minute"], seconds, row["connection_fee"]),
    }


def pool_seconds(account: Account, tables: Tables, usage_month: date) -> int | None:
    """Rule 7.1: the included seconds of the month, None where they are unlimited (rule 4.4 for the date)."""
    on = max(usage_month, account.billing_start)
    plan = plan_on(account, tables, on)
    if not plan["included_minutes"]:
        return None
    devices = 1
    if plan["included_per"] == "device":
        devices = devices_in_service(account, tables, on)
    return int(plan["included_minutes"]) * SECONDS_PER_MINUTE * devices


def devices_in_service(account: Account, tables: Tables, on: date) -> int:
    """Units of category `service_charge` in service on any day of the usage month from `on` on.

    Reading: the category is the one that the charge has on the day that decides the pool.
    """
    units = 0
    month_end = next_month(on) - DAY
    for thing in account.things:
        start = max(thing.start, account.billing_start)
        never = thing.last_day is not None and thing.last_day < max(start, on)
        if never or start > month_end:
            continue
        charge = charge_row(tables, account.plan_id(on), account.currency, thing.charge_code, on)
        units += thing.quantity if charge["category"] == "service_charge" else 0
    return units


def draw_from_pool(calls: list[Row], account: Account, tables: Tables, pool: int | None) -> list[Row]:
    """Rules 7.1 and 7.2: the calls in order of start, id, source, with their part in the pool."""
    left = pool
    drawn = []
    for call in sorted(calls, key=lambda c: (c["start_time"], c["call_id"], c["source"])):
        at = call["start_time"]
        plan = plan_row(tables, account.plan_id(at.date()), at)
        seconds = seconds_by(plan, call["duration_seconds"])
        included = seconds if left is None else min(seconds, left)
        left = None if left is None else left - included
        over = seconds - included
        price = plan["overage_rate"] if over else "0"
        drawn.append(
            {
                **call,
                "billable_seconds": seconds,
                "included_seconds": included,
                "call_type": "overage" if over else "included",
                "rate_table": "plans",
                "rate_prefix": None,
                "destination": None,
                "connection_fee": Decimal(0),
                "rate_per_minute": money(price),
                "cost": cost_of(price, over),
            }
        )
    return drawn


def charged_seconds(call: Row) -> int:
    """Seconds that the call's cost is for: of a split call its overage part."""
    return int(call["billable_seconds"]) - int(call["included_seconds"])
