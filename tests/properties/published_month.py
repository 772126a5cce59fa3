"""A literal month in files of any form, billed by the command line in process, and what it published."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from flows.cli import run
from schemas.source_spec import CANONICAL_COLUMNS
from tests.oracle.random_months import write_packed, write_parquet
from tests.properties.memory_month import Terms
from tests.rules.small_month import SmallMonth, write_month
from tests.rules.small_rates import Row, table_text

EAST = 'name = "east"\ndescription = "Another switch of the same form"\nextends = "canonical"\n'
# What tells where a record stood or which run it was; all else must not depend on files.
TABLES = {
    "invoices": "* exclude (run_id)",
    "invoice_line_items": "*",
    "billed_calls": "* exclude (source_file, source_line, run_id)",
    "unbilled_calls": "* exclude (source_file, source_line, run_id)",
    "set_aside_records": "source, outcome, reason",
}


def csv_text(records: Sequence[Row], *, reverse: bool = False) -> str:
    """The records as a switch writes them, its columns in their order or from the last to the first."""
    columns = CANONICAL_COLUMNS[::-1] if reverse else CANONICAL_COLUMNS
    return table_text(columns, [{name: record.get(name, "") for name in columns} for record in records])


def write_records(path: Path, records: Sequence[Row]) -> None:
    """The records in the form that the file's name asks for. The folder tells which switch wrote them."""
    texts = [{name: str(record.get(name, "")) for name in CANONICAL_COLUMNS} for record in records]
    if path.suffix == ".parquet":
        write_parquet(path, texts)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(text) + "\n" for text in texts), encoding="utf-8")
    else:
        write_packed(path, csv_text(records, reverse=path.name.startswith("reversed")).encode())


def bill(folder: Path, terms: Terms, files: Mapping[str, Sequence[Row] | str]) -> SmallMonth:
    """The February invoices of January's files (records or text by name); a month that is refused fails here."""
    inputs: dict[str, Any] = {part.name: getattr(terms, part.name) for part in fields(terms)}
    write_month(folder, invoice_month="2020-02", **inputs)
    inbox = folder / "inbox" / "2020-01"
    (inbox / "calls.csv").unlink()  # write_month made it, without a record
    (inbox / "east").mkdir()
    (folder / "sources").mkdir()
    (folder / "sources" / "east.toml").write_text(EAST, encoding="utf-8")
    for name, content in files.items():
        if isinstance(content, str):
            (inbox / name).write_text(content, encoding="utf-8")
        else:
            write_records(inbox / name, content)
    words = ["bill", "2020-02", "--cdrs", str(folder / "inbox"), "--contracts", str(folder / "contracts")]
    words += ["--rate-tables", str(folder / "rates"), "--warehouse", str(folder / "warehouse")]
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = run(words)
    assert code == 0, said.getvalue()
    return SmallMonth(folder, code, said.getvalue())


def published(month: SmallMonth) -> dict[str, object]:
    """Every row and every details CSV, but for where in the files a record stood."""
    tables: dict[str, object] = {
        table: month.rows(f"select {columns} from {table} order by all") for table, columns in TABLES.items()
    }
    return {**tables, "details": details_files(month)}


def details_files(month: SmallMonth) -> dict[str, bytes]:
    """The billed call details by account."""
    return {path.stem: path.read_bytes() for path in (month.warehouse / "details" / "2020-01").glob("*.csv")}
