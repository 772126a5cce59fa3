"""pandas: a merge for each length of prefix, the longest first; what has matched leaves. Integers of 64 bits."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from tests.bench.compare.task import Outcome

if TYPE_CHECKING:
    import pandas as pd

BESIDE = Path(sys.prefix) / "compare"
OPEN, WITHDRAWN = 2**62, -1


def missing() -> str | None:
    """What it lacks here."""
    has_it = BESIDE.is_dir() or find_spec("pandas") is not None
    return None if has_it else "pandas is not installed: `make bench` puts it beside the environment"


def _loaded(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Calls, and rates without a null, which would make integers floats."""
    if BESIDE.is_dir():
        sys.path.append(str(BESIDE))
    import pandas as pd

    calls = pd.read_parquet(folder / "calls.parquet").drop(columns=["call_id", "account_id"])
    rates = pd.read_parquet(folder / "rates.parquet", dtype_backend="numpy_nullable")
    defaults = {"from_second": 0, "to_second": OPEN, "rate_micros": WITHDRAWN}
    rates = rates.fillna(defaults).astype({**dict.fromkeys(defaults, "int64"), "fee_micros": "int64"})
    texts = dict.fromkeys(("rate_table", "prefix"), calls["rate_table"].dtype)
    return calls, rates.astype(texts)


def outcome(folder: Path) -> Outcome:
    """The merges, and the sum of what they find."""
    begin = time.perf_counter()
    calls, rates = _loaded(folder)
    rates["length"] = rates["prefix"].str.len()
    loaded = time.perf_counter()
    left = calls.assign(digits=calls["destination_number"].str[1:]).drop(columns="destination_number")
    amount = priced = 0
    for length in sorted(rates["length"].unique(), reverse=True):
        keyed = left.assign(prefix=left["digits"].str[: int(length)]).reset_index(names="call")
        found = keyed.merge(rates[rates["length"] == length], on=["rate_table", "prefix"])
        in_force = (found["from_second"] <= found["start_second"]) & (found["start_second"] < found["to_second"])
        found = found[in_force]
        left = left.drop(index=found["call"])
        sold = found[found["rate_micros"] != WITHDRAWN]
        cost = sold["fee_micros"] + (2 * sold["rate_micros"] * sold["billable_seconds"] + 60) // 120
        amount += int(cost.sum())
        priced += len(sold)
    done = time.perf_counter()
    counted = "loading: Parquet to frames; then merges, pricing, sum"
    return Outcome(loaded - begin, done - loaded, amount, priced, len(calls) - priced, counted)
