"""PostgreSQL with Debian's prefix extension: `prefix_range`, a GiST index, the longest match first."""

from __future__ import annotations

from pathlib import Path

from tests.bench.compare.postgres_server import missing_prefix
from tests.bench.compare.postgres_task import outcome_of
from tests.bench.compare.task import Outcome

INDEX = "create index on rates using gist (prefix gist_prefix_range_ops)"
MATCHES = "rates.prefix @> substr(calls.destination_number, 2)::prefix_range"


def missing() -> str | None:
    """What it lacks here."""
    return missing_prefix()


def outcome(folder: Path) -> Outcome:
    """As the extension's own page has it."""
    return outcome_of(folder, "prefix_range", ["create extension prefix"], [INDEX], MATCHES)
