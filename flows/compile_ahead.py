"""`python -m flows.compile_ahead`: machine code is made when Tollbook is installed, not in the first large month."""

from __future__ import annotations

import datetime as dt

import polars as pl

from flows.compiled_code import keep_compiled, sweep_other_states
from schemas.source_spec import CANONICAL_COLUMNS
from transforms.delimited import Layout
from transforms.machine_code import is_available
from transforms.prefixes import ENTRY_SCHEMA, OPEN_SECOND, build_prefix_index, match_numbers
from transforms.screen import Directory

_LINE = b"c1,A,outbound,+12125550100,%b,2020-01-15T10:30:00Z,,60,answered\n"
_LINES = _LINE % b"+442071234567" + _LINE % b"12125550100"


def _directory() -> Directory:
    """One account, A, of the United States."""
    texts, dates = ("number", "account_id", "kind"), ("owned_from", "owned_until")
    owners = pl.DataFrame(schema={**dict.fromkeys(texts, pl.String), **dict.fromkeys(dates, pl.Date)})
    plan = {
        "country": "US",
        "calling_code": "1",
        "international_prefix": "011",
        "national_prefix": "1",
        "national_lengths": [10],
        "carrier_code_digits": 0,
        "emergency_numbers": ["911"],
        "short_codes": ["411"],
    }
    accounts = pl.DataFrame({"account_id": ["A"], "country": ["US"], "bucket": [0]})
    return Directory(accounts, owners, pl.DataFrame([plan]))


_DETAILS = {
    "account_id": "A",
    "source_number": "+12125550100",
    "destination_number": "+442071234567",
    "start_time": dt.datetime(2020, 1, 15, tzinfo=dt.UTC),
    "end_time": dt.datetime(2020, 1, 15, 0, 1, tzinfo=dt.UTC),
    "duration_seconds": 60,
    "billable_seconds": 60,
    "included_seconds": 0,
    "cost_micros": 10_000,
    "rate_per_minute_micros": 10_000,
    "call_type": "overage",
}


def compile_reading() -> int:
    """Reads two lines, so that all there is to compile is compiled and kept; how many calls they came to."""
    keep_compiled()
    from transforms.usual_calls import read_usual

    layout = Layout(",", '"', CANONICAL_COLUMNS, (len(CANONICAL_COLUMNS),))
    return read_usual(_LINES, 2, 2, layout, _directory(), dt.date(2020, 1, 1)).calls.height


def compile_details() -> int:
    """Puts the details of a call together, for the same reason; of how many accounts they are."""
    keep_compiled()
    from transforms.usual_details import account_texts

    calls, languages = pl.DataFrame([_DETAILS]), pl.DataFrame({"account_id": ["A"], "language": ["en"]})
    return len(account_texts(calls, languages) or [])


def compile_look_ups() -> int:
    """Looks a number up, for the same reason; how many rows were found."""
    keep_compiled()
    entry = {"scope": 0, "prefix": "44", "from_second": 0, "to_second": OPEN_SECOND, "row": 0, "preference": 0}
    index = build_prefix_index(pl.DataFrame([entry], schema=ENTRY_SCHEMA))._replace(by_machine_code=True)
    asked = pl.DataFrame({"scope": [0], "number": ["+442071234567"], "second": [0]})
    return match_numbers(index, asked.lazy()).count()


if __name__ == "__main__" and is_available():
    compile_reading()
    compile_details()
    compile_look_ups()
    sweep_other_states()
