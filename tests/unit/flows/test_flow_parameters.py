"""A form's patterns let good values by and no others; the month is that in which a run was due."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from pydantic import TypeAdapter

from flows.flow_parameters import (
    AccountId,
    DateText,
    MonthText,
    Reason,
    SchedulerAddress,
    VersionName,
    checked_reason,
    month_of,
    scheduler,
)
from schemas.faults import InputRefusedError


def fits(kind: Any, text: str) -> bool:
    """Whether the schema of the type lets the text by, as the server judges it."""
    return re.search(TypeAdapter(kind).json_schema()["pattern"], text) is not None


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (MonthText, "2020-02"),
        (DateText, "2020-02-29"),
        (VersionName, "2020.1"),
        (VersionName, "2020.2-draft"),
        (AccountId, "A00001"),
        (AccountId, "_a.b-c"),
        (Reason, "letter of 2020-02-14"),
        (Reason, "invoice A00001-2020-02, 2020-01 calls of 2020-01-15 and 2020-01-16"),
        (Reason, "  wrong price,\nUK "),
        (Reason, "120 calls, 123456 seconds"),
        (Reason, "call c1000000500"),
        (SchedulerAddress, "tcp://10.0.0.5:8786"),
        (SchedulerAddress, "tls://billing-scheduler:8786"),
    ],
)
def test_a_good_value_fits(kind: Any, text: str) -> None:
    assert fits(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (MonthText, "2020-2"),
        (MonthText, "2020-00"),
        (MonthText, "1960-01"),
        (MonthText, "2020-02-01"),
        (MonthText, ""),
        (DateText, "2020-02"),
        (DateText, "2020-13-01"),
        (DateText, "2020-02-00"),
        (VersionName, ""),
        (VersionName, "../2020.1"),
        (VersionName, "a/b"),
        (AccountId, ".hidden"),
        (AccountId, "a b"),
        (AccountId, "a" * 65),
        (Reason, ""),
        (Reason, " \n "),
        (Reason, "call to +442071234567"),
        (Reason, "2125550177"),
        (Reason, "on 2020-02-14 to (212) 555-0177, London"),
        (Reason, "first line\n212.555.0177"),
        (SchedulerAddress, ""),
        (SchedulerAddress, "tcp://10.0.0.5"),
        (SchedulerAddress, "tcp://10.0.0.5:8786/path"),
        (SchedulerAddress, "the cluster:8786"),
    ],
)
def test_a_wrong_value_does_not_fit(kind: Any, text: str) -> None:
    assert not fits(kind, text)


@pytest.mark.parametrize("reason", ["", "  ", "the call to 212-555-0177"])
def test_a_reason_that_no_schema_looked_at_is_refused_all_the_same(reason: str) -> None:
    with pytest.raises(InputRefusedError, match=r"^reason: "):
        checked_reason(reason)


def test_a_reason_is_kept_without_blanks_around_it() -> None:
    assert checked_reason(" letter of 2020-02-14\n") == "letter of 2020-02-14"


@pytest.mark.parametrize(
    ("parameter", "environment", "found"),
    [
        (None, None, None),
        (None, "", None),
        (None, "tcp://b:1", "tcp://b:1"),
        ("tcp://a:1", None, "tcp://a:1"),
        ("tcp://a:1", "tcp://b:1", "tcp://a:1"),
    ],
)
def test_a_scheduler_is_the_parameter_or_else_the_environments(
    parameter: str | None, environment: str | None, found: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOLLBOOK_DASK", raising=False)
    if environment is not None:
        monkeypatch.setenv("TOLLBOOK_DASK", environment)
    assert scheduler(parameter) == found


@pytest.mark.parametrize(
    ("due", "month"),
    [
        ("2020-03-03T06:00:00+00:00", "2020-03"),
        ("2020-03-01T00:30:00+01:00", "2020-02"),
        ("2020-02-29T23:30:00-05:00", "2020-03"),
    ],
)
def test_the_month_is_that_of_the_time_it_was_due_in_utc(due: str, month: str) -> None:
    assert month_of(dt.datetime.fromisoformat(due)) == month
