"""A synthetic month on disk: `tollbook demo`. The folder is there whole or not at all."""

import csv
import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from flows.demo.call_files import FORMATS_FROM, shares_of, write_other_formats, write_plain_files
from flows.demo.callers import callers_of
from flows.demo.clock import USAGE_MONTH
from flows.demo.contracts import COLUMNS, contract_rows
from flows.demo.customers import MOST_ACCOUNTS, Customer, demo_customers
from flows.demo.lookups import lookups_of
from flows.demo.trouble import TroublePlan, trouble_plan
from schemas.faults import Fault, refuse_if_any

MARKER = ".tollbook-demo.json"
_OWN_ENTRIES = frozenset({MARKER, "inbox", "contracts"})


class DemoSummary(NamedTuple):
    """What was written: `files` are the call files, inside `inbox`; counts are of rows."""

    folder: Path
    inbox: Path
    contracts: Path
    files: tuple[Path, ...]
    call_count: int
    account_count: int
    troubled_count: int


def _number_faults(calls: int, accounts: int) -> list[Fault]:
    bounds = {"--calls": (calls, 8_000_000_000), "--accounts": (accounts, MOST_ACCOUNTS)}
    return [
        Fault("demo", f"{flag} is out of range", f"give a number from 1 to {most}", value=str(given))
        for flag, (given, most) in bounds.items()
        if not 1 <= given <= most
    ]


def _folder_faults(folder: Path) -> list[Fault]:
    """Why the folder must not be written: a file, or entries that no demo wrote."""
    if not folder.exists() and not folder.is_symlink():
        return []
    remedy = "name a new or empty folder, or one with an earlier demo and nothing else in it"
    if folder.is_symlink() or not folder.is_dir():
        return [Fault(str(folder), "this is not a folder", remedy)]
    entries = {entry.name for entry in folder.iterdir()}
    if not entries:
        return []
    if MARKER not in entries:
        return [Fault(str(folder), "the folder is not empty and holds no earlier demo", remedy)]
    return [
        Fault(str(folder / name), "the demo did not write this and would delete it", f"move it, or {remedy}")
        for name in sorted(entries - _OWN_ENTRIES)
    ]


def _write_contracts(folder: Path, customers: Sequence[Customer]) -> None:
    folder.mkdir()
    for table, columns in COLUMNS.items():
        with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(contract_rows(table, customers))


def _replace_folder(partial: Path, folder: Path) -> None:
    """The partial folder takes its final name; an earlier demo steps aside first and is then deleted."""
    if not folder.exists():
        partial.rename(folder)
        return
    earlier = partial.with_suffix(".earlier")
    folder.rename(earlier)
    try:
        partial.rename(folder)
    except OSError:
        earlier.rename(folder)
        raise
    shutil.rmtree(earlier)


def _write_calls(
    folder: Path, calls: int, customers: Sequence[Customer], seed: int, formats: bool
) -> tuple[list[Path], int]:
    """The month's call files and how many of their rows are troubled."""
    folder.mkdir(parents=True)
    lookups = lookups_of(callers_of(customers, seed), seed)
    shares = shares_of(calls, formats)
    has_trouble = formats and calls >= FORMATS_FROM
    plan = trouble_plan(shares.plain, customers) if has_trouble else TroublePlan(0)
    plain = write_plain_files(folder, shares.plain, plan, lookups)
    return [*plain, *write_other_formats(folder, shares, lookups)], plan.count(shares.plain)


def make_demo(calls: int, accounts: int, seed: int, output: Path, *, formats: bool = True) -> DemoSummary:
    """A month of calls and its contracts under `output`; the same seed and counts give the same bytes.

    `calls` is the number of rows in all files together, the troubled ones among them. Without `formats`
    there are plain CSV files alone, and no trouble in them.
    Refuses (InputRefusedError) counts out of range, and a folder with anything in it but an earlier demo.
    """
    output = output.absolute()
    refuse_if_any([*_number_faults(calls, accounts), *_folder_faults(output)])
    output.parent.mkdir(parents=True, exist_ok=True)
    partial = output.parent / f".{output.name}-{os.getpid()}.partial"
    try:
        partial.mkdir()
        customers = demo_customers(accounts, seed)
        _write_contracts(partial / "contracts", customers)
        files, troubled = _write_calls(partial / "inbox" / USAGE_MONTH, calls, customers, seed, formats)
        told = {"calls": calls, "accounts": accounts, "seed": seed, "formats": formats}
        (partial / MARKER).write_text(f"{json.dumps(told)}\n", encoding="utf-8")
        _replace_folder(partial, output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    final = tuple(output / path.relative_to(partial) for path in files)
    return DemoSummary(output, output / "inbox", output / "contracts", final, calls, accounts, troubled)
