"""The calls of a published run, bucket by bucket, from its files: where the warehouse is now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl

from flows.files import FILES, read_json, read_parquet, run_folder, sha256_of
from flows.issued import IssuedRun
from flows.month import account_buckets
from flows.settings import month_text
from flows.warehouse import show_calls
from schemas.faults import Fault, InputRefusedError
from schemas.warehouse_tables import CALL_TABLES
from transforms.money import micros_of_decimal
from transforms.screen import DIRECTION, DISPOSITION
from transforms.timestamps import UTC_MICROS, add_months
from transforms.what_if import OLD_SCHEMA

if TYPE_CHECKING:
    import duckdb

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
    """The run's published calls by bucket, as files, from where the warehouse is now.

    A bucket's file is compared with its hash in the run's list before it is read; files of other buckets are neither
    read nor looked for.
    """

    def __init__(self, warehouse: Path, run: IssuedRun) -> None:
        self._warehouse, self.run = warehouse, run
        self._month = f"month={month_text(add_months(run.invoice_month, -1))}"
        self._whole: set[str] = set()

    @cached_property
    def _hashes(self) -> dict[str, str]:
        """SHA-256 of each file of the run, by its name in the warehouse. Raises InputRefusedError."""
        path = run_folder(self._warehouse, self.run.run_id) / FILES
        try:
            hashes: dict[str, str] = read_json(path)["sha256"]
        except (OSError, ValueError, KeyError) as error:
            problem = "the list of the run's files cannot be read, so its calls cannot be compared with it"
            raise InputRefusedError(Fault(str(path), problem, "restore it from a copy of the warehouse")) from error
        return hashes

    def listed_sha256(self, name: str) -> str | None:
        """SHA-256 of a published file of the run by its name in the warehouse; None where it published no such file."""
        return self._hashes.get(name)

    def _name(self, table: str, file: str) -> str:
        return f"{table}/{self._month}/run_id={self.run.run_id}/{file}"

    @cached_property
    def bucket_count(self) -> int:
        """How many buckets the run's calls are in."""
        beginning = self._name("billed_calls", "bucket=")
        return sum(name.startswith(beginning) for name in self._hashes)

    def _file(self, table: str, file: str) -> Path:
        """A file of the run, as it was published. Raises InputRefusedError where it is gone or altered."""
        name = self._name(table, file)
        path, remedy = self._warehouse / name, "restore the file from a copy of the warehouse"
        if name in self._whole:
            return path
        if not path.is_file():
            raise InputRefusedError(Fault(name, "calls of the run are not there", remedy))
        if sha256_of(path) != self._hashes.get(name):
            problem = f"the file is not the one that the run published (runs/{self.run.run_id}/{FILES} has its SHA-256)"
            raise InputRefusedError(Fault(name, problem, remedy))
        self._whole.add(name)
        return path

    def buckets(self, account_ids: Iterable[str]) -> list[int]:
        """The buckets that hold these accounts."""
        return sorted(set(account_buckets(pl.Series(account_ids, dtype=pl.String), self.bucket_count)))

    def files(self, table: str, account_ids: Iterable[str]) -> list[Path]:
        """The files of a table of calls that these accounts are in."""
        return [self._file(table, f"bucket={bucket:04d}.parquet") for bucket in self.buckets(account_ids)]

    def show(self, connection: duckdb.DuckDBPyConnection, account_ids: Sequence[str]) -> None:
        """In this session `billed_calls` and `unbilled_calls` are those of the buckets with these accounts alone."""
        show_calls(connection, {table.name: self.files(table.name, account_ids) for table in CALL_TABLES})

    @cached_property
    def suspended(self) -> pl.DataFrame:
        """The suspended calls of the whole run, by file and line."""
        return read_parquet(self._file("suspended_calls", "suspended_calls.parquet")).sort("source_file", "source_line")

    @cached_property
    def _suspended_by_bucket(self) -> pl.DataFrame:
        calls = self.suspended
        return calls.with_columns(_bucket=account_buckets(calls["account_id"], self.bucket_count))

    def tables(self, bucket: int) -> tuple[CallTable, ...]:
        """The calls of a bucket: whole accounts."""

        def scanned(name: str) -> pl.LazyFrame:
            path = self._file(name, f"bucket={bucket:04d}.parquet")
            return pl.scan_parquet(path, glob=False, row_index_name="place")

        old = {
            "old_destination": pl.col("destination"),
            "old_billable_seconds": pl.col("billable_seconds"),
            "old_included_seconds": pl.col("included_seconds"),
            "old_cost_micros": micros_of_decimal(pl.col("cost")),
        }
        suspended = self._suspended_by_bucket.filter(pl.col("_bucket") == bucket).with_row_index("place").lazy()
        reason = pl.col("reason").cast(pl.String)
        return (
            CallTable("billed", scanned("billed_calls"), pl.col("call_type").cast(pl.String), old),
            CallTable("unbilled", scanned("unbilled_calls"), reason, {}),
            CallTable("suspended", suspended, reason, {}),
        )
