"""Policy is the row in force on the day of what it decides (rule 1.5)."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from schemas.faults import InputRefusedError
from transforms.policy import (
    policy_flag,
    policy_percent_micros,
    policy_value,
    policy_whole_number,
    with_setting,
)


def utc(year: int, month: int, day: int) -> dt.datetime:
    return dt.datetime(year, month, day, tzinfo=dt.UTC)


POLICY = pl.DataFrame(
    [
        ("due_days", utc(2000, 1, 1), utc(2020, 3, 1), "15"),
        ("due_days", utc(2020, 3, 1), None, "20"),
        ("restocking_percent", None, None, "12.5"),
        ("start_day_billed", utc(2000, 1, 1), None, "true"),
    ],
    schema={
        "setting": pl.String,
        "effective_from": pl.Datetime("us", "UTC"),
        "effective_to": pl.Datetime("us", "UTC"),
        "value": pl.String,
    },
    orient="row",
)


def test_a_setting_has_the_value_of_its_day() -> None:
    assert policy_value(POLICY, "due_days", dt.date(2020, 2, 29)) == "15"
    assert policy_whole_number(POLICY, "due_days", dt.date(2020, 3, 1)) == 20
    assert policy_percent_micros(POLICY, "restocking_percent", dt.date(1990, 1, 1)) == 12_500_000
    assert policy_flag(POLICY, "start_day_billed", dt.date(2020, 1, 1)) is True


def test_a_day_without_a_row_is_refused_by_name() -> None:
    with pytest.raises(InputRefusedError, match=r"policy.csv, column due_days: has no row .* 1999-12-31"):
        policy_value(POLICY, "due_days", dt.date(1999, 12, 31))


def test_rows_get_the_setting_of_their_own_day() -> None:
    days = pl.DataFrame({"day": [dt.date(2020, 3, 1), None, dt.date(2020, 2, 29)]})
    assert with_setting(days, POLICY, "due_days", "day")["due_days"].to_list() == [20, None, 15]
    assert with_setting(days, POLICY, "start_day_billed", "day")["start_day_billed"].to_list() == [
        True,
        None,
        True,
    ]


def test_rows_of_a_day_without_policy_are_refused() -> None:
    days = pl.DataFrame({"day": [dt.date(1999, 12, 31), dt.date(2020, 1, 1)]})
    with pytest.raises(InputRefusedError, match="1999-12-31"):
        with_setting(days, POLICY, "due_days", "day")
