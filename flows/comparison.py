"""A rerun's month beside the issued one: what changed since, one change after the other (rule 12.3)."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property, lru_cache
from typing import NamedTuple

import polars as pl

from flows.adjustments import earlier_adjustments
from flows.contract_reader import ContractTexts, checked_contracts, read_contract_files
from flows.invoicing import month_lines
from flows.issued import issued_run_of
from flows.month import Month, account_buckets
from flows.published_calls import PublishedCalls
from flows.warehouse import published
from rate_tables.versions import load_version
from schemas.contract_files import CONTRACT_TABLES
from schemas.faults import Fault, InputRefusedError
from transforms.adjustments import AMOUNTS_SCHEMA
from transforms.compare_calls import CALL_KEY, CONTENT, PLACE, Step, in_utc, judged_columns
from transforms.input_differences import contract_notes
from transforms.usage_lines import TOTALS_SCHEMA

_AMOUNTS = """
select account_id, category, (sum(amount) * 100)::bigint as cents
from invoice_line_items
where invoice_month = $invoice_month and category <> 'tax'
group by all
order by account_id, category
"""


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
        self.published_calls = PublishedCalls(warehouse, self.issued)
        asked = None if month.rerun is None or month.rerun.accounts is None else list(month.rerun.accounts)
        with published(warehouse) as connection:
            if connection is None:
                raise AssertionError("a run was found in a database that is not there")
            amounts = connection.sql(_AMOUNTS, params={"invoice_month": invoice_month}).pl()
        self.amounts: pl.DataFrame = amounts.select(pl.col(name).cast(dtype) for name, dtype in AMOUNTS_SCHEMA.items())
        # the published table also names the row that a call waits for, which is no judgement of it
        suspended = in_utc(self.published_calls.suspended).select(*CALL_KEY, *PLACE, *CONTENT, "reason")
        self.suspended: pl.DataFrame = judged_columns(suspended)
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

    @cached_property
    def are_calls_as_issued(self) -> bool:
        """Whether reading the records would give the published calls: same files, program, and whose numbers are whose.

        Then they are taken from what was published, of the accounts' buckets alone, and no record is read.
        """
        if {"program", "calls"} & set(self.changed) or self.recorded is None:
            return False
        return self.recorded.ingest_plan.directory_digest == self.month.ingest_plan.directory_digest

    @property
    def has_issued_rates(self) -> bool:
        """Whether it is by the rate version of the issue: then the billed call details are written again too (12.2)."""
        return "rate_version" not in self.changed

    @property
    def changes_in_words(self) -> str:
        """What differs from the issued run's inputs."""
        words = {"calls": "call records", "account_data": "contracts", "rate_version": "rate version"}
        return ", ".join(words.get(name, name) for name in self.changed) or "nothing changed"

    @cached_property
    def _accounts_by_bucket(self) -> dict[int, list[str]]:
        accounts = pl.Series(self.accounts, dtype=pl.String)
        buckets = account_buckets(accounts, self.month.ingest_plan.bucket_count).to_list()
        by_bucket: dict[int, list[str]] = {}
        for account, bucket in zip(self.accounts, buckets, strict=True):
            by_bucket.setdefault(bucket, []).append(account)
        return by_bucket

    @property
    def buckets(self) -> list[int]:
        """The buckets that hold accounts of the rerun."""
        return sorted(self._accounts_by_bucket)

    def bucket_accounts(self, bucket: int) -> list[str]:
        """The rerun's accounts that this bucket holds."""
        return self._accounts_by_bucket.get(bucket, [])


@lru_cache(maxsize=1)
def comparison(month: Month) -> Comparison:
    """The rerun's month beside the issued one, read once. Raises InputRefusedError."""
    return Comparison(month)
