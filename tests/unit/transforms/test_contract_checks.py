"""A number belongs to one account at a time (contract §3, rule 5.6)."""

from __future__ import annotations

import polars as pl
import pytest

from schemas.contract_files import ACCOUNTS, CONTRACT_TABLES, PHONE_NUMBERS
from schemas.rate_files import CHARGES, DIALING_PLANS, PLANS, POLICY
from schemas.text_tables import empty_table, read_csv_table
from transforms.contract_checks import ContractTables, References, contract_faults

NOTICE = "setting,effective_from,value,unit,source,effective_to\ncancellation_notice_days,,10,,,\n"


def account_row(account_id: str, cancelled: str = "") -> str:
    return f"{account_id},,US,,p,2019-01-01,,,,,{cancelled},,,,,x@example.com,\n"


def number_faults(accounts: str, numbers: str) -> list[str]:
    """Faults of phone_numbers, given rows of accounts, and of numbers (account, start, cancelled)."""
    tables = {spec.name: empty_table(spec) for spec in CONTRACT_TABLES}
    header = ",".join(ACCOUNTS.column_names)
    tables["accounts"] = read_csv_table(f"{header}\n{accounts}".encode(), ACCOUNTS, "accounts.csv").rows
    header = ",".join(PHONE_NUMBERS.column_names)
    rows = [row.split(",") for row in numbers.split()]
    lines = [f"{account},+12125550100,two_way,did,{start},{end}," for account, start, end in rows]
    content = "\n".join([header, *lines])
    tables["phone_numbers"] = read_csv_table(content.encode(), PHONE_NUMBERS, "n.csv").rows
    contracts = ContractTables(
        tables,
        files={spec.name: f"{spec.name}.csv" for spec in CONTRACT_TABLES},
        bad_lines={spec.name: set() for spec in CONTRACT_TABLES},
        all_accounts_known=True,
    )
    references = References(
        pl.DataFrame({"plan_id": ["p"], "currency": ["USD"]}, schema_overrides=PLANS.schema, strict=False),
        pl.DataFrame(
            {"charge_code": ["did"], "category": ["phone_numbers"]}, schema_overrides=CHARGES.schema, strict=False
        ),
        pl.DataFrame({"country": ["US"]}, schema_overrides={"country": DIALING_PLANS.schema["country"]}),
        read_csv_table(NOTICE.encode(), POLICY, "policy.csv").rows,
    )
    return [str(fault) for fault in contract_faults(contracts, references)]


TWO = account_row("a") + account_row("b")


@pytest.mark.parametrize(
    "numbers",
    [
        "a,2019-01-01,2020-01-05 b,2020-02-01,",  # ends on 31 January
        "b,2020-02-01, a,2019-01-01,2020-01-05",  # whatever the order of the lines
        "a,2019-01-01,2020-01-05 a,2020-02-01,",  # given up and taken again
        "a,2020-03-01,2020-01-05 b,2020-01-01,",  # ended before it began: never owned
    ],
)
def test_a_number_may_change_its_owner(numbers: str) -> None:
    assert number_faults(TWO, numbers) == []


@pytest.mark.parametrize(
    "numbers",
    [
        "a,2019-01-01, b,2020-02-01,",
        "a,2019-01-01,2020-01-22 b,2020-02-01,",  # too late for January: ends on 29 February
        "a,2019-01-01,2020-01-05 b,2020-01-31,",  # the last day is its own still
        "a,2019-01-01, a,2020-02-01,",
    ],
)
def test_a_number_with_two_owners_on_a_day_is_refused(numbers: str) -> None:
    (fault,) = number_faults(TWO, numbers)
    assert fault.startswith("phone_numbers.csv, line 3, column number: belongs still to the account of line 2 on")


def test_a_number_ends_with_its_account() -> None:
    accounts = account_row("a", cancelled="2020-01-05") + account_row("b")
    assert number_faults(accounts, "a,2019-01-01, b,2020-02-01,") == []


def test_a_long_time_hides_no_later_overlap() -> None:
    faults = number_faults(TWO, "a,2019-01-01, b,2019-03-01,2019-03-05 b,2019-06-01,2019-06-05")
    assert [fault.partition(":")[0] for fault in faults] == [
        "phone_numbers.csv, line 3, column number",
        "phone_numbers.csv, line 4, column number",
    ]
