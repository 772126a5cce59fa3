"""How a source understands a file: its first rows field by field, and what became of all of them. Writes nothing."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.contract_reader import checked_contracts, read_contract_files
from flows.inbox import RecordFile, stat_of
from flows.record_files import Block, read_blocks
from rate_tables.versions import RateTables
from schemas.faults import Fault, InputRefusedError
from schemas.source_spec import FIELDS, SourceSpec, place_name
from transforms.screen import Directory, screen, warning_flags
from transforms.service_period import phone_owners, resolved_accounts
from transforms.source_fields import canonical_text, templates_taken, used_columns

ANY_ACCOUNT = "(not judged)"
LINES_SHOWN = 5
_ANY_MONTH = dt.date(2000, 1, 1)


class Judge(NamedTuple):
    """Whom records can belong to; without contracts every record is somebody's, read by one country."""

    directory: Directory
    has_contracts: bool
    country: str | None


class CheckedRow(NamedTuple):
    """One of the first rows: each field's template, text and value; why it is set aside, if it is."""

    line: int
    raw_record: str
    fields: tuple[tuple[str, str, str, str], ...]
    """(field, template, text, value)"""
    reason: str | None
    detail: str | None


class SourceCheck(NamedTuple):
    """What a file came to. `rejected`: reason, rows, lines, detail. `warned`: kind, rows. `months`: month, rows."""

    row_count: int
    accepted_count: int
    rows: tuple[CheckedRow, ...]
    rejected: pl.DataFrame
    warned: pl.DataFrame
    months: pl.DataFrame
    columns: tuple[str, ...]
    unused: tuple[str, ...]


def judge_of(source: SourceSpec, rates: RateTables, contracts: Path | None, country: str | None) -> Judge:
    """By the contracts where they are named, else by the country that was named, or the source's own."""
    if contracts is not None:
        tables = checked_contracts(read_contract_files(contracts), rates)
        accounts = resolved_accounts(tables.accounts, rates.policy)
        owners = phone_owners(tables.phone_numbers, accounts, rates.policy)
        columns = ("number", "account_id", "kind", "owned_from", "owned_until")
        known = accounts.select("account_id", "country", bucket=pl.lit(0, dtype=pl.Int64))
        return Judge(Directory(known, owners.select(columns), rates.dialing_plans), has_contracts=True, country=None)
    read_by = country or source.default_country
    if country is not None and country not in rates.dialing_plans["country"]:
        remedy = f"use one of {', '.join(sorted(rates.dialing_plans['country']))}"
        raise InputRefusedError(Fault("--country", "no dialing plan has this country", remedy, value=country))
    schema = {"account_id": pl.String, "country": pl.String, "bucket": pl.Int64}
    anybody = pl.DataFrame({"account_id": [ANY_ACCOUNT], "country": [read_by or "-"], "bucket": [0]}, schema=schema)
    nobody = {"number": pl.String, "account_id": pl.String, "kind": pl.String}
    dates = {"owned_from": pl.Date, "owned_until": pl.Date}
    owners = pl.DataFrame(schema={**nobody, **dates})
    return Judge(Directory(anybody, owners, rates.dialing_plans), has_contracts=False, country=read_by)


def record_file(path: Path, source: str) -> RecordFile:
    """A file anywhere, as one of a source's. Raises InputRefusedError where it cannot be read."""
    try:
        if not path.is_file():
            raise InputRefusedError(Fault(str(path), "there is no such file", "name a file of call records"))
        with path.open("rb") as stream:
            stream.read(1)
        return RecordFile(path, path.name, source, "", stat_of(path))
    except OSError as error:
        raise InputRefusedError(Fault(str(path), f"the file cannot be read: {error.strerror}", "mend it")) from error


class _Judged(NamedTuple):
    """A block's rows: as text columns, as canonical text, and judged."""

    rows: pl.DataFrame
    texts: pl.DataFrame
    judged: pl.DataFrame


def _judge_block(block: Block, source: SourceSpec, judge: Judge) -> _Judged:
    rows = block.rows()
    texts = canonical_text(rows, source)
    asked = texts if judge.has_contracts else texts.with_columns(account_id=pl.lit(ANY_ACCOUNT))
    return _Judged(rows, texts, screen(asked, source, judge.directory, _ANY_MONTH))


def _value(field: str, row: dict[str, Any]) -> str:
    value = row[field]
    if value is None:
        return ""
    if field.endswith("_number"):
        kind = row[field.replace("_number", "_kind")]
        return f"{value} ({kind})".strip()
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, dt.datetime) else str(value)


def _checked_rows(block: Block, found: _Judged, source: SourceSpec, count: int) -> list[CheckedRow]:
    """The first rows of a block, field by field."""
    rows, texts, judged = (frame.head(count) for frame in found)
    raw = block.raw_records(judged["source_line"])
    taken = templates_taken(rows, source)
    checked = []
    for place, (text, row, template) in enumerate(
        zip(texts.to_dicts(), judged.to_dicts(), taken.to_dicts(), strict=True)
    ):
        fields = tuple(
            (field, template[field], text[field], _value(field, row))
            for field in FIELDS
            if template[field] or row[field] is not None
        )
        is_aside = row["outcome"] == "rejected"
        reason, detail = (row["reason"], row["detail"]) if is_aside else (None, None)
        checked.append(CheckedRow(row["source_line"], raw[place], fields, reason, detail))
    return checked


def _keys_of(rows: list[CheckedRow]) -> tuple[str, ...]:
    """The keys of JSON rows, with those of objects in them as paths."""
    found: dict[str, None] = {}

    def collect(value: object, path: str) -> None:
        entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
        if entries is None:
            found[path] = None
        else:
            for key, entry in entries:
                collect(entry, f"{path}.{key}" if path else str(key))

    for row in rows:
        with suppress(ValueError, RecursionError):
            collect(json.loads(row.raw_record), "")
    return tuple(found)


def _unused(columns: tuple[str, ...], source: SourceSpec) -> tuple[str, ...]:
    used = used_columns(source)
    return tuple(name for place, name in enumerate(columns, 1) if name not in used and place_name(place) not in used)


def _rejected(judged: list[pl.DataFrame]) -> pl.DataFrame:
    return (
        pl.concat(judged)
        .group_by("reason", maintain_order=True)
        .agg(
            rows=pl.len().cast(pl.Int64),
            lines=pl.col("source_line").head(LINES_SHOWN),
            detail=pl.col("detail").drop_nulls().first(),
        )
        .sort("rows", "reason", descending=[True, False])
    )


def _counted(parts: list[pl.DataFrame], name: str) -> pl.DataFrame:
    return pl.concat(parts).group_by(name).agg(rows=pl.col("rows").sum()).sort(name)


def _warned(accepted: pl.DataFrame, source: SourceSpec) -> pl.DataFrame:
    flags = warning_flags(source, accepted.columns)
    counts = accepted.select(flag.cast(pl.Int64).sum().alias(kind) for kind, flag in flags.items())
    return counts.unpivot(variable_name="kind", value_name="rows").filter(pl.col("rows") > 0)


def _months(accepted: pl.DataFrame) -> pl.DataFrame:
    month = pl.col("start_time").dt.strftime("%Y-%m").alias("month")
    return accepted.group_by(month).agg(rows=pl.len().cast(pl.Int64))


def check_file(record: RecordFile, source: SourceSpec, judge: Judge, row_count: int) -> SourceCheck:
    """All rows of the file judged, and the first ones shown. Raises InputRefusedError where it cannot be read."""
    rows: list[CheckedRow] = []
    aside = [pl.DataFrame(schema={"reason": pl.String, "source_line": pl.Int64, "detail": pl.String})]
    warned = [pl.DataFrame(schema={"kind": pl.String, "rows": pl.Int64})]
    months = [pl.DataFrame(schema={"month": pl.String, "rows": pl.Int64})]
    read = accepted_count = 0
    columns: tuple[str, ...] = ()
    for block in read_blocks(record, source):
        found = _judge_block(block, source, judge)
        columns = columns or block.columns
        rows += _checked_rows(block, found, source, row_count - len(rows))
        is_rejected = pl.col("outcome").eq_missing("rejected")
        accepted = found.judged.filter(~is_rejected)
        aside.append(found.judged.filter(is_rejected).select("reason", "source_line", "detail"))
        warned.append(_warned(accepted, source).cast({"rows": pl.Int64}))
        months.append(_months(accepted))
        read, accepted_count = read + found.judged.height, accepted_count + accepted.height
    columns = columns or _keys_of(rows)
    unused = _unused(columns, source)
    return SourceCheck(
        read,
        accepted_count,
        tuple(rows),
        _rejected(aside),
        _counted(warned, "kind"),
        _counted(months, "month"),
        columns,
        unused,
    )
