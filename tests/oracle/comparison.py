"""What a published warehouse says against what the oracle says, as a short list of differences."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb

from .month import RatedMonth
from .tables import Row

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TIMES = ("start_time", "end_time")
# What names a row, so that one missing row is one difference; lines are numbered within it.
KEYS = {
    "invoices": ("invoice_id",),
    "invoice_line_items": (
        "invoice_id",
        "category",
        "base_category",
        "charge_code",
        "billing_group",
        "period_start",
    ),
    "billed_calls": ("source_file", "source_line"),
    "unbilled_calls": ("source_file", "source_line"),
    "set_aside_records": ("source_file", "source_line"),
    "source_files": ("source_file",),
}
ORDERS = {"invoice_line_items": ("invoice_id", "line_number")}
Key = tuple[object, ...]


def differences(rated: RatedMonth, warehouse: Path, usage_month: str) -> list[str]:
    """Every difference as a line: table, key, column, expected, got. None: they agree."""
    found: list[str] = []
    with duckdb.connect(str(warehouse / "tollbook.duckdb"), read_only=True) as connection:
        for table in KEYS:
            expected = getattr(rated, table)
            got = published(connection, table, expected)
            found += row_differences(table, keyed(table, expected), keyed(table, got))
        found += warning_differences(rated.warning_events, warning_rows(connection))
    return found + detail_differences(rated.details, warehouse / "details" / usage_month)


def published(connection: duckdb.DuckDBPyConnection, table: str, expected: list[Row]) -> list[Row]:
    """The table's rows with the columns that the oracle has, or the key alone where it expects no row."""
    columns = list(expected[0]) if expected else list(KEYS[table])
    chosen = [f"epoch_us({name}) as {name}" if name in TIMES else f'"{name}"' for name in columns]
    rows = connection.execute(f"select {', '.join(chosen)} from {table}").fetchall()
    return [dict(zip(columns, row, strict=True)) for row in rows]


def comparable(value: Any) -> Any:
    """A time as microseconds, anything else as it is."""
    return (value - EPOCH) // timedelta(microseconds=1) if isinstance(value, datetime) else value


def keyed(table: str, rows: list[Row]) -> dict[Key, Row]:
    """The rows by their key and their number among the rows of one key."""
    seen: Counter[Key] = Counter()
    found = {}
    for row in sorted(rows, key=lambda row: tuple(row.get(name, 0) for name in ORDERS.get(table, ()))):
        key = tuple(row[name] for name in KEYS[table])
        found[(*key, seen[key])] = {name: comparable(cell) for name, cell in row.items()}
        seen[key] += 1
    return found


def row_differences(table: str, expected: dict[Key, Row], got: dict[Key, Row]) -> list[str]:
    """Rows that are missing, rows that are too many, cells that differ."""
    found = [told(table, key, "row", brief(expected[key]), "no such row") for key in expected if key not in got]
    found += [told(table, key, "row", "no such row", brief(got[key])) for key in got if key not in expected]
    for key in expected.keys() & got.keys():
        for column, cell in expected[key].items():
            # A line of a compressed table or of bytes that are no text has no raw text to compare.
            free = column == "raw_record" and cell is None
            if not free and cell != got[key][column]:
                found.append(told(table, key, column, cell, got[key][column]))
    return sorted(found)


def brief(row: Row) -> str:
    """What a person needs to find out why a row is there."""
    names = (
        "account_id",
        "call_type",
        "outcome",
        "reason",
        "destination_number",
        "quantity",
        "amount",
        "cost",
    )
    return ", ".join(f"{name}={row[name]}" for name in names if name in row)


def told(table: str, key: Iterable[object], column: str, expected: object, got: object) -> str:
    """One difference, short enough to read."""
    named = "/".join("-" if part is None else str(part) for part in key)
    return f"{table} [{named}] {column}: expected {str(expected)[:400]!r}, got {str(got)[:400]!r}"


def warning_rows(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The published warnings."""
    names = ("kind", "account_id", "source_file", "detail")
    rows = connection.execute(f"select {', '.join(names)} from warnings").fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def warning_differences(events: list[Row], got: list[Row]) -> list[str]:
    """Counts by kind, at the grain (account, file or both) in which the program tells of that kind."""
    found = []
    for kind in sorted({row["kind"] for row in (*events, *got)}):
        own = [row for row in got if row["kind"] == kind]
        by_account = any(row["account_id"] for row in own)
        by_file = any(row["source_file"] for row in own)
        counts: Counter[Key] = Counter()
        seconds: Counter[Key] = Counter()
        for event in (event for event in events if event["kind"] == kind):
            key: Key = (
                event["account_id"] if by_account else None,
                event["source_file"] if by_file else None,
            )
            counts[key] += event["count"]
            seconds[key] += event.get("seconds", 0)
        told_of: dict[Key, Any] = {
            (row["account_id"] or None, row["source_file"] or None): row["detail"] for row in own
        }
        for key in sorted(counts.keys() | told_of.keys(), key=str):
            wanted = {counts[key], seconds[key]} if seconds[key] else {counts[key]}
            if key not in told_of or not counts[key]:
                found.append(told("warnings", (kind, *key), "*", counts[key], told_of.get(key, "no such row")))
            elif kind != "no_tax_rows" and not wanted <= numbers_in(told_of[key]):
                found.append(told("warnings", (kind, *key), "detail", sorted(wanted), told_of[key]))
    return found


def numbers_in(detail: str) -> set[int]:
    """The whole numbers that a warning's text holds."""
    return {int(digits) for digits in re.findall(r"[0-9]+", re.sub(r"(?<=[0-9])[, ](?=[0-9]{3})", "", detail))}


def detail_differences(expected: dict[str, bytes], folder: Path) -> list[str]:
    """The billed call details, byte by byte; the first line that differs is shown."""
    got = {path.stem: path.read_bytes() for path in folder.glob("*.csv")}
    found = []
    for account in sorted(expected.keys() | got.keys()):
        wanted, there = expected.get(account), got.get(account)
        if wanted == there:
            continue
        if wanted is None or there is None:
            found.append(told("details", (account,), "*", "no file" if wanted is None else "a file", there))
            continue
        ours, theirs = wanted.split(b"\r\n"), there.split(b"\r\n")
        line = next((n for n, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
        if line is None:
            found.append(told("details", (account,), "lines", len(ours), len(theirs)))
        else:
            found.append(told("details", (account,), f"line {line + 1}", ours[line], theirs[line]))
    return found


def summary(found: list[str], most: int = 25) -> str:
    """The first differences, and how many there are of each table."""
    counted = Counter(line.split(" ", 1)[0] for line in found)
    return f"{len(found)} differences: {dict(counted)}\n" + "\n".join(found[:most])
