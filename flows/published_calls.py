"""The calls of a published run, bucket by bucket, from its files: where the warehouse is now."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.files import read_parquet
from flows.issued import IssuedRun
from flows.month import account_buckets
from flows.settings import Settings, month_text
from schemas.faults import Fault, InputRefusedError
from transforms.money import micros_of_decimal
from transforms.screen import DIRECTION, DISPOSITION
from transforms.timestamps import UTC_MICROS
from transforms.what_if import OLD_SCHEMA

_NEEDED = (
    *("account_id", "call_id", "source", "direction", "disposition"),
    *("source_number", "destination_number", "start_time", "duration_seconds"),
)
_PROBED = ("account_id", "source_number", "destination_number", "start_time", "was", "place")
_TYPES: dict[str, Any] = {
    "direction": DIRECTION,
    "disposition": DISPOSITION,
    "start_time": UTC_MICROS,
    "source": pl.String,
}


class CallTable(NamedTuple):
    """One of the run's tables of calls: the fate of its calls, where they stand, what each was; what else there is."""

    fate: str
    calls: pl.LazyFrame
    was: pl.Expr
    old: dict[str, pl.Expr]

    def probes(self, is_asked: pl.Expr) -> pl.DataFrame:
        """What tells whether a call can be touched, of calls that are asked about."""
        return self.calls.with_columns(was=self.was).filter(is_asked).select(_PROBED).collect()

    def chosen(self, is_chosen: pl.Expr) -> pl.DataFrame:
        """Calls as `rate_calls` takes them, with OLD_SCHEMA beside."""
        old = {"old_fate": pl.lit(self.fate), "was": self.was, **self.old}
        columns = {name: old.get(name, pl.lit(None)).cast(dtype) for name, dtype in OLD_SCHEMA.items()}
        needed = [pl.col(name).cast(_TYPES[name]) if name in _TYPES else pl.col(name) for name in _NEEDED]
        return self.calls.filter(is_chosen).select(*needed, **columns).collect()


class PublishedCalls:
    """The run's published calls by bucket, as files, from where the warehouse is now."""

    def __init__(self, settings: Settings, run: IssuedRun) -> None:
        self._settings, self._run = settings, run

    def _folder(self, table: str) -> Path:
        month = f"month={month_text(self._settings.usage_month)}"
        return self._settings.warehouse / table / month / f"run_id={self._run.run_id}"

    @cached_property
    def bucket_count(self) -> int:
        """How many buckets the run's calls are in. Raises InputRefusedError where they are not all there."""
        names = ("billed_calls", "unbilled_calls")
        counts = {len(list(self._folder(name).glob("bucket=*.parquet"))) for name in names}
        if len(counts) != 1 or counts == {0} or not self._suspended_path.is_file():
            problem, remedy = "the calls of the run are not all there", "restore the warehouse from a copy"
            raise InputRefusedError(Fault(str(self._folder("billed_calls")), problem, remedy))
        return counts.pop()

    @property
    def _suspended_path(self) -> Path:
        return self._folder("suspended_calls") / "suspended_calls.parquet"

    @cached_property
    def _suspended(self) -> pl.DataFrame:
        calls = read_parquet(self._suspended_path)
        return calls.with_columns(_bucket=account_buckets(calls["account_id"], self.bucket_count))

    def tables(self, bucket: int) -> tuple[CallTable, ...]:
        """The calls of a bucket: whole accounts."""

        def scanned(name: str) -> pl.LazyFrame:
            path = self._folder(name) / f"bucket={bucket:04d}.parquet"
            return pl.scan_parquet(path, glob=False, row_index_name="place")

        old = {
            "old_destination": pl.col("destination"),
            "old_billable_seconds": pl.col("billable_seconds"),
            "old_included_seconds": pl.col("included_seconds"),
            "old_cost_micros": micros_of_decimal(pl.col("cost")),
        }
        suspended = self._suspended.filter(pl.col("_bucket") == bucket).with_row_index("place").lazy()
        reason = pl.col("reason").cast(pl.String)
        return (
            CallTable("billed", scanned("billed_calls"), pl.col("call_type").cast(pl.String), old),
            CallTable("unbilled", scanned("unbilled_calls"), reason, {}),
            CallTable("suspended", suspended, reason, {}),
        )
