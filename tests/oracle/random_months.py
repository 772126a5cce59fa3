"""Small adversarial months, the same for the same seed: records, contracts and rate tables of their own."""

from __future__ import annotations

import csv
import gzip
import io
import json
from datetime import date, datetime
from pathlib import Path
from random import Random
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from .random_calls import Change, make_records
from .random_contracts import make_contracts, write_contracts
from .random_facts import VERSION
from .random_faults import Record
from .random_tables import write_version

COLUMNS = (
    "call_id",
    "account_id",
    "direction",
    "source_number",
    "destination_number",
    "start_time",
    "end_time",
    "duration_seconds",
    "disposition",
)
# Columns that a CSV may lack.
ABSENCES: tuple[tuple[str, ...], ...] = (
    *((), (), (), (), (), ("direction",), ("end_time",), ("disposition",), ("account_id", "direction")),
)
NOTES = ("", "", "plain", 'said ""hello"", left', "a,b", "Ünï")


class RandomMonth(NamedTuple):
    """Where everything of one month lies."""

    cdrs: Path
    contracts: Path
    rate_tables: Path
    version: str
    issue_date: date


def make_month(folder: Path, seed: int) -> RandomMonth:
    """Invoice month 2020-02 of that seed, written under `folder`."""
    random = Random(seed)
    version = write_version(folder / "rate_tables", random)
    contracts = make_contracts(random)
    write_contracts(folder / "contracts", contracts)
    records = make_records(random, contracts, changes_of(version))
    write_inbox(folder / "inbox" / "2020-01", random, records)
    issued = date(2020, 2, random.choice((1, 1, 1, 2, 3, 7)))
    return RandomMonth(folder / "inbox", folder / "contracts", version.parent, VERSION, issued)


def changes_of(version: Path) -> list[Change]:
    """Every row of the version that begins at a second of January."""
    keys = {
        "international_rates": ("currency", "prefix"),
        "premium_prefixes": ("country", "prefix"),
        "toll_free_rates": ("country", "origin_prefix"),
        "plans": ("currency", "plan_id"),
    }
    found = []
    for table, (country, prefix) in keys.items():
        with (version / f"{table}.csv").open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                if row["effective_from"].endswith("Z"):
                    at = datetime.fromisoformat(row["effective_from"])
                    found.append(Change(at, table, row[country], row[prefix]))
    return found


def write_inbox(folder: Path, random: Random, records: list[Record]) -> None:
    """The records in several files of several forms, mixed."""
    folder.mkdir(parents=True)
    names = [
        "b.csv",
        "a.csv.gz",
        "c.jsonl",
        "B2.csv",
        *random.sample(("d.parquet", "e.csv.zst", "f.jsonl.gz"), 1),
    ]
    shares: dict[str, list[Record]] = {name: [] for name in names}
    for record in records:
        shares[random.choice((names[0], names[0], *names))].append(record)
    for name, share in shares.items():
        if name.endswith(".parquet"):
            write_parquet(folder / name, share)
        else:
            lines = json_lines(random, share) if ".jsonl" in name else csv_lines(random, share)
            write_packed(folder / name, joined(random, lines))


def write_packed(path: Path, content: bytes) -> None:
    """The content, compressed as the name says, the same bytes every time."""
    if path.name.endswith(".gz"):
        content = gzip.compress(content, mtime=0)
    elif path.name.endswith(".zst"):
        content = pa.compress(content, codec="zstd", asbytes=True)
    path.write_bytes(content)


def joined(random: Random, lines: list[bytes]) -> bytes:
    """The lines with one kind of end, some blank lines between, with or without an end after the last."""
    end = random.choice((b"\n", b"\r\n"))
    spread = lines[:1]
    for line in lines[1:]:
        spread += [b"", line] if random.random() < 0.02 else [line]
    return end.join(spread) + random.choice((end, b""))


def csv_lines(random: Random, records: list[Record]) -> list[bytes]:
    """A header in any order, with columns of the switch's own, and the rows, malformed ones among them."""
    absent = random.choice(ABSENCES)
    columns = [column for column in COLUMNS if column not in absent] + ["note"]
    random.shuffle(columns)
    lines = [",".join(columns).encode()]
    for record in records:
        cells = [padded(random, {**record, "note": random.choice(NOTES)}[column]) for column in columns]
        out = io.StringIO()
        quoted = random.random() < 0.1
        writer = csv.writer(out, lineterminator="", quoting=csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL)
        writer.writerow(cells)
        lines.append(out.getvalue().encode())
        if random.random() < 0.03:
            lines.append(malformed(random, lines[-1]))
    return lines


def padded(random: Random, cell: str) -> str:
    """Now and then blanks around a cell."""
    return f" {cell}  " if random.random() < 0.03 else cell


def malformed(random: Random, line: bytes) -> bytes:
    """A line of a CSV that is no row."""
    return random.choice(
        (
            line + b",one more",
            line.rsplit(b",", 1)[0],
            b'x,"never closed,' + line.replace(b'"', b""),
            line + b"\xff\xfe",
            line.replace(b"c", b"c\x00") if b"c" in line else line + b"\x00",
            b"garbage",
        )
    )


def json_lines(random: Random, records: list[Record]) -> list[bytes]:
    """Objects with numbers or text, without the keys that are empty."""
    lines = []
    for record in records:
        cells: dict[str, object] = {column: record[column] for column in COLUMNS}
        for column in COLUMNS:
            if cells[column] == "" and random.random() < 0.7:
                del cells[column]
        seconds = record["duration_seconds"]
        if seconds.isdigit() and not seconds.startswith("0") and random.random() < 0.7:
            cells["duration_seconds"] = int(seconds)
        if random.random() < 0.2:
            cells["trunk"] = {"name": "east", "ports": [1, 2]}
        lines.append(json.dumps(cells, ensure_ascii=random.random() < 0.5).encode())
        if random.random() < 0.03:
            lines.append(random.choice((b"{broken", b"[1, 2]", lines[-1][:-1], lines[-1] + b"\xff", b"word")))
    return lines


def write_parquet(path: Path, records: list[Record]) -> None:
    """Text columns, null for empty, and one column of the switch's own."""
    table = {column: [record[column] or None for record in records] for column in COLUMNS}
    schema = pa.schema([(column, pa.string()) for column in (*COLUMNS, "trunk")])
    pq.write_table(pa.table({**table, "trunk": ["east"] * len(records)}, schema=schema), path)
