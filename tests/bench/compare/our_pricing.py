"""Our matching step and the exact cost of each call: what all others do in the same seconds."""

from __future__ import annotations

import time
from pathlib import Path

from tests.bench.compare.our_matching import load, matched, missing, priced_sum
from tests.bench.compare.task import Outcome

__all__ = ["missing", "outcome"]


def outcome(folder: Path) -> Outcome:
    """Matching, pricing and the sum."""
    begin = time.perf_counter()
    loaded = load(folder)
    is_loaded = time.perf_counter()
    rows = matched(loaded)
    amount, priced = priced_sum(loaded, rows)
    done = time.perf_counter()
    counted = "loading: Parquet to frames, the index; then matching, pricing, sum"
    return Outcome(is_loaded - begin, done - is_loaded, amount, priced, len(rows) - priced, counted)
