"""Demo months to measure with: made once per size, kept in a folder outside the repository, and used again."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench.processes import ROOT, BenchFailure, measured, module

SEED = 1
CALLS_AN_ACCOUNT = 2000
INBOX_BYTES_A_CALL, WORK_BYTES_A_CALL = 90, 330
"""Disk that a month and what is made of it take, rounded up from what was seen."""
_FACTS = "bench-month.json"
_SUFFIXES = {"k": 1000, "m": 1_000_000}


class DemoMonth(NamedTuple):
    """A plain demo month: January's calls in CSV, and contracts."""

    folder: Path
    calls: int
    accounts: int

    @property
    def inbox(self) -> Path:
        return self.folder / "inbox" / "2020-01"

    @property
    def csv_bytes(self) -> int:
        return sum(path.stat().st_size for path in self.inbox.glob("*.csv"))

    def flags(self, warehouse: Path) -> list[str]:
        """The inputs as the command line takes them."""
        folders = {"--cdrs": self.folder / "inbox", "--contracts": self.folder / "contracts"}
        folders |= {"--rate-tables": ROOT / "rate_tables", "--warehouse": warehouse}
        return [text for flag, folder in folders.items() for text in (flag, str(folder))]


def calls_of(text: str) -> int:
    """`10M` as 10,000,000, `100k` as 100,000. Raises ValueError."""
    digits = text.strip().lower()
    factor = _SUFFIXES.get(digits[-1:], 1)
    count = int(digits[:-1] if factor > 1 else digits) * factor
    if count < 1:
        raise ValueError(text)
    return count


def size_text(calls: int) -> str:
    """`10 M` for 10,000,000."""
    for factor, unit in ((1_000_000, "M"), (1000, "k")):
        if calls >= factor and calls % factor == 0:
            return f"{calls // factor:,} {unit}"
    return f"{calls:,}"


def default_folder() -> Path:
    """Where months are kept if no folder is named: one a user, outside the repository."""
    return Path(tempfile.gettempdir()) / f"tollbook-bench-{os.getuid()}"


def _facts(calls: int, accounts: int) -> dict[str, Any]:
    content = hashlib.sha256()
    for path in sorted((ROOT / "flows" / "demo").glob("*.py")):
        content.update(path.read_bytes())
    return {"calls": calls, "accounts": accounts, "seed": SEED, "demo": content.hexdigest()}


def refuse_full_disk(folder: Path, calls: int, bytes_a_call: int) -> None:
    """Raises BenchFailure where what is to be written would not fit."""
    needed, free = calls * bytes_a_call, shutil.disk_usage(folder).free
    if needed > free:
        raise BenchFailure(
            f"{size_text(calls)} calls need about {needed / 1e9:,.0f} GB in {folder}, {free / 1e9:,.0f} GB are free; "
            "name another folder with --data, or a smaller size"
        )


def month_of(data: Path, calls: int) -> DemoMonth:
    """The month of that size: what stands there whole and was made by this demo, else made now."""
    accounts = max(calls // CALLS_AN_ACCOUNT, 10)
    folder, facts = data / f"month-{calls}", _facts(calls, accounts)
    kept = folder / _FACTS
    if not kept.is_file() or json.loads(kept.read_text(encoding="utf-8")) != facts:
        shutil.rmtree(folder, ignore_errors=True)
        refuse_full_disk(data, calls, INBOX_BYTES_A_CALL)
        partial = data / f"month-{calls}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        asked = ["--calls", str(calls), "--accounts", str(accounts), "--seed", str(SEED), "--plain"]
        measured(module("flows", "demo", *asked, "-o", str(partial)), "the making of a demo month")
        (partial / _FACTS).write_text(json.dumps(facts), encoding="utf-8")
        partial.rename(folder)
    return DemoMonth(folder, calls, accounts)


def read_once(month: DemoMonth) -> None:
    """Its files are in the disk's cache, as far as they fit: each round then meets the same."""
    for path in sorted(month.inbox.glob("*.csv")):
        with path.open("rb") as file:
            while file.read(2**22):
                pass
