"""A rate version as lists of rows, and the row that is in force (contract §4)."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from .months import midnight

Row = dict[str, Any]
ANY = "*"
OPEN_START = datetime.min.replace(tzinfo=UTC)
OPEN_END = datetime.max.replace(tzinfo=UTC)
NAMES = [
    "international_rates",
    "premium_prefixes",
    "toll_free_rates",
    "plans",
    "charges",
    "fees",
    "usf_factors",
    "usf_shares",
    "taxes",
    "numbering_plan",
    "dialing_plans",
    "policy",
]


class Unpriced(Exception):
    """The month cannot be billed from these tables: the program has to refuse the run (rules 8.3 and 9.4)."""


class PrefixTable(NamedTuple):
    """Dated rows by (kind of row, prefix): the kind is what must be equal, as country and currency."""

    rows: dict[tuple[Any, str], list[Row]]

    def longest(self, kinds: Iterable[Any], digits: str, at: datetime) -> Row | None:
        """Rule 6.1: the row with the longest prefix in force; at equal length the first of `kinds`."""
        kinds = list(kinds)
        for length in range(len(digits), -1, -1):
            for kind in kinds:
                found = in_force(self.rows.get((kind, digits[:length]), []), at)
                if found is not None:
                    return found
        return None


class Tables(NamedTuple):
    """One version: its name, every file's rows, and the four that are searched by prefix."""

    version: str
    rows: dict[str, list[Row]]
    international: PrefixTable
    premium: PrefixTable
    toll_free: PrefixTable
    numbering: PrefixTable
    dialing: dict[str, Row]


def csv_rows(path: Path) -> Iterator[Row]:
    """Rows of a table of ours, cells trimmed."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        for row in csv.DictReader(lines):
            yield {name: (cell or "").strip() for name, cell in row.items()}


def moment(text: str, empty: datetime) -> datetime:
    """A date or UTC time; a date is its midnight."""
    if not text:
        return empty
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def in_force(rows: Iterable[Row], at: datetime) -> Row | None:
    """The row with effective_from <= at < effective_to."""
    return next((row for row in rows if row["from"] <= at < row["to"]), None)


def dated(row: Row) -> Row:
    """The row with its time in force as moments."""
    row["from"] = moment(row.get("effective_from", ""), OPEN_START)
    row["to"] = moment(row.get("effective_to", ""), OPEN_END)
    return row


def prefix_table(rows: list[Row], kind: list[str], prefix: str) -> PrefixTable:
    """The rows by the columns of their kind, and prefix."""
    index: dict[tuple[Any, str], list[Row]] = {}
    for row in rows:
        index.setdefault((tuple(row[name] for name in kind), row[prefix]), []).append(row)
    return PrefixTable(index)


@cache
def load_tables(folder: Path) -> Tables:
    """A version from its folder; its hashes are the program's business."""
    manifest = tomllib.loads((folder / "manifest.toml").read_text(encoding="utf-8"))
    rows = {name: [dated(row) for row in csv_rows(folder / f"{name}.csv")] for name in NAMES}
    return Tables(
        version=manifest["version"],
        rows=rows,
        international=prefix_table(rows["international_rates"], ["currency"], "prefix"),
        premium=prefix_table(rows["premium_prefixes"], ["country", "currency", "plan_id"], "prefix"),
        toll_free=prefix_table(rows["toll_free_rates"], ["country", "currency"], "origin_prefix"),
        numbering=prefix_table(rows["numbering_plan"], [], "prefix"),
        dialing={row["country"]: row for row in rows["dialing_plans"]},
    )


def listed(cell: str) -> list[str]:
    """The parts of a cell that holds a list."""
    return [part.strip() for part in cell.split(";") if part.strip()]


def policy(tables: Tables, setting: str, on: date) -> str:
    """Rule 1.5: the value of the setting in force on the day of what it decides."""
    row = in_force((row for row in tables.rows["policy"] if row["setting"] == setting), midnight(on))
    if row is None:
        raise Unpriced(f"no policy {setting} on {on}")
    return str(row["value"])


def plan_row(tables: Tables, plan_id: str, at: datetime) -> Row:
    """The plan's row in force."""
    row = in_force((row for row in tables.rows["plans"] if row["plan_id"] == plan_id), at)
    if row is None:
        raise Unpriced(f"no plan {plan_id} at {at}")
    return row


def charge_row(tables: Tables, plan_id: str, currency: str, code: str, on: date) -> Row:
    """The list price of a charge: the plan's own row wins over `*` (contract §4, `charges.csv`)."""
    for owner in (plan_id, ANY):
        wanted = (owner, currency, code)
        rows = (r for r in tables.rows["charges"] if (r["plan_id"], r["currency"], r["charge_code"]) == wanted)
        row = in_force(rows, midnight(on))
        if row is not None:
            # Reading: a plan's own row without a price wins too, and the run is refused (5.1, 9.4).
            return row
    raise Unpriced(f"no charge {code} in {currency} on {on}")


def price_of(row: Row) -> str:
    """Rule 9.4: a needed charge without a price refuses the run."""
    if not row["price"]:
        raise Unpriced(f"charge {row['charge_code']} has no price")
    return str(row["price"])


def regional_rows(rows: Iterable[Row], region: str, code: str, at: datetime) -> dict[str, Row]:
    """Rules 8.1 and 9.1: rows in force of the region and of `*`; a region's own replaces `*` of its code."""
    chosen: dict[str, Row] = {}
    for row in rows:
        replaces = row["region"] == region or row[code] not in chosen
        if row["region"] in (region, ANY) and row["from"] <= at < row["to"] and replaces:
            chosen[row[code]] = row
    return chosen
