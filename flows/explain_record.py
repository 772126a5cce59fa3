"""A call record as it stands in its input file, and how its fields were read: the way of the ingest, one row of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.files import sha256_of
from flows.inbox import RecordFile, ending_of, stat_of
from flows.month import Month
from flows.record_files import read_blocks
from flows.sources import load_source
from schemas.faults import InputRefusedError
from schemas.source_spec import FIELDS, SourceSpec
from transforms.explain_numbers import number_steps
from transforms.numbers import DialingPlan, dialing_plans_by_country
from transforms.ownership import find_accounts
from transforms.screen import screen
from transforms.source_fields import canonical_text, templates_taken

Json = dict[str, Any]


class Place(NamedTuple):
    """Where a record stands, and the hash of its file when it was billed."""

    source: str
    source_file: str
    source_line: int
    sha256: str | None


class ReadAgain(NamedTuple):
    """The row read again from its file; `note` says why not where it is not. Frames of one row."""

    note: str
    raw_record: str | None = None
    spec: SourceSpec | None = None
    rows: pl.DataFrame | None = None


def _same_file(path: Path, place: Place) -> RecordFile | str:
    """The file, if it is the one that was billed; else why it is not."""
    if ending_of(path) is None or not path.is_file():
        return f"the input file is no longer in the inbox ({path})"
    stat = stat_of(path)
    if sha256_of(path) != place.sha256:
        return f"the input file has changed since the month was billed ({path})"
    return RecordFile(path, place.source_file, place.source, place.sha256, stat)


def read_again(inbox: Path, place: Place, recorded_sources: dict[str, str]) -> ReadAgain:
    """The record's row from its input file, where the file is still there and its hash is the run's."""
    try:
        found = _same_file(inbox / place.source_file, place)
        if isinstance(found, str):
            return ReadAgain(found)
        spec = load_source(inbox, place.source)
        line = place.source_line
        for block in read_blocks(found, spec):
            if line < block.first_line + block.line_count:
                raw = block.raw_records(pl.Series([line], dtype=pl.Int64))[0]
                rows = block.rows().filter(pl.col("source_line") == line)
                if recorded_sources.get(place.source) != repr(spec):
                    return ReadAgain("the source's description has changed since the month was billed", raw)
                return ReadAgain("read from the input file, whose hash is that of the run", raw, spec, rows)
    except (InputRefusedError, OSError) as refused:
        return ReadAgain(f"the input file cannot be read again: {str(refused).splitlines()[0]}")
    return ReadAgain("the input file has no such line")


def _shown(value: object) -> str | None:
    if isinstance(value, dt.datetime):
        return value.isoformat().replace("+00:00", "Z")
    return None if value is None else str(value)


def _how_found(text: Json, texts: pl.DataFrame, judged: pl.DataFrame, month: Month, spec: SourceSpec) -> str:
    """How the account was found: named, or by the owner of a number on the day of the call."""
    if text["account_id"]:
        return "named by the record" if spec.account_id != text["account_id"] else "the one account of its source"
    if judged["account_id"][0] is None:
        return "none: no account is named, and neither number was anybody's that day"
    asked = texts.with_row_index("row").with_columns(judged["start_time"])
    directory = month.ingest_plan.directory
    without = asked.with_columns(destination_number=pl.lit(""))
    by_source = find_accounts(without, spec, directory.phone_owners, directory.dialing_plans)["account_id"][0]
    side = "destination" if by_source is None else "source"
    number = judged[f"{side}_number"][0]
    return f"no account is named; the {side} number {number} was this account's that day (rule 5.6)"


def _direction_how(text: Json, row: Json) -> str:
    if text["direction"]:
        return f"the record says {text['direction']!r}"
    if row["direction"] == "inbound":
        return "not in the record: the destination number was the account's own that day"
    if row["direction"] == "internal":
        return "not in the record: both parties are extensions"
    return "not in the record: neither inbound to a number of the account nor between extensions"


def _disposition_how(text: Json) -> str:
    if text["disposition"]:
        return f"the record says {text['disposition']!r}"
    return "not in the record: answered where the duration is more than 0 seconds"


def _number_how(text: Json, row: Json, side: str, plan: DialingPlan, version: str) -> str:
    kind, country = row[f"{side}_kind"], row["country"] or "no country"
    steps = number_steps(text[f"{side}_number"], row[f"{side}_number"] or "", kind, plan, country)
    return f"{steps} (dialing plan of {country}, {version}/dialing_plans.csv)"


def _time_how(text: Json, field: str) -> str:
    if field == "end_time" and not text[field]:
        return "not in the record: start and duration"
    return "the instant in UTC"


def _how(field: str, text: Json, row: Json, plan: DialingPlan, version: str) -> str:
    if field.endswith("_number"):
        return _number_how(text, row, field.removesuffix("_number"), plan, version)
    if field == "direction":
        return _direction_how(text, row)
    if field == "disposition":
        return _disposition_how(text)
    return _time_how(text, field) if field.endswith("_time") else "as it stands"


def normalised_fields(again: ReadAgain, month: Month) -> list[Json]:
    """Each field of the record: its text, the value that came of it, and how; by the steps of the ingest.

    Empty where the row was not read again, or is malformed.
    """
    if again.rows is None or again.spec is None or again.rows.is_empty():
        return []
    spec, rates = again.spec, month.rates
    texts = canonical_text(again.rows, spec)
    judged = screen(texts, spec, month.ingest_plan.directory, month.usage_month)
    if judged["reason"][0] == "malformed_row":
        return []  # it was not cut into fields, so there is nothing that could have been read
    text, row, taken = texts.to_dicts()[0], judged.to_dicts()[0], templates_taken(again.rows, spec).to_dicts()[0]
    plan = dialing_plans_by_country(rates.dialing_plans).get(row["country"] or "", DialingPlan())
    fields = []
    for field in FIELDS:
        if not taken[field] and row.get(field) is None:
            continue
        how = (
            _how_found(text, texts, judged, month, spec)
            if field == "account_id"
            else _how(field, text, row, plan, rates.version)
        )
        fields.append(
            {"field": field, "from": taken[field] or None, "text": text[field], "value": _shown(row[field]), "how": how}
        )
    return fields
