"""The dearest that the tables admit, through the whole program: billed to the micro, or refused by name."""

from __future__ import annotations

from decimal import Decimal

from tests.bounds import BILLABLE, DURATION, FEE, INCREMENT, RATE
from tests.rules.conftest import Bill
from tests.rules.small_month import account, call, item
from tests.rules.small_rates import charge, international

DEAREST = international(
    "44",
    "9999.999999",
    connection_fee="9999.999999",
    minimum_seconds=(DURATION - 1) % INCREMENT,
    increment_seconds=INCREMENT,
    rounding="up",
)
LONGEST = [call(f"c{number}", "+442071234567", DURATION) for number in range(3)]
RATES = {"international_rates": [DEAREST]}


def test_the_longest_calls_at_the_highest_rate_are_billed_to_the_micro(bill_whole: Bill) -> None:
    month = bill_whole(accounts=[account()], calls=LONGEST, rates=RATES)
    cost = Decimal(FEE + -(-RATE * BILLABLE // 60)).scaleb(-6)  # 0.9 of a micro is a whole one
    assert RATE * BILLABLE % 60 == 54
    assert month.billed("billable_seconds, cost") == [(BILLABLE, f"{cost}")] * 3
    assert month.lines("exact_amount", where="category = 'international'") == [(f"{3 * cost}",)]


def test_calls_that_come_to_more_than_an_invoice_holds_are_refused_by_name(try_to_bill: Bill) -> None:
    calls = [call(f"c{number}", "+442071234567", DURATION) for number in range(28)]
    month = try_to_bill(accounts=[account()], calls=calls, rates=RATES)
    assert month.exit_code == 2
    assert "invoice A-2020-02, column amount: its line international (international) has more than" in month.message


def test_items_that_come_to_more_than_an_invoice_holds_are_refused_by_name(try_to_bill: Bill) -> None:
    seats = [item(f"i{number}", "seats", quantity=700_000) for number in range(2)]
    prices = {"charges": [charge("seats", "9999999.999999")]}
    whole = try_to_bill(accounts=[account()], items=seats[:1], rates=prices)
    assert whole.exit_code == 0
    assert whole.lines("quantity, exact_amount") == [("700000.0000", "6999999999999.300000")]
    month = try_to_bill(accounts=[account()], items=seats, rates=prices)
    assert month.exit_code == 2
    assert "invoice A-2020-02, column amount: its line service_charge (seats) has more than 10,000" in month.message
