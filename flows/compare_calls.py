"""Stage of a rerun: the calls of a bucket rated again beside the issued ones (rule 12.3)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import polars as pl

from flows.comparison import Comparison, comparison
from flows.details_proof import DETAILS_AGAIN
from flows.files import read_parquet, write_json, write_parquet, written_once
from flows.ingest_plan import CALLS_WITH_FILE
from flows.month import Month
from flows.rating import DETAILS, refuse_missing_plans, write_details
from flows.stored_calls import bucket_calls
from schemas.faults import ControlFailedError
from transforms.adjustments import RELEASED
from transforms.compare_calls import (
    Step,
    call_differences,
    call_note,
    category_causes,
    judged_calls,
    judged_columns,
    released_keys,
    step_differences,
    without,
)
from transforms.rate_calls import RatedCalls, rate_calls
from transforms.suspended import as_accepted
from transforms.usage_lines import call_totals


def compare_units(month: Month) -> list[str]:
    """The buckets that hold accounts of the rerun."""
    return [str(bucket) for bucket in comparison(month).buckets]


def _issued_calls(found: Comparison, accounts: list[str]) -> pl.DataFrame:
    """The accounts' calls as they were issued; of the Parquet files only those that can hold them."""
    is_asked = pl.col("account_id").is_in(accounts)
    parts = [
        judged_columns(pl.scan_parquet(path, glob=False).filter(is_asked).collect())
        for table in ("billed_calls", "unbilled_calls")
        for path in found.published_calls.files(table, accounts)
    ]
    return pl.concat([*parts, found.suspended.filter(is_asked)])


def _accepted_calls(found: Comparison, bucket: int, accounts: list[str], issued: pl.DataFrame) -> pl.DataFrame:
    """The accounts' calls as reading the records gives them: the published ones where that comes to the same."""
    if found.are_calls_as_issued:
        return _keyed(_recorded_calls(issued, found.month))
    return _keyed(bucket_calls(found.month.ingest_plan, bucket).filter(pl.col("account_id").is_in(accounts)))


def _recorded_calls(issued: pl.DataFrame, month: Month) -> pl.DataFrame:
    """Issued calls as they were accepted, for rating."""
    placed = issued.join(month.accounts.select("account_id", "country"), on="account_id", how="inner", validate="m:1")
    known = as_accepted(placed, month.rates.dialing_plans)
    return known.select(pl.col(name).cast(dtype) for name, dtype in CALLS_WITH_FILE.items())


def _rated(calls: pl.DataFrame, month: Month) -> RatedCalls:
    """The calls of accounts that the month has, rated."""
    own = calls.join(month.accounts.select("account_id"), on="account_id", how="semi", maintain_order="left")
    return rate_calls(own, month.rated_accounts, month.rate_book, month.owners, month.usage_month)


def _control_rated(bucket: int, calls: pl.DataFrame, judged: pl.DataFrame) -> None:
    """Rule 13.1 for a rerun: every accepted call of its accounts ended in one place, with its seconds."""
    sides = [(part.height, int(part["duration_seconds"].sum())) for part in (calls, judged)]
    if sides[0] != sides[1]:
        raise ControlFailedError(
            f"bucket {bucket}: {sides[0]} accepted calls and seconds, {sides[1]} judged; nothing was published: "
            "report it as a fault of Tollbook"
        )


def _keyed(calls: pl.DataFrame) -> pl.DataFrame:
    return calls.with_columns(pl.col("source").cast(pl.String))


class _Judged(NamedTuple):
    """Some accounts' calls as each step of the rerun judges them, from the issued ones to today's.

    billed: by today's inputs, as they are rated. states: one more than steps. totals: sums of the lines behind each
    step, with its place.
    """

    issued: pl.DataFrame
    billed: pl.DataFrame
    states: list[pl.DataFrame]
    steps: list[Step]
    totals: pl.DataFrame
    released: pl.DataFrame

    def pairs(self) -> list[tuple[pl.DataFrame, pl.DataFrame, Step]]:
        """The calls before and after each step."""
        return [*zip(self.states[:-1], self.states[1:], self.steps, strict=True)]


def _judged(found: Comparison, bucket: int, accounts: list[str]) -> _Judged:
    """The bucket's calls of these accounts, judged step by step; the release of suspended calls is the last step."""
    month, issued = found.month, _issued_calls(found, accounts)
    calls = _accepted_calls(found, bucket, accounts, issued)
    rated = _rated(calls, month)
    refuse_missing_plans(month, rated)
    corrected = judged_calls(rated, month.rate_book)
    _control_rated(bucket, calls, corrected)
    released = released_keys(issued, corrected)
    totals, states = [], [without(issued, released)]
    for place, step in enumerate(found.steps):
        is_last = place == len(found.steps) - 1
        taken = _recorded_calls(issued, step.month) if step.is_recorded else calls
        at_step = rated if is_last and released.is_empty() else _rated(without(_keyed(taken), released), step.month)
        states.append(judged_calls(at_step, step.month.rate_book))
        totals.append(call_totals(at_step.billed).with_columns(step=pl.lit(place)))
    totals.append(call_totals(rated.billed).with_columns(step=pl.lit(len(found.steps))))
    steps = [found.told_step(place) for place in range(len(found.steps))]
    steps.append(Step(RELEASED, (), (), month.accounts["account_id"]))
    return _Judged(issued, rated.billed, [*states, corrected], steps, pl.concat(totals), released)


def _differences(found: Comparison, judged: _Judged) -> pl.DataFrame:
    """What differs in the calls, with its cause and what lies behind it (DIFFERENCE_SCHEMA)."""
    by_pool = f"other calls take plan minutes first ({found.changes_in_words})"
    note = call_note(found.month.rates.version, by_pool, found.program_note)
    of_calls = pl.concat([step_differences(before, after, step) for before, after, step in judged.pairs()])
    corrected = judged.states[-1]
    return call_differences(judged.issued, corrected, of_calls, judged.released, found.account_notes, note)


def compare_bucket(month: Month, bucket: int) -> Path:
    """The folder with what differs in a bucket's calls, why, and the sums of each step. Done where it exists.

    Writes differences (of DIFFERENCE_SCHEMA), causes (step, account_id, category, cause, calls), totals (step and
    the columns of `call_totals`), counts, and the hashes of billed call details written again.
    """
    target = month.work_folder() / f"bucket={bucket:04d}"
    if target.is_dir():
        return target
    found = comparison(month)
    judged = _judged(found, bucket, found.bucket_accounts(bucket))
    causes = [
        category_causes(before, after, step).with_columns(step=pl.lit(place))
        for place, (before, after, step) in enumerate(judged.pairs())
    ]
    counts = pl.DataFrame({"issued": [judged.issued.height], "corrected": [judged.states[-1].height]})
    with written_once(target, target.is_dir) as partial:
        again = {}
        if found.has_issued_rates:
            again = write_details(judged.billed, month.accounts, partial / DETAILS)
        write_parquet(_differences(found, judged), partial / "differences.parquet")
        write_parquet(pl.concat(causes), partial / "causes.parquet")
        write_parquet(judged.totals, partial / "totals.parquet")
        write_parquet(counts, partial / "counts.parquet")
        write_json({"sha256": again}, partial / DETAILS_AGAIN)
    return target


def compared_folders(month: Month) -> list[Path]:
    """The folders that `compare_bucket` wrote."""
    return [month.work_folder() / f"bucket={int(bucket):04d}" for bucket in compare_units(month)]


def compared(month: Month, name: str) -> pl.DataFrame:
    """One of the small tables of all buckets, under each other."""
    return pl.concat(read_parquet(folder / f"{name}.parquet") for folder in compared_folders(month))
