"""What a deployment's form asks for: the server refuses what a schema can tell before a run exists.

Types are texts with a pattern in their schema. The flow reads them by the functions of the command line, so that what
a schema cannot tell (30 February) is refused with the same sentence.
"""

from __future__ import annotations

import datetime as dt
import os
from typing import Annotated

from pydantic import Field

from flows.confidential import masked
from schemas.faults import Fault, InputRefusedError

_MONTH = "^(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])$"
_DATE = "^(19[7-9][0-9]|2[0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_VERSION = r"^[^./\\\s][^/\\]*$"
_ACCOUNT = "^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$"
_A_DATE = "[0-9]{4}-[0-9]{2}(-[0-9]{2})?(?![0-9-])"
_A_NUMBER = rf"(?<![0-9A-Za-z_.:/-])\+?(?!{_A_DATE})[0-9]([ ().-]{{0,2}}[0-9]){{6,17}}(?![0-9A-Za-z_:/-])"
_SCHEDULER = r"^([a-z]{2,}://)?[^\s/]+:[0-9]{1,5}$"
_REASON = rf"^(?![\s\S]*{_A_NUMBER})[\s\S]*\S"

DASK = "TOLLBOOK_DASK"
MonthText = Annotated[str, Field(json_schema_extra={"pattern": _MONTH}, examples=["2020-02"])]
DateText = Annotated[str, Field(json_schema_extra={"pattern": _DATE, "format": "date"}, examples=["2020-02-14"])]
VersionName = Annotated[str, Field(json_schema_extra={"pattern": _VERSION}, examples=["2020.1"])]
AccountId = Annotated[str, Field(json_schema_extra={"pattern": _ACCOUNT}, examples=["A00001"])]
AccountIds = Annotated[list[AccountId], Field(json_schema_extra={"uniqueItems": True})]
Reason = Annotated[
    str,
    Field(json_schema_extra={"pattern": _REASON, "maxLength": 500}, examples=["letter of 2020-02-14, wrong UK price"]),
]
SchedulerAddress = Annotated[str, Field(json_schema_extra={"pattern": _SCHEDULER}, examples=["tcp://10.0.0.5:8786"])]


def scheduler(dask: str | None) -> str | None:
    """The Dask scheduler that a flow run's wide stages go to: the parameter, else the environment's; None for none."""
    return dask or os.environ.get(DASK) or None


def month_of(scheduled_at: dt.datetime) -> str:
    """The month, like `2020-02`, in which a run was due, in UTC; however late it started."""
    return f"{scheduled_at.astimezone(dt.UTC):%Y-%m}"


def checked_reason(reason: str) -> str:
    """The reason without blanks around it. Raises InputRefusedError where there is none, or it names a number.

    Parameters stand in the server's records, so no telephone number may be in one.
    """
    if not reason.strip():
        raise InputRefusedError(Fault("reason", "it is empty", "say why the month is run again"))
    if masked(reason) != reason:
        problem = "it has a telephone number in it, and reasons are kept in logs"
        raise InputRefusedError(Fault("reason", problem, "name the account or the call id instead"))
    return reason.strip()
