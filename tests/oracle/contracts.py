"""Accounts with everything that the contracts say of them (contract §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from .months import end_of_notice, midnight, months_later
from .tables import Row, Tables, csv_rows, plan_row, policy


@dataclass
class Thing:
    """An item or a number of an account: what is billed by the month."""

    item_id: str
    charge_code: str
    quantity: int
    start: date
    last_day: date | None
    low_usage: bool
    group: str
    is_item: bool


@dataclass
class Account:
    """One customer; `last_day` is the last day of service, where there is one."""

    row: Row
    account_id: str
    country: str
    region: str
    currency: str
    billing_start: date
    last_day: date | None
    plans: list[tuple[date, str]]
    things: list[Thing] = field(default_factory=list)
    numbers: list[Row] = field(default_factory=list)
    one_time_charges: list[Row] = field(default_factory=list)
    equipment_returns: list[Row] = field(default_factory=list)

    def plan_id(self, on: date) -> str:
        """Contract §3: the last change of plan up to the day; `accounts.plan_id` holds before the first."""
        changed = [plan for start, plan in self.plans if start <= on]
        return changed[-1] if changed else str(self.row["plan_id"])


def day(cell: str) -> date | None:
    """An ISO date, or None for an empty cell."""
    return date.fromisoformat(cell) if cell else None


def table(contracts: Path, name: str) -> list[Row]:
    """The rows of a contract table; a missing one is empty."""
    path = contracts / f"{name}.csv"
    return list(csv_rows(path)) if path.exists() else []


def last_day_of_service(cancel_requested_on: str, tables: Tables) -> date | None:
    """Rule 2.3, with the notice of the day of the request."""
    requested = day(cancel_requested_on)
    if requested is None:
        return None
    return end_of_notice(requested, int(policy(tables, "cancellation_notice_days", requested)))


def earlier(one: date | None, other: date | None) -> date | None:
    """The earlier of two ends, None being never."""
    return min((end for end in (one, other) if end is not None), default=None)


def billing_start(row: Row) -> date:
    """Rule 2.1: the contract's date, else the start of service and the free months."""
    stated = day(row["billing_start"])
    if stated is not None:
        return stated
    return months_later(date.fromisoformat(row["service_start"]), int(row["free_months"] or 0))


def account_of(row: Row, changes: list[Row], tables: Tables) -> Account:
    """Rule 9.4: the account, its currency being its plan's."""
    own = sorted((date.fromisoformat(c["effective_from"]), c["plan_id"]) for c in changes)
    starts = billing_start(row)
    return Account(
        row=row,
        account_id=row["account_id"],
        country=row["country"],
        region=row["region"],
        currency=next(p["currency"] for p in tables.rows["plans"] if p["plan_id"] == row["plan_id"]),
        billing_start=starts,
        last_day=last_day_of_service(row["cancel_requested_on"], tables),
        plans=own,
    )


def item_of(row: Row, account: Account, tables: Tables) -> Thing:
    """A device or subscription; it ends with its account at the latest."""
    return Thing(
        item_id=row["item_id"],
        charge_code=row["charge_code"],
        quantity=int(row["quantity"]),
        start=date.fromisoformat(row["start_date"]),
        last_day=earlier(last_day_of_service(row["cancel_requested_on"], tables), account.last_day),
        low_usage=row["low_usage"] == "true",
        group=row["billing_group"],
        is_item=True,
    )


def number_of(row: Row, account: Account, tables: Tables) -> Row:
    """Rule 5.6: a number with its first and last day at the account."""
    last = earlier(last_day_of_service(row["cancel_requested_on"], tables), account.last_day)
    return {**row, "start": date.fromisoformat(row["start_date"]), "last_day": last, "account": account}


def load_accounts(contracts: Path, tables: Tables) -> dict[str, Account]:
    """Every account by its id, in the order of the ids."""
    changes = table(contracts, "account_plans")
    accounts = {}
    for row in sorted(table(contracts, "accounts"), key=lambda row: row["account_id"]):
        own = [change for change in changes if change["account_id"] == row["account_id"]]
        accounts[row["account_id"]] = account_of(row, own, tables)
    for row in table(contracts, "account_items"):
        account = accounts[row["account_id"]]
        account.things.append(item_of(row, account, tables))
    for row in table(contracts, "phone_numbers"):
        account = accounts[row["account_id"]]
        number = number_of(row, account, tables)
        account.numbers.append(number)
        account.things.append(
            Thing(
                item_id=number["number"],
                charge_code=number["charge_code"],
                quantity=1,
                start=number["start"],
                last_day=number["last_day"],
                low_usage=False,
                group=number["billing_group"],
                is_item=False,
            )
        )
    for name in ("one_time_charges", "equipment_returns"):
        for row in table(contracts, name):
            getattr(accounts[row["account_id"]], name).append(row)
    return accounts


def plan_on(account: Account, tables: Tables, on: date) -> Row:
    """The account's plan on a day: which one it has and its row, both by the same day (rule 4.4)."""
    return plan_row(tables, account.plan_id(on), midnight(on))
