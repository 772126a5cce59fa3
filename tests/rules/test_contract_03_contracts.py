"""Contract §3: contracts are checked as a whole before any work; who gets invoices and receipts."""

from __future__ import annotations

import pytest

from tests.rules.conftest import Bill
from tests.rules.small_month import SmallMonth, account, call, item, number, one_time, returned

FIVE = "first@example.com;b@example.com;c@example.com;d@example.com;e@example.com"


@pytest.fixture(scope="module")
def recipients(bill_once: Bill) -> SmallMonth:
    """An account with one address, and one with as many as there may be."""
    return bill_once(
        accounts=[
            account(),
            account("FIVE", invoice_recipients=FIVE, receipt_recipient="receipts@example.com"),
        ],
        items=[item("i1"), item("i2", account_id="FIVE")],
    )


def test_contract_3_an_invoice_has_its_1_to_5_recipients_the_primary_contact_first(recipients: SmallMonth) -> None:
    assert recipients.invoice("invoice_recipients") == [("billing@example.com",)]
    assert recipients.invoice("invoice_recipients", "FIVE") == [(FIVE,)]


def test_contract_3_an_invoice_has_its_receipt_recipient_or_none(recipients: SmallMonth) -> None:
    assert recipients.invoice("receipt_recipient") == [(None,)]
    assert recipients.invoice("receipt_recipient", "FIVE") == [("receipts@example.com",)]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"invoice_recipients": f"{FIVE};f@example.com"}, "column invoice_recipients: holds 6 items"),
        ({"invoice_recipients": ""}, "column invoice_recipients: is empty"),
        ({"receipt_recipient": "a@example.com;b@example.com"}, "column receipt_recipient: is not one mail address"),
    ],
)
def test_contract_3_more_than_5_recipients_none_or_two_for_receipts_are_refused(
    cells: dict[str, str], said: str, try_to_bill: Bill
) -> None:
    month = try_to_bill(accounts=[account(**cells)], items=[item("i1")])
    assert month.exit_code == 2
    assert f"contracts/accounts.csv, line 2, {said}" in month.message


def test_contract_3_every_bad_row_of_every_table_is_told_at_once_and_nothing_is_written(try_to_bill: Bill) -> None:
    """Bad cells, and what tables say of each other: plans, accounts, charges, and a number with two owners."""
    month = try_to_bill(
        accounts=[account(), account("B", plan_id="no-plan"), account("C", language="de", service_start="2020-02-30")],
        account_plans=[{"account_id": "A", "plan_id": "metered", "effective_from": "2020-02-15"}],
        items=[item("i1", quantity="-1"), item("i2", account_id="NOBODY"), item("i3", "number_change")],
        numbers=[number("+12125550101"), number("+12125550101", account_id="B")],
        one_time_charges=[one_time("o1", charge_code="no-charge"), one_time("o2", unit_price="1.0000001")],
        equipment_returns=[returned("r1"), returned("r1", received_on="")],
        calls=[call("c1")],
    )
    assert month.exit_code == 2
    assert [line.removeprefix("tollbook: ").partition(":")[0] for line in month.message.splitlines()] == [
        "contracts/account_items.csv, line 2, column quantity",
        "contracts/account_items.csv, line 3, column account_id",
        "contracts/account_items.csv, line 4, column charge_code",
        "contracts/account_plans.csv, line 2, column effective_from",
        "contracts/accounts.csv, line 3, column plan_id",
        "contracts/accounts.csv, line 4, column language",
        "contracts/accounts.csv, line 4, column service_start",
        "contracts/equipment_returns.csv, line 3, column rma_id",
        "contracts/equipment_returns.csv, line 3, column verified_on",
        "contracts/one_time_charges.csv, line 2, column charge_code",
        "contracts/one_time_charges.csv, line 3, column unit_price",
        "contracts/phone_numbers.csv, line 3, column number",
    ]
    assert not month.warehouse.exists()


def test_contract_3_a_fault_says_where_what_value_and_what_to_do(try_to_bill: Bill) -> None:
    month = try_to_bill(accounts=[account(plan_id="no-plan")], items=[item("i1")])
    assert month.message.splitlines() == [
        "tollbook: contracts/accounts.csv, line 2, column plan_id: is no plan ('no-plan'); use one of the rate version"
    ]
