"""Where a call id stands in the published months: found by what the warehouse holds, and by nothing else."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, NamedTuple

import duckdb

from flows.settings import Settings, month_text
from flows.warehouse import calls_told
from schemas.faults import Fault, InputRefusedError
from transforms.timestamps import add_months

_ACCEPTED = """
select found.*, sha256
from (
    select 'billed' as place, run_id, usage_month, account_id, source, source_file, source_line
    from billed_calls where call_id = $call_id
    union all
    select 'unbilled', run_id, usage_month, account_id, source, source_file, source_line
    from unbilled_calls where call_id = $call_id
    union all
    select 'suspended', run_id, usage_month, account_id, source, source_file, source_line
    from suspended_calls where call_id = $call_id
) as found
join runs using (run_id)
left join source_files using (run_id, usage_month, source_file)
where runs.kind = 'bill'
order by found.usage_month, source, source_file, source_line
"""
_ASIDE = """
select outcome as place, run_id, set_aside_records.usage_month, null as account_id, source, source_file, source_line,
    sha256, set_aside_records.reason, detail, raw_record
from set_aside_records
join runs using (run_id)
left join source_files using (run_id, source_file)
where runs.kind = 'bill' and outcome <> 'suspended'
"""
_MENTIONED = f"{_ASIDE} and contains(raw_record, $call_id) order by source_file, source_line"
_REPEATS = f"{_ASIDE} and run_id = $run_id and detail = $detail order by source_file, source_line"
_AT = """
select found.*, sha256
from (
    select 'billed' as place, run_id, usage_month, account_id, source, source_file, source_line
    from billed_calls where source_file = $file and source_line = $line
    union all
    select 'unbilled', run_id, usage_month, account_id, source, source_file, source_line
    from unbilled_calls where source_file = $file and source_line = $line
    union all
    select 'suspended', run_id, usage_month, account_id, source, source_file, source_line
    from suspended_calls where source_file = $file and source_line = $line
) as found
join runs using (run_id)
left join source_files using (run_id, usage_month, source_file)
where runs.kind = 'bill'
"""
_ASIDE_AT = f"{_ASIDE} and source_file = $file and source_line = $line"
_FILES = """
select source_file, rows_read from source_files join runs using (run_id)
where runs.kind = 'bill' and (source_file = $file or ends_with($file, '/' || source_file))
order by len(source_file) desc
"""
MOST_LISTED = 20


class FoundRecord(NamedTuple):
    """A record of the call id: where it ended, in which run, and where it stands. Set-aside ones have no account."""

    place: str
    run_id: str
    usage_month: dt.date
    account_id: str | None
    source: str
    source_file: str
    source_line: int
    sha256: str | None
    reason: str | None = None
    detail: str | None = None
    raw_record: str | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether it is a call of the month."""
        return self.place in ("billed", "unbilled", "suspended")


def _rows(connection: duckdb.DuckDBPyConnection, query: str, params: dict[str, Any], settings: Settings) -> list[Any]:
    with calls_told(settings.warehouse, "the calls of the months"):
        return connection.execute(query, params).fetchall()


def _names(call_id: str, raw_record: str | None) -> bool:
    """Whether a raw record has the id as a word of its own: `c1` is not in `c12`."""
    word = rf"(?<![0-9A-Za-z_.-]){re.escape(call_id)}(?![0-9A-Za-z_.-])"
    return re.search(word, raw_record or "") is not None


def repeats_of(connection: duckdb.DuckDBPyConnection, settings: Settings, record: FoundRecord) -> list[FoundRecord]:
    """The duplicates and conflicts that gave way to this record (rule 13.3)."""
    detail = f"the first is kept: {record.source_file}, line {record.source_line}"
    rows = _rows(connection, _REPEATS, {"run_id": record.run_id, "detail": detail}, settings)
    return [FoundRecord(*row) for row in rows]


def find_records(connection: duckdb.DuckDBPyConnection, settings: Settings, call_id: str) -> list[FoundRecord]:
    """Every record of the id in issued months: calls, and rows set aside that name it.

    Only columns that tell where it is are read of the calls. Rows set aside have no call id of their own: those whose
    raw record has it as a word are taken.
    """
    accepted = [FoundRecord(*row) for row in _rows(connection, _ACCEPTED, {"call_id": call_id}, settings)]
    aside = [FoundRecord(*row) for row in _rows(connection, _MENTIONED, {"call_id": call_id}, settings)]
    return accepted + [record for record in aside if _names(call_id, record.raw_record)]


def record_at(connection: duckdb.DuckDBPyConnection, settings: Settings, file: str, line: int) -> FoundRecord:
    """The record at a line of a file that an issued month read, by the file's name in `source_files` or its path.

    Raises InputRefusedError where there is none.
    """
    files = connection.execute(_FILES, {"file": file}).fetchall()
    if not files:
        remedy = "name it as the table source_files has it, like 2020-01/calls.csv"
        raise InputRefusedError(Fault("--file", "no issued month read such a file", remedy, value=file))
    name, rows_read = files[0]
    place = {"file": name, "line": line}
    rows = [*_rows(connection, _ASIDE_AT, place, settings), *_rows(connection, _AT, place, settings)]
    if not rows:
        problem = f"{name} has no record there: its month read {rows_read:,} records of it"
        remedy = "name a line of a record; headers, comments and blank lines are none"
        raise InputRefusedError(Fault("--line", problem, remedy, value=str(line)))
    return FoundRecord(*rows[0])


def _listed(records: list[FoundRecord]) -> str:
    shown = [
        f"source {record.source}, {month_text(record.usage_month)}, {record.place} ({record.source_file}, line "
        f"{record.source_line})"
        for record in records[:MOST_LISTED]
    ]
    more = f"; and {len(records) - MOST_LISTED} more" if len(records) > MOST_LISTED else ""
    return "; ".join(shown) + more


def _refuse_unknown(call_id: str, connection: duckdb.DuckDBPyConnection, named: str) -> InputRefusedError:
    months = connection.sql("select invoice_month from runs where kind = 'bill' order by invoice_month").fetchall()
    usage = [month_text(add_months(month, -1)) for (month,) in months]
    issued = f"calls of {usage[0]} to {usage[-1]} were looked through" if usage else "no month is issued yet"
    remedy = "check the id in the table billed_calls; records of months that are not issued are not known yet"
    return InputRefusedError(Fault("call id", f"no call has this id{named} ({issued})", remedy, value=call_id))


def the_record(
    connection: duckdb.DuckDBPyConnection,
    settings: Settings,
    call_id: str,
    source: str | None = None,
    usage_month: dt.date | None = None,
) -> tuple[FoundRecord, list[FoundRecord]]:
    """The one record that is meant, and what stands beside it: its repeats, or other set-aside rows of the id.

    A call that was accepted is meant before rows that only name its id: a file over midnight is in two months.
    Raises InputRefusedError where there is none, or several of different sources or months.
    """
    found = [
        record
        for record in find_records(connection, settings, call_id)
        if source in (None, record.source) and usage_month in (None, record.usage_month)
    ]
    if not found:
        named = f" in source {source}" if source else ""
        raise _refuse_unknown(call_id, connection, named + (f" in {month_text(usage_month)}" if usage_month else ""))
    meant = [record for record in found if record.is_accepted] or found
    keys = {(record.source, record.usage_month) for record in meant}
    if len(keys) > 1:
        sources, months = {key[0] for key in keys}, {key[1] for key in keys}
        flags = ["--source"] * (len(sources) > 1) + ["--month"] * (len(months) > 1)
        problem = f"several calls have this id: {_listed(meant)}"
        raise InputRefusedError(Fault("call id", problem, f"name one with {' and '.join(flags)}", value=call_id))
    first, *others = meant
    return first, repeats_of(connection, settings, first) if first.is_accepted else others
