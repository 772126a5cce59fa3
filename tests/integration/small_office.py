"""A month small enough to read: two accounts, one phone, call files as literals."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

SHIPPED_RATES = Path(__file__).parents[2] / "rate_tables" / "2020.1"
CALL_HEADER = (
    "call_id,account_id,direction,source_number,destination_number,start_time,end_time,duration_seconds,disposition"
)
RUN = "import sys; from flows.cli import run; sys.exit(run(sys.argv[1:]))"
TO_LONDON = "A1,outbound,+12125550001,+442071234567,2020-01-15T10:00:00Z,,60,answered"
ACCOUNTS = """\
account_id,name,country,region,plan_id,service_start,billing_start,free_months,contract_end,buyout_fee,\
cancel_requested_on,low_usage_allowed,tax_exempt_from,tax_exempt_until,language,invoice_recipients,receipt_recipient
A1,Acme,US,NY,us-essential,2019-01-01,,0,,,,0,,,en,a@example.com,
B2,Beta,US,NY,us-essential,2019-01-01,,0,,,,0,,,fr,b@example.com,
"""
ITEMS = """\
account_id,item_id,charge_code,quantity,start_date,cancel_requested_on,low_usage,billing_group,extension
A1,i1,phone,1,2019-01-01,,,,
"""


def calls_csv(*rows: str) -> str:
    """A canonical CSV file of these rows."""
    return "\n".join([CALL_HEADER, *rows]) + "\n"


def to_london(call_id: str) -> str:
    """An accepted row: account A1 calls London for a minute."""
    return f"{call_id},{TO_LONDON}"


class Outcome(NamedTuple):
    """What a command came to: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Office:
    """Inbox, contracts, rate tables and warehouse of a test."""

    folder: Path
    rate_tables: Path

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse"

    @property
    def month(self) -> Path:
        return self.folder / "inbox" / "2020-01"

    @property
    def contracts(self) -> Path:
        return self.folder / "contracts"

    def put(self, name: str, content: str | bytes) -> Path:
        """A call file in the inbox's month."""
        path = self.month / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def arguments(self, *flags: str, command: str = "bill", month: str = "2020-02") -> list[str]:
        places = ["--cdrs", str(self.folder / "inbox"), "--contracts", str(self.contracts)]
        results = ["--rate-tables", str(self.rate_tables), "--warehouse", str(self.warehouse)]
        return [command, month, *places, *results, *flags]

    def rows(self, query: str) -> list[Any]:
        """Rows of the published database."""
        connection = duckdb.connect(str(self.warehouse / "tollbook.duckdb"), read_only=True)
        try:
            return connection.sql(query).fetchall()
        finally:
            connection.close()

    def outcomes(self, file: str) -> list[Any]:
        """Line, outcome and reason of each row of the file that was set aside."""
        return self.rows(
            "select source_line, outcome, reason from set_aside_records "
            f"where source_file = '2020-01/{file}' order by source_line"
        )

    def counts(self, file: str) -> Any:
        """Rows read and rows billed of the file."""
        query = f"select rows_read, rows_billed from source_files where source_file = '2020-01/{file}'"
        return self.rows(query)[0]

    def shows_nothing(self) -> bool:
        """Whether no reader finds anything of a run: no database, no details, no manifest."""
        return not any((self.warehouse / name).exists() for name in ("tollbook.duckdb", "details", "runs"))


def freeze(version: Path) -> None:
    """The manifest with rows and hashes of the files as they are now."""
    manifest = version / "manifest.toml"
    text = manifest.read_text(encoding="utf-8")
    for path in sorted(version.glob("*.csv")):
        content = path.read_bytes()
        rows, sha256 = content.count(b"\n") - 1, hashlib.sha256(content).hexdigest()
        entry = f'[files."{path.name}"]\nrows = {rows}\nsha256 = "{sha256}"'
        text = re.sub(
            rf'\[files\."{re.escape(path.name)}"\]\nrows = \d+\nsha256 = "[0-9a-f]+"',
            lambda _, entry=entry: entry,
            text,
        )
    manifest.write_text(text, encoding="utf-8")


def edit(path: Path, change: Callable[[str], str]) -> None:
    """The file with its text changed; nothing changed is a mistake of the test."""
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert after != before
    path.write_text(after, encoding="utf-8")


def run_child(
    arguments: list[str], *, timeout: int = 60, program: str = RUN, before: list[str] | None = None
) -> Outcome:
    """A command line run in a process of its own; a signal that ended it is a negative code."""
    command = [sys.executable, "-c", program, *(before or []), *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    return Outcome(ended.returncode, ended.stdout, ended.stderr)
