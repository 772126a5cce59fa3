"""Begin of billing and end of service (rules 2.1, 2.3, 5.6)."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from transforms.service_period import billing_start, last_service_day, phone_owners, resolved_accounts

POLICY = pl.DataFrame(
    {
        "setting": ["cancellation_notice_days"],
        "effective_from": [None],
        "effective_to": [None],
        "value": ["10"],
    },
    schema_overrides={"effective_from": pl.Datetime("us", "UTC"), "effective_to": pl.Datetime("us", "UTC")},
)


@pytest.mark.parametrize(
    ("requested", "last_day"),
    [
        (dt.date(2020, 7, 21), dt.date(2020, 7, 31)),
        (dt.date(2020, 7, 22), dt.date(2020, 8, 31)),
        (dt.date(2020, 7, 1), dt.date(2020, 7, 31)),
        (dt.date(2020, 2, 19), dt.date(2020, 2, 29)),
        (dt.date(2020, 1, 31), dt.date(2020, 2, 29)),
        (dt.date(2020, 12, 31), dt.date(2021, 1, 31)),
        (None, None),
    ],
)
def test_rule_2_3_service_ends_with_the_month_of_timely_notice(
    requested: dt.date | None, last_day: dt.date | None
) -> None:
    requests = pl.DataFrame({"day": [requested]}, schema={"day": pl.Date})
    assert requests.select(last_service_day(pl.col("day"), pl.lit(10))).item() == last_day


@pytest.mark.parametrize(
    ("given", "service_start", "free_months", "start"),
    [
        (None, dt.date(2020, 1, 31), 1, dt.date(2020, 2, 29)),
        (None, dt.date(2019, 1, 31), 1, dt.date(2019, 2, 28)),
        (None, dt.date(2019, 12, 15), 2, dt.date(2020, 2, 15)),
        (None, dt.date(2019, 12, 15), 0, dt.date(2019, 12, 15)),
        (dt.date(2020, 1, 1), dt.date(2019, 12, 15), 6, dt.date(2020, 1, 1)),
    ],
)
def test_rule_2_1_billing_begins_after_the_free_months(
    given: dt.date | None, service_start: dt.date, free_months: int, start: dt.date
) -> None:
    accounts = pl.DataFrame(
        {"billing_start": [given], "service_start": [service_start], "free_months": [free_months]},
        schema_overrides={"billing_start": pl.Date},
    )
    assert accounts.select(billing_start()).item() == start


def test_accounts_get_their_start_and_last_day() -> None:
    accounts = pl.DataFrame(
        {
            "account_id": ["a", "b"],
            "billing_start": [None, dt.date(2020, 1, 1)],
            "service_start": [dt.date(2020, 1, 31), None],
            "free_months": [1, 0],
            "cancel_requested_on": [dt.date(2020, 7, 22), None],
        }
    )
    resolved = resolved_accounts(accounts, POLICY)
    assert resolved["billing_start"].to_list() == [dt.date(2020, 2, 29), dt.date(2020, 1, 1)]
    assert resolved["end_of_service"].to_list() == [dt.date(2020, 8, 31), None]


def test_rule_5_6_a_number_is_owned_until_its_own_end_or_its_accounts() -> None:
    accounts = pl.DataFrame({"account_id": ["a", "b"], "end_of_service": [dt.date(2020, 3, 31), None]})
    numbers = pl.DataFrame(
        {
            "account_id": ["a", "a", "b", "b"],
            "number": ["+1", "+2", "+3", "+4"],
            "start_date": [dt.date(2020, 1, 1)] * 3 + [dt.date(2020, 6, 1)],
            "cancel_requested_on": [None, dt.date(2020, 1, 5), None, dt.date(2020, 4, 1)],
        }
    )
    owners = phone_owners(numbers, accounts, POLICY)
    assert owners.select("number", "owned_until").rows() == [
        ("+1", dt.date(2020, 3, 31)),
        ("+2", dt.date(2020, 1, 31)),
        ("+3", None),
    ]
