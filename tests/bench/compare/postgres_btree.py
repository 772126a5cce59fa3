"""PostgreSQL as it comes: a btree on the prefix, asked for every beginning of the number."""

from __future__ import annotations

from pathlib import Path

from tests.bench.compare.postgres_server import missing_server
from tests.bench.compare.postgres_task import outcome_of
from tests.bench.compare.task import Outcome
from tests.bench.nested_prefixes import LONGEST_PREFIX

INDEX = "create index on rates (rate_table, prefix)"
_BEGINNINGS = ", ".join(f"substr(calls.destination_number, 2, {digits})" for digits in range(1, LONGEST_PREFIX + 1))
MATCHES = f"rates.prefix = any (array[{_BEGINNINGS}])"


def missing() -> str | None:
    """What it lacks here."""
    return missing_server()


def outcome(folder: Path) -> Outcome:
    """An array of substrings a call."""
    return outcome_of(folder, "text", [], [INDEX], MATCHES)
