"""What no single cell of the contract tables shows: keys, references, order of days, owners of numbers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

import polars as pl

from schemas.categories import RECURRING_CATEGORIES
from schemas.contract_files import CONTRACT_TABLES
from schemas.faults import Fault
from schemas.text_lines import LINE
from schemas.text_tables import repeated_key_faults
from transforms.policy import POLICY_FILE, has_no_setting
from transforms.service_period import NOTICE, phone_owners, with_end_of_service


class ContractTables(NamedTuple):
    """The typed tables, with what is known of them. A cell at fault is null.

    `files` names each table's file; `bad_lines` the lines with a cell at fault.
    `all_accounts_known` is false where a row of accounts could not be read as one.
    """

    tables: Mapping[str, pl.DataFrame]
    files: Mapping[str, str]
    bad_lines: Mapping[str, Collection[int]]
    all_accounts_known: bool

    def sound(self, table: str) -> pl.DataFrame:
        """Rows of the table without a cell at fault: only in them null is empty."""
        return self.tables[table].filter(~pl.col(LINE).is_in(list(self.bad_lines[table])))


class References(NamedTuple):
    """The rate tables that contracts refer to."""

    plans: pl.DataFrame
    charges: pl.DataFrame
    dialing_plans: pl.DataFrame
    policy: pl.DataFrame


class _Check(NamedTuple):
    """Rows of one table that are wrong in one way; the column's value is shown.

    One that takes null for empty looks at sound rows only.
    """

    table: str
    is_wrong: pl.Expr
    column: str
    problem: str
    remedy: str
    takes_null_for_empty: bool = False


def contract_faults(contracts: ContractTables, references: References) -> list[Fault]:
    """Every fault that the cells alone do not show."""
    faults = _repeated_keys(contracts)
    for check in (*_row_checks(), *_reference_checks(contracts, references)):
        faults += _found(contracts, check)
    faults += _currency_changes(contracts, references.plans)
    unknown_ends = _requests_before_policy(contracts, references.policy)
    return faults + (unknown_ends or _two_owners(contracts, references.policy))


def _repeated_keys(contracts: ContractTables) -> list[Fault]:
    """Rows with the key of another. A number may stand twice, at different times: see `_two_owners`."""
    return [
        fault
        for spec in CONTRACT_TABLES
        if spec.name != "phone_numbers"
        for fault in repeated_key_faults(contracts.tables[spec.name], spec.key, contracts.files[spec.name])
    ]


def _row_checks() -> tuple[_Check, ...]:
    """What one row says against itself."""
    no_start = pl.col("billing_start").is_null() & pl.col("service_start").is_null()
    exempt_backwards = pl.col("tax_exempt_until") < pl.col("tax_exempt_from")
    mid_month = pl.col("effective_from").dt.day() != 1
    early = pl.col("received_on") < pl.col("shipped_on")
    early_verified = pl.col("verified_on") < pl.col("received_on")
    unreceived = pl.col("verified_on").is_not_null() & pl.col("received_on").is_null()
    until, returns = "tax_exempt_until", "equipment_returns"
    start_remedy = "give billing_start or service_start"
    return (
        _Check("accounts", no_start, "billing_start", "has no start", start_remedy, takes_null_for_empty=True),
        _Check("accounts", exempt_backwards, until, "is before tax_exempt_from", "give the last exempt day"),
        _Check("account_plans", mid_month, "effective_from", "is not the 1st of a month", "change on a 1st"),
        _Check(returns, early, "received_on", "is before shipped_on", "give the day it came back"),
        _Check(returns, early_verified, "verified_on", "is before received_on", "give the day it was verified"),
        _Check(
            returns,
            unreceived,
            "verified_on",
            "is without received_on",
            "give the day it came back",
            takes_null_for_empty=True,
        ),
    )


def _reference_checks(contracts: ContractTables, references: References) -> list[_Check]:
    """Rows that name an account, plan, charge or country that there is not."""
    plans, codes = references.plans["plan_id"].unique(), references.charges["charge_code"].unique()
    countries = references.dialing_plans["country"].unique()
    not_in_version = "use one of the rate version"
    remedy = "give a country of dialing_plans.csv; PR, VI, GU, AS and MP are regions of US (rule 5.3)"
    checks = [
        _Check("accounts", _is_not_in("country", countries), "country", "has no dialing plan", remedy),
        _Check("accounts", _is_not_in("plan_id", plans), "plan_id", "is no plan", not_in_version),
        _Check("account_plans", _is_not_in("plan_id", plans), "plan_id", "is no plan", not_in_version),
    ]
    for table in ("account_items", "phone_numbers", "one_time_charges"):
        unknown = _is_not_in("charge_code", codes)
        checks.append(_Check(table, unknown, "charge_code", "is no charge", not_in_version))
    checks += _charges_billed_once(references.charges)
    if contracts.all_accounts_known:
        unknown = _is_not_in("account_id", contracts.tables["accounts"]["account_id"].unique())
        checks += [
            _Check(spec.name, unknown, "account_id", "is no account", "add it to accounts")
            for spec in CONTRACT_TABLES[1:]
        ]
    return checks


def _charges_billed_once(charges: pl.DataFrame) -> list[_Check]:
    """Items and numbers of a charge that does not recur: it would be billed every month under a one-time label."""
    recurs = charges.filter(pl.col("category").is_in(RECURRING_CATEGORIES))["charge_code"].unique()
    once = charges["charge_code"].unique().drop_nulls()
    once = once.filter(~once.is_in(recurs.implode()))
    is_once = pl.col("charge_code").is_in(once.implode())
    remedy = f"use a charge of category {', '.join(RECURRING_CATEGORIES)}, or move the row to one_time_charges"
    return [
        _Check(table, is_once, "charge_code", "is a charge that is billed once", remedy)
        for table in ("account_items", "phone_numbers")
    ]


def _is_not_in(column: str, known: pl.Series) -> pl.Expr:
    return ~pl.col(column).is_in(known.drop_nulls().implode())


def _found(contracts: ContractTables, check: _Check) -> list[Fault]:
    file, table = contracts.files[check.table], check.table
    rows = contracts.sound(table) if check.takes_null_for_empty else contracts.tables[table]
    wrong = rows.filter(check.is_wrong).select(LINE, check.column)
    return [
        Fault(file, check.problem, check.remedy, line, check.column, None if value is None else str(value))
        for line, value in wrong.iter_rows()
    ]


def _currency_changes(contracts: ContractTables, plans: pl.DataFrame) -> list[Fault]:
    """Changes to a plan in another currency than the account's (rule 9.4)."""
    currencies = plans.group_by("plan_id").agg(pl.col("currency").first())
    accounts = contracts.tables["accounts"].unique("account_id", keep="first", maintain_order=True)
    own = accounts.join(currencies, on="plan_id").select("account_id", own_currency="currency")
    changes = contracts.tables["account_plans"].join(currencies, on="plan_id").join(own, on="account_id")
    changed = changes.filter(pl.col("currency") != pl.col("own_currency")).sort(LINE)
    remedy = "an account keeps its currency: open another account (rule 9.4)"
    return [
        Fault(
            contracts.files["account_plans"],
            f"changes the account's currency from {row['own_currency']} to {row['currency']}",
            remedy,
            row[LINE],
            "plan_id",
            row["plan_id"],
        )
        for row in changed.iter_rows(named=True)
    ]


def _requests_before_policy(contracts: ContractTables, policy: pl.DataFrame) -> list[Fault]:
    """Requests to cancel on days for which the notice is not known (rules 1.5, 2.3)."""
    is_unknown = has_no_setting(policy, NOTICE, "cancel_requested_on")
    problem = f"is a day on which {POLICY_FILE} has no row of {NOTICE} in force"
    remedy = "mend the day, or add a row of the setting to another rate version (rule 1.5)"
    return [
        fault
        for table in ("accounts", "account_items", "phone_numbers")
        for fault in _found(contracts, _Check(table, is_unknown, "cancel_requested_on", problem, remedy))
    ]


def _two_owners(contracts: ContractTables, policy: pl.DataFrame) -> list[Fault]:
    """Numbers that belong to two rows on one day (contract §3, rule 5.6).

    A number ends with its account: those of an account that there is not are left to the check of references.
    """
    accounts = contracts.tables["accounts"].drop_nulls("account_id").unique("account_id", keep="first")
    numbers = contracts.sound("phone_numbers").join(accounts, on="account_id", how="semi", maintain_order="left")
    repeated = numbers.filter(pl.col("number").is_duplicated())
    owners = phone_owners(repeated, with_end_of_service(accounts, policy), policy)
    until = pl.col("owned_until").fill_null(pl.date(9999, 12, 31))
    earlier = owners.sort("number", "owned_from", LINE).with_columns(
        earlier_line=pl.col(LINE).shift(1).over("number"),
        earlier_until=until.cum_max().shift(1).over("number"),
    )
    remedy = "end the earlier row first, or take this one out"
    return [
        Fault(
            contracts.files["phone_numbers"],
            f"belongs still to the account of line {row['earlier_line']} on {row['owned_from']}",
            remedy,
            row[LINE],
            "number",
            row["number"],
        )
        for row in earlier.filter(pl.col("owned_from") <= pl.col("earlier_until")).iter_rows(named=True)
    ]
