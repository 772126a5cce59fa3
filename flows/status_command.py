"""`tollbook status`: months and their runs, and what is waiting."""

from __future__ import annotations

import sys
from typing import Annotated

from cyclopts import Parameter

from flows.options import DONE, WAREHOUSE, Warehouse, console_of_tables
from flows.settings import parse_month


def status(
    month: str | None = None,
    /,
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Show the months and their runs, and what is waiting: drafts, calls, disputes, adjustments. Nothing is changed.

    Parameters
    ----------
    month
        Only this invoice month, like 2020-02.
    json
        As JSON; amounts are decimal as text.

    Examples
    --------
    tollbook status
        Every month, and what waits.
    tollbook status 2020-02 --json
        One month, for a program.
    """
    from flows.files import canonical_json
    from flows.status import warehouse_status
    from flows.status_report import show_status

    found = warehouse_status(warehouse, parse_month(month) if month else None)
    if json:
        sys.stdout.write(canonical_json(found.as_json()))
    else:
        show_status(console_of_tables(), found, month)
    return DONE
