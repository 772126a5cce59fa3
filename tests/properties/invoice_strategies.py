"""What else an invoice can hold, as hypothesis draws it: charges, credits, returns, fees and taxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import strategies as st

from tests.properties.memory_month import LiteralMonth
from tests.properties.month_strategies import Draw, months, some
from tests.rules.small_month import one_time, returned
from tests.rules.small_rates import Row, charge, fee, tax

PRICES = ("24.95", "0", "9.33333", "0.005", "100")


@st.composite
def one_time_rows(draw: Draw, account_ids: Sequence[str]) -> list[Row]:
    """Charges at the list price or their own, and credits, with fractions of a cent."""
    drawn = st.fixed_dictionaries(
        {
            "account_id": some(*account_ids),
            "charge_date": some("2020-01-10", "2020-01-10", "2020-01-10", "2020-01-31", "2019-12-31"),
            "quantity": st.sampled_from((1, 3, -2)),
            "unit_price": some("", "", "0.005", "33.335", "-10.004"),
            "description": some("", "As asked"),
        }
    )
    return [one_time(f"o{place}", **cells) for place, cells in enumerate(draw(st.lists(drawn, max_size=8)))]


@st.composite
def return_rows(draw: Draw, account_ids: Sequence[str]) -> list[Row]:
    """Equipment back in time or late, worth more or less than what is kept."""
    drawn = st.fixed_dictionaries(
        {
            "account_id": some(*account_ids),
            "price": some("100.00", "33.33", "0.02"),
            "received_on": some("2020-01-10", "2020-01-20"),
            "verified_on": some("2020-01-20", "", "2020-02-01"),
            "provisioning_fee": some("", "7.5", "99"),
        }
    )
    return [returned(f"r{place}", **cells) for place, cells in enumerate(draw(st.lists(drawn, max_size=2)))]


@st.composite
def charges_and_fees(draw: Draw) -> dict[str, Sequence[Row]]:
    """List prices, recovery fees, the universal service fee and taxes."""
    listed = [
        charge("phone", draw(some(*PRICES)), is_phone="true"),
        charge("ata", draw(some("10.00", *PRICES))),
        charge("did", draw(some(*PRICES)), "phone_numbers"),
        charge("seat", draw(some(*PRICES)), "contact_center"),
        charge("router", draw(some(*PRICES)), "rentals"),
        charge("number_change", "15.00", "one_time"),
        charge("rma_late_return", "6.00", "one_time"),
    ]
    bases = "service_charge;overage;international;toll_free"
    percent = some("8.25", "0", "2.5", "33.333333")
    fees = [
        fee("slrrf", "percent", draw(percent), bases),
        fee("rrf", draw(some("per_device", "flat")), draw(some("1.5", "0.004"))),
    ]
    shares = [
        {"country": "US", "category": category, "interstate_share_percent": share}
        for category, share in (("service_charge", "64.9"), ("overage", "64.9"), ("international", "100"))
    ]
    return {
        "charges": listed,
        "fees": draw(st.sampled_from(([], fees))),
        "usf_factors": [{"country": "US", "quarter": "2020Q1", "factor_percent": draw(some("21.2", "0"))}],
        "usf_shares": shares,
        "taxes": [tax("state", draw(percent)), tax("city", draw(percent), region="NY")],
    }


@st.composite
def invoiced_months(draw: Draw) -> LiteralMonth:
    """Months with everything that an invoice can hold."""
    month = draw(months())
    account_ids = [str(row["account_id"]) for row in month.terms.accounts]
    ends = st.sampled_from(
        ({}, {"contract_end": "2020-06-30", "buyout_fee": "99.99"}, {"tax_exempt_from": "2019-01-01"})
    )
    changes = draw(st.sets(some("2020-01-01", "2020-02-01")))
    whole = replace(
        month.terms,
        accounts=[{**row, **draw(ends)} for row in month.terms.accounts],
        account_plans=[
            {"account_id": account_ids[0], "plan_id": draw(some("unlimited", "metered")), "effective_from": day}
            for day in sorted(changes)
        ],
        one_time_charges=draw(one_time_rows(account_ids)),
        equipment_returns=draw(return_rows(account_ids)),
        rates={**month.terms.rates, **draw(charges_and_fees())},
    )
    return LiteralMonth(whole, month.calls)
