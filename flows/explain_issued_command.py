"""`tollbook explain`: a call, a record or an invoice line of an issued month."""

from __future__ import annotations

import datetime as dt
import sys
from typing import Annotated

from cyclopts import Parameter

from flows.options import DONE, INBOX, RATE_TABLES, WAREHOUSE, Cdrs, RateTablesFolder, Warehouse
from flows.settings import Settings, parse_month
from schemas.faults import Fault, InputRefusedError

FIRST_MONTH = dt.date(1970, 1, 1)
"""Stands for no month: the command finds out itself which one it is about."""
_WAYS = (
    "write `tollbook explain CALL_ID [--source S] [--month M]`, `tollbook explain --file NAME --line N` or "
    "`tollbook explain --invoice ID --line N`"
)


def explain(
    call_id: str | None = None,
    /,
    *,
    source: str | None = None,
    month: str | None = None,
    invoice: str | None = None,
    file: str | None = None,
    line: int | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    cdrs: Cdrs = INBOX,
    rate_tables: RateTablesFolder = RATE_TABLES,
    warehouse: Warehouse = WAREHOUSE,
) -> int:
    """Explain how a call's price, or its not being billed, came about; or what an invoice line consists of.

    Parameters
    ----------
    call_id
        Id of a call of an issued month.
    source
        Source of the call, where several have a call of this id.
    month
        Usage month of the call, like 2020-01, where several have one.
    invoice
        Invoice id, like A00001-2020-02, instead of a call.
    file
        File of call records, like 2020-01/calls.csv, instead of a call: for records without a call id.
    line
        Line of that invoice or file.
    json
        As JSON; schemas/EXPLAIN.md says what its keys are.

    Examples
    --------
    tollbook explain c1000000500
        Where the call's record came from, how it was rated, and what it cost.
    tollbook explain --file 2020-01/calls.csv --line 17
        What became of a record, whether it has a call id or not.
    tollbook explain --invoice A00001-2020-02 --line 3
        What the line consists of, down to its rounding.
    """
    from flows.explain_call import explain_call, explain_row
    from flows.explain_line import explain_line
    from flows.explain_line_text import line_text
    from flows.explain_text import call_text
    from flows.files import canonical_json

    settings = Settings(FIRST_MONTH, cdrs, rate_tables=rate_tables, warehouse=warehouse)
    usage_month = parse_month(month) if month else None
    is_call = source is not None or month is not None
    match (call_id, invoice, file, line):
        case (str(), None, None, None):
            found = explain_call(settings, call_id, source, usage_month)
        case (None, str(), None, int()) if not is_call:
            found = explain_line(settings, invoice, line)
        case (None, None, str(), int()) if not is_call:
            found = explain_row(settings, file, line)
        case _:
            problem = "name a call, or a file of call records and a line of it, or an invoice and a line of it"
            raise InputRefusedError(Fault("explain", problem, _WAYS))
    as_text = call_text if found["kind"] == "call" else line_text
    sys.stdout.write(canonical_json(found) if json else as_text(found))
    return DONE
