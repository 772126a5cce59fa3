"""Stages of a rerun: calls rated again beside the issued ones, and what the difference is worth (rule 12)."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from flows.adjustments import earlier_adjustments
from flows.contract_reader import ContractTexts, checked_contracts, read_contract_files
from flows.files import read_parquet, write_parquet, written_whole
from flows.ingest import CALLS_WITH_FILE, bucket_calls
from flows.invoicing import month_lines
from flows.month import Month
from flows.rating import refuse_missing_plans
from flows.settings import month_text
from flows.warehouse import published
from rate_tables.versions import load_version
from schemas.categories import FEE_CATEGORIES
from schemas.contract_files import CONTRACT_TABLES
from schemas.faults import ControlFailedError, Fault, InputRefusedError
from schemas.rate_files import RATE_TABLES
from schemas.warehouse_tables import SMALL_TABLES
from transforms.adjustments import (
    AMOUNTS_SCHEMA,
    RELEASED,
    adjustment_rows,
    amount_causes,
    amounts_side_by_side,
    category_amounts,
)
from transforms.compare_calls import (
    DIFFERENCE_SCHEMA,
    Step,
    call_differences,
    call_note,
    category_causes,
    judged_calls,
    judged_columns,
    notes_by_category,
    released_keys,
    step_differences,
    without,
)
from transforms.input_differences import contract_notes, listed, unknown_rows
from transforms.invoices import invoice_id, number_lines
from transforms.money import decimal_of_cents
from transforms.rate_calls import RatedCalls, rate_calls
from transforms.suspended import as_accepted
from transforms.usage_lines import TOTALS_SCHEMA, call_totals

_ISSUED = "select run_id, rate_version, manifest from runs where kind = 'bill' and invoice_month = $invoice_month"
_LAST_DAY = "select max(dispute_until) from invoices where run_id = $run_id"
_AMOUNTS = """
select account_id, category, (sum(amount) * 100)::bigint as cents
from invoice_line_items
where invoice_month = $invoice_month and category <> 'tax'
group by all
order by account_id, category
"""
_SUSPENDED = "select * from suspended_calls where run_id = $run_id order by source_file, source_line"
_SCOPED = {
    "slrrf": ("fees",),
    "rrf": ("fees",),
    "usf": ("usf_factors", "usf_shares"),
    "domestic_premium": (),
    "overage": (),
    "toll_free": (),
    "international": (),
}
"""Rate files behind a category's lines; of calls each difference names its own row. Others: charges and plans."""


class IssuedRun(NamedTuple):
    """The run that issued a month: what it was made from, and the last day of disputes (rule 1.3)."""

    run_id: str
    rate_version: str
    manifest: dict[str, Any]
    dispute_until: dt.date | None

    @property
    def issue_date(self) -> dt.date:
        """The day of issue."""
        return dt.date.fromisoformat(self.manifest["issue_date"])


def issued_run_of(warehouse: Path, invoice_month: dt.date) -> IssuedRun:
    """The run whose invoices a rerun is about. Raises InputRefusedError where the month is not issued."""
    with published(warehouse) as connection:
        found = (
            [] if connection is None else connection.sql(_ISSUED, params={"invoice_month": invoice_month}).fetchall()
        )
        if connection is None or not found:
            month = month_text(invoice_month)
            problem, remedy = "is not issued, so there is nothing to rerun", f"run `tollbook bill {month}` first"
            raise InputRefusedError(Fault(month, problem, remedy))
        run_id, version, manifest = found[0]
        (until,) = connection.sql(_LAST_DAY, params={"run_id": run_id}).fetchall()
    return IssuedRun(run_id, version, json.loads(manifest), until[0])


class PlannedStep(NamedTuple):
    """One thing that changed since the issue, and the month as it is with it; `is_recorded`: with the issued calls."""

    name: str
    month: Month
    is_recorded: bool


class Comparison:
    """A rerun's month beside the issued one. What the warehouse says is read at once, before any stage."""

    def __init__(self, month: Month) -> None:
        self.month = month
        warehouse, invoice_month = month.settings.warehouse, month.settings.invoice_month
        self.issued = issued_run_of(warehouse, invoice_month)
        asked = None if month.rerun is None or month.rerun.accounts is None else list(month.rerun.accounts)
        with published(warehouse) as connection:
            if connection is None:
                raise AssertionError("a run was found in a database that is not there")
            amounts = connection.sql(_AMOUNTS, params={"invoice_month": invoice_month}).pl()
            suspended = connection.sql(_SUSPENDED, params={"run_id": self.issued.run_id}).pl()
        self.amounts: pl.DataFrame = amounts.select(pl.col(name).cast(dtype) for name, dtype in AMOUNTS_SCHEMA.items())
        self.suspended: pl.DataFrame = judged_columns(_in_utc(suspended))
        self.earlier = earlier_adjustments(warehouse, invoice_month, asked)
        known = {*month.accounts["account_id"], *self.recorded_accounts, *self.amounts["account_id"]}
        self.accounts = sorted(known if asked is None else asked)
        unknown = sorted(set(self.accounts) - known)
        if unknown:
            problem = "there is no such account in the contracts, of today or as they were when the month was issued"
            raise InputRefusedError(Fault("--account", problem, "name accounts by their id", value=", ".join(unknown)))
        self.amounts = self.amounts.filter(pl.col("account_id").is_in(self.accounts))
        _ = self.steps, self.month.adjustments, [step.month.adjustments for step in self.steps]

    @cached_property
    def _contract_texts(self) -> ContractTexts:
        return read_contract_files(self.month.settings.warehouse / "runs" / self.issued.run_id / "contracts")

    @property
    def recorded_accounts(self) -> list[str]:
        """Accounts of the contracts that the issued run read."""
        accounts: list[str] = self._contract_texts.tables["accounts"].rows["account_id"].to_list()
        return accounts

    @cached_property
    def changed(self) -> list[str]:
        """What differs from the issued run's inputs, in the order in which it is looked at."""
        was, now = self.issued.manifest, self.month.identity
        parts = {
            "program": ("program",),
            "calls": ("call_records", "sources"),
            "account_data": ("contracts",),
            "rate_version": ("rate_version", "rate_manifest_sha256"),
        }
        return [name for name, keys in parts.items() if any(was.get(key) != now[key] for key in keys)]

    @cached_property
    def recorded(self) -> Month | None:
        """The month by the contracts and rates that it was issued by; None where they cannot be had any more."""
        if not {"account_data", "rate_version"} & set(self.changed):
            return self.month
        try:
            settings = self.month.settings.with_rates(self.issued.rate_version)
            rates = load_version(settings.rate_tables, self.issued.rate_version)
            if rates.digest != self.issued.manifest["rate_manifest_sha256"]:
                return None  # another version under the name of the old one
            contracts = checked_contracts(self._contract_texts, rates)
            return Month(settings, rates, contracts, (), self.month.dates)
        except InputRefusedError:
            return None

    def _between(self, name: str) -> Month | None:
        """The month with everything changed up to this step, and nothing after it; None where it is refused."""
        try:
            between = self.recorded
            if name == "account_data" and between is not None:
                rates = between.rates
                texts = read_contract_files(self.month.settings.contracts)
                between = replace(between, contracts=checked_contracts(texts, rates))
            if between is not None:
                month_lines(between, pl.DataFrame(schema=TOTALS_SCHEMA), between.accounts)
        except InputRefusedError:
            return None
        return between

    @cached_property
    def steps(self) -> tuple[PlannedStep, ...]:
        """From the issued month to that of today, one change at a time; the last has all of them."""
        names = self.changed or ["program"]
        before = [(name, self._between(name)) for name in names[:-1]]
        steps = [PlannedStep(name, month, name == "program") for name, month in before if month is not None]
        return (*steps, PlannedStep(names[-1], self.month, is_recorded=False))

    @cached_property
    def account_notes(self) -> pl.DataFrame:
        """What differs in each account's contract."""
        was = {spec.name: self._contract_texts.tables[spec.name].rows for spec in CONTRACT_TABLES}
        now = {spec.name: getattr(self.month.contracts, spec.name) for spec in CONTRACT_TABLES}
        return contract_notes(was, now)

    @property
    def program_note(self) -> str:
        """From which program to which."""
        return f"program {self.issued.manifest['program']} → {self.month.identity['program']}"

    def pools(self, place: int) -> pl.DataFrame:
        """Plan minutes by account before the step at this place (0) or after it (1 higher)."""
        month = self.recorded if place == 0 else self.steps[place - 1].month
        if month is None:
            return pl.DataFrame(schema={"account_id": pl.String, "pool_seconds": pl.Int64})
        return month.rated_accounts.select("account_id", "pool_seconds")

    def told_step(self, place: int) -> Step:
        """The step as calls are compared by it."""
        name = self.steps[place].name
        was, now = self.issued.manifest["call_records"], self.month.identity["call_records"]
        is_of_calls = name == "calls" or (place == 0 and "calls" in self.changed)
        same = self.pools(place).join(self.pools(place + 1), on=["account_id", "pool_seconds"], how="semi")
        hashes_were, hashes_are = set(was.values()), set(now.values())
        return Step(
            "call_added" if name == "calls" else name,
            [file for file, sha256 in now.items() if is_of_calls and sha256 not in hashes_were],
            [file for file, sha256 in was.items() if is_of_calls and sha256 not in hashes_are],
            same["account_id"],
        )

    def bucket_accounts(self, bucket: int) -> list[str]:
        """The rerun's accounts that this bucket holds."""
        count = self.month.ingest_plan.bucket_count
        return [account for account in self.accounts if _bucket_of(account, count) == bucket]


@lru_cache(maxsize=1)
def comparison(month: Month) -> Comparison:
    """The rerun's month beside the issued one, read once. Raises InputRefusedError."""
    return Comparison(month)


def _bucket_of(account: str, count: int) -> int:
    return zlib.crc32(account.encode()) % count


def _in_utc(calls: pl.DataFrame) -> pl.DataFrame:
    return calls.with_columns(pl.col("start_time", "end_time").dt.convert_time_zone("UTC").dt.cast_time_unit("us"))


def compare_units(month: Month) -> list[str]:
    """The buckets that hold accounts of the rerun."""
    count = month.ingest_plan.bucket_count
    return [str(bucket) for bucket in sorted({_bucket_of(account, count) for account in comparison(month).accounts})]


def _issued_calls(found: Comparison, accounts: list[str]) -> pl.DataFrame:
    """The accounts' calls as they were issued; of the Parquet files only those that can hold them."""
    month, parts = found.month, []
    usage_month, run_id = month_text(month.usage_month), found.issued.run_id
    for table in ("billed_calls", "unbilled_calls"):
        folder = month.settings.warehouse / table / f"month={usage_month}" / f"run_id={run_id}"
        paths = sorted(folder.glob("bucket=*.parquet"))
        if not paths:
            problem, remedy = "the calls of the issued run are not there", "bring the folder back from a copy"
            raise InputRefusedError(Fault(str(folder), problem, remedy))
        wanted = {_bucket_of(account, len(paths)) for account in accounts}
        for path in (paths[bucket] for bucket in sorted(wanted)):
            calls = pl.scan_parquet(path, glob=False).filter(pl.col("account_id").is_in(accounts)).collect()
            parts.append(judged_columns(calls))
    parts.append(found.suspended.filter(pl.col("account_id").is_in(accounts)))
    return pl.concat(parts)


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


def compare_bucket(month: Month, bucket: int) -> Path:
    """The folder with what differs in a bucket's calls, why, and the sums of each step. Done where it exists.

    Writes differences (of DIFFERENCE_SCHEMA), causes (step, account_id, category, cause, calls), totals (step and
    the columns of `call_totals`) and counts.
    """
    target = month.work_folder() / f"bucket={bucket:04d}"
    if target.is_dir():
        return target
    found = comparison(month)
    accounts = found.bucket_accounts(bucket)
    issued = _issued_calls(found, accounts)
    calls = _keyed(bucket_calls(month.ingest_plan, bucket).filter(pl.col("account_id").is_in(accounts)))
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
    states.append(corrected)
    pairs = [*zip(states[:-1], states[1:], steps, strict=True)]
    of_calls = [step_differences(before, after, step) for before, after, step in pairs]
    note = call_note(month.rates.version, f"other calls take plan minutes first ({_named(found)})", found.program_note)
    differences = call_differences(issued, corrected, pl.concat(of_calls), released, found.account_notes, note)
    causes = [
        category_causes(before, after, step).with_columns(step=pl.lit(place))
        for place, (before, after, step) in enumerate(pairs)
    ]
    counts = pl.DataFrame({"issued": [issued.height], "corrected": [corrected.height]})
    with written_whole(target) as partial:
        partial.mkdir()
        write_parquet(differences, partial / "differences.parquet")
        write_parquet(pl.concat(causes), partial / "causes.parquet")
        write_parquet(pl.concat(totals), partial / "totals.parquet")
        write_parquet(counts, partial / "counts.parquet")
    return target


def _named(found: Comparison) -> str:
    """The changes, in words."""
    words = {"calls": "call records", "account_data": "contracts", "rate_version": "rate version"}
    return ", ".join(words.get(name, name) for name in found.changed) or "nothing changed"


def compared(month: Month, name: str) -> pl.DataFrame:
    """One of the small tables of all buckets, under each other."""
    folders = [month.work_folder() / f"bucket={int(bucket):04d}" for bucket in compare_units(month)]
    return pl.concat(read_parquet(folder / f"{name}.parquet") for folder in folders)


def _rate_row_notes(found: Comparison, category: str, codes: list[str]) -> str:
    """Rows of the rate version behind a category's lines that the issued version has not, with file and line."""
    version, notes = found.month.rates.version, []
    for spec in RATE_TABLES:
        if found.recorded is None or spec.name not in _SCOPED.get(category, ("charges", "plans")):
            continue
        rows = unknown_rows(getattr(found.month.rates, spec.name), getattr(found.recorded.rates, spec.name), spec)
        for column, wanted in (("fee", [category]), ("charge_code", codes)):
            rows = rows.filter(pl.col(column).is_in(wanted)) if column in rows.columns else rows
        notes += [f"{version}/{spec.name}.csv line {line}" for line in rows["line"]]
    return listed(notes) if notes else f"{version} in place of {found.issued.rate_version}"


def _told_calls(calls: pl.DataFrame) -> str:
    """Notes of calls, those of most calls first."""
    counts = calls.group_by("note", maintain_order=True).agg(pl.col("calls").sum()).iter_rows()
    return listed([f"{note} ({count} call{'' if count == 1 else 's'})" for note, count in counts])


def _behind(found: Comparison, row: dict[str, Any], lines: pl.DataFrame, calls: pl.DataFrame) -> str:
    """What lies behind an adjustment, by its causes."""
    account, category = row["account_id"], row["category"]
    told = []
    for cause in (row["cause"] or "").split(";"):
        is_own = (pl.col("account_id") == account) & (pl.col("category") == category)
        of_category = calls.filter(is_own & (pl.col("cause") == cause))
        of_account = calls.filter((pl.col("account_id") == account) & (pl.col("cause") == cause))
        if not of_category.is_empty():
            told.append(f"{cause}: {_told_calls(of_category)}")
        elif cause == "account_data":
            notes = found.account_notes.filter(pl.col("account_id") == account)["account_note"].to_list()
            told.append(f"{cause}: {listed(notes) or 'contracts'}")
        elif cause == "rate_version" and (category not in FEE_CATEGORIES or of_account.is_empty()):
            told.append(f"{cause}: {_rate_row_notes(found, category, lines.filter(is_own)['charge_code'].to_list())}")
        elif cause == "program":
            told.append(f"{cause}: {found.program_note}")
        elif cause:
            told.append(f"{cause}: {_told_calls(of_account) or 'a share of the lines above'}")
    return "; ".join(told)


def value_difference(month: Month) -> Path:
    """The folder with rerun_line_items, rerun_call_differences and adjustments of the rerun. Done where it exists."""
    target = month.work_folder() / "result"
    if target.is_dir():
        return target
    found = comparison(month)
    totals, causes, differences = (compared(month, name) for name in ("totals", "causes", "differences"))
    lines, amounts = pl.DataFrame(), [found.amounts]
    months = [*(step.month for step in found.steps), month]
    for place, at_step in enumerate(months):
        own = at_step.accounts.filter(pl.col("account_id").is_in(found.accounts))
        of_step = totals.filter(pl.col("step") == place).drop("step").sort("account_id", "category")
        lines = month_lines(at_step, of_step, own)
        amounts.append(category_amounts(lines))
    together = amounts_side_by_side(amounts)
    names = [*(step.name for step in found.steps), RELEASED]
    by_step = [causes.filter(pl.col("step") == place).drop("step") for place in range(len(names))]
    why = amount_causes(together, names, by_step)
    disputed_on = None if month.rerun is None else month.rerun.disputed_on
    until = found.issued.dispute_until or month.dates.dispute_until
    rows = adjustment_rows(together, why, found.earlier, disputed_on, until)
    numbered = number_lines(lines, month.accounts, month.settings.invoice_month)
    tables = {
        "rerun_line_items": numbered,
        "rerun_call_differences": differences.select(*DIFFERENCE_SCHEMA),
        "adjustments": _adjustments(found, rows, numbered, differences),
    }
    specs = {table.name: table for table in SMALL_TABLES}
    with written_whole(target) as partial:
        partial.mkdir()
        for name, frame in tables.items():
            spec = specs[name]
            table = frame.with_columns(rerun_id=pl.lit(month.run_id)).select(spec.columns)
            write_parquet(table.sort(spec.order, nulls_last=True), partial / f"{name}.parquet")
    return target


def _adjustments(found: Comparison, rows: pl.DataFrame, lines: pl.DataFrame, differences: pl.DataFrame) -> pl.DataFrame:
    """The adjustments as the warehouse has them (contract §5), each with what lies behind it."""
    notes = notes_by_category(differences)
    behind = [_behind(found, row, lines, notes) for row in rows.iter_rows(named=True)]
    money = {
        "issued_amount": "issued_cents",
        "corrected_amount": "corrected_cents",
        "difference": "difference_cents",
        "adjusted_before": "before_cents",
    }
    return rows.with_columns(
        invoice_id(pl.col("account_id"), found.month.settings.invoice_month).alias("disputed_invoice_id"),
        *(decimal_of_cents(pl.col(cents)).alias(name) for name, cents in money.items()),
        base_category="category",
        taken_by_invoice_id=pl.lit(None, dtype=pl.String),
        note=pl.concat_str(
            [pl.col("note"), pl.Series("behind", behind, dtype=pl.String).replace("", None)],
            separator="; ",
            ignore_nulls=True,
        ),
    )
